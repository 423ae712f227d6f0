"""What a directory of blobs and a file's source do beyond the contract of blob stores."""

from __future__ import annotations

import errno
import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.errors import DigestMismatch, FileSystemError, LabkitError, TruncatedFile
from labkit.oci.digest import sha256
from labkit.store.blobs import DirectoryBlobs, FileSource, whole

LAYER = b"a layer's bytes"
DIGEST = sha256(LAYER)


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def test_the_directory_is_laid_out_as_an_oci_layout(tmp_path: Path) -> None:
    DirectoryBlobs(tmp_path).put([LAYER], DIGEST)
    assert files(tmp_path) == [f"sha256/{DIGEST[7:]}"]
    assert (tmp_path / "sha256" / DIGEST[7:]).stat().st_mode & 0o777 == 0o644


def test_a_write_under_way_is_in_the_same_directory_and_not_listed(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)

    def slow() -> Iterator[bytes]:
        yield LAYER[:5]
        assert len(files(tmp_path)) == 1
        assert list(blobs) == []
        yield LAYER[5:]

    blobs.put(slow(), DIGEST)
    assert list(blobs) == [DIGEST]


def test_a_refused_write_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(DigestMismatch):
        DirectoryBlobs(tmp_path).put([b"other"], DIGEST)
    assert files(tmp_path) == []


def test_a_full_disk_is_a_clear_error_and_leaves_no_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    data = bytes(50_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(FileSystemError) as error:
            DirectoryBlobs(tmp_path).put([data], sha256(data))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.errno == errno.EFBIG
    assert files(tmp_path) == []


def test_other_files_are_not_blobs(tmp_path: Path) -> None:
    (tmp_path / "sha256").mkdir()
    (tmp_path / "sha256" / ".DS_Store").write_bytes(b"")
    (tmp_path / "README").write_bytes(b"")
    assert list(DirectoryBlobs(tmp_path)) == []


def test_two_stores_over_one_directory_see_the_same(tmp_path: Path) -> None:
    DirectoryBlobs(tmp_path).put([LAYER], DIGEST)
    assert whole(DirectoryBlobs(tmp_path).open(DIGEST)).read() == LAYER


def test_a_source_reads_as_the_file_does(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(bytes(range(256)) * 10)
    source = FileSource(path)
    assert source.size == 2560
    assert source.read_at(300, 3) == bytes([44, 45, 46])
    assert source.read_at(2558, 10) == bytes([254, 255])
    with open(path, "rb") as file:
        assert FileSource(file).read_at(1, 1) == b"\x01"


def test_a_source_outlives_its_name(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(LAYER)
    source = FileSource(path)
    path.unlink()
    assert source.read_at(0, 100) == LAYER


def test_a_file_that_became_shorter_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(LAYER)
    source = FileSource(path)
    os.truncate(path, 4)
    assert source.read_at(0, 4) == LAYER[:4]
    with pytest.raises(TruncatedFile) as error:
        source.read_at(0, 10)
    assert str(error.value) == f"unexpected EOF: {path} became shorter while it was in use"
    assert isinstance(error.value, LabkitError)


def test_threads_read_the_same_source(tmp_path: Path) -> None:
    data = os.urandom(1 << 20)
    path = tmp_path / "blob"
    path.write_bytes(data)
    source = FileSource(path)
    with ThreadPoolExecutor(8) as pool:
        parts = pool.map(lambda n: source.read_at(n * 4096, 4096), range(256))
    assert b"".join(parts) == data


def test_without_pread_a_source_seeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "blob"
    path.write_bytes(LAYER)
    monkeypatch.delattr(os, "pread")
    assert FileSource(path).read_at(2, 5) == LAYER[2:7]


def test_a_source_that_is_dropped_closes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(LAYER)
    gc.collect()  # what other tests left
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    sources = [FileSource(path) for _ in range(20)]
    del sources
    gc.collect()
    if before:
        assert len(os.listdir("/proc/self/fd")) == before
