"""The storage drivers by name, and one workload that shows what each of them costs.

The workload is that of Docker's own comparison of drivers in short: an image with one large file, a
container that changes the file a little, then a little more in ten places, and deletes it, and a hundred
containers more. `labkit drivers`, the chart and the lessons all tell its figures.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

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

_ALL = (Overlay2(), FuseOverlayfs(), Aufs(), Btrfs(), Zfs(), DeviceMapper(), Vfs())
DRIVERS: dict[str, StorageDriver] = {driver.name: driver for driver in _ALL}
"""By what they copy, files, blocks or everything; the one that Docker recommends first."""

BIG = "/big"
BIG_SIZE = 64 << 20


def image_layer(size: int = BIG_SIZE) -> Dir:
    """Return the layer of the workload's image: programs of 2.15 MB, and a file of `size` bytes.

    >>> sorted(image_layer(1000).children)
    ['big', 'bin', 'home', 'root', 'tmp', 'var']
    """
    return Dir(
        {
            "big": File(Content.filler(size, "big")),
            "bin": Dir({"busybox": File(Content.filler(2_150_000, "busybox"), Meta(0o755))}),
            "home": Dir(),
            "root": Dir(),
            "tmp": Dir(meta=Meta(0o1777)),
            "var": Dir(),
        }
    )


def driver_named(name: str) -> StorageDriver:
    """Return the storage driver of a name; raises LabkitError where there is none.

    >>> driver_named("btrfs").name
    'btrfs'
    """
    if name not in DRIVERS:
        known = ", ".join(DRIVERS)
        raise LabkitError(f"error initializing graphdriver: driver not supported: {name} (one of {known})")
    return DRIVERS[name]


def create(driver: StorageDriver, image: Snapshot | None, now: int = 0) -> tuple[Active, Cost]:
    """Return a new container's read-write layer and what making it cost, with the init layer below it.

    >>> create(Overlay2(), Overlay2().commit(None, Dir()))[1].allocated
    81920
    """
    below = init_changes(image.root if image else Dir(), now)
    init = driver.commit(image, below, init=True)
    active = driver.prepare(init, now)
    return active, init.cost + active.cost


STEPS = ("image", "create", "first write", "small writes", "delete", "hundred")
"""The workload's steps, in their order."""


def workload(
    driver: StorageDriver, layer: Dir | None = None, *, small_writes: int = 10, containers: int = 100
) -> dict[str, Cost]:
    """Run the workload and return what each step cost; `allocated` is the disk that it took or gave back.

    `layer` is the image's one layer, with the large file in it, to which two bytes are appended first;
    `small_writes` of two bytes each follow in places all over it.

    >>> {step: cost.copied for step, cost in workload(Overlay2(), containers=1).items()}
    {'image': 0, 'create': 0, 'first write': 67108864, 'small writes': 0, 'delete': 0, 'hundred': 0}
    """
    image = driver.commit(None, layer or image_layer())
    active, made = create(driver, image)
    mount = driver.mount(active, lambda: 0)
    size = mount.stat(BIG).size
    first = mount.append(BIG, b"x\n")
    places = (size * number // small_writes for number in range(small_writes))
    small = sum((mount.pwrite(BIG, place, b"x\n") for place in places), NO_COST)
    gone = mount.unlink(BIG)
    more = sum((create(driver, image)[1] for _ in range(containers)), NO_COST)
    return dict(zip(STEPS, (image.cost, made, first, small, gone, more), strict=True))


def costs_json(drivers: Iterable[StorageDriver]) -> str:
    """Return the workload's figures as JSON: bytes of disk by step, by driver.

    >>> json.loads(costs_json([Overlay2()]))["overlay2"]["create"]
    81920
    """
    found = {each.name: {step: cost.allocated for step, cost in workload(each).items()} for each in drivers}
    return json.dumps(found, indent=2) + "\n"


_WORKLOAD = """Disk used by each step, in bytes: an image of 2.15 MB and a file of 67,108,864 bytes is
stored; a container is created; 2 bytes are appended to the file; 2 bytes are written over it in each of
ten places; it is deleted; a hundred containers are created.
"""


def costs_table(drivers: Iterable[StorageDriver], step: str = "") -> str:
    """Return the workload's table as text, with what the drivers' figures rest on, or one step of it alone.

    >>> print(costs_table([Vfs()]).splitlines()[5])
    vfs     +69,283,840  +138,616,832       +4,096            +0  -67,112,960  +13,861,683,200
    >>> print(costs_table([Vfs()], "create"), end="")
    DRIVER        CREATE
    vfs     +138,616,832
    """
    chosen = list(drivers)
    shown = [step] if step else STEPS
    containers = 100 if "hundred" in shown else 0  # they take longer than all else
    rows = [["DRIVER", *map(str.upper, shown)]]
    for each in chosen:
        costs = workload(each, containers=containers)
        rows.append([each.name, *(f"{costs[name].allocated:+,}" for name in shown)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows]
    if step:
        return "\n".join([*lines, ""])
    measured = ", ".join(each.name for each in chosen if not each.source)
    notes = [f"{measured}: compared with a real engine, but for the small writes."] if measured else []
    notes += [f"{each.name}: modelled after {each.source}." for each in chosen if each.source]
    return "\n".join([_WORKLOAD, *lines, "", *notes, ""])
