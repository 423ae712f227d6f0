"""What a stack wastes and where its paths come from, against a reading that asks each path anew."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from labkit.oci.account import Hidden, hidden
from labkit.oci.changeset import apply_all
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


def wasted(stack: Sequence[Dir]) -> int:
    """Add up the bytes that upper layers hide."""
    return sum(each.wasted for each in hidden(stack))


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
    assert wasted(stack) == brute_waste(stack)
    assert sum(map(size, stack)) == size(apply_all(stack)) + wasted(stack)


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
    found = {(each.path, each.layer, each.by) for each in hidden(stack) if not isinstance(each.node, Dir)}
    assert found == expected


@few
@given(stacks)
def test_what_is_hidden_stands_in_the_order_of_the_layers_and_of_the_tree(stack: Sequence[Dir]) -> None:
    found = [(each.by, each.path.split("/")) for each in hidden(stack)]
    assert found == sorted(found)


def why(*stack: Dir) -> Hidden:
    """Give the one thing that wastes bytes."""
    (found,) = (each for each in hidden(stack) if each.wasted)
    return found


@pytest.mark.parametrize(
    ("upper", "words"),
    [
        (Dir({"d": Dir({"f": Whiteout()})}), "deleted by layer 2, yet still in layer 1"),
        (Dir({"d": Whiteout()}), "deleted with /d by layer 2, yet still in layer 1"),
        (
            Dir({"d": Dir(opaque=True)}),
            "layer 2 made /d anew (opaque): what layer 1 has in it is hidden",
        ),
        (
            Dir({"d": Symlink("")}),
            "layer 2 has a symbolic link in place of the directory /d",
        ),
        (
            Dir({"d": Dir({"f": Dir()})}),
            "layer 2 has a directory in place of this file",
        ),
        (Dir({"d": Dir({"f": BIG})}), "same content written again by layer 2"),
        (
            Dir({"d": Dir({"f": File(BIG.content, Meta(0o600))})}),
            "layer 2 changed only its mode (644 to 600)",
        ),
        (
            Dir({"d": Dir({"f": File(BIG.content, Meta(uid=5, mtime=1, xattrs=(("user.a", b""),)))})}),
            "layer 2 changed only its owner (0:0 to 5:0) and time and extended attributes",
        ),
        (
            Dir({"d": Dir({"f": File(BIG.content + Content.of(b"x"))})}),
            "layer 2 added 1 byte at its end, and has the whole file again",
        ),
        (
            Dir({"d": Dir({"f": File(Content.of(b"other"))})}),
            "replaced: layer 2 has a newer copy",
        ),
    ],
)
def test_the_reason_of_waste(upper: Dir, words: str) -> None:
    found = why(Dir({"d": Dir({"f": BIG})}), upper)
    assert (found.path, found.layer, found.by, found.wasted) == ("/d/f", 1, 2, 1000)
    assert found.reason == words


def test_a_file_is_wasted_when_its_last_name_is_hidden() -> None:
    linked = File(BIG.content, inode=new_inode())
    both, first, second = (
        Dir({"a": linked, "b": linked}),
        Dir({"a": Whiteout()}),
        Dir({"b": Whiteout()}),
    )
    assert wasted([both, first]) == 0
    found = hidden([both, first, second])
    assert [(each.path, each.by, each.wasted) for each in found] == [
        ("/a", 2, 0),
        ("/b", 3, 1000),
    ]


def test_two_layers_may_use_one_mark_for_files_of_their_own() -> None:
    linked = File(BIG.content, inode=new_inode())
    assert wasted([Dir({"a": linked, "b": linked}), Dir({"b": linked})]) == 0
    assert wasted([Dir({"a": linked, "b": linked}), Dir({"b": linked}), Dir({"a": Whiteout()})]) == 1000


def test_a_whiteout_of_nothing_hides_nothing() -> None:
    assert hidden([Dir(), Dir({"a": Whiteout()})]) == ()


def test_what_a_path_hides_is_told_in_the_order_of_the_layers() -> None:
    found = hidden([Dir({"a": BIG}), Dir({"a": Whiteout()}), Dir({"a": BIG}), Dir({"a": File()})])
    assert [(each.layer, each.by) for each in found] == [(1, 2), (3, 4)]


def test_no_layers_waste_nothing() -> None:
    assert hidden([]) == ()


def test_an_opaque_directory_hides_what_directories_in_it_have_below() -> None:
    base = Dir({"a": Dir({"b": Dir({"old": BIG})})})
    found = hidden([base, Dir({"a": Dir({"b": Dir({"new": BIG})}, opaque=True)})])
    assert [(each.path, each.reason) for each in found if each.wasted] == [
        ("/a/b/old", "layer 2 made /a anew (opaque): what layer 1 has in it is hidden")
    ]
