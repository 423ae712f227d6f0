"""What the drivers have in common that keep a whole tree for each snapshot, and the naive diff they need.

What a container changed is found by comparing its tree with its parent's, as moby's naive diff driver
does (daemon/graphdriver/fsdiff.go).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from labkit.engine.storage.accounts import Units
from labkit.engine.storage.driver import Active, Kept, Snapshot, depth_on
from labkit.engine.storage.posix import NO_COST, Cost
from labkit.engine.storage.volume import Disk, Volume
from labkit.oci import tree
from labkit.oci.changeset import stat_differs
from labkit.oci.tree import EMPTY_ROOT, Dir, Meta, Node, Whiteout


def naive_diff(below: Dir, seen: Dir) -> Dir:
    """Return the changes between two trees that `stat` can tell, as moby's naive diff finds them.

    A whiteout's time is that of its directory: when the name was removed, or later.

    >>> from labkit.oci.tree import File
    >>> naive_diff(Dir({"a": File()}), Dir({"b": File()})) == Dir({"a": Whiteout(), "b": File()})
    True
    """
    changes: dict[str, Node] = {
        name: Whiteout(seen.meta.mtime) for name in below.children if name not in seen.children
    }
    for name, node in seen.children.items():
        old = below.children.get(name)
        if node is old:
            continue
        if type(node) is Dir and type(old) is Dir:
            inner = naive_diff(old, node)
            if inner.children or stat_differs(old, node):
                changes[name] = inner
        elif old is None or stat_differs(old, node):
            changes[name] = node
    return Dir(changes, seen.meta)


class Volumes(ABC):
    """What the drivers have in common that keep a whole tree for each snapshot."""

    name: str
    source: str

    @abstractmethod
    def disk(self, depth: int, kept: object) -> Disk:
        """Return what keeps the data of a snapshot that is mounted."""

    @abstractmethod
    def units(self, kept: Kept) -> Units:
        """Return the disk that a snapshot takes, unit by unit."""

    def snapshot_cost(self, parent: Snapshot | None) -> Cost:
        """Return what a snapshot of a parent costs before anything is written to it."""
        return NO_COST

    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        """Return a snapshot of a parent with a layer unpacked into it."""
        depth = depth_on(parent, init)
        volume = Volume(parent.root if parent else EMPTY_ROOT, self.disk(depth, parent and parent.kept))
        cost = self.snapshot_cost(parent) + volume.lay(changes)

        def made() -> Cost:
            return cost + Cost(written=tree.size(changes))

        return Snapshot(changes, parent, volume.root, depth, made, volume.disk.value())

    def alike(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot made in the same way."""
        return self.commit(snapshot.parent, snapshot.changes, init=True)

    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a snapshot of a parent to write to; its root is as any driver's is for a new container."""
        root = Dir(parent.root.children if parent else {}, Meta(0o755, mtime=now))
        return Active(self, parent, root, self.snapshot_cost(parent), parent and parent.kept)

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> Volume:
        """Return a mount of the container's tree."""
        depth = active.parent.depth + 1 if active.parent else 1
        return Volume(active.tree, self.disk(depth, active.kept), clock, read_only=read_only, mounted=active)

    def diff(self, active: Active) -> Dir:
        """Return what the container changed, found by comparing its tree with its parent's."""
        return naive_diff(active.parent.root if active.parent else EMPTY_ROOT, active.tree)
