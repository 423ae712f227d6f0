"""What a file holds: bytes, a slice of a stored blob, or filler of a given size. It stands on nothing here.

Content is a value that is read in pieces and never has to be in memory as a whole: a layer's files
are slices of its blob, and the stand-in files of a recorded image are filler. Joining and cutting
make new content over the same sources, so appending a byte to a large file copies nothing here. What
the storage driver would have copied is its own account to keep.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

CHUNK = 1 << 20
# The header that elf(5) asks for of a program for x86-64, without one segment: no kernel runs it.
_HEADER = b"\x7fELF\2\1\1".ljust(16, b"\0") + b"\2\0\x3e\0\1".ljust(48, b"\0")
_WORDS = b"labkit prints\0"


class Source(Protocol):
    """Bytes that can be read at any offset: a blob in a store, a file, a buffer."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on, or raise OSError where they are not to be had."""
        ...


@dataclass(frozen=True, slots=True)
class Buffer:
    """A source in memory."""

    # Without the bytes: a tree has busybox's under each of its names, which made 346 MB of a state's text.
    data: bytes = field(repr=False)

    def read_at(self, offset: int, size: int) -> bytes:
        """Return a part of the buffer.

        >>> Buffer(b"layer").read_at(1, 3)
        b'aye'
        """
        return self.data[offset : offset + size]


@dataclass(frozen=True, slots=True)
class Filler:
    """An endless source of bytes that depend on the seed alone: lines of hexadecimal digits."""

    seed: str

    def read_at(self, offset: int, size: int) -> bytes:
        """Return a part of the filler.

        >>> Filler("ubuntu").read_at(3, 8) == Filler("ubuntu").read_at(0, 20)[3:11]
        True
        """
        line = hashlib.sha256(self.seed.encode()).hexdigest().encode()[:63] + b"\n"
        start = offset % len(line)
        return (line * ((start + size) // len(line) + 1))[start : start + size]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of one source."""

    source: Source
    offset: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """An immutable sequence of bytes, made of pieces; equal when the bytes are equal.

    >>> text = Content.of(b"hello")
    >>> (text + Content.of(b" world")).read()
    b'hello world'
    >>> text.slice(1, 3) == Content.of(b"ell")
    True
    """

    pieces: tuple[Piece, ...] = ()
    size: int = 0

    @staticmethod
    def of(data: bytes) -> Content:
        """Return content that holds `data`."""
        return Content((Piece(Buffer(data), 0, len(data)),), len(data)) if data else EMPTY

    @staticmethod
    def at(source: Source, offset: int, size: int) -> Content:
        """Return content that is `size` bytes of `source` from `offset` on."""
        return Content((Piece(source, offset, size),), size) if size else EMPTY

    @staticmethod
    def filler(size: int, seed: str) -> Content:
        """Return `size` bytes that depend on `seed` alone.

        >>> Content.filler(109_000_000, "nginx").size
        109000000
        """
        return Content.at(Filler(seed), 0, size)

    @staticmethod
    def program(size: int, seed: str, words: str = "") -> Content:
        """Return a stand-in of a program: its bytes say what it is, and the `words` that it prints if run.

        >>> Content.program(10_000, "bin/awk").read(0, 5)
        b'\\x7fELF\\x02'
        """
        start = Content.of(_HEADER + (_WORDS + words.encode() + b"\0" if words else b""))
        return start.slice(0, size) + Content.filler(max(size - start.size, 0), seed)

    @property
    def words(self) -> bytes:
        """What a stand-in prints if it is run, or nothing.

        >>> Content.program(1840, "hello", "Hello from Docker!").words
        b'Hello from Docker!'
        """
        head = self.read(len(_HEADER), 4096)
        return head.removeprefix(_WORDS).partition(b"\0")[0] if head.startswith(_WORDS) else b""

    def read(self, offset: int = 0, size: int | None = None) -> bytes:
        """Return the bytes from `offset` on, all of them or at most `size`."""
        part = self if offset == 0 and size is None else self.slice(offset, size)
        return b"".join(part.chunks())

    def chunks(self, chunk: int = CHUNK) -> Iterator[bytes]:
        """Yield the bytes in order, at most `chunk` at a time."""
        for piece in self.pieces:
            for start in range(0, piece.size, chunk):
                wanted = min(chunk, piece.size - start)
                data = piece.source.read_at(piece.offset + start, wanted)
                if len(data) != wanted:
                    raise OSError("unexpected EOF")
                yield data

    def slice(self, offset: int, size: int | None = None) -> Content:
        """Return a part: from `offset` on, all of it or at most `size` bytes."""
        end = self.size if size is None else min(self.size, offset + size)
        return Cutter(self).cut(offset, end - offset) if offset < end else EMPTY

    def resized(self, size: int) -> Content:
        """Return the content cut to `size` bytes, or padded with zero bytes up to it.

        >>> Content.of(b"abc").resized(5).read()
        b'abc\\x00\\x00'
        """
        if size <= self.size:
            return self if size == self.size else self.slice(0, size)
        return self + Content.at(ZEROS, 0, size - self.size)

    def without_holes(self) -> Content:
        """Return the same bytes as they come out of a tar, which brings no holes: zero bytes take room."""
        written = (replace(each, source=NULLS) if each.source is ZEROS else each for each in self.pieces)
        return Content(tuple(written), self.size)

    def overwritten(self, offset: int, data: Content) -> Content:
        """Return the content with `data` written over it at `offset`.

        >>> Content.of(b"Debian 11").overwritten(7, Content.of(b"12")).read()
        b'Debian 12'
        """
        return self.resized(offset) + data + self.slice(offset + data.size)

    def __add__(self, other: Content) -> Content:
        return Content(self.pieces + other.pieces, self.size + other.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Content):
            return NotImplemented
        if self is other or self.pieces == other.pieces:
            return True
        return self.size == other.size and all(
            self.read(start, CHUNK) == other.read(start, CHUNK) for start in range(0, self.size, CHUNK)
        )

    def __hash__(self) -> int:
        return hash(self.size)


@dataclass(frozen=True, slots=True)
class _Zeros:
    def read_at(self, offset: int, size: int) -> bytes:
        return bytes(size)


ZEROS = _Zeros()
"""What a hole gives."""
NULLS = _Zeros()
"""Zero bytes that were written."""
EMPTY = Content()


class Cutter:
    """Slices of content at growing offsets, each found from where the one before was."""

    def __init__(self, content: Content) -> None:
        self._pieces = content.pieces
        self._index = 0
        self._start = 0

    def cut(self, offset: int, size: int) -> Content:
        """Return `size` bytes from `offset` on."""
        if not size:
            return EMPTY
        while self._start + self._pieces[self._index].size <= offset:
            self._start += self._pieces[self._index].size
            self._index += 1
        found = []
        index, start, end = self._index, self._start, offset + size
        while start < end:
            piece = self._pieces[index]
            first, last = max(offset - start, 0), min(end - start, piece.size)
            found.append(Piece(piece.source, piece.offset + first, last - first))
            start += piece.size
            index += 1
        return Content(tuple(found), size)
