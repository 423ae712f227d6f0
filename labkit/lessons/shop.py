"""The registry of the exercises, `registry.lab`: a shop in three versions, and tools with the same library.

The images are computed like the hub's small ones. `shop` stands on python and `tools` on busybox; both have
the same layer with a library on their base.
"""

from __future__ import annotations

from functools import cache

from labkit.go.moment import parse_time
from labkit.lab import Lab
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Meta
from labkit.store.hub import add_image, build
from labkit.store.registry import Registry

REGISTRY = "registry.lab"
_DAY = "2019-04-23T09:00:00Z"
_LIBRARY = 24_000_000
_NEWEST = "shop:3"


def _layer(path: str, content: Content) -> Layer:
    file = File(content, Meta(0o644, mtime=parse_time(_DAY)))
    directory, name = path.strip("/").split("/")
    mtime = Meta(0o755, mtime=parse_time(_DAY))
    return Layer.of(Dir({directory: Dir({name: file}, meta=mtime)}))


def _add(image: Image, path: str, content: Content, command: str) -> Image:
    return image.append(_layer(path, content), created=_DAY, created_by=f"/bin/sh -c #(nop) {command}")


def _images() -> dict[str, Image]:
    library = Content.filler(_LIBRARY, "library")
    python, busybox = build("python"), build("busybox")
    shop = _add(python, "/opt/library.so", library, "COPY file:library.so in /opt/")
    tools = _add(busybox, "/opt/library.so", library, "COPY file:library.so in /opt/")
    made = {"tools:latest": tools}
    for version in "123":
        program = Content.of(f"echo shop, version {version}\n".encode())
        made[f"shop:{version}"] = _add(shop, "/srv/shop.sh", program, "COPY file:shop.sh in /srv/")
    return made


@cache
def _registry() -> Registry:
    """Return the registry. It is closed: nobody can push to it, so all labs can share it."""
    registry = Registry(closed=True)
    for name, image in _images().items():
        repository, _, tag = name.partition(":")
        add_image(registry, repository, [tag, "latest"] if name == _NEWEST else [tag], image)
    return registry


def lab_with_shop() -> Lab:
    """Return a fresh lab that can pull from `registry.lab`.

    >>> lab = lab_with_shop()
    >>> len(lab.pull("registry.lab/shop:1").layers), len(lab.pull("registry.lab/tools").layers)
    (7, 2)
    """
    return Lab(registries={REGISTRY: _registry()})
