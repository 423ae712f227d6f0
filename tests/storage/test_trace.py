"""The steps of overlay, held against its costs, its upper directory and its lookups."""

from __future__ import annotations

from hypothesis import given

from labkit.oci.changeset import apply_all
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Node, Whiteout, get, walk
from labkit.storage.aufs import Aufs
from labkit.storage.driver import Snapshot
from labkit.storage.overlay import Mount
from labkit.storage.posix import Cost
from labkit.storage.trace import Moment, Watched, search
from tests.oci.oracle import lookup
from tests.storage.strategies import Call, cases, perform, stacks

Case = tuple[list[Dir], list[Call]]


def watched(case: Case) -> Watched:
    """Make the calls of a case on one mount."""
    stack, calls = case
    mount = Watched(apply_all(stack))
    for call in calls:
        if call[0] != "remount":
            perform(mount, call)
    return mount


def replayed(moments: list[Moment]) -> dict[str, Node]:
    """Lay what the steps say on nothing; a step may only bring a path that is not there."""
    found: dict[str, Node] = {}
    for moment in moments:
        path = "/".join(moment.names)
        if moment.kind == "copy-up":
            assert path not in found
        if moment.kind in ("change", "remove"):
            assert path in found or not path
        if moment.kind != "change":
            found = {each: node for each, node in found.items() if not f"{each}/".startswith(f"{path}/")}
        if moment.node is not None and path:
            found[path] = moment.node
            if type(moment.node) is Dir:
                found |= dict(walk(moment.node, path))
    return found


@given(cases)
def test_the_steps_of_a_call_copy_as_many_bytes_as_it_cost(case: Case) -> None:
    stack, calls = case
    mount = Watched(apply_all(stack))
    for call in calls:
        before = len(mount.moments)
        answer = perform(mount, call)[1] if call[0] != "remount" else None
        if isinstance(answer, Cost):
            assert sum(moment.copied for moment in mount.moments[before:]) == answer.copied


@given(cases)
def test_each_path_of_upper_is_there_because_of_the_steps(case: Case) -> None:
    mount = watched(case)
    explained = replayed(mount.moments)
    assert sorted(explained) == [path for path, _ in walk(mount.upper)]
    for path, node in walk(mount.upper):
        assert type(explained[path]) is type(node)
        assert not isinstance(node, File) or explained[path] == node


@given(cases)
def test_a_directory_is_said_to_be_opaque_where_it_is(case: Case) -> None:
    mount = watched(case)
    opaque = {path for path, node in walk(mount.upper) if type(node) is Dir and node.opaque}
    explained = replayed(mount.moments)
    assert {path for path, node in explained.items() if type(node) is Dir and node.opaque} == opaque


@given(cases)
def test_the_search_finds_what_the_mount_shows(case: Case) -> None:
    mount = watched(case)
    layers = [mount.upper, *reversed(case[0])]
    paths = {path for layer in layers for path, _ in walk(layer)}
    for path in sorted(paths):
        looks = search(layers, tuple(path.split("/")))
        found = [look.node for look in looks if look.kind == "found"]
        assert len(found) <= 1
        assert bool(found) == (get(mount.root, path) is not None)
        if found and type(found[0]) is not Dir:
            assert found[0] == get(mount.root, path)


@given(stacks)
def test_the_search_stops_in_the_layer_that_a_lookup_names(stack: list[Dir]) -> None:
    for path, _ in walk(apply_all(stack)):
        looks = search(list(reversed(stack)), tuple(path.split("/")))
        (place,) = (place for place, look in enumerate(looks) if look.kind == "found")
        shown = lookup(stack, path)
        assert shown is not None
        assert len(stack) - 1 - place == shown[0]


@given(stacks)
def test_aufs_searches_the_branches_that_the_search_looks_into(stack: list[Dir]) -> None:
    snapshot: Snapshot | None = None
    for layer in stack:
        snapshot = Aufs().commit(snapshot, layer)
    mount = Aufs().mount(Aufs().prepare(snapshot, 0), lambda: 0)
    paths = {path for layer in stack for path, _ in walk(layer)}
    for path in paths | {f"{path}/new" for path in paths}:
        names = tuple(path.split("/"))
        looks = search([Dir(), *reversed(stack)], names)
        assert mount.searched(names) == sum(look.names == names for look in looks), path


def test_below_an_opaque_directory_no_layer_is_looked_into() -> None:
    base = Dir({"data": Dir({"file": File()})})
    looks = search([Dir(), Dir({"data": Dir({}, opaque=True)}), base], ("data", "file"))
    assert [look.kind for look in looks] == ["absent", "absent", "unsearched"]
    assert looks[1].opaque == ("data",)


def test_a_directory_is_merged_of_all_layers_that_have_it() -> None:
    layers = [Dir({"etc": Dir()}), Dir(), Dir({"etc": Dir()})]
    assert [look.kind for look in search(layers, ("etc",))] == ["found", "absent", "merged"]


def test_appending_copies_up_the_directory_then_the_file_then_changes_it() -> None:
    mount = Watched(Dir({"etc": Dir({"motd": File(Content.of(b"hello"))})}))
    mount.append("/etc/motd", b"!")
    told = [(moment.kind, "/".join(moment.names), moment.copied) for moment in mount.moments]
    assert told == [("copy-up", "etc", 0), ("copy-up", "etc/motd", 5), ("change", "etc/motd", 0)]


def test_a_directory_renamed_onto_an_empty_one_is_told_as_opaque() -> None:
    mount = Watched(Dir({"home": Dir()}))
    for path in ("/new", "/new/file", "/home/old"):
        mount.mkdir(path)
    mount.rename("/new", "/home/old")
    last = mount.moments[-1]
    assert (last.kind, last.names, last.opaque) == ("make", ("home", "old"), True)


def test_a_step_holds_upper_as_it_was_then() -> None:
    mount = Watched(Dir({"motd": File(Content.of(b"hello"))}))
    mount.append("/motd", b"!")
    mount.unlink("/motd")
    states = [moment.upper.children.get("motd") for moment in mount.moments]
    assert states == [File(Content.of(b"hello")), File(Content.of(b"hello!")), Whiteout()]


def test_a_mount_without_changes_has_no_steps() -> None:
    mount = Watched(Dir({"motd": File()}), Dir({"new": File()}))
    mount.read("/motd")
    assert mount.moments == []
    assert isinstance(mount, Mount)
