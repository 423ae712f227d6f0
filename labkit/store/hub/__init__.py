"""The built-in Docker Hub of April 2019: what can be pulled without a network."""

from __future__ import annotations

from functools import cache, partial

from labkit.store.hub.images import IMAGES, OFFERED, add_image, build
from labkit.store.hub.records import add_record, read_record
from labkit.store.registry import Registry


def _load(name: str, registry: Registry) -> None:
    for version in OFFERED["records"][name]:
        add_record(registry, read_record(f"{name}-{version}"))
    if name in IMAGES:  # last: of two images of one tag the one that can be saved and pushed is served
        tags, steps = IMAGES[name]
        add_image(registry, f"library/{name}", tags, build(steps))


@cache
def docker_hub() -> Registry:
    """Return the hub: a registry that everybody reads and nobody writes; repositories load when asked for.

    >>> [name.removeprefix("library/") for name in docker_hub().names]
    ['alpine', 'busybox', 'centos', 'debian', 'golang', 'hello-world', 'httpd', 'mysql', 'nginx', 'node',
    'postgres', 'python', 'redis', 'ubuntu']
    """
    return Registry(
        closed=True, loaders={f"library/{name}": partial(_load, name) for name in OFFERED["records"]}
    )
