"""What an archive holds: images with their tags, and their layers, each read and verified once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labkit.errors import DigestMismatch, InvalidArchive
from labkit.oci.config import ImageConfig, parse_config
from labkit.oci.content import Content, Piece
from labkit.oci.digest import verify
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import Reference
from labkit.store.archive_files import Files
from labkit.store.gzip import decompressed

_BLOB = re.compile(r"blobs/([a-z0-9]+)/([a-f0-9]+)", re.ASCII)
_CONFIG = re.compile(r"(?:blobs/sha256/|sha256:)?([a-f0-9]{64})(?:\.json)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """An image of an archive: its tags, and the ID of the image it was built on, if that is there too."""

    image: Image
    tags: tuple[Reference, ...] = ()
    parent: str = ""


def read_config(raw: bytes) -> ImageConfig:
    """Return the config of an image that can be loaded here; raises InvalidDocument or InvalidArchive."""
    config = parse_config(raw)
    if config.os != "linux":
        raise InvalidArchive(f"cannot load {config.os} image on linux")
    return config


def check_config(config: ImageConfig, name: str) -> None:
    """Raise DigestMismatch where the config's file is named by a digest that it does not have.

    Docker takes such a config for another image; here it is damage, told after what Docker finds.
    """
    named = _CONFIG.fullmatch(name)
    if named and config.id != f"sha256:{named[1]}":
        raise DigestMismatch(f"image config verification failed for digest sha256:{named[1]}")


class LayerReader:
    """Reads an archive's layers; what two images share is read and verified once."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._places: dict[tuple[Piece, ...], Layer] = {}
        self._layers: dict[str, Layer] = {}

    def read(self, names: list[str], diff_ids: tuple[str, ...]) -> tuple[Layer, ...]:
        """Return the layers in these files, bottom first.

        Raises DigestMismatch where a layer is not the one that its DiffID names, InvalidLayer where
        it is no tar, and InvalidArchive where it is missing.
        """
        if len(names) != len(diff_ids):
            raise InvalidArchive(
                f"invalid manifest, layers length mismatch: expected {len(names)}, got {len(diff_ids)}"
            )
        return tuple(
            self._read(name, *numbered) for name, numbered in zip(names, enumerate(diff_ids), strict=True)
        )

    def _read(self, name: str, number: int, diff_id: str) -> Layer:
        stored = self._files.open(name)
        layer = self._places.get(stored.pieces)
        if layer is None:
            tar = unpacked(stored)
            layer = Layer.from_tar(tar)
            layer = self._layers.setdefault(layer.diff_id, layer)
            if layer.diff_id == diff_id and (blob := _BLOB.fullmatch(name)):
                _verify_blob(stored, f"{blob[1]}:{blob[2]}", layer.diff_id if tar is stored else "")
            self._places[stored.pieces] = layer
        if layer.diff_id != diff_id:
            raise DigestMismatch(
                f'invalid diffID for layer {number}: expected "{diff_id}", got "{layer.diff_id}"'
            )
        return layer


def unpacked(stored: Content) -> Content:
    """Return what a file that may be compressed holds; damage is refused as Docker refuses it.

    >>> unpacked(Content.of(b"plain")).read()
    b'plain'
    """
    try:
        return decompressed(stored)
    except InvalidArchive as error:
        reason = str(error)
    if reason.endswith(("unexpected EOF", "corrupt input")):
        reason = "Error processing tar file(exit status 1): unexpected EOF"
    elif reason.endswith(("invalid header", "invalid checksum")):
        reason = f"Error processing tar file({reason}): "
    raise InvalidArchive(reason)


def _verify_blob(stored: Content, digest: str, computed: str) -> None:
    if digest != computed:
        verify(stored.chunks(), digest)


def tar_of(layer: Layer) -> Content:
    """Return the tar of a layer that is no record."""
    assert layer.tar is not None
    return layer.tar
