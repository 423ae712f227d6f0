"""Small images that the hub computes: their identifiers are the digests of their very bytes.

They have the names and the shape of the well-known ones, busybox, alpine and python, but they are
labkit's own: their programs are stand-ins, so their identifiers are not those of the images of that name
on Docker Hub. They can be pulled, changed, saved and pushed like any other image.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.base.text import packaged
from labkit.go.moment import parse_time
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_LAYER, Descriptor
from labkit.oci.digest import sha256
from labkit.oci.gzip import store_gzip
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.manifest import make_manifest
from labkit.store.hub.records import read_listing
from labkit.store.registry import Registry, StoredContent

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LABEL = {"about": "labkit's own image: the programs are stand-ins"}


@dataclass(frozen=True, slots=True)
class BuildStep:
    """A build step: its time, its command, and the list of files that it added, or the config it set."""

    created: str
    command: str
    files: str = ""
    size: int = 0
    config: dict[str, Any] = field(default_factory=dict)


OFFERED: dict[str, Any] = tomllib.loads(packaged(__package__ or "", "hub.toml"))
"""What the hub has: the versions of its records, and the images that are computed."""


def _steps(name: str) -> tuple[BuildStep, ...]:
    row = OFFERED["computed"][name]
    return (*(_steps(row["base"]) if "base" in row else ()), *(BuildStep(**step) for step in row["steps"]))


IMAGES: dict[str, tuple[tuple[str, ...], Sequence[BuildStep]]] = {
    name: (tuple(row["tags"]), _steps(name)) for name, row in OFFERED["computed"].items()
}
"""The images that are computed: their tags and their steps."""


def build(steps: Sequence[BuildStep]) -> Image:
    """Return the image that build steps make, layer by layer.

    >>> build(IMAGES["busybox"][1]).config.config["Cmd"]
    ('sh',)
    """
    settings: dict[str, Any] = {"Env": [_PATH], "Labels": _LABEL}
    image = Image(make_config(created=steps[0].created))
    for step in steps:
        settings |= step.config
        layer = None
        if step.files:
            mtime = parse_time(step.created)
            layer = Layer.of(read_listing(step.files, mtime=mtime, total=step.size))
        image = image.append(
            layer,
            created=step.created,
            created_by=f"/bin/sh -c {step.command}",
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
        layers.append(Descriptor(DOCKER_LAYER, sha256(blob.chunks()), blob.size))
        blobs[layers[-1].digest] = StoredContent(blob)
    manifest = make_manifest(Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw)), layers)
    stored = StoredContent(Content.of(manifest.raw), manifest.media_type)
    registry.add(name, tags, {manifest.digest: stored}, blobs)
