"""The vfs storage driver: a whole copy of the parent for every layer (moby, daemon/graphdriver/vfs).

There is no copy-on-write and no sharing. A container is copied twice, once for its init layer and once
for its own; after that writing to it costs what it writes. It works on any file system, which is why it
is used where nothing else does, and to test against.
"""

from __future__ import annotations

from labkit.storage.driver import BLOCK, Kept, Snapshot, Units
from labkit.storage.posix import NO_COST, Cost
from labkit.storage.snapshots import Disk, NaiveDiffDriver


class _Directory(Disk):
    """A directory, the copy that was made or a new one, that keeps account of the blocks in it."""

    def __init__(self, depth: int, kept: object) -> None:
        super().__init__(depth)
        self._taken = kept if isinstance(kept, int) else BLOCK

    def value(self) -> int:
        return self._taken

    def settle(self, allocated: int) -> Cost:
        self._taken += allocated
        return NO_COST


class Vfs(NaiveDiffDriver):
    """The driver.

    >>> Vfs().prepare(None, 0).cost.allocated
    4096
    """

    name = "vfs"
    copies = "everything"
    disk = _Directory
    mounts_at = "{home}/dir/{layer}"  # the copy itself

    def snapshot_cost(self, parent: Snapshot | None) -> Cost:
        """Return what copying all of the parent costs, in whole blocks."""
        if parent is None:
            return Cost(allocated=BLOCK)
        assert isinstance(parent.kept, int)
        # On ext4 nothing can be cloned (FICLONE), so the bytes are read and written (moby, graphdriver/copy).
        return Cost(parent.kept, allocated=parent.kept)

    def units(self, kept: Kept) -> Units:
        """Return the blocks of the snapshot's directory: no other has them."""
        assert isinstance(kept.kept, int)
        return {None: kept.kept}
