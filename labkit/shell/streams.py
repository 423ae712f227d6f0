"""What a process reads from and writes to: files, pipes, devices, the terminal.

Data moves as Content, so that copying a large file through a pipe reads none of it. Each part of a
pipe's data has the virtual time at which it was written: a reader that waits for it moves the clock.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from labkit.base.errors import FileSystemError
from labkit.oci.content import EMPTY, NULLS, Content
from labkit.shell.files import Files

ENDLESS = 1 << 60
_ENOUGH = 4 << 20
MEBIBYTE = 1 << 20
MAX_TEXT = 64 * MEBIBYTE
"""The bytes of text that a command may have in memory; files are promises and take none."""
MAX_READ = 1024 * MEBIBYTE
MAX_FILE = 1 << 44
"""The size of the largest file on ext4 with blocks of 4,096 bytes."""


class WouldRunForever(Exception):
    """The command does not end by itself: it waits, loops or reads without end."""


class TooMuch(Exception):
    """The command needs more than it is given, in the words that a reader sees: it ends here."""


class Clock(Protocol):
    """The virtual time, in nanoseconds since 1970."""

    now: int


def endless(content: Content) -> bool:
    """Tell whether the content comes from a source without an end.

    >>> endless(DEVICES[5])
    True
    """
    return content.size > ENDLESS // 2


def bounded(content: Content) -> Iterator[bytes]:
    """Yield the bytes in chunks; give up on content without an end after a few megabytes.

    Raises TooMuch, too, where a file without holes in it would fill a disk.
    """
    seen = 0
    for chunk in content.chunks(1 << 16):
        yield chunk
        seen += len(chunk)
        if seen > MAX_READ:
            raise TooMuch(f"a command reads at most {MAX_READ // MEBIBYTE} MB of a file")
        if seen > _ENOUGH and endless(content):
            raise WouldRunForever


@dataclass(slots=True)
class Reader:
    """An open file, pipe or device to read from; the position is shared by all who hold it.

    Its parts have their times; one that `hangs` gives nothing more and does not end. A `terminal` has what
    was typed, and notes in `asked` that somebody waits for more.
    """

    _segments: list[tuple[int, Content]]
    _clock: Clock
    hangs: bool = False
    error: int = 0
    ended_at: int = 0
    terminal: bool = False
    asked: bool = False
    _index: int = 0
    _offset: int = 0

    @classmethod
    def of(cls, content: Content, clock: Clock) -> Reader:
        """Return a reader of content that is there at once."""
        return cls([(0, content)] if content.size else [], clock)

    def next_write(self) -> int | None:
        """Return when the first part that nobody has read was written."""
        return self._segments[self._index][0] if self._index < len(self._segments) else None

    def _part(self) -> Content | None:
        """Wait for the part at the position and return what is unread of it, or None at the end."""
        self.check()
        if self._index < len(self._segments):
            at, content = self._segments[self._index]
            self._clock.now = max(self._clock.now, at)
            return content.slice(self._offset) if self._offset else content
        self._clock.now = max(self._clock.now, self.ended_at)
        if self.hangs:
            self.asked = True
            raise WouldRunForever
        return None

    def _move(self, size: int) -> None:
        self._offset += size
        if size and self._offset == self._segments[self._index][1].size:
            self._index, self._offset = self._index + 1, 0

    def segments(self) -> Iterator[Content]:
        """Yield what is left, part by part, each at its time."""
        while (part := self._part()) is not None:
            self._move(part.size)
            yield part

    def rest(self) -> Content:
        """Return all that is left."""
        contents = list(self.segments())
        pieces = tuple(piece for content in contents for piece in content.pieces)
        return Content(pieces, sum(content.size for content in contents))

    def check(self) -> None:
        """Raise FileSystemError where nothing can be read."""
        if self.error:
            raise FileSystemError(self.error)

    def take(self, size: int) -> Content:
        """Return at most `size` bytes, fewer only at the end."""
        taken = EMPTY
        while taken.size < size and (part := self._part()) is not None:
            part = part.slice(0, size - taken.size)
            self._move(part.size)
            taken += part
        return taken

    def lines(self) -> Iterator[bytes]:
        """Yield lines with their newline, the last one perhaps without; what follows stays unread.

        What cannot be read, such as a directory, has no lines: stdio's readers do not tell it from an end.
        """
        pending: list[bytes] = []
        held = 0
        while not self.error and (part := self._part()) is not None:
            for chunk in bounded(part):
                *whole, rest = chunk.split(b"\n")
                for line in whole:
                    self._move(len(line) + 1)
                    yield b"".join((*pending, line, b"\n"))
                    pending.clear()
                self._move(len(rest))
                held = len(rest) + (0 if whole else held)
                if held > MAX_TEXT:
                    raise TooMuch(f"a line has at most {MAX_TEXT // MEBIBYTE} MB here")
                pending.append(rest)
        if any(pending):
            yield b"".join(pending)

    def line(self) -> bytes | None:
        """Return the next line, or None at the end."""
        return next(self.lines(), None)


class Sink(Protocol):
    """An open file, pipe or device to write to."""

    def write(self, content: Content) -> None:
        """Take the bytes; raises FileSystemError."""
        ...


@dataclass(slots=True)
class Pipe:
    """The writing end of a pipe: keeps what is written with its time."""

    clock: Clock
    segments: list[tuple[int, Content]] = field(default_factory=list)

    def write(self, content: Content) -> None:
        """Take the bytes."""
        if content.size:
            self.segments.append((self.clock.now, content))


@dataclass(frozen=True, slots=True)
class Output:
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


NULL = Output(lambda stream, content: None, 0)
"""A device that drops what is written to it."""


@dataclass(slots=True)
class OpenFile:
    """A file opened to write, with its position."""

    fs: Files
    path: str
    append: bool
    offset: int = 0

    def write(self, content: Content) -> None:
        """Write at the position, or at the end of the file; a file deleted meanwhile takes it in silence."""
        if not content.size:
            return
        if content.size > MAX_FILE:
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


_NOISE = Content.filler(ENDLESS, "/dev/random")
DEVICES = {3: EMPTY, 5: Content.at(NULLS, 0, ENDLESS), 8: _NOISE, 9: _NOISE}
"""What can be read from null, zero, random and urandom, by their minor numbers."""
