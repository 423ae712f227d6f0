"""The storage drivers by name, and one workload that shows what each of them costs.

The workload is that of Docker's own comparison of drivers in short: an image with one large file, a
container that changes the file a little and then deletes it, and a hundred containers more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labkit.base.errors import LabkitError
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta
from labkit.storage.aufs import Aufs
from labkit.storage.btrfs import Btrfs
from labkit.storage.devicemapper import DeviceMapper
from labkit.storage.driver import Active, Snapshot, StorageDriver
from labkit.storage.fuse_overlayfs import FuseOverlayfs
from labkit.storage.init_layer import init_changes
from labkit.storage.overlay2 import Overlay2
from labkit.storage.posix import NO_COST, Cost
from labkit.storage.vfs import Vfs
from labkit.storage.zfs import Zfs

_ALL: tuple[StorageDriver, ...] = (
    Overlay2(),
    Aufs(),
    DeviceMapper(),
    Btrfs(),
    Zfs(),
    Vfs(),
    FuseOverlayfs(),
)
DRIVERS: Mapping[str, StorageDriver] = {driver.name: driver for driver in _ALL}
"""The one that Docker recommends, then as the slide names them, then the others."""

BIG = "/big"
BIG_SIZE = 64 << 20
IMAGE = Dir(
    {
        "big": File(Content.filler(BIG_SIZE, "big")),
        "bin": Dir({"busybox": File(Content.filler(2_150_000, "busybox"), Meta(0o755))}),
        "home": Dir(),
        "root": Dir(),
        "tmp": Dir(meta=Meta(0o1777)),
        "var": Dir(),
    }
)
"""The layer of the workload's image: 2.15 MB, and a file of 67,108,864 bytes."""


def driver_named(name: str) -> StorageDriver:
    """Return the storage driver of a name; raises LabkitError where there is none.

    >>> driver_named("btrfs").name
    'btrfs'
    """
    if name not in DRIVERS:
        known = ", ".join(DRIVERS)
        raise LabkitError(f"error initializing graphdriver: driver not supported: {name} (one of {known})")
    return DRIVERS[name]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the workload and what it cost; `cost.allocated` is the disk that it took or gave back."""

    name: str
    cost: Cost


def create(driver: StorageDriver, image: Snapshot | None, now: int = 0) -> tuple[Active, Cost]:
    """Return a new container's read-write layer and what making it cost, with the init layer below it.

    >>> create(Overlay2(), Overlay2().commit(None, Dir()))[1].allocated
    81920
    """
    below = init_changes(image.root if image else Dir(), now)
    init = driver.commit(image, below, init=True)
    active = driver.prepare(init, now)
    return active, init.cost + active.cost


def workload(
    driver: StorageDriver, *, layer: Dir = IMAGE, big: str = BIG, containers: int = 100
) -> tuple[Step, ...]:
    """Run the workload and return its steps: image, create, write, delete, hundred.

    `layer` is the image's one layer and `big` the large file in it, to which two bytes are appended.

    >>> [step.cost.copied for step in workload(Overlay2())]
    [0, 0, 67108864, 0, 0]
    """
    image = driver.commit(None, layer)
    active, made = create(driver, image)
    mount = driver.mount(active, lambda: 0)
    steps = [Step("image", image.cost), Step("create", made)]
    steps.append(Step("write", mount.append(big, b"x\n")))
    steps.append(Step("delete", mount.unlink(big)))
    more = sum((create(driver, image)[1] for _ in range(containers)), NO_COST)
    return (*steps, Step("hundred", more))


def costs_json(drivers: Iterable[StorageDriver]) -> str:
    """Return the workload's figures as JSON: bytes of disk by step, by driver.

    >>> json.loads(costs_json([Overlay2()]))["overlay2"]["create"]
    81920
    """
    found = {each.name: {step.name: step.cost.allocated for step in workload(each)} for each in drivers}
    return json.dumps(found, indent=2) + "\n"


_HEADERS = ("DRIVER", "IMAGE", "CREATE", "WRITE", "DELETE", "HUNDRED")
_WORKLOAD = """Disk used by each step, in bytes: an image of 2.15 MB and a file of 67,108,864 bytes is
stored; a container is created; 2 bytes are appended to the file; it is deleted; a hundred containers.
"""


def costs_table(drivers: Iterable[StorageDriver]) -> str:
    """Return the workload's table as text, with what the drivers' figures rest on.

    >>> print(costs_table([Vfs()]).splitlines()[4])
    vfs       +69,283,840   +138,616,832   +4,096   -67,112,960   +13,861,683,200
    """
    chosen = list(drivers)
    rows = [_HEADERS, *((each.name, *(f"{s.cost.allocated:+,}" for s in workload(each))) for each in chosen)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADERS))]
    lines = [
        "   ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    ]
    measured = [each.name for each in chosen if not each.source]
    notes = [f"{', '.join(measured)}: compared with a real engine."] if measured else []
    notes += [f"{each.name}: modelled after {each.source}." for each in chosen if each.source]
    return "\n".join([_WORKLOAD, *lines, "", *notes, ""])
