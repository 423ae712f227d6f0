"""Trees as deep as a path may be and directories with many names: equal, shared, and without recursion."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.oci import tree
from labkit.oci.account import hidden
from labkit.oci.changeset import apply, changes
from labkit.oci.tar_reader import read_changes
from labkit.oci.tar_writer import as_written, write_tar
from labkit.oci.tree import RUN, Dir, File, Meta, NameTable, Node, differing, with_name
from labkit.storage.overlay import Mount
from labkit.storage.snapshots import naive_diff

DEEP = 2 * sys.getrecursionlimit()
MOTD = File()


def chain(depth: int) -> Dir:
    """Return directories in each other, a file in the last one."""
    root = Dir({"f": MOTD})
    for _ in range(depth):
        root = Dir({"d": root})
    return root


def test_a_tree_deeper_than_pythons_stack_is_compared_merged_measured_and_archived() -> None:
    one = chain(DEEP)
    assert one == chain(DEEP)
    assert one != chain(DEEP - 1)
    assert apply(Dir(), one) == apply(one, one) == one
    assert len(list(changes(Dir(), one))) == DEEP + 1
    assert len(list(tree.walk(one))) == DEEP + 1
    assert naive_diff(Dir(), one) == one
    assert len(hidden([one, Dir(opaque=True)])) == DEEP + 1
    assert tree.remove(tree.put(one, "d/" * DEEP + "g", MOTD), "d/" * DEEP + "g") == one
    assert as_written(one) == one


def test_what_is_written_is_read_again_up_to_the_longest_path() -> None:
    one = chain(2000)
    assert read_changes(write_tar(one)) == one


@given(st.lists(st.tuples(st.integers(0, 3 * RUN), st.booleans()), max_size=60), st.integers(0, 3 * RUN))
def test_a_large_directory_is_the_dict_that_it_stands_for(steps: list[tuple[int, bool]], size: int) -> None:
    plain: dict[str, Node] = {f"f{number}": MOTD for number in range(size)}
    table = NameTable(plain)
    for number, there in steps:
        name, before, known = f"f{number}", table, dict(plain)
        if there:
            plain[name] = Dir()
        elif plain.pop(name, None) is None:
            with pytest.raises(KeyError):
                table.changed(name, None)
            continue
        table = table.changed(name, plain.get(name))
        assert before == known
        assert sorted(differing(before, table)) == [name]
    assert table == plain
    assert list(table) == sorted(plain)
    assert len(table) == len(plain)
    assert table.subdirectories == sum(type(node) is Dir for node in plain.values())
    assert Dir(table) == Dir(plain)


def test_names_may_all_be_taken_away_again() -> None:
    children = with_name({f"{number:04}": MOTD for number in range(10 * RUN)}, "x", MOTD)
    for name in list(children):
        children = with_name(children, name, None)
    assert children == {}
    assert with_name(children, "a", MOTD) == {"a": MOTD}


def ratio(work: Callable[[int], object], size: int) -> float:
    """Return how much longer twice the work takes, in processor time, the best of several pairs."""
    found = []
    for _ in range(5):
        seconds = []
        for each in (size, 2 * size):
            begun = time.process_time()
            work(each)
            seconds.append(time.process_time() - begun)
        found.append(seconds[1] / seconds[0])
    return min(found)


def make_files(count: int) -> Mount:
    """Make files in one directory, one after the other, and ask for each."""
    mount = Mount(Dir(), clock=lambda: 0)
    for number in range(count):
        mount.write(f"/f{number}", b"")
        mount.stat("/")
    return mount


def remove_files(count: int) -> None:
    """Remove all files of a directory of the image, which leaves whiteouts."""
    mount = Mount(Dir({f"f{number}": MOTD for number in range(count)}), clock=lambda: 0)
    for number in range(count):
        mount.unlink(f"/f{number}")


def read_and_write(count: int) -> None:
    """Archive a directory with many names, and read it."""
    read_changes(write_tar(Dir({f"f{number}": File(meta=Meta(mtime=number)) for number in range(count)})))


@pytest.mark.parametrize(
    ("work", "size"),
    [(make_files, 1500), (remove_files, 1500), (read_and_write, 3000)],
    ids=["make", "remove", "read and write"],
)
def test_twice_as_many_names_take_twice_as_long(work: Callable[[int], object], size: int) -> None:
    assert ratio(work, size) < 2.3
