"""The btrfs storage driver: each layer a subvolume, a snapshot of its parent's.

A snapshot copies one node of the file system's tree and shares all extents. A write goes to a new extent
of whole 4 kB blocks; an extent is freed when no file has any part of it left. A file of up to 2,048 bytes
is kept in the tree itself (btrfs(5), max_inline). Of the trees nothing else is modelled: checksums, and the
nodes on the way to what changed, come on top (moby, daemon/graphdriver/btrfs).
"""

from __future__ import annotations

from typing import ClassVar

from labkit.oci.content import Content
from labkit.storage.driver import BLOCK, Kept, Run, Snapshot, Unit, Units, rounded, stored, units
from labkit.storage.posix import NO_COST, Cost
from labkit.storage.snapshots import Disk, NaiveDiffDriver, changed_range, cut, kept_as, runs_of

NODE = 16_384
"""A node of a tree (mkfs.btrfs(8), nodesize)."""
MAX_INLINE = 2048
"""The largest file that is kept in the tree (btrfs(5), max_inline)."""
MAX_EXTENT = 128 << 20
"""The largest extent (Linux, fs/btrfs/fs.h, BTRFS_MAX_EXTENT_SIZE)."""


class _Subvolume(Disk):
    measure = staticmethod(stored)

    def store(self, old: Content, new: Content) -> tuple[Content, Cost]:
        """Write the blocks that changed to new extents."""
        runs = runs_of(old)
        # A file that has an extent keeps it here, however small it gets. The kernel may put it back into the
        # tree when its first block is written again (fs/btrfs/inode.c, cow_file_range_inline).
        if not runs and new.size <= MAX_INLINE:
            return Content(new.pieces, new.size), NO_COST
        begin, end = changed_range(old, new) if runs else (0, new.size)
        first, last = begin - begin % BLOCK, rounded(end)
        if begin == end:  # The file was cut and no more: its runs are cut, nothing is written.
            first = last = rounded(new.size)
        # The rest of the first and of the last block is read and written again with what changed.
        rest = min(begin, old.size) - first if begin % BLOCK and runs else 0
        rest += max(min(last, old.size) - end, 0) if runs else 0
        made = tuple(
            Run(Unit(size, self.depth), 0, size)
            for start in range(first, last, MAX_EXTENT)
            for size in [min(MAX_EXTENT, last - start)]
        )
        after = cut(runs, last, rounded(new.size)) if last < rounded(new.size) else ()
        # The new extents take the place of a part of the old ones. Those stay whole as long as any byte of
        # them is used: btrfs counts references to extents, not to blocks (fs/btrfs/extent-tree.c).
        return kept_as(new, (*cut(runs, 0, first), *made, *after)), Cost(rest)


class Btrfs(NaiveDiffDriver):
    """The driver.

    >>> Btrfs().prepare(None, 0).cost.allocated
    16384
    """

    name = "btrfs"
    copies = "blocks"
    disk = _Subvolume
    mounts_at = "{home}/subvolumes/{layer}"  # a directory of the file system: nothing has to be mounted
    tells: ClassVar = {"Build Version": "Btrfs v6.2", "Library Version": "102"}  # Debian 12, btrfs-progs 6.2

    def snapshot_cost(self, parent: Snapshot | None) -> Cost:
        """Return what a subvolume costs: the root of its tree."""
        # A snapshot gets a copy of the root node, which points to the same nodes below; those are copied on
        # the way to what is written later (fs/btrfs/ctree.c, btrfs_copy_root).
        return Cost(allocated=NODE)

    def units(self, kept: Kept) -> Units:
        """Return the root of the subvolume's tree and the extents of its files, which others may have too."""
        return {None: NODE, **units(kept.root if isinstance(kept, Snapshot) else kept.tree, stored)}
