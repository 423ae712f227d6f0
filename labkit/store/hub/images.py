"""Small images that the hub computes: their identifiers are the digests of their very bytes.

They have the names and the shape of the well-known ones, busybox, alpine and python, but they are
labkit's own: their programs are stand-ins, so their identifiers are not those of the images of that name
on Docker Hub. They can be pulled, changed, saved and pushed like any other image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

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


_BUSYBOX = (
    BuildStep("2019-04-02T23:32:10Z", "#(nop) ADD file:busybox.tar in / ", "busybox-1.30"),
    BuildStep("2019-04-02T23:32:10Z", '#(nop)  CMD ["sh"]', config={"Cmd": ["sh"]}),
)
_ALPINE = (
    BuildStep("2019-04-09T23:20:26Z", "#(nop) ADD file:alpine.tar in / ", "alpine-3.9", 5_528_000),
    BuildStep("2019-04-09T23:20:26Z", '#(nop)  CMD ["/bin/sh"]', config={"Cmd": ["/bin/sh"]}),
)
_PYTHON = (
    *_ALPINE,
    BuildStep("2019-04-10T01:22:00Z", "#(nop)  ENV LANG=C.UTF-8", config={"Env": [_PATH, "LANG=C.UTF-8"]}),
    BuildStep("2019-04-10T01:22:02Z", "apk add --no-cache ca-certificates", "python-certificates", 551_000),
    BuildStep(
        "2019-04-10T01:22:03Z",
        "#(nop)  ENV PYTHON_VERSION=3.7.3",
        config={"Env": [_PATH, "LANG=C.UTF-8", "PYTHON_VERSION=3.7.3"]},
    ),
    BuildStep("2019-04-10T01:30:42Z", "set -ex && make && make install", "python-3.7", 24_300_000),
    BuildStep("2019-04-10T01:30:43Z", "cd /usr/local/bin && ln -s python3 python", "python-links"),
    BuildStep("2019-04-10T01:30:51Z", "python get-pip.py", "python-pip", 6_240_000),
    BuildStep("2019-04-10T01:30:51Z", '#(nop)  CMD ["python3"]', config={"Cmd": ["python3"]}),
)
IMAGES: dict[str, tuple[tuple[str, ...], Sequence[BuildStep]]] = {
    "busybox": (("latest", "1", "1.30"), _BUSYBOX),
    "alpine": (("latest", "3", "3.9"), _ALPINE),
    "python": (("latest", "3", "3.7", "3.7-alpine"), _PYTHON),
}


def build(steps: Sequence[BuildStep]) -> Image:
    """Return the image that build steps make, layer by layer.

    >>> build(_BUSYBOX).config.config["Cmd"]
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


def add_computed(registry: Registry, name: str) -> None:
    """Put one of the images that are computed into a registry, as an official one."""
    tags, steps = IMAGES[name]
    add_image(registry, f"library/{name}", tags, build(steps))


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
