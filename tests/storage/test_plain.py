"""An overlay on directories of a disk, and the disk: each shows at once what is written to the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import FileSystemError
from labkit.oci import tree
from labkit.oci.tree import Dir, Fifo, File, Whiteout
from labkit.storage.mounts import MountTable
from labkit.storage.plain import Plain, Stacked
from labkit.storage.posix import Stat, meta_of

LOW = Dir({"a": Dir({"a": Dir(), "b": File()}), "b": File()})
DISK = Dir({"low": LOW, "up": Dir(), "w": Dir({"work": Dir()}), "m": Dir(), "x": Dir(opaque=True)})
INSIDE = ["", "/a", "/b", "/a/a", "/a/b", "/a/a/b"]
PATHS = [f"/{top}{path}" for top in ("low", "up", "m", "x") for path in INSIDE]
CALLS = ["mkdir", "rmdir", "write", "append", "unlink", "rename", "link", "chmod", "value"]


def table(root: Dir, whiteout: Whiteout | None = None) -> tuple[MountTable, Stacked]:
    disk = Plain(root)
    overlay = Stacked(disk, [("low",)], ("up",), ("w",), whiteout)
    return MountTable(disk, {"/m": overlay}), overlay


def seen(machine: MountTable) -> dict[str, tuple[Stat, list[str]]]:
    """Return what stat(2) and listdir say of each path, the disk's before any walk through the overlay."""
    found = {}
    for path in sorted(PATHS, key=lambda path: path.startswith("/m")):
        if machine.exists(path):
            stat = machine.stat(path)
            found[path] = stat, machine.listdir(path) if isinstance(stat.node, Dir) else []
    return found


@given(st.lists(st.tuples(st.sampled_from(CALLS), *[st.sampled_from(PATHS)] * 2), max_size=30))
def test_what_a_walk_keeps_is_never_older_than_the_disk(calls: list[tuple[str, str, str]]) -> None:
    machine, overlay = table(DISK)
    for call, path, other in calls:
        try:
            match call:
                case "value":
                    _ = machine.root_mount.upper
                case "write" | "append":
                    getattr(machine, call)(path, b"x")
                case "chmod":
                    machine.chmod(path, 0o700)
                case "rename" | "link":
                    getattr(machine, call)(path, other)
                case _:
                    getattr(machine, call)(path)
        except FileSystemError:
            pass
        # Asking for `upper` here would hide what is changed in place.
        assert isinstance(machine.root_mount, Plain)
        fresh, _ = table(machine.root_mount._draft.root, overlay.whiteout)
        assert seen(machine) == seen(fresh), (call, path, other)


def test_a_name_elsewhere_on_the_disk_is_the_same_file() -> None:
    machine, _ = table(DISK)
    machine.write("/m/new", b"one")
    machine.link("/up/new", "/x/new")
    machine.append("/m/new", b", two")
    assert machine.read("/x/new") == machine.read("/up/new") == b"one, two"
    assert machine.stat("/m/new").nlink == machine.stat("/x/new").nlink == 2


def test_an_opaque_directory_is_walked_as_it_is_now() -> None:
    machine, _ = table(DISK)
    for name in "ab":
        machine.mkdir(f"/x/{name}")
        assert machine.exists(f"/x/{name}")
    assert ("trusted.overlay.opaque", b"y") in meta_of(machine.stat("/x").node).xattrs


def test_a_whiteout_needs_the_work_directory() -> None:
    machine, overlay = table(DISK)
    machine.rmdir("/w/work")
    with pytest.raises(FileSystemError, match="no such file"):
        machine.unlink("/m/b")
    assert (overlay.whiteout, machine.listdir("/up"), machine.listdir("/m")) == (None, [], ["a", "b"])


def test_a_value_of_the_disk_changes_no_more() -> None:
    machine, _ = table(DISK)
    machine.write("/m/b", b"one")
    before = machine.root_mount.upper
    machine.append("/m/b", b", two")
    machine.place("/up/pipe", Fifo())
    found = tree.get(before, "up/b")
    assert isinstance(found, File)
    assert (found.content.read(), tree.get(before, "up/pipe")) == (b"one", None)


def test_what_comes_into_a_lower_directory_is_hidden_when_it_is_removed() -> None:
    machine, _ = table(DISK)
    machine.write("/m/a/a/one", b"")
    for name in ("one", "two"):
        machine.write(f"/low/a/a/{name}", b"")
        machine.unlink(f"/m/a/a/{name}")
    assert (machine.listdir("/up/a/a"), machine.listdir("/m/a/a")) == (["one", "two"], [])


def test_what_comes_into_a_lower_directory_is_seen() -> None:
    machine, _ = table(DISK)
    for name in ("one", "two"):
        machine.write(f"/low/a/a/{name}", b"")
        assert name in machine.listdir("/m/a/a")
