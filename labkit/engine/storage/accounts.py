"""What a driver's snapshots take on disk, unit by unit, so that what two of them share counts once.

A unit is the smallest thing that is freed as a whole: a btrfs extent, a zfs record, a block of a thin
pool. Units are told apart by identity, as blocks on a disk are by their place. A driver whose snapshots
share nothing needs no such units: its files and directories are counted by their size alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Node, Symlink, Whiteout

BLOCK = 4096
"""The block of ext4 and of btrfs."""

Units: TypeAlias = Mapping[Hashable, int]
"""Bytes by unit."""
Measure: TypeAlias = Callable[[Node], Iterable[tuple[Hashable, int]]]
"""Gives the units of one file or directory, without what is in it; None stands for one of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Bytes allocated at once, in the snapshot of a certain depth: those above it share them."""

    size: int
    born: int


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A part of a unit, as a file uses it."""

    unit: Unit
    offset: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Stored(Content):
    """A file's content and where a file system keeps it."""

    runs: tuple[Run, ...] = ()


def rounded(size: int, block: int = BLOCK) -> int:
    """Return a size rounded up to whole blocks.

    >>> rounded(1), rounded(4096), rounded(0)
    (4096, 4096, 0)
    """
    return -(-size // block) * block


def ext4(node: Node) -> Iterable[tuple[Hashable, int]]:
    """Measure a file as ext4 keeps it: data in blocks of 4 kB, one block for a directory.

    A symbolic link of up to 59 bytes is in its inode; inodes are there from the start and count nothing.
    """
    if isinstance(node, Dir):
        yield None, BLOCK
    elif isinstance(node, File):
        yield node.inode or None, rounded(node.content.size)
    elif isinstance(node, Symlink) and len(node.target.encode("utf-8", "surrogateescape")) > 59:
        yield node.inode or None, BLOCK


def stored(node: Node) -> Iterable[tuple[Hashable, int]]:
    """Measure a file by the units that hold it."""
    if isinstance(node, File) and isinstance(node.content, Stored):
        for run in node.content.runs:
            yield run.unit, run.unit.size


def units(root: Dir, measure: Measure) -> Units:
    """Return the units of a whole tree.

    >>> units(Dir({"motd": File(Content.of(b"hello"))}), ext4)
    {None: 8192}
    """
    found: dict[Hashable, int] = {}
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        _add(found, node, measure)
        if type(node) is Dir:
            todo.extend(node.children.values())
    return found


def allocated(before: Dir, after: Dir, depth: int, measure: Measure) -> int:
    """Return how many bytes more one tree takes than the other, looking only at what is not the same.

    What was allocated in a snapshot below `depth` is shared with it, and not freed.
    """
    old, new, linked = _changed(before, after, measure)
    if linked:
        # A name came or went of a file that may have others, in a part that is the same.
        old, new = dict(units(before, measure)), dict(units(after, measure))
    more = sum(size - old.get(unit, 0) for unit, size in new.items())
    return more - sum(old[unit] for unit in old.keys() - new.keys() if not _shared(unit, depth))


def _shared(unit: Hashable, depth: int) -> bool:
    return isinstance(unit, Unit) and unit.born < depth


def total(parts: Iterable[Units]) -> int:
    """Return the bytes that several snapshots take together; a unit that many have counts once.

    >>> shared = Unit(4096, 1)
    >>> total([{shared: 4096}, {shared: 4096, None: 10}, {None: 10}])
    4116
    """
    return sum(merged(parts).values())


def merged(parts: Iterable[Units]) -> Units:
    """Return the units of several snapshots together."""
    found: dict[Hashable, int] = {}
    for part in parts:
        for unit, size in part.items():
            if isinstance(unit, Unit):
                found[unit] = size
            else:
                found[None] = found.get(None, 0) + size
    return found


def _add(found: dict[Hashable, int], node: Node, measure: Measure) -> None:
    for unit, size in measure(node):
        found[unit] = found.get(None, 0) + size if unit is None else size


def _changed(
    before: Dir, after: Dir, measure: Measure
) -> tuple[dict[Hashable, int], dict[Hashable, int], bool]:
    """Return the units of what is not the same in both trees, and whether a hard link is among it."""
    old: dict[Hashable, int] = {}
    new: dict[Hashable, int] = {}
    linked = False
    todo: list[tuple[Node | None, Node | None]] = [(before, after)]
    while todo:
        one, other = todo.pop()
        for found, node in ((old, one), (new, other)):
            if node is not None:
                _add(found, node, measure)
                linked = linked or (not isinstance(node, Dir | Whiteout) and node.inode != 0)
        below = one.children if type(one) is Dir else {}
        above = other.children if type(other) is Dir else {}
        pairs = ((below.get(name), above.get(name)) for name in {**below, **above})
        todo += [pair for pair in pairs if pair[0] is not pair[1]]
    return old, new, linked
