"""Images of Docker Hub as it was in April 2019, from records: published identifiers over stand-in files.

A record is a JSON file beside this module; its `about` says what was published and what was not. Where
it has null the hub chooses an identifier of its own, made of the image's name and the place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from labkit.oci.config import History, ImageConfig, make_config
from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.manifest import (
    DOCKER_CONFIG,
    DOCKER_LAYER,
    Descriptor,
    Manifest,
    Platform,
    make_index,
    make_manifest,
)
from labkit.oci.moment import parse_time
from labkit.store.hub.listing import read_listing
from labkit.store.registry import Registry, Stored

AMD64 = Platform("amd64", "linux")


@dataclass(frozen=True, slots=True)
class Record:
    """A recorded image with the identifiers that its repository knows it by."""

    repository: str
    tags: tuple[str, ...]
    image: Image
    digests: tuple[str, ...]
    """Each layer's digest, bottom first."""
    compressed: tuple[int, ...]
    manifest_digest: str
    list_digest: str


def read_record(name: str) -> Record:
    """Return the record in the file `NAME.json`.

    >>> read_record("nginx-1.15.12").image.id[:19]
    'sha256:27a188018e18'
    """
    text = resources.files(__package__).joinpath(f"{name}.json").read_text("utf-8")
    facts = json.loads(text)
    layers = tuple(_layer(name, place, facts) for place in range(len(facts["layers"])))
    config = _config(facts, layers)
    return Record(
        repository=f"library/{facts['repository']}",
        tags=tuple(facts["tags"]),
        image=Image(config, layers, facts["image_id"] or _own(name, "image")),
        digests=tuple(
            each["digest"] or _own(name, f"blob {place}") for place, each in enumerate(facts["layers"])
        ),
        compressed=tuple(each["compressed_bytes"] for each in facts["layers"]),
        manifest_digest=facts["manifest_digest"] or _own(name, "manifest"),
        list_digest=facts["manifest_list_digest"] or _own(name, "manifest list"),
    )


def _layer(name: str, place: int, facts: dict[str, Any]) -> Layer:
    known = facts["layers"][place]
    created = next(entry["created"] for entry in facts["history"] if entry.get("layer") == place)
    changes = read_listing(known["files"], mtime=parse_time(created), total=known["bytes"])
    diff_id = known["diff_id"] or _own(known["digest"] or f"{name} {place}", "DiffID")
    return Layer.record(diff_id, changes)


def _own(name: str, part: str) -> str:
    return sha256(f"labkit hub: {name}: {part}".encode())


def _config(facts: dict[str, Any], layers: tuple[Layer, ...]) -> ImageConfig:
    history = [
        History(entry["created"], entry["created_by"], empty_layer=entry.get("empty_layer", False))
        for entry in facts["history"]
    ]
    return make_config(
        created=history[-1].created,
        docker_version=facts["docker_version"],
        config=facts["config"],
        diff_ids=[layer.diff_id for layer in layers],
        history=history,
    )


def add_record(registry: Registry, record: Record) -> None:
    """Put a record into a registry, under its published digests."""
    image = record.image
    config = Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw))
    blobs = {image.id: Stored(Content.of(image.config.raw), DOCKER_CONFIG, recorded=True)}
    layers = []
    for layer, digest, size in zip(image.layers, record.digests, record.compressed, strict=True):
        layers.append(Descriptor(DOCKER_LAYER, digest, size))
        blobs[digest] = Stored(Content.filler(size, digest), recorded=True, layer=layer)
    manifest = make_manifest(config, layers)
    listed = make_index([_listed(manifest, record.manifest_digest)])
    manifests = {
        record.manifest_digest: Stored(Content.of(manifest.raw), manifest.media_type, recorded=True),
        record.list_digest: Stored(Content.of(listed.raw), listed.media_type, recorded=True),
    }
    registry.add(record.repository, record.tags, manifests, blobs)


def _listed(manifest: Manifest, digest: str) -> Descriptor:
    return Descriptor(manifest.media_type, digest, len(manifest.raw), AMD64)
