"""One suite for every blob store."""

from __future__ import annotations

import errno
import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.errors import DigestMismatch, InvalidDigest, NotFound
from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.store.blobs import Blobs, DirectoryBlobs, MemoryBlobs, whole

LAYER = b"a layer's bytes"
DIGEST = sha256(LAYER)


@pytest.fixture(params=["memory", "directory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else DirectoryBlobs(tmp_path / "blobs")


def test_a_new_store_is_empty(blobs: Blobs) -> None:
    assert list(blobs) == []
    assert not blobs.has(DIGEST)


def test_a_blob_put_can_be_read_at_any_offset(blobs: Blobs) -> None:
    blobs.put([LAYER[:4], b"", LAYER[4:]], DIGEST, len(LAYER))
    assert blobs.has(DIGEST)
    blob = blobs.open(DIGEST)
    assert blob.size == len(LAYER)
    assert blob.read_at(2, 5) == LAYER[2:7]
    assert blob.read_at(0, blob.size) == LAYER
    assert blob.read_at(blob.size - 2, 100) == LAYER[-2:]
    assert blob.read_at(blob.size + 10, 5) == b""


def test_put_returns_the_blob(blobs: Blobs) -> None:
    assert whole(blobs.put([LAYER], DIGEST)).read() == LAYER


def test_the_empty_blob(blobs: Blobs) -> None:
    blobs.put([], sha256(b""), 0)
    assert blobs.open(sha256(b"")).size == 0
    assert whole(blobs.open(sha256(b""))).read() == b""


def test_another_algorithm(blobs: Blobs) -> None:
    digest = "sha512:" + hashlib.sha512(LAYER).hexdigest()
    blobs.put([LAYER], digest)
    assert list(blobs) == [digest]


def test_blobs_are_listed_in_the_order_of_their_digests(blobs: Blobs) -> None:
    digests = [sha256(bytes([n])) for n in range(20)]
    for n, digest in enumerate(digests):
        blobs.put([bytes([n])], digest)
    assert list(blobs) == sorted(digests)


@pytest.mark.parametrize(
    ("data", "size", "words"),
    [
        (b"other bytes", None, f"filesystem layer verification failed for digest {DIGEST}"),
        (LAYER[:-1], len(LAYER), f"blob {DIGEST} has 14 bytes, not the 15 it was announced with"),
        (LAYER + b"!", len(LAYER), f"blob {DIGEST} is larger than the 15 bytes it was announced with"),
        (b"", None, f"filesystem layer verification failed for digest {DIGEST}"),
    ],
)
def test_other_bytes_are_refused_and_leave_nothing(
    blobs: Blobs, data: bytes, size: int | None, words: str
) -> None:
    with pytest.raises(DigestMismatch) as refusal:
        blobs.put([data], DIGEST, size)
    assert str(refusal.value) == words
    assert not blobs.has(DIGEST)
    assert list(blobs) == []


def test_a_failed_write_leaves_the_blob_that_was_there(blobs: Blobs) -> None:
    blobs.put([LAYER], DIGEST)
    with pytest.raises(DigestMismatch):
        blobs.put([b"tampered"], DIGEST)
    assert whole(blobs.open(DIGEST)).read() == LAYER


def test_a_download_that_breaks_leaves_nothing(blobs: Blobs) -> None:
    def broken() -> Iterator[bytes]:
        yield LAYER[:5]
        assert not blobs.has(DIGEST)
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    with pytest.raises(ConnectionResetError):
        blobs.put(broken(), DIGEST)
    assert list(blobs) == []


def test_bytes_beyond_the_size_are_not_waited_for(blobs: Blobs) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield LAYER

    with pytest.raises(DigestMismatch):
        blobs.put(endless(), DIGEST, len(LAYER))


def test_putting_again_changes_nothing(blobs: Blobs) -> None:
    blobs.put([LAYER], DIGEST)
    blobs.put([LAYER], DIGEST)
    assert list(blobs) == [DIGEST]


def test_deleting(blobs: Blobs) -> None:
    opened = blobs.put([LAYER], DIGEST)
    blobs.delete(DIGEST)
    assert not blobs.has(DIGEST)
    assert list(blobs) == []
    assert opened.read_at(0, 100) == LAYER
    with pytest.raises(NotFound):
        blobs.delete(DIGEST)


def test_a_missing_blob_is_named(blobs: Blobs) -> None:
    with pytest.raises(NotFound) as missing:
        blobs.open(DIGEST)
    assert str(missing.value) == f"content digest {DIGEST}: not found"


@pytest.mark.parametrize("text", ["sha256:" + 63 * "0", "../../etc/passwd", "sha256:../" + 61 * "0", ""])
def test_only_digests_name_blobs(blobs: Blobs, text: str) -> None:
    with pytest.raises(InvalidDigest):
        blobs.put([b""], text)


def test_writers_at_the_same_time(blobs: Blobs) -> None:
    data = [random.Random(n).randbytes(50_000) for n in range(8)]

    def put(n: int) -> None:
        blobs.put((data[n % 8][i : i + 1000] for i in range(0, 50_000, 1000)), sha256(data[n % 8]))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(40)))
    assert list(blobs) == sorted(sha256(blob) for blob in data)
    assert all(Content.of(blob) == whole(blobs.open(sha256(blob))) for blob in data)
