"""A stack of layers, accounted for: what each layer changes, what it hides, and what is wasted.

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
from dataclasses import dataclass, field, replace
from functools import lru_cache

from labkit.oci.changeset import gone
from labkit.oci.image import Image
from labkit.oci.tree import Device, Dir, Fifo, File, Nested, Node, Symlink, Whiteout, stat_size, unnested

# Why a layer hides what a lower one has, in words

DELETED = "deleted"
ANEW = "made anew"
COVERED = "covered"
OTHER = "other kind"
ATTRIBUTES = "attributes"
SAME = "written again"
APPENDED = "appended"
REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is hidden: one of the kinds above, and the sentence."""

    kind: str
    words: str


def node_kind(node: Node) -> str:
    """Return what a node is, in words.

    >>> node_kind(Symlink("/dev/stdout"))
    'symbolic link'
    """
    kinds = {File: "file", Dir: "directory", Symlink: "symbolic link", Device: "device", Fifo: "pipe"}
    return kinds.get(type(node), "whiteout")


def reason(
    old: Node, new: Node | None, lower: str, upper: str, path: str, cause: str, *, opaque: bool = False
) -> Reason:
    """Say why the layer named `upper` hides the node `old` that `lower` has at a path.

    `new` is what the upper layer has at `cause`, None for a whiteout or below an opaque directory. `cause` is
    the path itself, or a directory above it that is deleted, replaced or `opaque`.

    >>> reason(File(), None, "layer 2", "layer 3", "/tmp/big", "/tmp/big").words
    'deleted by layer 3, yet still in layer 2'
    >>> from labkit.oci.tree import Meta
    >>> reason(File(), File(meta=Meta(0o755)), "layer 1", "layer 2", "/run.sh", "/run.sh").words
    'layer 2 changed only its mode (644 to 755)'
    """
    if new is None and opaque:
        return Reason(ANEW, f"{upper} made {cause} anew (opaque): what {lower} has in it is hidden")
    if new is None:
        by = f"deleted by {upper}" if cause == path else f"deleted with {cause} by {upper}"
        return Reason(DELETED, f"{by}, yet still in {lower}")
    if cause != path:
        return Reason(COVERED, f"{upper} has a {node_kind(new)} in place of the directory {cause}")
    if type(old) is not type(new):
        return Reason(OTHER, f"{upper} has a {node_kind(new)} in place of this {node_kind(old)}")
    return _rewritten(old, new, upper)


def _rewritten(old: Node, new: Node, upper: str) -> Reason:
    """Compare two of a kind at one path; contents are read only where sizes or pieces leave it open."""
    if isinstance(old, File) and isinstance(new, File):
        more = new.content.size - old.content.size
        if more > 0 and new.content.slice(0, old.content.size) == old.content:
            there = f"{more:,} {'byte' if more == 1 else 'bytes'}"
            return Reason(APPENDED, f"{upper} added {there} at its end, and has the whole file again")
        same = new.content == old.content
    else:
        same = stat_size(old) == stat_size(new) and _target(old) == _target(new)
    if not same:
        return Reason(REPLACED, f"replaced: {upper} has a newer copy")
    changed = _attributes(old, new)
    if not changed:
        return Reason(SAME, f"same content written again by {upper}")
    return Reason(ATTRIBUTES, f"{upper} changed only its {' and '.join(changed)}")


def _target(node: Node) -> object:
    if isinstance(node, Symlink):
        return node.target
    return (node.kind, node.major, node.minor) if isinstance(node, Device) else None


def _attributes(old: Node, new: Node) -> list[str]:
    """Name the attributes that differ, mode and owner with both values."""
    assert not isinstance(old, Whiteout)
    assert not isinstance(new, Whiteout)
    one, other = old.meta, new.meta
    same_owner = (one.uid, one.gid) == (other.uid, other.gid)
    told = {
        f"mode ({one.mode:o} to {other.mode:o})": one.mode != other.mode,
        f"owner ({one.uid}:{one.gid} to {other.uid}:{other.gid})": not same_owner,
        "time": one.mtime != other.mtime,
        "extended attributes": one.xattrs != other.xattrs,
    }
    return [words for words, differs in told.items() if differs]


@dataclass(frozen=True, slots=True)
class Copy:
    """What one layer has at a path. Layers are numbered from 1, the bottom; paths begin with a slash."""

    path: str
    layer: int
    node: Node

    @property
    def size(self) -> int:
        """The size that `stat` gives."""
        return stat_size(self.node)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A copy that layer `by` hides, and why; `wasted` is 0 while another name of the file is shown."""

    copy: Copy
    by: int
    reason: Reason
    cause: str
    """The path of the whiteout, directory or file that hides it."""
    wasted: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A path that a layer changes: "A" added, "C" changed or "D" deleted.

    `copy` is None where it is deleted: by its own whiteout, or with a directory, whose children follow
    it. `size` is what Docker counts here: a further name of a file counts for nothing.
    """

    kind: str
    path: str
    copy: Copy | None
    size: int
    below: Copy | None
    """What the layers below show there."""
    hidden: Hidden | None
    """The same where it is hidden; a directory over a directory hides nothing."""


@dataclass(frozen=True, eq=False)
class Account:
    """What `account` finds. Lists are sorted by path, a directory before what is in it."""

    changes: tuple[tuple[Entry, ...], ...]
    """Of each layer, the bottom one first."""
    hidden: tuple[Hidden, ...] = field(repr=False)
    """All that is hidden, in the order of the layers that hide it."""


def account(layers: Sequence[Dir], names: Sequence[str] = ()) -> Account:
    """Account for a stack of changesets, bottom first; `names` are those that reasons call the layers by.

    >>> from labkit.oci.content import Content
    >>> from labkit.oci.tree import File
    >>> base = Dir({"big": File(Content.filler(67_000_000, "x")), "motd": File(Content.of(b"hi"))})
    >>> found = account([base, Dir({"big": Whiteout()})])
    >>> [(each.copy.path, each.wasted, each.reason.words) for each in found.hidden]
    [('/big', 67000000, 'deleted by layer 2, yet still in layer 1')]
    """
    told = names or [f"layer {number}" for number in range(1, len(layers) + 1)]
    reader = _Reader(told)
    changes: list[tuple[Entry, ...]] = []
    for number, layer in enumerate(layers, 1):
        unnested(reader.lay(reader.root, layer, "", number))
        changes.append(tuple(reader.entries))
        reader.entries = []
    return Account(tuple(changes), tuple(reader.hidden))


def in_tree(path: str) -> list[str]:
    """Return a key that sorts paths as a tree has them: a directory before what is in it.

    >>> sorted(["/a.b", "/a/b", "/a"], key=in_tree)
    ['/a', '/a/b', '/a.b']
    """
    return path.split("/")


def _file(copy: Copy) -> tuple[int, int] | None:
    """Return what tells a file with several names from others, None for one that can have only one."""
    inode = 0 if isinstance(copy.node, Dir) else copy.node.inode
    return (copy.layer, inode) if inode else None


def _counted(copy: Copy, seen: set[tuple[int, int]]) -> int:
    """Return a copy's bytes, 0 where a name of the same file was counted before."""
    file = _file(copy)
    if file is None:
        return copy.size
    size = 0 if file in seen else copy.size
    seen.add(file)
    return size


class _Spot:
    """A path of the merged tree while layers are laid over it."""

    __slots__ = ("children", "copy")

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        self.children: dict[str, _Spot] = {}


class _Reader:
    """The merged tree so far, and what was hidden on the way."""

    def __init__(self, names: Sequence[str]) -> None:
        self.root = _Spot(Copy("", 0, Dir()))
        self.hidden: list[Hidden] = []
        self.entries: list[Entry] = []
        """Of the layer that is laid."""
        self._names = names
        self._names_shown: Counter[tuple[int, int]] = Counter()
        """Of each file with several names, how many are shown."""
        self._seen: set[tuple[int, int]] = set()

    def lay(self, spot: _Spot, changes: Dir, path: str, number: int, opaque: str = "") -> Nested[None]:
        """Lay a directory of a layer over the tree; `opaque` is the path above it that is opaque, if any."""
        if changes.opaque and not opaque:
            opaque = path or "/"
        if opaque:
            changes = replace(changes, opaque=True)
        for name in sorted({*changes.children, *(spot.children if opaque else ())}):
            here, node = f"{path}/{name}", changes.children.get(name)
            if not gone(changes, name):
                assert node is not None
                yield self._put(spot, name, Copy(here, number, node), opaque)
            elif below := spot.children.pop(name, None):
                self._delete(below, number, None, here if node else opaque, opaque=node is None)

    def _put(self, spot: _Spot, name: str, copy: Copy, opaque: str) -> Nested[None]:
        below, node = spot.children.get(name), copy.node
        over = below is not None and isinstance(below.copy.node, Dir) and isinstance(node, Dir)
        hidden = self._hide(below.copy, copy.layer, node, copy.path) if below and not over else None
        kind, size = "C" if below else "A", _counted(copy, self._seen)
        if file := _file(copy):
            self._names_shown[file] += 1
        self.entries.append(Entry(kind, copy.path, copy, size, below.copy if below else None, hidden))
        if below and not over:
            for child in sorted(below.children):
                self._delete(below.children[child], copy.layer, node, copy.path)
        if below is not None and over:
            below.copy = copy
        else:
            spot.children[name] = _Spot(copy)
        if isinstance(node, Dir):
            yield self.lay(spot.children[name], node, copy.path, copy.layer, opaque)

    def _delete(
        self, spot: _Spot, number: int, new: Node | None, cause: str, *, opaque: bool = False
    ) -> None:
        todo = [spot]
        while todo:
            spot = todo.pop()
            hidden = self._hide(spot.copy, number, new, cause, opaque=opaque)
            self.entries.append(Entry("D", spot.copy.path, None, 0, spot.copy, hidden))
            todo += [spot.children[name] for name in sorted(spot.children, reverse=True)]

    def _hide(self, copy: Copy, number: int, new: Node | None, cause: str, *, opaque: bool = False) -> Hidden:
        wasted = copy.size
        if file := _file(copy):
            self._names_shown[file] -= 1
            wasted = 0 if self._names_shown[file] else wasted
        lower, upper = self._names[copy.layer - 1], self._names[number - 1]
        why = reason(copy.node, new, lower, upper, copy.path, cause, opaque=opaque)
        self.hidden.append(Hidden(copy, number, why, cause, wasted))
        return self.hidden[-1]


@lru_cache(maxsize=8)
def image_account(image: Image) -> Account:
    """Account for an image; the last eight are kept.

    >>> from labkit.oci.config import make_config
    >>> image_account(Image(make_config(created="2019-04-26T12:00:00Z"))).hidden
    ()
    """
    return account([layer.changes for layer in image.layers])
