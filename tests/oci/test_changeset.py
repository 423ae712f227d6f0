"""Layers: what they show together, and how they are found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from labkit.go.moment import SECOND
from labkit.oci.changeset import apply, apply_all, changes, reached, stat_differs
from labkit.oci.content import Content
from labkit.oci.tree import (
    Device,
    Dir,
    File,
    Meta,
    Node,
    Symlink,
    Whiteout,
    get,
    link_groups,
    new_inode,
    same,
    walk,
)
from tests.oci.oracle import diff, lookup
from tests.oci.strategies import changesets, descendants, stacks, trees

few = settings(max_examples=50)


def text(data: bytes) -> File:
    return File(Content.of(data))


PLAIN = text(b"12345")


def shown(node: Node | None) -> object:
    """Give what a lookup tells of a node: of a directory only its attributes."""
    return node.meta if isinstance(node, Dir) else node


def mark(node: Node | None) -> int:
    return 0 if node is None or isinstance(node, Dir) else node.inode


@few
@given(stacks)
def test_applying_layer_by_layer_shows_what_a_lookup_from_the_top_finds(stack: Sequence[Dir]) -> None:
    merged = apply_all(stack)
    paths = {path for layer in stack for path, _ in walk(layer)}
    for path in paths | {f"{path}/a" for path in paths} | {""}:
        found = lookup(stack, path)
        node = found[1] if found else None
        assert shown(get(merged, path)) == shown(node), path
        assert mark(get(merged, path)) == mark(node), path
    assert {path for path, _ in walk(merged)} <= paths


@few
@given(stacks)
def test_what_is_shown_has_neither_whiteouts_nor_opaque_directories(stack: Sequence[Dir]) -> None:
    merged = apply_all(stack)
    nodes = [merged, *(node for _, node in walk(merged))]
    assert not any(isinstance(node, Whiteout) or (isinstance(node, Dir) and node.opaque) for node in nodes)


@few
@given(changesets, changesets, changesets)
def test_layers_can_be_joined_from_either_side(one: Dir, two: Dir, three: Dir) -> None:
    assert same(apply_all([one, two, three]), apply(apply_all([one, two]), three))


@few
@given(descendants())
def test_diff_then_apply_is_the_identity(pair: tuple[Dir, Dir]) -> None:
    lower, upper = pair
    assert same(apply(lower, diff(lower, upper)), upper)


@few
@given(trees, trees)
def test_diff_then_apply_is_the_identity_for_unrelated_trees(lower: Dir, upper: Dir) -> None:
    assert same(apply(lower, diff(lower, upper)), upper)


@few
@given(trees)
def test_a_tree_does_not_differ_from_itself(root: Dir) -> None:
    assert diff(root, root) == Dir({}, root.meta)


def test_an_opaque_directory_hides_what_is_below_and_keeps_what_is_in_it() -> None:
    below = Dir({"etc": Dir({"motd": text(b"old"), "hosts": text(b"")})})
    merged = apply(below, Dir({"etc": Dir({"motd": text(b"new")}, opaque=True)}))
    assert merged == Dir({"etc": Dir({"motd": text(b"new")})})


def test_a_search_ends_at_an_opaque_directory_that_has_not_the_name() -> None:
    motd = File()
    assert list(reached([Dir(), Dir({"motd": motd})], "motd")) == [None, motd]
    assert list(reached([Dir(opaque=True), Dir({"motd": motd})], "motd")) == [None]


def test_a_directorys_attributes_are_those_of_the_upper_layer() -> None:
    below = Dir({"root": Dir({"key": text(b"")}, Meta(0o755))}, Meta(0o755, mtime=1))
    above = Dir({"root": Dir(meta=Meta(0o700, 5, 6))}, Meta(0o711, mtime=2))
    assert apply(below, above) == Dir(
        {"root": Dir({"key": text(b"")}, Meta(0o700, 5, 6))}, Meta(0o711, mtime=2)
    )


def test_a_directory_that_replaces_a_file_is_opaque_in_the_difference() -> None:
    found = diff(Dir({"a": text(b"")}), Dir({"a": Dir()}))
    assert found == Dir({"a": Dir(opaque=True)})


def test_linking_two_equal_files_is_a_change() -> None:
    one = File(Content.of(b"same"), inode=new_inode())
    lower, upper = Dir({"a": text(b"same"), "b": text(b"same")}), Dir({"a": one, "b": one})
    assert list(link_groups(diff(lower, upper)).values()) == [["a", "b"]]
    assert same(apply(lower, diff(lower, upper)), upper)


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [(15, 15, False), (15, 17, True), (10, 15, False), (15, 10, False), (10, 20, True), (15, 20, True)],
)
def test_a_time_without_a_fraction_is_compared_by_its_seconds(one: int, other: int, differs: bool) -> None:
    tenth = SECOND // 10
    assert stat_differs(File(meta=Meta(mtime=one * tenth)), File(meta=Meta(mtime=other * tenth))) == differs


def test_changing_the_attributes_of_a_directory_alone_is_a_change() -> None:
    lower = Dir({"tmp": Dir({"a": text(b"")})})
    upper = Dir({"tmp": Dir({"a": text(b"")}, Meta(0o1777))})
    assert diff(lower, upper) == Dir({"tmp": Dir({}, Meta(0o1777))})
    assert [(each.kind, each.path) for each in changes(lower, diff(lower, upper))] == [("C", "/tmp")]


@pytest.mark.parametrize(
    ("other", "differ"),
    [
        (File(PLAIN.content, Meta(0o600)), True),
        (File(PLAIN.content, Meta(uid=1)), True),
        (File(PLAIN.content, Meta(gid=1)), True),
        (File(PLAIN.content, Meta(mtime=SECOND)), True),
        (File(PLAIN.content, Meta(xattrs=(("security.capability", b"1"),))), True),
        (text(b"longer"), True),
        (Symlink("12345"), True),
        (Dir(), True),
        # What `stat` does not tell, Docker does not see.
        (text(b"54321"), False),
        (File(PLAIN.content, Meta(xattrs=(("user.a", b"1"),))), False),
    ],
)
def test_every_attribute_that_docker_compares_makes_a_difference(other: Node, differ: bool) -> None:
    assert stat_differs(PLAIN, other) is differ


def test_a_directory_has_neither_size_nor_time_that_counts() -> None:
    assert not stat_differs(Dir(), Dir({"a": PLAIN}, Meta(0o755, mtime=SECOND)))
    assert stat_differs(Device("c", 1, 3), Device("c", 1, 5))
    assert stat_differs(Device("c", 1, 3), Device("b", 1, 3))
