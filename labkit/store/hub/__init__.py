"""The built-in Docker Hub of April 2019: what can be pulled without a network.

Most of it are records (`records`). Some small images are computed: their identifiers are the digests of their
very bytes. They have the names and the shape of the well-known ones, busybox, alpine and python, but they are
labkit's own: their programs are stand-ins, so their identifiers are not those of the images of that name on
Docker Hub. They can be pulled, changed, saved and pushed like any other image.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from labkit.base.text import packaged
from labkit.go.moment import parse_time
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_LAYER, Descriptor
from labkit.oci.gzip import store_gzip
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.manifest import make_manifest
from labkit.store.hub.records import add_record, parse_listing
from labkit.store.registry import Registry, StoredContent

OFFERED: dict[str, Any] = tomllib.loads(packaged(__name__, "hub.toml"))
"""What the hub has: the versions of its records, and the tags and steps of the images that are computed."""
_SETTINGS = {
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    "Labels": {"about": "labkit's own image: the programs are stand-ins"},
}


def build(name: str) -> Image:
    """Return an image that is computed, made of its steps layer by layer.

    >>> build("busybox").config.config["Cmd"]
    ('sh',)
    """
    row = OFFERED["computed"][name]
    start = Image(make_config(created=row["steps"][0]["created"], config=_SETTINGS))
    image = build(row["base"]) if "base" in row else start
    settings = dict(image.config.config)
    for step in row["steps"]:
        created, layer = step["created"], None
        settings |= step.get("config", {})
        if "files" in step:
            listing, size = f"include {step['files']}", step.get("size", 0)
            layer = Layer.of(parse_listing(listing, mtime=parse_time(created), total=size))
        image = image.append(
            layer,
            created=created,
            created_by=f"/bin/sh -c {step['command']}",
            config=settings,
            docker_version="18.06.1-ce",
        )
    return image


def add_image(registry: Registry, name: str, tags: Sequence[str], image: Image) -> None:
    """Put an image whose bytes are all there into a registry, under tags of a repository."""
    blobs = {image.id: StoredContent(Content.of(image.config.raw), DOCKER_CONFIG)}
    layers = []
    for layer in image.layers:
        assert layer.tar is not None
        blob = store_gzip(layer.tar)
        layers.append(Descriptor.of(blob, DOCKER_LAYER))
        blobs[layers[-1].digest] = StoredContent(blob)
    manifest = make_manifest(Descriptor.of(image.config.raw, DOCKER_CONFIG), layers)
    stored = StoredContent(Content.of(manifest.raw), manifest.media_type)
    registry.add(name, tags, {manifest.digest: stored}, blobs)


def _load(name: str, registry: Registry) -> None:
    for version in OFFERED["records"][name]:
        add_record(registry, f"{name}-{version}")
    if computed := OFFERED["computed"].get(name):
        # Last: of two images of one tag the one that can be saved and pushed is served.
        add_image(registry, f"library/{name}", computed["tags"], build(name))


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
