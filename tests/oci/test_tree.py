"""Trees, and the content of their files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.oci.content import Content
from labkit.oci.tree import (
    Device,
    Dir,
    Fifo,
    File,
    Meta,
    Symlink,
    get,
    link_groups,
    new_inode,
    put,
    remove,
    same,
    size,
    walk,
)
from tests.oci.strategies import contents, names, trees

few = settings(max_examples=50)
offsets = st.integers(0, 60)


@few
@given(trees, names, trees)
def test_what_is_put_is_found_and_nothing_else_changes(root: Dir, name: str, child: Dir) -> None:
    edited = put(root, name, child)
    assert get(edited, f"/{name}/") is child
    assert {each: node for each, node in edited.children.items() if each != name} == {
        each: node for each, node in root.children.items() if each != name
    }
    assert name not in remove(edited, name).children


@few
@given(trees)
def test_a_walk_meets_every_path_once_a_directory_before_its_children(root: Dir) -> None:
    paths = [path for path, _ in walk(root)]
    assert len(paths) == len(set(paths))
    assert all(get(root, path) is node for path, node in walk(root))
    met = {""}
    for path in paths:
        assert path.rpartition("/")[0] in met
        met.add(path)


@few
@given(trees)
def test_the_size_counts_what_has_several_names_once(root: Dir) -> None:
    groups = link_groups(root)
    later = {path for paths in groups.values() for path in paths[1:]}
    expected = 0
    for path, node in walk(root):
        if isinstance(node, File) and path not in later:
            expected += node.content.size
        if isinstance(node, Symlink) and path not in later:
            expected += len(node.target.encode("utf-8", "surrogateescape"))
    assert size(root) == expected


@few
@given(trees)
def test_a_tree_is_the_same_as_itself_and_not_as_one_with_a_link_more(root: Dir) -> None:
    assert same(root, root)
    loose = next((path for path, node in walk(root) if isinstance(node, File) and not node.inode), None)
    if loose is not None and "z" not in root.children:
        file = get(root, loose)
        assert isinstance(file, File)
        linked = File(file.content, file.meta, new_inode())
        assert not same(put(root, "z", file), put(put(root, loose, linked), "z", linked))


def test_links_to_what_is_no_regular_file_are_groups_too() -> None:
    link, pipe, device = (
        Symlink("/dev/stdout", inode=new_inode()),
        Fifo(inode=new_inode()),
        Device("c", 1, 3, inode=new_inode()),
    )
    root = Dir({"a": link, "b": link, "c": pipe, "d": pipe, "e": device, "f": device})
    assert list(link_groups(root).values()) == [["a", "b"], ["c", "d"], ["e", "f"]]
    assert size(root) == len("/dev/stdout")


def test_a_file_that_lost_its_other_names_is_no_group() -> None:
    linked = File(inode=new_inode())
    both = Dir({"a": linked, "b": linked})
    assert list(link_groups(both).values()) == [["a", "b"]]
    assert link_groups(remove(both, "b")) == {}
    assert same(remove(both, "b"), Dir({"a": File()}))


def test_a_parent_that_is_missing_or_is_no_directory_is_an_error() -> None:
    with pytest.raises(KeyError):
        put(Dir(), "etc/motd", File())
    with pytest.raises(TypeError):
        put(Dir({"etc": File()}), "etc/motd", File())
    with pytest.raises(KeyError):
        remove(Dir(), "motd")


def test_a_tree_of_many_levels_has_a_size() -> None:
    root = Dir({"file": File(Content.of(b"deep"))})
    for _ in range(5000):
        root = Dir({"d": root})
    assert size(root) == 4


@few
@given(contents, offsets, st.none() | offsets)
def test_slices_are_slices_of_the_bytes(content: Content, offset: int, length: int | None) -> None:
    data = content.read()
    end = None if length is None else offset + length
    assert content.size == len(data)
    assert content.slice(offset, length).read() == data[offset:end]
    assert content.read(offset, length) == data[offset:end]


@few
@given(contents, contents, offsets)
def test_joining_resizing_and_overwriting_are_those_of_bytes(
    one: Content, other: Content, offset: int
) -> None:
    first, second = one.read(), other.read()
    assert (one + other).read() == first + second
    assert one.resized(offset).read() == first[:offset].ljust(offset, b"\0")
    written = bytearray(first.ljust(offset, b"\0"))
    written[offset : offset + len(second)] = second
    assert one.overwritten(offset, other).read() == bytes(written)


@few
@given(contents, contents, st.integers(1, 7))
def test_content_is_equal_when_its_bytes_are(one: Content, other: Content, chunk: int) -> None:
    assert (one == other) == (one.read() == other.read())
    assert b"".join(one.chunks(chunk)) == one.read()
    copy = Content.of(one.read())
    assert one == copy
    assert hash(one) == hash(copy)


def test_permissions_are_part_of_a_files_value() -> None:
    assert File(meta=Meta(0o600)) != File()
