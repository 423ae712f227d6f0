"""What a storage driver is: it keeps layers, and gives each container a writable one on top of them.

The words are those of containerd's Snapshotter (core/snapshots) and of moby's graph drivers. `commit`
makes a committed snapshot: a layer's changes on its parent; it never changes. `prepare` makes an active
one on a parent, for a container; `mount` shows it and takes its writes, and the mount's `active` is then
another one. `diff` gives what was written as a layer's changes, which committing the container turns into
the next snapshot. All else that differs between drivers is said by the driver too: what it copies, where
its figures come from, and what `docker info` and `docker inspect` show of it.

Every snapshot is a value, and so is all that a driver keeps for it: the engine keeps those that it needs,
and removing one is to keep it no longer. What a snapshot takes on disk is told unit by unit, and a unit is
the smallest thing that is freed as a whole: a btrfs extent, a zfs record, a block of a thin pool. Units are
told apart by identity, as blocks on a disk are by their place, so that what two snapshots share counts
once in `disk_used`; what a removal frees is the difference. A driver whose snapshots share nothing needs
no such units: its files and directories are counted by their size alone, under None.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from labkit.base.errors import DaemonError
from labkit.base.text import encode
from labkit.oci.content import Content
from labkit.oci.image import MAX_LAYERS
from labkit.oci.tree import Dir, File, Node, Symlink
from labkit.storage.posix import NO_COST, Cost

if TYPE_CHECKING:
    from labkit.storage.overlay import Mount


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A committed snapshot: a layer's changes on its parent, and the tree that both show."""

    changes: Dir
    parent: Snapshot | None
    root: Dir
    depth: int
    made: Callable[[], Cost]
    kept: object = None
    """What its driver keeps beside the tree."""

    @property
    def cost(self) -> Cost:
        """What making it cost, added up when it is asked for."""
        return self.made()


@dataclass(frozen=True, slots=True, eq=False)
class Active:
    """An active snapshot: the read-write layer of a container, as its driver keeps it."""

    driver: StorageDriver
    parent: Snapshot | None
    tree: Dir
    """An upper directory, or the whole tree: what the driver writes to."""
    cost: Cost = NO_COST
    """What making it cost."""
    kept: object = None
    """What its driver keeps beside the tree."""
    taken: int = 0
    """Bytes of disk that its changes have taken so far, those that were given back since too."""

    @property
    def changes(self) -> Dir:
        """What it changes of its parent, as a layer's changes."""
        return self.driver.diff(self)


Kept: TypeAlias = Snapshot | Active


class StorageDriver(ABC):
    """How snapshots are kept; the tree that is seen is the same for every driver.

    A driver is a class in a file of its own, and its one instance is one line in `drivers`.
    """

    name: str
    copies: str
    """What it copies when something changes: "files", "blocks", or "everything" when a container is made."""
    source: str = ""
    """What its costs follow where no real engine was measured; empty where one was."""
    mounts_at: str
    """Where a container's layer is mounted: `{home}` is the driver's directory, such as
    /var/lib/docker/overlay2, and `{layer}` the name that the engine gave the layer: 64 hexadecimal digits."""
    tells: ClassVar[Mapping[str, str]] = {}
    """What `docker info` lists below its name, as far as it is always the same."""

    @abstractmethod
    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        """Return the snapshot that lays a layer's changes over a parent.

        `init` marks the layer of mount points between an image and a container. Raises DaemonError for
        any other beyond 125 layers.
        """

    @abstractmethod
    def alike(self, snapshot: Snapshot) -> Snapshot:
        """Return another snapshot of the same layer on the same parent, which takes disk of its own."""

    @abstractmethod
    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a new active snapshot on a parent, made at `now` (nanoseconds)."""

    @abstractmethod
    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> Mount:
        """Return a mount of an active snapshot; with `read_only` every change gives EROFS."""

    @abstractmethod
    def diff(self, active: Active) -> Dir:
        """Return the changes that an active snapshot makes to its parent."""

    @abstractmethod
    def units(self, kept: Kept) -> Units:
        """Return the disk that a snapshot takes, unit by unit."""

    def depth(self, parent: Snapshot | None, init: bool) -> int:
        """Return the depth of a snapshot on a parent; raises DaemonError beyond 125 layers."""
        depth = parent.depth + 1 if parent else 1
        if depth > MAX_LAYERS and not init:
            raise DaemonError("max depth exceeded")
        return depth

    def mount_point(self, home: str, layer: str) -> str:
        """Return the directory at which a container's layer is mounted, for messages that name it."""
        return self.mounts_at.format(home=home, layer=layer)

    def status(self, home: str, kept: Iterable[Kept]) -> Mapping[str, str]:
        """Return what `docker info` lists below the driver's name; `kept` is all that the engine keeps."""
        return self.tells

    def metadata(self, home: str, layers: Sequence[str]) -> Mapping[str, str]:
        """Return GraphDriver.Data of `docker inspect` for a stack of layers, their names from the top down.

        A driver that has nothing to tell returns an empty mapping, which is shown as null.
        """
        return {}


def disk_used(driver: StorageDriver, kept: Iterable[Kept]) -> int:
    """Return the bytes of disk that some snapshots take together."""
    return total(driver.units(each) for each in kept)


def ancestry(kept: Kept | None) -> list[Kept]:
    """Return a snapshot and all that it stands on, top first.

    >>> ancestry(None)
    []
    """
    found: list[Kept] = []
    while kept is not None:
        found.append(kept)
        kept = kept.parent
    return found


# What snapshots take on disk, unit by unit

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
    # Nor do extended attributes: those that Docker and overlay set are short, and ext4 keeps short ones
    # behind the inode, which has 256 bytes for 160 (fs/ext4/xattr.c). A whiteout is an inode and no more.
    if isinstance(node, Dir):
        yield None, BLOCK
    elif isinstance(node, File):
        # The mark of a file with several names is a unit, so that its blocks count once.
        yield node.inode or None, rounded(node.content.size)
    elif isinstance(node, Symlink) and len(encode(node.target)) > 59:
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
        for unit, size in measure(node):
            found[unit] = found.get(None, 0) + size if unit is None else size
        if type(node) is Dir:
            todo.extend(node.children.values())
    return found


def total(parts: Iterable[Units]) -> int:
    """Return the bytes that several snapshots take together; a unit that many have counts once.

    >>> shared = Unit(4096, 1)
    >>> total([{shared: 4096}, {shared: 4096, None: 10}, {None: 10}])
    4116
    """
    found: dict[Hashable, int] = {}
    for part in parts:
        for unit, size in part.items():
            if isinstance(unit, Unit):
                found[unit] = size
            else:
                found[None] = found.get(None, 0) + size
    return sum(found.values())
