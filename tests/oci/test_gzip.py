"""Compressed blobs, there and back, and damaged."""

from __future__ import annotations

import bz2
import functools
import gzip
import hashlib
import lzma
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base.errors import InvalidArchive, LabkitError
from labkit.oci import gzip as store
from labkit.oci.blob import FileSource
from labkit.oci.content import CHUNK, Content
from labkit.oci.gzip import Spool, compression, decompress, decompressed, store_gzip

zstandard = pytest.importorskip("zstandard")

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}
TEXT = b"".join(b"%d bottles of beer\n" % n for n in range(20_000))


@pytest.mark.parametrize("kind", COMPRESS)
def test_every_kind_is_told_by_its_bytes_and_read(kind: str) -> None:
    blob = COMPRESS[kind](TEXT)
    assert compression(blob) == kind
    assert decompressed(Content.of(blob)) == Content.of(TEXT)


@pytest.mark.parametrize("kind", COMPRESS)
def test_two_streams_one_after_the_other_are_one(kind: str) -> None:
    assert decompressed(Content.of(COMPRESS[kind](b"one ") + COMPRESS[kind](b"two"))).read() == b"one two"


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_any_size_of_chunks_will_do(kind: str, size: int) -> None:
    blob = COMPRESS[kind](TEXT[:30_000]) + COMPRESS[kind](b"")
    chunks = (blob[start : start + size] for start in range(0, len(blob), size))
    assert b"".join(decompress(chunks, kind)) == TEXT[:30_000]


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("kept", [4, 0.5, -1])
def test_a_truncated_stream_is_an_unexpected_end(kind: str, kept: float) -> None:
    blob = COMPRESS[kind](TEXT)
    cut = blob[: int(kept * len(blob)) if kept == 0.5 else int(kept)]
    with pytest.raises(InvalidArchive, match=r"^unexpected EOF$"):
        list(decompress([cut], kind))


def flipped(blob: bytes, at: int) -> bytes:
    at %= len(blob)
    return blob[:at] + bytes([blob[at] ^ 0x40]) + blob[at + 1 :]


@pytest.mark.parametrize(
    ("blob", "words"),
    [
        (gzip.compress(TEXT) + b"garbage", "gzip: invalid header"),
        (gzip.compress(TEXT) + bytes(512), "gzip: invalid header"),
        (flipped(gzip.compress(TEXT), -6), "gzip: invalid checksum"),
        (flipped(gzip.compress(TEXT), -2), "gzip: invalid checksum"),
        (flipped(gzip.compress(TEXT), 3), "gzip: invalid header"),
        (gzip.compress(b"", mtime=0)[:10] + b"\xff" * 20, "flate: corrupt input"),
        (flipped(bz2.compress(TEXT), 40), "bzip2: corrupt input"),
        (flipped(lzma.compress(TEXT), 9), "xz: corrupt input"),
        (lzma.compress(TEXT) + b"garbage", "xz: invalid header"),
        (COMPRESS["zstd"](TEXT)[:9] + b"\xff" * 99, "zstd: corrupt input"),
    ],
)
def test_damage_is_one_line_in_the_words_of_go(blob: bytes, words: str) -> None:
    with pytest.raises(InvalidArchive) as error:
        decompressed(Content.of(blob))
    assert str(error.value) == words


def test_what_is_not_compressed_is_left_alone() -> None:
    content = Content.of(TEXT)
    assert decompressed(content) is content
    assert decompressed(Content()).size == 0


def test_zstd_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(InvalidArchive, match=r"pip install zstandard$"):
        decompressed(Content.of(COMPRESS["zstd"](TEXT)))


@pytest.mark.parametrize("kind", COMPRESS)
def test_memory_stays_flat_whatever_the_ratio(kind: str) -> None:
    size = 36 * CHUNK
    blob = COMPRESS[kind](bytes(size))
    tracemalloc.start()
    try:
        content = decompressed(Content.of(blob))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert content.size == size
    assert isinstance(content.pieces[0].source, FileSource)
    assert peak < 28 * CHUNK


def test_what_is_small_stays_in_memory_and_what_is_large_does_not() -> None:
    small, large = Spool().keep([bytes(CHUNK)] * 8), Spool().keep([bytes(CHUNK)] * 8 + [b"x"])
    assert not isinstance(small.pieces[0].source, FileSource)
    assert isinstance(large.pieces[0].source, FileSource)
    assert large.read(8 * CHUNK) == b"x"
    assert Spool().keep([]).read() == b""


@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_stored_gzip_is_read_back_by_zlib(parts: list[bytes], repeat: int) -> None:
    content = sum((Content.of(part * repeat) for part in parts), Content())
    assert zlib.decompress(store_gzip(content).read(), wbits=31) == content.read()


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 131_070, 300_000])
def test_stored_gzip_of_every_size(size: int, tmp_path: Path) -> None:
    content = Content.filler(size, "gzip").slice(0, size // 3) + Content.filler(size, "gzip").slice(size // 3)
    stored = store_gzip(content)
    assert stored.size == size + 18 + 5 * max(1, -(-size // 65_535))
    assert gzip.decompress(stored.read()) == content.read()
    assert decompressed(stored) == content
    if shutil.which("gzip"):
        (tmp_path / "layer.gz").write_bytes(stored.read())
        subprocess.run(["gzip", "-t", tmp_path / "layer.gz"], check=True)


def test_the_bytes_do_not_depend_on_how_the_content_is_cut() -> None:
    data = Content.filler(200_000, "cut").read()
    cut = sum((Content.of(data[start : start + 777]) for start in range(0, 200_000, 777)), Content())
    assert store_gzip(cut).read() == store_gzip(Content.of(data)).read()
    digest = hashlib.sha256(store_gzip(Content.of(b"layer")).read()).hexdigest()
    assert digest == "15a9f7ac8718f9fa1e41e13c8e1df669bca0dd831cf35e5767594dcd02e31fb3"


def test_the_header_names_no_time_and_no_system() -> None:
    assert store_gzip(Content.of(b"x")).read(0, 10) == bytes.fromhex("1f8b08000000000000ff")
    assert store.compression(store_gzip(Content()).read(0, 6)) == "gzip"


def test_what_is_kept_aside_stays_apart_in_memory_and_on_disk() -> None:
    spool = Spool()
    parts = [bytes([number]) * size for number, size in enumerate((3, 9 << 20, 0, 5, 8 << 20, 7))]
    kept = [spool.keep([part[:2], part[2:]]) for part in parts]
    assert [each.read() for each in kept] == parts
    assert {type(piece.source) for piece in kept[1].pieces + kept[4].pieces} == {FileSource}


def test_a_full_disk_is_told_in_gos_words(monkeypatch: pytest.MonkeyPatch) -> None:
    full = functools.partial(open, "/dev/full", "w+b")
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(LabkitError, match=r"^write /.*: no space left on device$"):
        Spool().keep([bytes(9 << 20)])


def test_a_missing_directory_of_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere/at-all")
    with pytest.raises(LabkitError, match=r"^open /nowhere/at-all: no such file or directory$"):
        Spool().keep([bytes(9 << 20)])
