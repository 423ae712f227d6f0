"""What a stack wastes and where its paths come from, against a reading that asks each path anew."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from labkit.oci import account as reasons
from labkit.oci.account import Account, Hidden, account
from labkit.oci.changeset import apply_all, changes
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta, Node, Symlink, Whiteout, get, new_inode, size, stat_size, walk
from tests.oci.oracle import lookup
from tests.oci.strategies import stacks

few = settings(max_examples=60)
BIG = File(Content.filler(1000, "big"))


def brute_waste(stack: Sequence[Dir]) -> int:
    """Add up the files of which a lookup from the top finds no name."""
    wasted = 0
    for place, layer in enumerate(stack):
        files: dict[object, list[str]] = {}
        for path, node in walk(layer):
            if isinstance(node, File | Symlink):
                files.setdefault(node.inode or path, []).append(path)
        for paths in files.values():
            if all((found := lookup(stack, path)) is None or found[0] != place for path in paths):
                node = get(layer, paths[0])
                assert node is not None
                wasted += stat_size(node)
    return wasted


def wasted(found: Account) -> int:
    """Add up the bytes that upper layers hide."""
    return sum(each.wasted for each in found.hidden)


def first_to_hide(stack: Sequence[Dir], path: str, place: int) -> int | None:
    """Give the number of the lowest layer with which a lookup no longer finds a layer's copy."""
    for top in range(place + 1, len(stack)):
        found = lookup(stack[: top + 1], path)
        if found is None or found[0] != place:
            return top + 1
    return None


@few
@given(stacks)
def test_all_bytes_are_shown_or_wasted(stack: Sequence[Dir]) -> None:
    found = account(stack)
    assert wasted(found) == brute_waste(stack)
    assert sum(map(size, stack)) == size(apply_all(stack)) + wasted(found)
    assert [sum(entry.size for entry in layer) for layer in found.changes] == [size(each) for each in stack]


@few
@given(stacks)
def test_a_copy_is_hidden_by_the_first_layer_with_which_a_lookup_does_not_find_it(
    stack: Sequence[Dir],
) -> None:
    def hides(node: Node, path: str, place: int) -> bool:
        above = first_to_hide(stack, path, place)
        return above is not None and not (
            isinstance(node, Dir) and isinstance(get(apply_all(stack[:above]), path), Dir)
        )

    expected = {
        (f"/{path}", place + 1, first_to_hide(stack, path, place))
        for place, layer in enumerate(stack)
        for path, node in walk(layer)
        if not isinstance(node, Dir | Whiteout) and hides(node, path, place)
    }
    found = {
        (each.copy.path, each.copy.layer, each.by)
        for each in account(stack).hidden
        if not isinstance(each.copy.node, Dir)
    }
    assert found == expected


@few
@given(stacks)
def test_its_changes_hold_every_line_of_docker_diff(stack: Sequence[Dir]) -> None:
    for place, (layer, entries) in enumerate(zip(stack, account(stack).changes, strict=True)):
        lines = {(each.kind, each.path) for each in changes(apply_all(stack[:place]), layer)}
        ours = {(entry.kind, entry.path) for entry in entries}
        assert {line for line in lines if line[0] != "C"} <= ours
        assert {path for _, path in lines} <= {path for _, path in ours}


@few
@given(stacks)
def test_the_lists_are_in_the_order_of_the_tree(stack: Sequence[Dir]) -> None:
    found = account(stack)
    for paths in ([entry.path for entry in layer] for layer in found.changes):
        assert paths == sorted(paths, key=lambda path: path.split("/"))
        assert len(paths) == len(set(paths))


def why(*stack: Dir) -> Hidden:
    """Give the one thing that wastes bytes."""
    (found,) = (each for each in account(stack).hidden if each.wasted)
    return found


@pytest.mark.parametrize(
    ("upper", "kind", "words"),
    [
        (Dir({"d": Dir({"f": Whiteout()})}), reasons.DELETED, "deleted by layer 2, yet still in layer 1"),
        (Dir({"d": Whiteout()}), reasons.DELETED, "deleted with /d by layer 2, yet still in layer 1"),
        (
            Dir({"d": Dir(opaque=True)}),
            reasons.ANEW,
            "layer 2 made /d anew (opaque): what layer 1 has in it is hidden",
        ),
        (
            Dir({"d": Symlink("")}),
            reasons.COVERED,
            "layer 2 has a symbolic link in place of the directory /d",
        ),
        (
            Dir({"d": Dir({"f": Dir()})}),
            reasons.OTHER,
            "layer 2 has a directory in place of this file",
        ),
        (Dir({"d": Dir({"f": BIG})}), reasons.SAME, "same content written again by layer 2"),
        (
            Dir({"d": Dir({"f": File(BIG.content, Meta(0o600))})}),
            reasons.ATTRIBUTES,
            "layer 2 changed only its mode (644 to 600)",
        ),
        (
            Dir({"d": Dir({"f": File(BIG.content, Meta(uid=5, mtime=1, xattrs=(("user.a", b""),)))})}),
            reasons.ATTRIBUTES,
            "layer 2 changed only its owner (0:0 to 5:0) and time and extended attributes",
        ),
        (
            Dir({"d": Dir({"f": File(BIG.content + Content.of(b"x"))})}),
            reasons.APPENDED,
            "layer 2 added 1 byte at its end, and has the whole file again",
        ),
        (
            Dir({"d": Dir({"f": File(Content.of(b"other"))})}),
            reasons.REPLACED,
            "replaced: layer 2 has a newer copy",
        ),
    ],
)
def test_the_reason_of_waste(upper: Dir, kind: str, words: str) -> None:
    found = why(Dir({"d": Dir({"f": BIG})}), upper)
    assert (found.copy.path, found.copy.layer, found.by, found.wasted) == ("/d/f", 1, 2, 1000)
    assert (found.reason.kind, found.reason.words) == (kind, words)


def test_a_file_is_wasted_when_its_last_name_is_hidden() -> None:
    linked = File(BIG.content, inode=new_inode())
    both, first, second = (
        Dir({"a": linked, "b": linked}),
        Dir({"a": Whiteout()}),
        Dir({"b": Whiteout()}),
    )
    assert wasted(account([both, first])) == 0
    found = account([both, first, second])
    assert [(each.copy.path, each.by, each.wasted) for each in found.hidden] == [
        ("/a", 2, 0),
        ("/b", 3, 1000),
    ]


def test_a_file_with_two_names_has_its_bytes_once() -> None:
    linked = File(BIG.content, inode=new_inode())
    found = account([Dir({"a": linked, "b": linked})])
    assert [(entry.path, entry.size) for entry in found.changes[0]] == [("/a", 1000), ("/b", 0)]


def test_two_layers_may_use_one_mark_for_files_of_their_own() -> None:
    linked = File(BIG.content, inode=new_inode())
    found = account([Dir({"a": linked, "b": linked}), Dir({"b": linked})])
    assert (sum(entry.size for layer in found.changes for entry in layer), wasted(found)) == (2000, 0)
    assert size(Dir({"b": linked})) == 1000


def test_a_whiteout_of_nothing_is_no_change() -> None:
    assert account([Dir(), Dir({"a": Whiteout()})]).changes == ((), ())


def test_what_a_path_hides_is_told_in_the_order_of_the_layers() -> None:
    found = account([Dir({"a": BIG}), Dir({"a": Whiteout()}), Dir({"a": BIG}), Dir({"a": File()})])
    assert [(each.copy.layer, each.by) for each in found.hidden] == [(1, 2), (3, 4)]


def test_no_layers_waste_nothing() -> None:
    found = account([])
    assert (found.changes, found.hidden) == ((), ())


def test_an_opaque_directory_hides_what_directories_in_it_have_below() -> None:
    base = Dir({"a": Dir({"b": Dir({"old": BIG})})})
    found = account([base, Dir({"a": Dir({"b": Dir({"new": BIG})}, opaque=True)})])
    assert [(each.copy.path, each.cause) for each in found.hidden if each.wasted] == [("/a/b/old", "/a")]
