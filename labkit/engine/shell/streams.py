"""What a process reads from and writes to: files, pipes, devices, the terminal.

Data moves as Content, so that copying a large file through a pipe reads none of it. Each part of a
pipe's data has the virtual time at which it was written: a reader that waits for it moves the clock.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from labkit.errors import FileSystemError
from labkit.oci.content import EMPTY, Content

ENDLESS = 1 << 60
_ENOUGH = 4 << 20
_MAX_FILE = 1 << 44


class WouldRunForever(Exception):
    """The command does not end by itself: it waits, loops or reads without end."""


class Clock(Protocol):
    """The virtual time, in nanoseconds since 1970."""

    now: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """A source that repeats a line for ever."""

    line: bytes

    def read_at(self, offset: int, size: int) -> bytes:
        """Return a part of it.

        >>> Repeated(b"y\\n").read_at(1, 3)
        b'\\ny\\n'
        """
        start = offset % len(self.line)
        return (self.line * ((start + size) // len(self.line) + 1))[start : start + size]


@dataclass(frozen=True, slots=True)
class Noise:
    """A source of bytes that look random and are the same on every run."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return a part of it.

        >>> Noise().read_at(10, 40) == Noise().read_at(0, 50)[10:]
        True
        """
        first = offset // 32
        last = (offset + size) // 32 + 1
        data = b"".join(hashlib.sha256(b"noise %d" % index).digest() for index in range(first, last))
        return data[offset - first * 32 :][:size]


def endless(content: Content) -> bool:
    """Tell whether the content comes from a source without an end.

    >>> endless(DEVICES["/dev/zero"])
    True
    """
    return content.size > ENDLESS // 2


def bounded(content: Content) -> Iterator[bytes]:
    """Yield the bytes in chunks; give up on content without an end after a few megabytes."""
    seen = 0
    for chunk in content.chunks(1 << 16):
        yield chunk
        seen += len(chunk)
        if seen > _ENOUGH and endless(content):
            raise WouldRunForever


class Reader:
    """An open file, pipe or device to read from; the position is shared by all who hold it."""

    def __init__(
        self,
        segments: list[tuple[int, Content]],
        clock: Clock,
        *,
        hangs: bool = False,
        error: int = 0,
        ended_at: int = 0,
    ) -> None:
        self._segments = segments
        self._clock = clock
        self._hangs = hangs
        self._ended_at = ended_at
        self.error = error
        self.index = 0
        self.offset = 0

    @classmethod
    def of(cls, content: Content, clock: Clock) -> Reader:
        """Return a reader of content that is there at once."""
        return cls([(0, content)] if content.size else [], clock)

    @property
    def exhausted(self) -> bool:
        """Whether all that was written has been read."""
        return self.index >= len(self._segments)

    def next_write(self) -> int | None:
        """Return when the first part that nobody has read was written."""
        return self._segments[self.index][0] if not self.exhausted else None

    def segments(self) -> Iterator[Content]:
        """Yield what is left, part by part, each at its time."""
        if self.error:
            raise FileSystemError(self.error)
        while not self.exhausted:
            at, content = self._segments[self.index]
            self._clock.now = max(self._clock.now, at)
            rest = content.slice(self.offset) if self.offset else content
            self.index, self.offset = self.index + 1, 0
            yield rest
        self._clock.now = max(self._clock.now, self._ended_at)
        if self._hangs:
            raise WouldRunForever

    def _give_back(self, rest: Content, size: int) -> None:
        if size:
            self.index -= 1
            self.offset = self._segments[self.index][1].size - size

    def rest(self) -> Content:
        """Return all that is left."""
        pieces: list[Content] = list(self.segments())
        if len(pieces) == 1:
            return pieces[0]
        return Content(
            tuple(piece for content in pieces for piece in content.pieces),
            sum(content.size for content in pieces),
        )

    def take(self, size: int) -> Content:
        """Return at most `size` bytes, fewer only at the end."""
        taken = EMPTY
        if size <= 0:
            return taken
        for segment in self.segments():
            part = segment.slice(0, size - taken.size)
            taken += part
            self._give_back(segment, segment.size - part.size)
            if taken.size == size:
                break
        return taken

    def lines(self) -> Iterator[bytes]:
        """Yield lines with their newline, the last one perhaps without; what follows stays unread."""
        pending: list[bytes] = []
        for segment in self.segments():
            done = 0
            for chunk in bounded(segment):
                lines = chunk.split(b"\n")
                used = 0
                for line in lines[:-1]:
                    used += len(line) + 1
                    index, offset = self.index, self.offset
                    self._give_back(segment, segment.size - done - used)
                    yield b"".join((*pending, line, b"\n"))
                    self.index, self.offset = index, offset
                    pending.clear()
                if lines[-1]:
                    pending.append(lines[-1])
                done += len(chunk)
        if pending:
            yield b"".join(pending)

    def line(self) -> bytes | None:
        """Return the next line, or None at the end."""
        return next(self.lines(), None)


class Sink(Protocol):
    """An open file, pipe or device to write to."""

    def write(self, content: Content) -> None:
        """Take the bytes; raises FileSystemError."""
        ...


class Pipe:
    """The writing end of a pipe: keeps what is written with its time."""

    def __init__(self, clock: Clock) -> None:
        self.segments: list[tuple[int, Content]] = []
        self.clock = clock

    def write(self, content: Content) -> None:
        """Take the bytes."""
        if content.size:
            self.segments.append((self.clock.now, content))


@dataclass(frozen=True, slots=True)
class Terminal:
    """Standard output or standard error of the whole command."""

    emit: Callable[[int, Content], None]
    stream: int

    def write(self, content: Content) -> None:
        """Show the bytes; what has no end is shown in part."""
        if endless(content):
            self.emit(self.stream, content.slice(0, 1 << 16))
            raise WouldRunForever
        if content.size:
            self.emit(self.stream, content)


@dataclass(frozen=True, slots=True)
class Null:
    """/dev/null, or /dev/full, which has no space left."""

    full: bool = False

    def write(self, content: Content) -> None:
        """Drop the bytes."""
        if self.full and content.size:
            raise FileSystemError(errno.ENOSPC)
        if endless(content):
            raise WouldRunForever


@dataclass(slots=True)
class OpenFile:
    """A file opened to write, with its position."""

    fs: Any
    path: str
    append: bool
    offset: int = 0

    def write(self, content: Content) -> None:
        """Write at the position, or at the end of the file; a file deleted meanwhile takes it in silence."""
        if not content.size:
            return
        if content.size > _MAX_FILE:
            raise FileSystemError(errno.ENOSPC, self.path)
        try:
            if self.append:
                self.fs.append(self.path, content)
            else:
                self.fs.pwrite(self.path, self.offset, content)
        except FileSystemError as error:
            if error.errno != errno.ENOENT:
                raise
        self.offset += content.size


DEVICES = {
    "/dev/null": EMPTY,
    "/dev/zero": Content.at(Repeated(bytes(512)), 0, ENDLESS),
    "/dev/full": Content.at(Repeated(bytes(512)), 0, ENDLESS),
    "/dev/random": Content.at(Noise(), 0, ENDLESS),
    "/dev/urandom": Content.at(Noise(), 0, ENDLESS),
}
STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
