"""The zfs storage driver: each layer a dataset, a clone of a snapshot of its parent's.

A clone begins at its snapshot's root block: it shares all records, and takes nothing that is counted. A
file of up to 128 kB is one record, a larger one has records of 128 kB (zfsprops(7), recordsize), and a write
puts each record that it touches in a new place, whole. Modelled after that documentation and moby's
daemon/graphdriver/zfs, without compression, in sectors of 4 kB; dnodes and indirect blocks, some kilobytes
for each change, are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labkit.oci.content import Content
from labkit.storage.driver import BLOCK, Kept, Run, Snapshot, Unit, Units, disk_used, rounded, stored, units
from labkit.storage.posix import Cost
from labkit.storage.snapshots import Disk, NaiveDiffDriver, changed_range, kept_as, runs_of

RECORD = 128 << 10
"""The largest record: recordsize, as it is unless it is set (zfsprops(7))."""
_DATASET = "zpool-docker/docker"


class _Dataset(Disk):
    measure = staticmethod(stored)

    def store(self, old: Content, new: Content) -> tuple[Content, Cost]:
        """Write the records that changed to a new place."""
        runs = runs_of(old)
        # A file of one record has one as large as it needs, in whole sectors; with a second one all of its
        # records have the full size, the last one too (OpenZFS, zfs_vnops.c, zfs_grow_blocksize).
        size = RECORD if new.size > RECORD else rounded(new.size, BLOCK)
        count = rounded(new.size, size) // size if size else 0
        begin, end = changed_range(old, new)
        # A record has one checksum, so it is read and written whole. Runs of another size: the file had one
        # record and outgrew it, or is cut back to one.
        touched = {index for index, run in enumerate(runs) if run.size != size}
        touched |= set(range(len(runs), count))
        if begin < end:
            touched |= set(range(begin // RECORD, (end - 1) // RECORD + 1))
        made = []
        copied = 0
        for index in range(count):
            if index not in touched:
                made.append(runs[index])
                continue
            made.append(Run(Unit(size, self.depth), 0, size))
            if index < len(runs):
                start, stop = index * RECORD, min((index + 1) * RECORD, old.size, new.size)
                copied += max(min(begin, stop) - start, 0) + max(stop - max(end, start), 0)
        return kept_as(new, tuple(made)), Cost(copied)


class Zfs(NaiveDiffDriver):
    """The driver.

    >>> Zfs().prepare(None, 0).cost.allocated
    0
    """

    name = "zfs"
    copies = "blocks"
    disk = _Dataset
    mounts_at = "{home}/graph/{layer}"
    source = "OpenZFS, zfsprops(7), recordsize; moby, daemon/graphdriver/zfs"

    def units(self, kept: Kept) -> Units:
        """Return the records of the dataset's files, which other datasets may have too."""
        return units(kept.root if isinstance(kept, Snapshot) else kept.tree, stored)

    def status(self, home: str, kept: Iterable[Kept]) -> Mapping[str, str]:
        """Return what moby says of it (zfs.go, Status)."""
        return {
            "Zpool": _DATASET.partition("/")[0],
            "Zpool Health": "ONLINE",
            "Parent Dataset": _DATASET,
            "Space Used By Parent": str(disk_used(self, kept)),
            "Parent Quota": "no",
            "Compression": "off",
        }

    def metadata(self, home: str, layers: Sequence[str]) -> Mapping[str, str]:
        return {"Dataset": f"{_DATASET}/{layers[0]}", "Mountpoint": self.mount_point(home, layers[0])}
