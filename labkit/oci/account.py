"""A stack of layers, accounted for: what each layer hides of those below it, and what is wasted by that.

Bytes are those that Docker counts of a layer: the contents of files and the lengths of symbolic links'
targets, a file with several names once (`labkit.oci.tree.size`). Each file of each layer is either

- *shown*: one of its names is seen in the merged tree as this layer has it, or
- *wasted*: upper layers hide all its names. Every pull brings its bytes, and no container sees them.

Layers never change, so what a later layer deletes or writes again stays in the layer below it. What hides
what is `changeset`'s to say (OCI image-spec, layer.md; Linux, overlayfs.rst); this module says by whom.

So all bytes are those shown plus those wasted. A file that an upper layer has again counts once as shown,
the copy that is needed, and once as wasted for each lower copy. A whiteout has no bytes. A file is charged
to the layer that hides its last name, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from labkit.oci.image import Image
from labkit.oci.tree import Dir, File, Meta, Nested, Node, Whiteout, stat_size, unnested


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a layer has at a path and layer `by` hides, and why; layers are numbered from 1, the bottom.

    Paths begin with a slash. `wasted` is 0 while another name of the file is shown.
    """

    path: str
    layer: int
    node: Node
    by: int
    reason: str
    wasted: int


def hidden(layers: Sequence[Dir], names: Sequence[str] = ()) -> tuple[Hidden, ...]:
    """Return all that is hidden in a stack of changesets, bottom first, in the order of the layers that hide.

    What one layer hides is sorted by path, a directory before what is in it. A directory over one
    hides nothing. `names` are those that reasons call the layers by.

    >>> from labkit.oci.content import Content
    >>> base = Dir({"big": File(Content.filler(67_000_000, "x")), "motd": File(Content.of(b"hi"))})
    >>> [(each.path, each.wasted, each.reason) for each in hidden([base, Dir({"big": Whiteout()})])]
    [('/big', 67000000, 'deleted by layer 2, yet still in layer 1')]
    """
    reader = _Reader(names or [f"layer {number}" for number in range(1, len(layers) + 1)])
    for number, layer in enumerate(layers, 1):
        unnested(reader.lay(reader.root, layer, number))
    return tuple(reader.hidden)


@lru_cache(maxsize=8)
def hidden_in(image: Image) -> tuple[Hidden, ...]:
    """Return all that is hidden in an image; the last eight are kept.

    >>> from labkit.oci.config import make_config
    >>> hidden_in(Image(make_config(created="2019-04-26T12:00:00Z")))
    ()
    """
    return hidden([layer.changes for layer in image.layers])


class _Spot:
    """A path of the merged tree while layers are laid over it: what is seen there, and of which layer."""

    __slots__ = ("children", "layer", "node", "path")

    def __init__(self, path: str, layer: int, node: Node) -> None:
        self.path, self.layer, self.node = path, layer, node
        self.children: dict[str, _Spot] = {}

    @property
    def file(self) -> tuple[int, int] | None:
        """What tells a file with several names from others, None for one that can have only one."""
        inode = 0 if isinstance(self.node, Dir) else self.node.inode
        return (self.layer, inode) if inode else None


class _Reader:
    """The merged tree so far, and what was hidden on the way."""

    def __init__(self, names: Sequence[str]) -> None:
        self.root = _Spot("", 0, Dir())
        self.hidden: list[Hidden] = []
        self._names = names
        self._names_shown: Counter[tuple[int, int]] = Counter()
        """Of each file with several names, how many are shown."""

    def lay(self, spot: _Spot, changes: Dir, number: int, opaque: str = "") -> Nested[None]:
        """Lay a directory of a layer over the tree; `opaque` is the path above it that is opaque, if any."""
        if changes.opaque and not opaque:
            opaque = spot.path or "/"
        for name in sorted({*changes.children, *(spot.children if opaque else ())}):
            node, below, here = changes.children.get(name), spot.children.get(name), f"{spot.path}/{name}"
            merged = below is not None and isinstance(below.node, Dir) and isinstance(node, Dir)
            if below and not merged:
                self._hide(spot.children.pop(name), number, node, here if node else opaque)
            if node is None or isinstance(node, Whiteout):
                continue
            if below and merged:
                below.layer, below.node = number, node
            else:
                below = spot.children[name] = _Spot(here, number, node)
            if file := below.file:
                self._names_shown[file] += 1
            if isinstance(node, Dir):
                yield self.lay(below, node, number, opaque)

    def _hide(self, spot: _Spot, number: int, new: Node | None, cause: str) -> None:
        """Hide a path and all that is in it."""
        todo = [spot]
        while todo:
            spot = todo.pop()
            wasted = stat_size(spot.node)
            if file := spot.file:
                self._names_shown[file] -= 1
                wasted = 0 if self._names_shown[file] else wasted
            lower, upper = self._names[spot.layer - 1], self._names[number - 1]
            why = reason(spot.path, spot.node, new, lower, upper, cause)
            self.hidden.append(Hidden(spot.path, spot.layer, spot.node, number, why, wasted))
            todo += [spot.children[name] for name in sorted(spot.children, reverse=True)]


# Why a layer hides what a lower one has, in words


def node_kind(node: Node) -> str:
    """Return what a node is, in words.

    >>> node_kind(Dir()), node_kind(File())
    ('directory', 'file')
    """
    name = type(node).__name__
    return {"Dir": "directory", "Symlink": "symbolic link", "Fifo": "pipe"}.get(name, name.lower())


def reason(path: str, old: Node, new: Node | None, lower: str, upper: str, cause: str) -> str:
    """Say why the layer named `upper` hides the node `old` that `lower` has at a path.

    `cause` is the path, or a directory above it that is deleted, replaced or opaque. `new` is what the upper
    layer has there; for what is in an opaque directory, None.

    >>> reason("/tmp/big", File(), Whiteout(), "layer 2", "layer 3", "/tmp/big")
    'deleted by layer 3, yet still in layer 2'
    >>> reason("/run.sh", File(), File(meta=Meta(0o755)), "layer 1", "layer 2", "/run.sh")
    'layer 2 changed only its mode (644 to 755)'
    """
    if new is None:
        return f"{upper} made {cause} anew (opaque): what {lower} has in it is hidden"
    if isinstance(new, Whiteout):
        by = f"deleted by {upper}" if cause == path else f"deleted with {cause} by {upper}"
        return f"{by}, yet still in {lower}"
    if cause != path:
        return f"{upper} has a {node_kind(new)} in place of the directory {cause}"
    if type(old) is not type(new):
        return f"{upper} has a {node_kind(new)} in place of this {node_kind(old)}"
    return _rewritten(old, new, upper)


def _rewritten(old: Any, new: Any, upper: str) -> str:
    """Compare two of a kind at one path; contents are read only where sizes or pieces leave it open."""
    if isinstance(old, File):
        more = new.content.size - old.content.size
        if more > 0 and new.content.slice(0, old.content.size) == old.content:
            there = f"{more:,} {'byte' if more == 1 else 'bytes'}"
            return f"{upper} added {there} at its end, and has the whole file again"
    if replace(old, meta=new.meta) != new:
        return f"replaced: {upper} has a newer copy"
    changed = _attributes(old.meta, new.meta)
    if not changed:
        return f"same content written again by {upper}"
    return f"{upper} changed only its {' and '.join(changed)}"


def _attributes(one: Meta, other: Meta) -> list[str]:
    """Name the attributes that differ, mode and owner with both values."""
    same_owner = (one.uid, one.gid) == (other.uid, other.gid)
    told = {
        f"mode ({one.mode:o} to {other.mode:o})": one.mode != other.mode,
        f"owner ({one.uid}:{one.gid} to {other.uid}:{other.gid})": not same_owner,
        "time": one.mtime != other.mtime,
        "extended attributes": one.xattrs != other.xattrs,
    }
    return [words for words, differs in told.items() if differs]
