"""Hypothesis strategies for content, trees, changesets and stacks of layers.

Names are few, so that layers meet: the same path is a file here, a directory there, deleted elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from labkit.oci.changeset import apply_all
from labkit.oci.content import Content
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink, Whiteout, get, new_inode, put, walk

SECOND = 10**9
NAMES = ["a", "b", "c", "a.b", "é", "\udcff", "\U0001f40b", "x y\n", "n" * 90, "m" * 130]
TARGETS = ["a", "../b", "/etc/motd", "/dev/stdout", "../../../out", "ü", "t" * 101]

names = st.sampled_from(NAMES)
_CONTENTS = [
    Content(),
    Content.of(b"motd"),
    Content.of(b"mo") + Content.of(b"td"),
    Content.of(b"some of it") + Content.filler(600, "x"),
    Content.filler(511, "x"),
    Content.filler(512, "x"),
    Content.filler(1025, "y"),
    Content.filler(1025, "y").slice(100, 30) + Content().resized(3),
]
contents = st.sampled_from(_CONTENTS)
# Attributes are drawn as a whole: a tree has many, and each draw costs time.
_METAS = [
    Meta(),
    Meta(0o755, mtime=SECOND),
    Meta(0o4755, 33, 42, 1_556_280_000 * SECOND),
    Meta(0o1777, 2_097_151, 2_097_152, 8_589_934_591 * SECOND),
    Meta(0o2070, 2_097_152, 65534, 8_589_934_592 * SECOND),
    Meta(0, 4_294_967_295, 1000, -86_400 * SECOND),
    Meta(0o600, 1, 2, 3 * SECOND, (("security.capability", b"\x01\0\0\x02"),)),
    Meta(0o7777, 0, 0, 0, (("user.a", b"="), ("user.b", b"1\n\0\xff"))),
]
metas = st.sampled_from(_METAS)
fine_metas = st.sampled_from(_METAS + [replace(meta, mtime=meta.mtime + 999_999_999) for meta in _METAS])


def _leaves(metas: st.SearchStrategy[Meta]) -> st.SearchStrategy[Node]:
    links = metas.map(lambda meta: replace(meta, mode=0o777))
    devices = [Device("c", 1, 3), Device("b", 8, 300), Device("c", 0, 1)]
    return st.one_of(
        st.builds(File, contents, metas),
        st.builds(Symlink, st.sampled_from(TARGETS), links),
        st.builds(lambda node, meta: replace(node, meta=meta), st.sampled_from(devices), metas),
        st.builds(Fifo, metas),
    )


def _directories(
    leaves: st.SearchStrategy[Node], metas: st.SearchStrategy[Meta], opaque: st.SearchStrategy[bool]
) -> st.SearchStrategy[Node]:
    def directory(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        return st.builds(Dir, st.dictionaries(names, inner, max_size=3), metas, opaque)

    return st.recursive(leaves, directory, max_leaves=6)


@st.composite
def _linked(draw: st.DrawFn, roots: st.SearchStrategy[Dir]) -> Dir:
    """Give a tree in which some names are hard links to one file."""
    root = draw(roots)
    for _ in range(draw(st.integers(0, 2))):
        paths = [path for path, node in walk(root) if not isinstance(node, Dir | Whiteout)]
        places = [path for path, node in walk(root) if isinstance(node, Dir)] + [""]
        if not paths:
            break
        path = paths[draw(st.integers(0, len(paths) - 1))]
        place = places[draw(st.integers(0, len(places) - 1))]
        name = draw(names)
        new = f"{place}/{name}" if place else name
        node = get(root, path)
        assert node is not None
        assert not isinstance(node, Dir | Whiteout)
        if get(root, new) is None:
            linked = replace(node, inode=node.inode or new_inode())
            root = put(put(root, path, linked), new, linked)
    return root


def _trees(
    leaves: st.SearchStrategy[Node], metas: st.SearchStrategy[Meta], opaque: st.SearchStrategy[bool]
) -> st.SearchStrategy[Dir]:
    children = st.dictionaries(names, _directories(leaves, metas, opaque), max_size=3)
    return _linked(st.builds(Dir, children))


trees = _trees(_leaves(fine_metas), fine_metas, st.just(False))
"""Root file systems."""

changesets = _trees(st.one_of(_leaves(metas), st.just(Whiteout())), metas, st.booleans())
"""What a layer changes, in whole seconds, as a tar has it."""

plain_trees = _trees(_leaves(metas), metas, st.just(False))
"""Trees in whole seconds."""

stacks = st.lists(changesets, min_size=1, max_size=3)


@st.composite
def descendants(draw: st.DrawFn) -> tuple[Dir, Dir]:
    """Give a tree and one made of it by laying layers over it."""
    lower, layers = draw(trees), draw(st.lists(changesets, max_size=2))
    return lower, apply_all([lower, *layers])
