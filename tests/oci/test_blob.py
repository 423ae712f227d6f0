"""Files that are read at any place, and written whole or not at all."""

from __future__ import annotations

import errno
import gc
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.base.errors import DigestMismatch, FileSystemError, LabkitError, TruncatedFile
from labkit.oci.blob import FileSource, write_file

DATA = b"a layer's bytes"


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())


def test_a_write_under_way_is_a_file_beside_its_place(tmp_path: Path) -> None:
    target = tmp_path / "image.tar"

    def slow() -> Iterator[bytes]:
        yield DATA[:5]
        assert len(files(tmp_path)) == 1
        assert not target.exists()
        yield DATA[5:]

    write_file(target, slow())
    assert files(tmp_path) == ["image.tar"]
    assert target.read_bytes() == DATA
    assert target.stat().st_mode & 0o777 == 0o644


def test_what_breaks_off_leaves_no_file_and_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "image.tar"
    target.write_bytes(b"old")

    def broken() -> Iterator[bytes]:
        yield DATA[:5]
        raise DigestMismatch("other bytes")

    with pytest.raises(DigestMismatch):
        write_file(target, broken())
    assert files(tmp_path) == ["image.tar"]
    assert target.read_bytes() == b"old"


def test_what_is_no_regular_file_stays_what_it_is(tmp_path: Path) -> None:
    """As root, a renaming would replace /dev/null."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "directory", "link", "nowhere/file", "a\0b"):
        with pytest.raises(FileSystemError, match=name):
            write_file(tmp_path / name, [DATA])
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert files(tmp_path) == []


def test_a_full_disk_is_a_clear_error_and_leaves_no_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(FileSystemError) as error:
            write_file(tmp_path / "image.tar", [bytes(50_000)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.errno == errno.EFBIG
    assert files(tmp_path) == []


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
    path.write_bytes(DATA)
    source = FileSource(path)
    path.unlink()
    assert source.read_at(0, 100) == DATA


def test_a_file_that_became_shorter_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(DATA)
    source = FileSource(path)
    os.truncate(path, 4)
    assert source.read_at(0, 4) == DATA[:4]
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
    path.write_bytes(DATA)
    monkeypatch.delattr(os, "pread")
    assert FileSource(path).read_at(2, 5) == DATA[2:7]


def test_a_source_that_is_dropped_closes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "blob"
    path.write_bytes(DATA)
    gc.collect()  # what other tests left
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    sources = [FileSource(path) for _ in range(20)]
    del sources
    gc.collect()
    if before:
        assert len(os.listdir("/proc/self/fd")) == before
