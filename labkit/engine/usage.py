"""What the cache takes on disk, as `docker system df` adds it up.

A layer that several images share counts once; the size of an image counts all its layers. That is why
the sum of the SIZE column is more than what is on disk (moby, daemon/images/images.go; docker/cli,
formatter/disk_usage.go).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from labkit.engine import container as containers
from labkit.engine import images, volumes
from labkit.engine.engine import Engine
from labkit.oci.image import Image
from labkit.storage import driver as drivers
from labkit.storage.driver import Kept


@dataclass(frozen=True, slots=True)
class Usage:
    """One row of `docker system df`: how many there are, are in use, and their bytes."""

    total: int
    active: int
    size: int
    reclaimable: int


def shared_size(engine: Engine, image: Image) -> int:
    """Return the bytes of an image's layers that another image in the list of images has too."""
    users = Counter(chain for each in images.listed_images(engine) for chain in each.chain_ids)
    pairs = zip(image.layers, image.chain_ids, strict=True)
    return sum(layer.size for layer, chain in pairs if users[chain] > 1)


def layers_size(engine: Engine) -> int:
    """Return the bytes of all layers that images have, each counted once.

    What only a container still stands on, its image deleted, is not counted: the daemon does not either.
    """
    sizes = {
        chain: layer.size
        for image in engine.state.images.values()
        for layer, chain in zip(image.layers, image.chain_ids, strict=True)
    }
    return sum(sizes.values())


def image_usage(engine: Engine) -> Usage:
    """Return the row of the images: an image is active when a container was made of it."""
    listed = images.listed_images(engine)
    in_use = {each.image_id for each in engine.state.containers.values()}
    active = [image for image in listed if image.id in in_use]
    used = sum(image.size - shared_size(engine, image) for image in active)
    size = layers_size(engine)
    return Usage(len(listed), len(active), size, size - used)


def container_usage(engine: Engine) -> Usage:
    """Return the row of the containers: the bytes of their read-write layers."""
    listed = containers.listed_containers(engine, everything=True)
    running = [each for each in listed if each.running]
    size = sum(containers.size_rw(each) for each in listed)
    return Usage(len(listed), len(running), size, size - sum(containers.size_rw(each) for each in running))


def volume_usage(engine: Engine) -> Usage:
    """Return the row of the volumes: one is active when a container has it."""
    every = list(engine.state.volumes.values())
    free = volumes.unused(engine)
    return Usage(len(every), len(every) - len(free), volumes.size(every), volumes.size(free))


def disk_used(engine: Engine) -> int:
    """Return the bytes of disk that the storage driver takes for all images and containers.

    >>> disk_used(Engine())
    0
    """
    return drivers.disk_used(engine.driver, snapshots(engine))


_SYSTEM = 4 << 30


def space(engine: Engine) -> tuple[int, int]:
    """Return the bytes of the machine's disk and those in use: some by its system, the rest by the engine.

    >>> space(Engine(disk_size=8 << 30)) == (8 << 30, 4 << 30)
    True
    """
    return engine.disk_size, _SYSTEM + disk_used(engine) + volumes.size(engine.state.volumes.values())


def snapshots(engine: Engine) -> Iterator[Kept]:
    """Give each snapshot that the storage driver keeps for all images and containers.

    >>> list(snapshots(Engine()))
    []
    """
    tops = [*map(engine.snapshot, images.listed_images(engine, everything=True))]
    actives = [each.active for each in engine.state.containers.values()]
    yield from {id(each): each for top in (*tops, *actives) for each in drivers.ancestry(top)}.values()
