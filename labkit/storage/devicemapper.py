"""The devicemapper storage driver: each layer a thin device, a snapshot of its parent's in one pool.

A thin device of 10 GB (dm.basesize) maps blocks of 64 kB (dm.thinp_block size) to blocks of the pool, and
a snapshot shares the mapping. A file system stands on each device. Writing to a block that is shared
copies it first, unless all of it is written; writing to one that is not mapped takes one from the pool. A
file's deletion frees nothing in the pool, as Docker mounts without `discard`; the file system uses the
blocks again (Linux, admin-guide/device-mapper/thin-provisioning.rst; moby, daemon/graphdriver/devmapper).

Modelled after those. The file system puts files in 4 kB blocks one behind the other; its metadata are one
block of the pool, which every change writes to. What mkfs writes to the base device is not counted.
"""

from __future__ import annotations

import errno
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyrsistent import PMap, pmap

from labkit.go.units import human_size
from labkit.oci.content import Content
from labkit.storage.driver import BLOCK, Kept, Run, Unit, Units, disk_used, rounded
from labkit.storage.posix import Cost, fail
from labkit.storage.snapshots import Disk, NaiveDiffDriver, changed_range, cut, kept_as, runs_of

POOL_BLOCK = 64 << 10
"""What a snapshot shares, and what is copied (moby, deviceset.go, defaultThinpBlockSize)."""
BASE_SIZE = 10 << 30
"""The size of each device, mapped or not."""
_DEVICE = Unit(BASE_SIZE, 0)
"""What the runs of a file are parts of."""
_POOL = "docker-254:0-131074"
"""The pool's name: the device and the inode of the driver's directory."""


@dataclass(frozen=True, slots=True, eq=False)
class Thin:
    """A thin device: the pool's blocks by place, and the runs in which its file system puts files next."""

    mapping: PMap[int, Unit] = field(default_factory=pmap)
    free: tuple[Run, ...] = (Run(_DEVICE, POOL_BLOCK, BASE_SIZE - POOL_BLOCK),)
    """Runs that deleted files left; the last one is behind all files."""


class _Device(Disk):
    """A device that is mounted."""

    measure = staticmethod(lambda node: ())  # it is blocks of the pool that are taken

    def __init__(self, depth: int, kept: object) -> None:
        super().__init__(depth)
        thin = kept if isinstance(kept, Thin) else Thin()
        self._mapping, self._free, self._allocated = thin.mapping, thin.free, 0

    def value(self) -> Thin:
        return Thin(self._mapping, self._free)

    def store(self, old: Content, new: Content) -> tuple[Content, Cost]:
        """Write the blocks that changed where the file has them, and new ones behind."""
        runs = runs_of(old)
        had, wanted = sum(run.size for run in runs), rounded(new.size)
        if wanted > had:
            if wanted - had > sum(run.size for run in self._free):
                fail(errno.ENOSPC, "")
            runs += cut(self._free, 0, wanted - had)
            self._free = cut(self._free, wanted - had, BASE_SIZE)
        else:
            self.release(kept_as(old, cut(runs, wanted, had)))
            runs = cut(runs, 0, wanted)
        begin, end = changed_range(old, new) if had else (0, new.size)
        copied = self._write(cut(runs, begin - begin % BLOCK, rounded(end))) if begin < end else 0
        return kept_as(new, runs), Cost(copied)

    def release(self, content: Content) -> None:
        """Let the file system use a file's blocks again."""
        self._free = (*self._free[:-1], *runs_of(content), *self._free[-1:])

    def settle(self, allocated: int) -> Cost:
        """Write the file system's metadata; return all that was taken from the pool since the last time."""
        # Any change writes to inodes and directories. They are in the first block here: on a real ext4 in
        # some, of which the journal's and the group's are met by every change.
        copied = self._write((Run(_DEVICE, 0, BLOCK),))
        allocated, self._allocated = self._allocated, 0
        return Cost(copied, allocated=allocated)

    def _write(self, runs: tuple[Run, ...]) -> int:
        """Write to parts of the device; return the bytes of the pool's blocks that were copied for it."""
        written = Counter[int]()
        for run in runs:
            end = run.offset + run.size
            for place in range(run.offset // POOL_BLOCK, (end - 1) // POOL_BLOCK + 1):
                start = place * POOL_BLOCK
                written[place] += min(end, start + POOL_BLOCK) - max(run.offset, start)
        copied = 0
        for place, size in written.items():
            mapped = self._mapping.get(place)
            if mapped is not None and mapped.born == self.depth:
                continue
            # A block from before the snapshot counts as shared. It is copied to one of the device's own,
            # unless the write covers all of it; one that is not mapped yet is taken as it is, as Docker's
            # pool skips zeroing (Linux, drivers/md/dm-thin.c; deviceset.go, skip_block_zeroing).
            copied += POOL_BLOCK if mapped is not None and size < POOL_BLOCK else 0
            self._mapping = self._mapping.set(place, Unit(POOL_BLOCK, self.depth))
            self._allocated += POOL_BLOCK
        return copied


class DeviceMapper(NaiveDiffDriver):
    """The driver.

    >>> DeviceMapper().prepare(None, 0).cost.allocated
    0
    """

    name = "devicemapper"
    copies = "blocks"
    disk = _Device
    mounts_at = "{home}/mnt/{layer}/rootfs"  # a directory on the layer's device, which is mounted above it
    source = "Linux, thin-provisioning.rst; moby, daemon/graphdriver/devmapper"

    def units(self, kept: Kept) -> Units:
        """Return the pool's blocks that the device maps, which other devices may map too."""
        return dict.fromkeys(kept.kept.mapping.values(), POOL_BLOCK) if isinstance(kept.kept, Thin) else {}

    def status(self, home: str, kept: Iterable[Kept]) -> Mapping[str, str]:
        """Return what moby says of the pool (driver.go, Status)."""
        return {
            "Pool Name": f"{_POOL}-pool",
            "Pool Blocksize": human_size(POOL_BLOCK, 4),
            "Base Device Size": human_size(BASE_SIZE, 4),
            "Backing Filesystem": "ext4",
            "Udev Sync Supported": "true",
            "Data Space Used": human_size(disk_used(self, kept), 4),
        }

    def metadata(self, home: str, layers: Sequence[str]) -> Mapping[str, str]:
        """Return the device of the top layer; its number here is made of the layer's name."""
        number = hashlib.sha256(f"device:{layers[0]}".encode()).hexdigest()[:4]
        name = f"{_POOL}-{layers[0]}"
        return {"DeviceId": str(int(number, 16)), "DeviceName": name, "DeviceSize": str(BASE_SIZE)}
