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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labkit.go.units import human_size
from labkit.oci.content import Content
from labkit.oci.tree import Dir
from labkit.storage.driver import BLOCK, Kept, Run, Unit, Units, disk_used, rounded
from labkit.storage.posix import NO_COST, Cost, fail
from labkit.storage.snapshots import Disk, NaiveDiffDriver, changed_range, cut

POOL_BLOCK = 64 << 10
"""What a snapshot shares, and what is copied (moby, deviceset.go, defaultThinpBlockSize)."""
BASE_SIZE = 10 << 30
"""The size of each device, mapped or not."""
_PER = POOL_BLOCK // BLOCK
_BLOCKS = Unit(BASE_SIZE, 0)
"""What the runs of a file's 4 kB blocks are parts of."""
_POOL = "docker-254:0-131074"
"""The pool's name: the device and the inode of the driver's directory."""


@dataclass(frozen=True, slots=True, eq=False)
class Thin:
    """A thin device: the pool's blocks by place, and where its file system puts the next file."""

    mapping: Mapping[int, Unit] = field(default_factory=dict)
    end: int = _PER
    free: tuple[Run, ...] = ()
    """Runs of 4 kB blocks that deleted files left."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed(Content):
    """A file's content and the runs of 4 kB blocks of its device that hold it."""

    runs: tuple[Run, ...] = ()


class DeviceMapper(NaiveDiffDriver):
    """The driver.

    >>> DeviceMapper().prepare(DeviceMapper().commit(None, Dir()), 0).cost.allocated
    0
    """

    name = "devicemapper"
    copies = "blocks"
    mounts_at = "{home}/mnt/{layer}/rootfs"  # a directory on the layer's device, which is mounted above it
    source = "Linux, thin-provisioning.rst; moby, daemon/graphdriver/devmapper"

    def disk(self, depth: int, kept: object) -> Disk:
        return _Device(depth, kept if isinstance(kept, Thin) else Thin())

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


class _Device(Disk):
    """A device that is mounted."""

    def __init__(self, depth: int, kept: Thin) -> None:
        super().__init__(depth)
        self._value = kept
        self._mapping, self._end, self._free = kept.mapping, kept.end, list(kept.free)
        self._own: dict[int, Unit] | None = None
        self._allocated = 0

    def value(self) -> Thin:
        if self._own is not None:
            self._value = Thin(self._own, self._end, tuple(self._free))
            self._mapping, self._own = self._own, None
        return self._value

    def store(self, old: Content, new: Content) -> tuple[Content, Cost]:
        """Write the blocks that changed where the file has them, and new ones behind."""
        runs = old.runs if isinstance(old, Placed) else ()
        had, wanted = sum(run.size for run in runs), rounded(new.size) // BLOCK
        if wanted > had:
            runs = _joined((*runs, *self._take(wanted - had)))
        elif wanted < had:
            self._free += cut(runs, wanted, had)
            runs = cut(runs, 0, wanted)
        begin, end = changed_range(old, new) if had else (0, new.size)
        copied = self._write(cut(runs, begin // BLOCK, rounded(end) // BLOCK)) if begin < end else 0
        return Placed(new.pieces, new.size, runs), Cost(copied, read=copied)

    def release(self, content: Content) -> None:
        """Let the file system use a file's blocks again."""
        if isinstance(content, Placed):
            self._free += content.runs

    def settle(self, before: Dir, after: Dir) -> Cost:
        """Write the file system's metadata; return all that was taken from the pool since the last time."""
        if before is after:
            return NO_COST
        # Any change writes to inodes and directories. They are in the first block here: on a real ext4 in
        # some, of which the journal's and the group's are met by every change.
        copied = self._write((Run(_BLOCKS, 0, 1),))
        allocated, self._allocated = self._allocated, 0
        return Cost(copied, read=copied, allocated=allocated)

    def _take(self, count: int) -> Iterator[Run]:
        room = sum(run.size for run in self._free) + BASE_SIZE // BLOCK - self._end
        if count > room:
            fail(errno.ENOSPC, "")
        while count and self._free:
            run = self._free.pop(0)
            self._free[:0] = cut([run], count, run.size)
            yield Run(_BLOCKS, run.offset, min(run.size, count))
            count -= min(run.size, count)
        if count:
            self._end += count
            yield Run(_BLOCKS, self._end - count, count)

    def _write(self, runs: tuple[Run, ...]) -> int:
        """Write to blocks of the device; return the bytes of the pool's blocks that were copied for it."""
        copied = 0
        for run in runs:
            first, end = run.offset, run.offset + run.size
            for place in range(first // _PER, (end - 1) // _PER + 1):
                mapped = (self._own or self._mapping).get(place)
                if mapped is not None and mapped.born == self.depth:
                    continue
                # A block from before the snapshot counts as shared. It is copied to one of the device's own,
                # unless the write covers all of it; one that is not mapped yet is taken as it is, as Docker's
                # pool skips zeroing (Linux, drivers/md/dm-thin.c; deviceset.go, skip_block_zeroing).
                whole = first <= place * _PER and (place + 1) * _PER <= end
                copied += POOL_BLOCK if mapped is not None and not whole else 0
                if self._own is None:
                    self._own = dict(self._mapping)
                self._own[place] = Unit(POOL_BLOCK, self.depth)
                self._allocated += POOL_BLOCK
        return copied


def _joined(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    found: list[Run] = []
    for run in runs:
        if found and found[-1].offset + found[-1].size == run.offset:
            before = found.pop()
            run = Run(_BLOCKS, before.offset, before.size + run.size)
        found.append(run)
    return tuple(found)
