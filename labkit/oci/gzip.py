"""Compressed blobs: read gzip, bzip2, xz and zstd, and write gzip (RFC 1952 and RFC 1951).

The kind of compression is told by the first bytes, as Docker does, never by a name or a media type.
What is read comes out as content with random access: in memory when it is small, otherwise in a file
that has no name. What is written is made of stored blocks, that is, not made smaller: the bytes, and
so their digest, are the same with every version of Python and of zlib. (Docker's would be Go's, which zlib
cannot give; a DiffID is taken over the tar, before it is compressed, and does not depend on either.)
"""

from __future__ import annotations

import bz2
import errno
import lzma
import os
import struct
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import IO, Any

from labkit.base.errors import FileSystemError, InvalidArchive, LabkitError, call_of
from labkit.oci.blob import FileSource, write_all
from labkit.oci.content import CHUNK, Content, Cutter

_MAGIC = {"bzip2": b"BZh", "gzip": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
_IN_MEMORY = 8 << 20
_BLOCK = 0xFFFF


def compression(head: bytes) -> str:
    """Return the kind of compression that the first bytes tell, or "" for none.

    >>> compression(bytes.fromhex("1f8b0800"))
    'gzip'
    """
    return next((kind for kind, magic in _MAGIC.items() if head.startswith(magic)), "")


def decompressed(content: Content) -> Content:
    """Return what compressed content holds; content that is not compressed is returned as it is.

    Raises InvalidArchive with Go's words where the content is damaged.

    >>> decompressed(store_gzip(Content.of(b"layer"))).read()
    b'layer'
    """
    kind = compression(content.read(0, 6))
    return Spool().keep(decompress(content.chunks(), kind)) if kind else content


def decompress(chunks: Iterable[bytes], kind: str) -> Iterator[bytes]:
    """Yield what compressed chunks hold, at most a chunk's size at a time."""
    start = _DECODERS[kind]
    decoder = start()
    fed = False
    for chunk in chunks:
        while chunk:
            # A gzip file may be several members, one after the other (RFC 1952, 2.2); the other kinds too.
            if decoder.eof:
                if not chunk.startswith(_MAGIC[kind][: len(chunk)]):
                    raise InvalidArchive(f"{kind}: invalid header", code="damaged-frame")
                decoder = start()
            fed = True
            yield from _feed(decoder, chunk, kind)
            chunk = decoder.unused_data
    if fed and not decoder.eof:
        raise InvalidArchive("unexpected EOF", code="damaged-data")


def _feed(decoder: Any, chunk: bytes, kind: str) -> Iterator[bytes]:
    try:
        while True:
            data = decoder.decompress(chunk, CHUNK)
            if data:
                yield data
            chunk = b""
            if decoder.eof or (decoder.needs_input and not data):
                return
    except (zlib.error, OSError, lzma.LZMAError, ValueError) as error:
        raise _damage(kind, str(error)) from None


def _damage(kind: str, reason: str) -> InvalidArchive:
    """Return the error for what a decoder says, in the words of Go's decoders.

    zlib has one number for all damage (Z_DATA_ERROR), so its text alone tells a checksum from a header.
    """
    if kind == "gzip" and ("data check" in reason or "length check" in reason):
        return InvalidArchive("gzip: invalid checksum", code="damaged-frame")
    if kind == "gzip" and "header" in reason:
        return InvalidArchive("gzip: invalid header", code="damaged-frame")
    return InvalidArchive(f"{'flate' if kind == 'gzip' else kind}: corrupt input", code="damaged-data")


class _Gunzip:
    """zlib's decoder of one gzip member, with the interface that bz2's and lzma's have."""

    eof, needs_input, unused_data = False, True, b""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, limit: int) -> bytes:
        found = self._decoder.decompress(self._decoder.unconsumed_tail + data, limit)
        self.eof, self.unused_data = self._decoder.eof, self._decoder.unused_data
        self.needs_input = not self._decoder.unconsumed_tail
        return found


class _Unzstd:
    """The zstandard package's decoder of one frame, with the same interface.

    It takes no limit of what comes out, so it is given little at a time.
    """

    eof, needs_input, unused_data = False, True, b""

    def __init__(self) -> None:
        try:
            import zstandard
        except ImportError:
            raise InvalidArchive("reading zstd needs a package: pip install zstandard") from None
        self._decoder = zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError
        self._rest = memoryview(b"")

    def decompress(self, data: bytes, limit: int) -> bytes:
        rest = memoryview(data) if data else self._rest
        part, self._rest = rest[: limit >> 12], rest[limit >> 12 :]
        try:
            found = self._decoder.decompress(part) if part else b""
        except self._error as error:
            raise ValueError(str(error)) from None
        self.eof, self.needs_input = self._decoder.eof, not self._rest
        self.unused_data = self._decoder.unused_data + bytes(self._rest)
        return found


_DECODERS: dict[str, Callable[[], Any]] = {
    "gzip": _Gunzip,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
    "zstd": _Unzstd,
}


class Spool:
    """Keeps bytes aside as content: in memory up to 8 MB in all, what is more in one file without a name.

    >>> spool = Spool()
    >>> [spool.keep([b"la", b"yer"]).read(), spool.keep([]).size]
    [b'layer', 0]
    """

    def __init__(self) -> None:
        self._free = _IN_MEMORY
        self._disk: tuple[IO[bytes], FileSource] | None = None

    def keep(self, chunks: Iterable[bytes]) -> Content:
        """Return the chunks as content; LabkitError, in Go's words, where the disk takes no more."""
        held: list[bytes] = []
        size = 0
        disk = None
        for chunk in chunks:
            held.append(chunk)
            size += len(chunk)
            if disk or size > self._free:
                disk = disk or self._open()
                with _disk_errors():
                    for data in held:
                        write_all(disk[0].write, data)
                held.clear()
        if not disk:
            self._free -= size
            return Content.of(b"".join(held))
        file, source = disk
        source.size = file.tell()
        return Content.at(source, source.size - size, size)

    def _open(self) -> tuple[IO[bytes], FileSource]:
        with _disk_errors():
            if self._disk is None:
                # Without a buffer: what a full disk has refused would be written again when it is closed.
                file: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
                weakref.finalize(self, file.close)
                self._disk = file, FileSource(file)
            self._disk[0].seek(0, os.SEEK_END)
        return self._disk


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Tell in Go's words what is wrong with the directory of temporary files."""
    try:
        yield
    except OSError as error:
        told = FileSystemError(error.errno or errno.EIO, tempfile.tempdir or os.environ.get("TMPDIR", "/tmp"))
        text = f"{call_of(told.errno or 0)} {told}"
        raise LabkitError(text, code=told.code, subject=told.subject) from None


def store_gzip(content: Content) -> Content:
    """Return a gzip file that holds the content in stored blocks, without copying it.

    >>> store_gzip(Content.of(b"")).read().hex(" ", -4)
    '1f8b0800 00000000 00ff0100 00ffff00 00000000 000000'
    """
    checksum = 0
    for chunk in content.chunks():
        checksum = zlib.crc32(chunk, checksum)
    parts, cut = [Content.of(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")], Cutter(content).cut
    for start in range(0, max(1, content.size), _BLOCK):
        length = min(content.size - start, _BLOCK)
        last = start + length == content.size
        parts += [Content.of(struct.pack("<BHH", last, length, length ^ 0xFFFF)), cut(start, length)]
    # The size is kept modulo 2 to the 32nd (RFC 1952, 2.3.1).
    parts.append(Content.of(struct.pack("<II", checksum, content.size & 0xFFFFFFFF)))
    return Content(
        tuple(chain.from_iterable(part.pieces for part in parts)), sum(part.size for part in parts)
    )
