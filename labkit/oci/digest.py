"""Digests, and the ChainIDs made of them.

A digest names bytes by their hash: `sha256:` and 64 hexadecimal digits (OCI image-spec,
descriptor.md, "Digests"). A DiffID is the digest of a layer's uncompressed tar (`layer`). A ChainID names a
layer together with all those below it (config.md, "Layer ChainID").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

from labkit.base.errors import DigestMismatch, InvalidDigest

_HEX_DIGITS = {"sha256": 64, "sha384": 96, "sha512": 128}
_GRAMMAR = re.compile(r"([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([a-zA-Z0-9=_-]+)", re.ASCII)
_LOWER_HEX = re.compile(r"[a-f0-9]+", re.ASCII)


def sha256(data: bytes | Iterable[bytes]) -> str:
    """Return the digest of bytes, or of pieces of bytes in order.

    >>> sha256(b"")
    'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """
    return _digest("sha256", data)


def _digest(algorithm: str, data: bytes | Iterable[bytes]) -> str:
    state = hashlib.new(algorithm)
    for piece in (data,) if isinstance(data, bytes) else data:
        state.update(piece)
    return f"{algorithm}:{state.hexdigest()}"


def parse_digest(text: str) -> str:
    """Return `text` when it is a digest; raise InvalidDigest otherwise.

    >>> parse_digest("sha256:" + 64 * "0")[:12]
    'sha256:00000'
    """
    # The order of the checks is go-digest's Validate: a text with two faults gives Docker's error.
    match = _GRAMMAR.fullmatch(text)
    if not match:
        raise InvalidDigest("invalid checksum digest format")
    algorithm, encoded = match.groups()
    if algorithm not in _HEX_DIGITS:
        raise InvalidDigest("unsupported digest algorithm")
    if len(encoded) != _HEX_DIGITS[algorithm]:
        raise InvalidDigest("invalid checksum digest length")
    if not _LOWER_HEX.fullmatch(encoded):
        raise InvalidDigest("invalid checksum digest format")
    return text


def short(identifier: str) -> str:
    """Return the 12 hexadecimal digits that Docker shows of an identifier.

    >>> short("sha256:27833a3ba0a545deda33bb01eaf95a14d05d43bf30bce9267d92d17f069fe897")
    '27833a3ba0a5'
    """
    return identifier.partition(":")[2][:12] if ":" in identifier else identifier[:12]


def verify(data: bytes | Iterable[bytes], expected: str) -> None:
    """Raise DigestMismatch unless `data` has the digest `expected`.

    >>> verify(b"", sha256(b""))
    """
    if _digest(parse_digest(expected).partition(":")[0], data) != expected:
        raise DigestMismatch(f"filesystem layer verification failed for digest {expected}")


def chain_ids(diff_ids: Sequence[str]) -> list[str]:
    """Return the ChainID of each layer, bottom first.

    >>> a, b = "sha256:" + 64 * "a", "sha256:" + 64 * "b"
    >>> chain_ids([a, b]) == [a, sha256(f"{a} {b}".encode())]
    True
    """
    # A DiffID says what a layer changes, not of what: the same changes on another base show other files.
    # So an engine stores layers under ChainIDs, and two images share a layer where all below it is the same.
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(sha256(f"{chain[-1]} {diff_id}".encode()) if chain else diff_id)
    return chain
