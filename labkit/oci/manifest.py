"""Manifests and indexes: what a registry keeps of an image, by digest.

OCI image-spec, descriptor.md, manifest.md and image-index.md, and their Docker forms: distribution's
"Image Manifest Version 2, Schema 2" and "Manifest List". It names a `config` and layers by `descriptor`.

A document keeps the bytes it came as, and its digest is taken over those. To write again what was read would
lose unknown keys, spaces and the order of keys: the same facts, another digest, another image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.base.errors import InvalidDocument
from labkit.base.text import one_line, packaged
from labkit.go.json import dumps, loads
from labkit.go.struct import conform, declared, lookup
from labkit.oci.descriptor import (
    DOCKER_MANIFEST,
    DOCKER_MANIFEST_LIST,
    DOCKER_SCHEMA1,
    DOCKER_SCHEMA1_SIGNED,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Platform,
    plain_descriptor,
    read_descriptor,
)
from labkit.oci.digest import sha256

MANIFEST_TYPES = (DOCKER_MANIFEST, OCI_MANIFEST)
INDEX_TYPES = (DOCKER_MANIFEST_LIST, OCI_INDEX)


@dataclass(frozen=True, slots=True)
class _Document:
    raw: bytes = field(repr=False)
    media_type: str
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest(_Document):
    """One image for one platform: its config and its layers, bottom first.

    A layer's digest here is that of the blob as it travels, most often gzip. The DiffID in the config is that
    of the tar inside. The two lists run side by side.
    """

    config: Descriptor
    layers: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Index(_Document):
    """The manifests of one image for several platforms: an image index, or Docker's manifest list."""

    manifests: tuple[Descriptor, ...]

    def for_platform(self, wanted: Platform) -> Descriptor | None:
        """Return the manifest that Docker 20.10 pulls for a platform, the first one that matches, or None.

        For arm, where none has the variant, the first arm entry serves.
        """
        target = wanted.normalized()
        named = [(entry, entry.platform) for entry in self.manifests if entry.platform]
        for entry, platform in named:
            if platform.normalized() == target:
                return entry
        for entry, platform in named:
            if target.architecture == "arm" and (platform.os, platform.architecture) == (target.os, "arm"):
                return entry
        return None


def parse_manifest(raw: bytes, media_type: str = "") -> Manifest | Index:
    """Parse the bytes of a manifest or index; `media_type` is the one it was served or listed as.

    Raises InvalidDocument, in the engine's words where it has some.

    >>> parse_manifest(b"{}", OCI_MANIFEST)
    Traceback (most recent call last):
    labkit.base.errors.InvalidDocument: manifest schema version 0 is not supported
    """
    document = loads(raw)
    served = media_type.partition(";")[0].strip()
    kind = _kind_of(document, served)
    known = conform(_SCHEMAS[kind], document)
    _check_kind(document, known["mediaType"], kind)
    if known["schemaVersion"] != 2:
        raise InvalidDocument(f"manifest schema version {known['schemaVersion']} is not supported")
    if kind in INDEX_TYPES:
        if known["manifests"] is None:
            raise InvalidDocument("invalid manifest list, no manifests key")
        manifests = tuple(read_descriptor(entry, "manifest") for entry in known["manifests"])
        return Index(raw, kind, sha256(raw), manifests)
    for key in ("config", "layers"):
        if lookup(document, key) is None:
            raise InvalidDocument(f"invalid manifest, no {key} key")
    config = read_descriptor(known["config"], "config")
    layers = tuple(read_descriptor(layer, "layer") for layer in known["layers"])
    return Manifest(raw, kind, sha256(raw), config, layers)


def _kind_of(document: Any, served: str) -> str:
    """Return the media type to read a document as: as it was served, else its own, else by its keys."""
    declared = lookup(document, "mediaType") if isinstance(document, dict) else None
    kind = served or (declared if isinstance(declared, str) else "")
    schema1 = isinstance(document, dict) and lookup(document, "fsLayers") is not None
    if kind in (DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED) or (schema1 and not declared):
        raise InvalidDocument("manifest schema version 1 is not supported")
    if not kind:
        is_index = isinstance(document, dict) and lookup(document, "manifests") is not None
        return OCI_INDEX if is_index else OCI_MANIFEST
    if kind not in _SCHEMAS:
        raise InvalidDocument(f"unsupported media type {one_line(kind)}")
    return kind


def _check_kind(document: Any, declared: str, kind: str) -> None:
    """Refuse a document that could be read as a manifest by one reader and as an index by another."""
    docker, index = kind in (DOCKER_MANIFEST, DOCKER_MANIFEST_LIST), kind in INDEX_TYPES
    what = ("manifest list" if docker else "image index") if index else "manifest"
    told = f"mediaType in {what} should be '{kind}' not '{one_line(declared)}'"
    if docker and declared != kind:
        raise InvalidDocument(told)
    found = {key for key in ("manifests", "config", "layers") if lookup(document or {}, key) is not None}
    if not index and "manifests" in found:
        raise InvalidDocument("ocimanifest: expected manifest but found index")
    if index and found & {"config", "layers"}:
        raise InvalidDocument("index: expected index but found manifest")
    if declared and declared != kind:
        raise InvalidDocument(f"if present, {told}")


def make_manifest(config: Descriptor, layers: Sequence[Descriptor], *, docker: bool = True) -> Manifest:
    """Write a manifest as `docker push` does, or in the OCI form as Go's OCI tools do.

    >>> from labkit.oci.descriptor import DOCKER_CONFIG
    >>> a = Descriptor(DOCKER_CONFIG, "sha256:" + 64 * "a", 7)
    >>> parse_manifest(make_manifest(a, []).raw).config == a
    True
    """
    kind = DOCKER_MANIFEST if docker else OCI_MANIFEST
    parts = {
        "config": plain_descriptor(config, docker),
        "layers": [plain_descriptor(layer, docker) for layer in layers],
    }
    manifest = parse_manifest(_written(kind, parts))
    assert isinstance(manifest, Manifest)
    return manifest


def make_index(manifests: Sequence[Descriptor], *, docker: bool = True) -> Index:
    """Write a manifest list as `docker manifest push` does, or an OCI index as Go's OCI tools do.

    >>> make_index([]).manifests
    ()
    """
    kind = DOCKER_MANIFEST_LIST if docker else OCI_INDEX
    index = parse_manifest(
        _written(kind, {"manifests": [plain_descriptor(entry, docker) for entry in manifests]})
    )
    assert isinstance(index, Index)
    return index


def _written(kind: str, parts: Mapping[str, Any]) -> bytes:
    document = {"schemaVersion": 2, "mediaType": kind, **parts}
    return dumps(document, indent=3 if kind in (DOCKER_MANIFEST, DOCKER_MANIFEST_LIST) else None)


_TYPES = declared(packaged("labkit.oci", "manifest.go.txt"))
_SCHEMAS = {
    DOCKER_MANIFEST: _TYPES["schema2.Manifest"],
    OCI_MANIFEST: _TYPES["ocischema.Manifest"],
    DOCKER_MANIFEST_LIST: _TYPES["manifestlist.ManifestList"],
    OCI_INDEX: _TYPES["manifestlist.ManifestList"],
}
