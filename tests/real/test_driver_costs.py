"""The disk that each storage driver takes, step by step: labkit's figures beside a real engine's.

    python -m tests.real.test_driver_costs        prints the table: driver, step, real, labkit, ratio

The real engine runs with the driver on a new ext4 of its own (btrfs: on a btrfs), loop-mounted. Its disk is
counted in blocks, when all that was written has been given its place: of the driver's directory with `du`, of
btrfs as its own tools tell, data and metadata. On a new file system a large file lies in few pieces; on a
full one ext4 needs a block more to list more than four. aufs, devicemapper and zfs cannot run here: they are
modelled after their documentation.

What may differ is stated in OVERHEAD and METADATA. It is the file systems' own: the directory in which vfs
keeps its copies, made with the first; on btrfs checksums and the nodes of trees above those that labkit
counts, and, where an image is stored, some small files of the engine's that lie on it too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from labkit.oci.content import Content
from labkit.oci.layer import Layer
from labkit.storage.btrfs import NODE
from labkit.storage.drivers import DRIVERS, workload
from tests.conftest import need
from tests.real import host
from tests.real.engine import RealEngine, why_not
from tests.real.images import BUSYBOX

CONTAINERS = 10
BIG_SIZE = 64 << 20
STEPS = ("image", "create", "write", "delete", f"{CONTAINERS} containers")
MEASURED = ("overlay2", "fuse-overlayfs", "vfs", "btrfs")
OVERHEAD = {("vfs", "image"): range(4096, 4097), ("btrfs", "image"): range((16 << 10) + 1)}
"""Bytes of data that the real engine takes beyond labkit's; 0 in any other step."""
METADATA = {"btrfs": 320 << 10}
"""Bytes of metadata by which a step may differ."""
_ENGINES_OWN = "buildkit containers image network plugins swarm trust volumes".split()


@dataclass(frozen=True)
class Row:
    """A step: the bytes that the real engine took, of data and of metadata, and what labkit says."""

    driver: str
    step: str
    real: int
    real_metadata: int
    labkit: int

    def __str__(self) -> str:
        real = self.real + self.real_metadata
        ratio = f"{self.labkit / real:.4f}" if real else "-"
        return f"{self.driver:<16}{self.step:<16}{real:>15,}{self.labkit:>15,}{ratio:>10}"


HEADER = f"{'DRIVER':<16}{'STEP':<16}{'REAL':>15}{'LABKIT':>15}{'RATIO':>10}"


def why_not_driver(driver: str) -> str:
    """Give the reason why a real engine cannot run with this driver here, or nothing."""
    needed = {"btrfs": ("mkfs.btrfs", "btrfs"), "fuse-overlayfs": ("fuse-overlayfs", "mkfs.ext4")}
    reason = why_not(driver, own=True) or host.missing(BUSYBOX, *needed.get(driver, ()))
    kernel = Path("/proc/filesystems").read_text() if not reason else ""
    if not reason and not Path("/dev/loop-control").exists():
        return "the kernel has no loop devices"
    if not reason and driver == "btrfs" and "btrfs" not in kernel:
        return "the kernel has no btrfs"
    if not reason and driver == "fuse-overlayfs" and not Path("/dev/fuse").exists():
        return "the kernel has no /dev/fuse"
    return reason


def root_archive() -> bytes:
    """Return the image's one layer: busybox, three of its applets, and a large file."""
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (("big", bytes(range(256)) * (BIG_SIZE // 256)), ("bin/busybox", _busybox())):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            if "/" in name:
                directory = tarfile.TarInfo("bin")
                directory.type, directory.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(directory)
            tar.addfile(member, BytesIO(data))
        for applet in ("rm", "sh", "sleep"):
            member = tarfile.TarInfo(f"bin/{applet}")
            member.type, member.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(member)
    return stream.getvalue()


def _busybox() -> bytes:
    return Path(BUSYBOX).read_bytes()


def _run(*command: str | Path) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


@contextmanager
def data_root(driver: str) -> Iterator[Path]:
    """Give a directory for the engine's data; of that on btrfs all but the driver's lies elsewhere."""
    base = Path(tempfile.mkdtemp(prefix="labkit-driver-"))
    data = base / "data"
    data.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, base, ignore_errors=True)
        image = base / "disk.img"
        _run("truncate", "-s", "4G", image)
        _run("mkfs.btrfs" if driver == "btrfs" else "mkfs.ext4", "-q", image)
        _run("mount", "-o", "loop", image, data)
        stack.callback(_run, "umount", "-R", data)
        if driver == "btrfs":
            for name in _ENGINES_OWN:
                (data / name).mkdir()
                (base / "own" / name).mkdir(parents=True)
                _run("mount", "--bind", base / "own" / name, data / name)
        yield data


def disk_used(driver: str, data: Path) -> tuple[int, int]:
    """Return the bytes of data and of metadata that the driver's snapshots take."""
    if driver != "btrfs":
        _run("sync", "--file-system", data)
        return int(_run("du", "-sx", "--block-size=1", data / driver).split()[0]), 0
    _run("btrfs", "filesystem", "sync", data)
    _run("btrfs", "subvolume", "sync", data)
    told = {
        line.split(",")[0]: int(line.split("used=")[1])
        for line in _run("btrfs", "filesystem", "df", "-b", data).splitlines()
    }
    return told["Data"], told["Metadata"]


def measured(driver: str, archive: bytes) -> list[tuple[int, int]]:
    """Return what each step took on the real engine's disk, data and metadata."""
    found: list[tuple[int, int]] = []
    with data_root(driver) as data, RealEngine(driver, data, own=True) as engine:

        def done(*lines: str) -> None:
            before = disk_used(driver, data)
            for line in lines:
                engine.ok(line)
            after = disk_used(driver, data)
            found.append((after[0] - before[0], after[1] - before[1]))

        before = disk_used(driver, data)
        engine.ok("docker import - work:1", stdin=archive)
        after = disk_used(driver, data)
        found.append((after[0] - before[0], after[1] - before[1]))
        create = "docker create --network none --name {} work:1 sleep 1000"
        done(create.format("box"))
        engine.ok("docker start box")
        done("docker exec box sh -c 'echo x >> /big'")
        done("docker exec box rm /big")
        done(*(create.format(f"box{number}") for number in range(CONTAINERS)))
        engine.ok("docker rm --force " + " ".join(["box", *(f"box{n}" for n in range(CONTAINERS))]))
    return found


def compare(driver: str) -> list[Row]:
    """Run the workload on a real engine and on labkit's driver."""
    archive = root_archive()
    layer = Layer.from_tar(Content.of(archive)).changes
    ours = workload(DRIVERS[driver], layer, small_writes=0, containers=CONTAINERS)
    del ours["small writes"]
    real = measured(driver, archive)
    return [
        Row(driver, name, *used, cost.allocated)
        for name, used, cost in zip(STEPS, real, ours.values(), strict=True)
    ]


@pytest.mark.real
@pytest.mark.parametrize("driver", MEASURED)
def test_each_step_takes_the_disk_that_it_takes_in_a_real_engine(driver: str) -> None:
    need(why_not_driver(driver))
    rows = compare(driver)
    print("\n".join([HEADER, *map(str, rows)]))
    for row, snapshots in zip(rows, (1, 2, 0, 0, 2 * CONTAINERS), strict=True):
        metadata = NODE * snapshots if driver == "btrfs" else 0
        assert row.real - (row.labkit - metadata) in OVERHEAD.get((driver, row.step), range(1)), row
        assert abs(row.real_metadata - metadata) <= METADATA.get(driver, 0), row


def main() -> int:
    """Print the table for every driver that can run here."""
    print(HEADER)
    for driver in MEASURED:
        reason = why_not_driver(driver)
        print(f"{driver}: {reason}" if reason else "\n".join(map(str, compare(driver))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
