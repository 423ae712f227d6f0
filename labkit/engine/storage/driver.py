"""What a storage driver does: keep layers, and give each container a writable one on top of them.

The words are those of containerd's Snapshotter (core/snapshots) and of moby's graph drivers. A
committed snapshot is an image's layer on its parent and never changes. `prepare` makes an active one
on a parent, for a container; `mount` shows it and takes its writes; `diff` gives what was written as
a layer's changes, which committing the container turns into the next snapshot.

Every snapshot is a value. The engine keeps a container's active snapshot (`Mount.upper` after each
command) and an image's committed ones; removing either is to keep it no longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from labkit.errors import DaemonError
from labkit.oci import changeset
from labkit.oci.tree import EMPTY_ROOT, Dir

MAX_DEPTH = 125
"""The layers that an image may have (moby, layer/layer_store.go)."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A committed snapshot: a layer's changes on its parent, and the tree that both show."""

    changes: Dir
    parent: Snapshot | None
    root: Dir
    depth: int


def commit(parent: Snapshot | None, changes: Dir) -> Snapshot:
    """Return the snapshot that lays `changes` over a parent, merging the trees once for all mounts.

    Raises DaemonError beyond 125 layers.

    >>> commit(None, Dir()).depth
    1
    """
    depth = parent.depth + 1 if parent else 1
    if depth > MAX_DEPTH:
        raise DaemonError("max depth exceeded")
    return Snapshot(changes, parent, changeset.apply(parent.root if parent else EMPTY_ROOT, changes), depth)


class StorageDriver(Protocol):
    """How active snapshots are kept; the tree that is seen is the same for every driver."""

    name: str

    def prepare(self, parent: Snapshot | None, now: int) -> Dir:
        """Return a new active snapshot on a parent, made at `now` (nanoseconds)."""
        ...

    def diff(self, parent: Snapshot | None, active: Dir) -> Dir:
        """Return the changes that an active snapshot makes to its parent."""
        ...

    def usage(self, parent: Snapshot | None, active: Dir) -> int:
        """Return the bytes that an active snapshot takes beyond its parent's."""
        ...
