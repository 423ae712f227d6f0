"""The built-in Docker Hub of April 2019: what can be pulled without a network."""

from __future__ import annotations

from functools import cache, partial

from labkit.store.hub.images import IMAGES, loader
from labkit.store.hub.records import add_record, read_record
from labkit.store.registry import Registry

_RECORDS = {
    "library/nginx": ("nginx-1.15.12",),
    "library/mysql": ("mysql-8.0.15", "mysql-8.0.16"),
    "library/ubuntu": ("ubuntu-15.04",),
}


def _load_records(names: tuple[str, ...], registry: Registry) -> None:
    for name in names:
        add_record(registry, read_record(name))


@cache
def docker_hub() -> Registry:
    """Return the hub: a registry that everybody reads and nobody writes; repositories load when asked for.

    >>> [name.removeprefix("library/") for name in docker_hub().names]
    ['alpine', 'busybox', 'mysql', 'nginx', 'python', 'ubuntu']
    """
    loaders = {name: partial(_load_records, files) for name, files in _RECORDS.items()}
    return Registry(closed=True, loaders=loaders | {name: loader(name) for name in IMAGES})
