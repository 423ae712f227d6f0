"""What a storage driver does: keep layers, and give each container a writable one on top of them.

The words are those of containerd's Snapshotter (core/snapshots) and of moby's graph drivers. `commit`
makes a committed snapshot: a layer's changes on its parent; it never changes. `prepare` makes an active
one on a parent, for a container; `mount` shows it and takes its writes, and the mount's `active` is then
another one. `diff` gives what was written as a layer's changes, which committing the container turns into
the next snapshot.

Every snapshot is a value, and so is all that a driver keeps for it: the engine keeps those that it needs,
and removing one is to keep it no longer. `disk_used` adds up what a set of them takes, so that what they
share counts once; what a removal frees is the difference.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from labkit.engine.storage import accounts
from labkit.engine.storage.accounts import Units
from labkit.engine.storage.calls import SystemCalls
from labkit.engine.storage.posix import NO_COST, Cost, Tree
from labkit.errors import DaemonError
from labkit.oci.tree import Dir, Whiteout

MAX_DEPTH = 125
"""The layers that an image may have (moby, layer/layer_store.go)."""


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

    @property
    def changes(self) -> Dir:
        """What it changes of its parent, as a layer's changes."""
        return self.driver.diff(self)


Kept: TypeAlias = Snapshot | Active


class MountedTree(SystemCalls, Tree):
    """A mounted snapshot: a tree to write to, and the value that it has come to."""

    __slots__ = ("read_only", "whiteout")
    read_only: bool
    """Every change gives EROFS."""
    whiteout: Whiteout | None
    """What an overlay's whiteouts are links to, as long as it stays mounted."""

    @property
    @abstractmethod
    def active(self) -> Active:
        """The snapshot with all that was written."""

    @property
    @abstractmethod
    def root(self) -> Dir:
        """The tree that is seen."""


class StorageDriver(Protocol):
    """How snapshots are kept; the tree that is seen is the same for every driver."""

    name: str
    source: str
    """What its costs follow where no real engine was measured; empty where one was."""

    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        """Return the snapshot that lays a layer's changes over a parent.

        `init` marks the layer of mount points between an image and a container. Raises DaemonError for
        any other beyond 125 layers.
        """
        ...

    def alike(self, snapshot: Snapshot) -> Snapshot:
        """Return another snapshot of the same layer on the same parent, which takes disk of its own."""
        ...

    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a new active snapshot on a parent, made at `now` (nanoseconds)."""
        ...

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> MountedTree:
        """Return a mount of an active snapshot; with `read_only` every change gives EROFS."""
        ...

    def diff(self, active: Active) -> Dir:
        """Return the changes that an active snapshot makes to its parent."""
        ...

    def units(self, kept: Kept) -> Units:
        """Return the disk that a snapshot takes, unit by unit."""
        ...


def depth_on(parent: Snapshot | None, init: bool = False) -> int:
    """Return the depth of a snapshot on a parent; raises DaemonError beyond 125 layers.

    >>> depth_on(None)
    1
    """
    depth = parent.depth + 1 if parent else 1
    if depth > MAX_DEPTH and not init:
        raise DaemonError("max depth exceeded")
    return depth


def disk_used(driver: StorageDriver, kept: Iterable[Kept]) -> int:
    """Return the bytes of disk that some snapshots take together."""
    return accounts.total(driver.units(each) for each in kept)


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
