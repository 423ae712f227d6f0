"""A stack of layers, accounted for: what each layer changes, where each path comes from, what is wasted.

Bytes are those that Docker counts of a layer: the contents of files and the lengths of symbolic links'
targets, a file with several names once (`labkit.oci.tree.size`). Each file of each layer is either

- *shown*: one of its names is seen in the merged tree as this layer has it, or
- *wasted*: upper layers hide all its names. Every pull brings its bytes, and no container sees them.

So the bytes of all layers are those shown plus those wasted, and *efficiency* is shown / all (1 for no
bytes at all). A file that an upper layer has again counts once as shown, the copy that is needed, and once
as wasted for each lower copy. A whiteout has no bytes. What is wasted is so from the first layer that hides
the last name of it: that layer is named, with its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain

from labkit.oci.image import Image
from labkit.oci.reasons import Reason, reason
from labkit.oci.tree import Dir, Node, Whiteout, stat_size


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


@dataclass(frozen=True, slots=True)
class Shown:
    """A path of the merged tree: the top copy of it, its bytes, and the copies hidden below it."""

    copy: Copy
    size: int
    hides: tuple[Copy, ...]


@dataclass(frozen=True, eq=False)
class Account:
    """What `account` finds. Lists are sorted by path, a directory before what is in it."""

    changes: tuple[tuple[Entry, ...], ...]
    """Of each layer, the bottom one first."""
    hidden: tuple[Hidden, ...] = field(repr=False)
    """All that is hidden, in the order of the layers that hide it."""
    _lower: dict[int, Account] = field(default_factory=dict, repr=False)

    def upto(self, number: int) -> Account:
        """Return the account of the lowest layers alone: what a layer does depends on those below it."""
        if number >= len(self.changes):
            return self
        if number not in self._lower:
            hidden = tuple(each for each in self.hidden if each.by <= number)
            self._lower[number] = Account(self.changes[:number], hidden)
        return self._lower[number]

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """The merged tree."""
        top: dict[str, Copy] = {}
        for entry in chain.from_iterable(self.changes):
            if entry.copy is None:
                del top[entry.path]
            else:
                top[entry.path] = entry.copy
        below: dict[str, tuple[Copy, ...]] = {}
        for each in self.hidden:
            below[each.copy.path] = (each.copy, *below.get(each.copy.path, ()))
        seen: set[tuple[int, int]] = set()
        paths = sorted(top, key=in_tree)
        return tuple(Shown(top[path], _counted(top[path], seen), below.get(path, ())) for path in paths)

    @cached_property
    def total(self) -> int:
        """The bytes of all layers."""
        return sum(entry.size for layer in self.changes for entry in layer)

    @cached_property
    def visible(self) -> int:
        """The bytes that the merged tree shows."""
        return sum(each.size for each in self.shown)

    @cached_property
    def waste(self) -> tuple[Hidden, ...]:
        """What wastes bytes, the most first."""
        return tuple(
            sorted(
                (each for each in self.hidden if each.wasted),
                key=lambda each: (-each.wasted, each.copy.path, each.copy.layer),
            )
        )

    @cached_property
    def wasted(self) -> int:
        """The bytes that upper layers hide."""
        return sum(each.wasted for each in self.hidden)

    @property
    def efficiency(self) -> float:
        """The part of all bytes that is shown, from 0 to 1."""
        return self.visible / self.total if self.total else 1.0

    @cached_property
    def by_path(self) -> dict[str, Shown]:
        """The merged tree, by path."""
        return {each.copy.path: each for each in self.shown}


def account(layers: Sequence[Dir], names: Sequence[str] = ()) -> Account:
    """Account for a stack of changesets, bottom first; `names` are those that reasons call the layers by.

    >>> from labkit.oci.content import Content
    >>> from labkit.oci.tree import File
    >>> base = Dir({"big": File(Content.filler(67_000_000, "x")), "motd": File(Content.of(b"hi"))})
    >>> found = account([base, Dir({"big": Whiteout()})])
    >>> found.total, found.visible, found.wasted, round(found.efficiency, 3)
    (67000002, 2, 67000000, 0.0)
    >>> [(each.copy.path, each.wasted, each.reason.words) for each in found.waste]
    [('/big', 67000000, 'deleted by layer 2, yet still in layer 1')]
    """
    told = names or [f"layer {number}" for number in range(1, len(layers) + 1)]
    reader = _Reader(told)
    changes = tuple(
        tuple(reader.lay(reader.root, layer, "", number)) for number, layer in enumerate(layers, 1)
    )
    return Account(changes, tuple(reader.hidden))


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
        self._names = names
        self._names_shown: Counter[tuple[int, int]] = Counter()
        """Of each file with several names, how many are shown."""
        self._seen: set[tuple[int, int]] = set()

    def lay(self, spot: _Spot, changes: Dir, path: str, number: int, opaque: str = "") -> Iterator[Entry]:
        """Lay a directory of a layer over the tree; `opaque` is the path above it that is opaque, if any."""
        if changes.opaque and not opaque:
            opaque = path or "/"
        names = {*changes.children, *(spot.children if opaque else ())}
        for name in sorted(names):
            here, node, below = f"{path}/{name}", changes.children.get(name), spot.children.get(name)
            if node is None or isinstance(node, Whiteout):
                if below is not None:
                    cause = here if node is not None else opaque
                    yield from self._delete(below, number, None, cause, opaque=node is None)
                    del spot.children[name]
                continue
            yield from self._put(spot, name, Copy(here, number, node), opaque)

    def _put(self, spot: _Spot, name: str, copy: Copy, opaque: str) -> Iterator[Entry]:
        below, node = spot.children.get(name), copy.node
        over = below is not None and isinstance(below.copy.node, Dir) and isinstance(node, Dir)
        hidden = self._hide(below.copy, copy.layer, node, copy.path) if below and not over else None
        kind, size = "C" if below else "A", _counted(copy, self._seen)
        if file := _file(copy):
            self._names_shown[file] += 1
        yield Entry(kind, copy.path, copy, size, below.copy if below else None, hidden)
        if below and not over:
            for child in sorted(below.children):
                yield from self._delete(below.children[child], copy.layer, node, copy.path)
        if below is not None and over:
            below.copy = copy
        else:
            spot.children[name] = _Spot(copy)
        if isinstance(node, Dir):
            yield from self.lay(spot.children[name], node, copy.path, copy.layer, opaque)

    def _delete(
        self, spot: _Spot, number: int, new: Node | None, cause: str, *, opaque: bool = False
    ) -> Iterator[Entry]:
        """Yield the deletion of a path and of all below it."""
        hidden = self._hide(spot.copy, number, new, cause, opaque=opaque)
        yield Entry("D", spot.copy.path, None, 0, spot.copy, hidden)
        for name in sorted(spot.children):
            yield from self._delete(spot.children[name], number, new, cause, opaque=opaque)

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
    >>> image_account(Image(make_config(created="2019-04-26T12:00:00Z"))).efficiency
    1.0
    """
    return account([layer.changes for layer in image.layers])
