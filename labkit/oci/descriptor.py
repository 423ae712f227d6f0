"""Descriptors: how one document names another blob, by media type, digest and size; and platforms.

OCI image-spec, descriptor.md and media-types.md; Docker's own media types (distribution, "Image Manifest
Version 2, Schema 2"). A platform is what an image runs on: those of image-index.md, compared as Docker
compares them, and read from `--platform` as containerd reads them (platforms). Documents begin here: what
names the layers above is `manifest`, the next module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from labkit.base.errors import InvalidDigest, InvalidDocument, LabkitError
from labkit.base.text import one_line, packaged
from labkit.go.quote import go_quote
from labkit.go.struct import conform, declared, freeze
from labkit.oci.content import Content
from labkit.oci.digest import parse_digest, sha256

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on.

    >>> str(Platform("arm", "linux", "v7"))
    'linux/arm/v7'
    """

    architecture: str
    os: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def normalized(self) -> Platform:
        """Return the platform with other names of the same thing resolved, as containerd does.

        >>> str(Platform("aarch64", "linux", "v8").normalized()), str(Platform("arm", "linux").normalized())
        ('linux/arm64', 'linux/arm/v7')
        """
        os = {"": "linux", "macos": "darwin"}.get(self.os.lower(), self.os.lower())
        architecture, variant = _normalized_architecture(self.architecture.lower(), self.variant.lower())
        return Platform(architecture, os, variant)


def _normalized_architecture(architecture: str, variant: str) -> tuple[str, str]:
    if architecture == "i386":
        return "386", ""
    if architecture in ("x86_64", "x86-64", "amd64"):
        return "amd64", "" if variant == "v1" else variant
    if architecture in ("aarch64", "arm64"):
        return "arm64", "" if variant in ("8", "v8") else variant
    if architecture in ("armhf", "armel"):
        return "arm", "v7" if architecture == "armhf" else "v6"
    if architecture == "arm":
        return "arm", {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"}.get(variant, variant)
    return architecture, variant


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a document says of a blob: its media type, its digest and its size in bytes."""

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=lambda: freeze({}), hash=False)

    @staticmethod
    def of(content: bytes | Content, media_type: str) -> Descriptor:
        """Return the descriptor of a blob that is at hand.

        >>> Descriptor.of(b"{}", OCI_CONFIG).size
        2
        """
        if isinstance(content, bytes):
            return Descriptor(media_type, sha256(content), len(content))
        return Descriptor(media_type, sha256(content.chunks()), content.size)


def read_descriptor(known: Mapping[str, Any], role: str) -> Descriptor:
    """Return the descriptor in an object of distribution's struct; `role` names it in errors.

    Raises InvalidDocument for what is no digest, a negative size or a missing media type.
    """
    try:
        digest = parse_digest(known["digest"])
    except InvalidDigest as error:
        shown = one_line(known["digest"])
        raise InvalidDocument(f'could not validate {role} digest "{shown}": {error}') from None
    if known["size"] < 0:
        raise InvalidDocument(f"invalid size {known['size']} of {role} {digest}")
    if not known["mediaType"]:
        raise InvalidDocument(f"invalid {role} {digest}, no mediaType key")
    platform = known["platform"]
    return Descriptor(
        media_type=known["mediaType"],
        digest=digest,
        size=known["size"],
        platform=platform and Platform(platform["architecture"], platform["os"], platform["variant"]),
        annotations=freeze(known["annotations"] or {}),
    )


_TYPES = declared(packaged("labkit.oci", "descriptor.go.txt"))


def plain_descriptor(descriptor: Descriptor, docker: bool) -> dict[str, Any]:
    """Return a descriptor's object: distribution puts the size before the digest, OCI after it.

    >>> list(plain_descriptor(Descriptor(OCI_CONFIG, "sha256:" + 64 * "0", 2), docker=True))
    ['mediaType', 'size', 'digest']
    """
    written = {
        "mediaType": descriptor.media_type,
        "digest": descriptor.digest,
        "size": descriptor.size,
        "annotations": dict(descriptor.annotations),
        "platform": descriptor.platform and asdict(descriptor.platform),
    }
    plain: dict[str, Any] = conform(_TYPES["distribution.Descriptor" if docker else "v1.Descriptor"], written)
    return plain


# Platforms as texts: `OS`, `ARCHITECTURE` or `OS/ARCHITECTURE[/VARIANT]`

_COMPONENT = "^[A-Za-z0-9_-]+$"
_KNOWN: dict[str, list[str]] = json.loads(packaged("labkit.oci", "platforms.json"))


def parse_platform(text: str, default: Platform) -> Platform:
    """Return the platform that a text names; what it leaves out is the default's. Raises LabkitError.

    >>> str(parse_platform("linux/aarch64", Platform("amd64", "linux")))
    'linux/arm64'
    """
    if "*" in text:
        raise _error(f"{go_quote(text)}: wildcards not yet supported")
    parts = text.split("/")
    for part in parts:
        if not re.fullmatch(_COMPONENT, part, re.ASCII):
            raise _error(
                f"{go_quote(part)} is an invalid component of {go_quote(text)}: platform specifier component "
                f"must match {go_quote(_COMPONENT)}"
            )
    if len(parts) > 3:
        raise _error(f"{go_quote(text)}: cannot parse platform specifier")
    if len(parts) > 1:
        return Platform(parts[1], parts[0], "".join(parts[2:])).normalized()
    named = Platform(parts[0], parts[0]).normalized()
    if named.os in _KNOWN["systems"]:
        return Platform(default.architecture, named.os)
    if named.architecture in _KNOWN["architectures"]:
        return Platform(named.architecture, default.os, named.variant)
    raise _error(f"{go_quote(text)}: unknown operating system or architecture")


def _error(words: str) -> LabkitError:
    return LabkitError(f"{words}: invalid argument")
