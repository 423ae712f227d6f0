"""Blobs: bytes of a known size, mostly in files, read at any place; and files written whole or not at all.

This module and the Spool of `gzip` alone touch a disk. `content` needs no more of a blob than its size and
`read_at`.
"""

from __future__ import annotations

import errno
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO

from labkit.base.errors import FileSystemError, TruncatedFile


def write_file(target: Path, chunks: Iterable[bytes], mode: int = 0o644, mtime: int | None = None) -> None:
    """Write a file that appears whole or not at all: beside its place first, then renamed.

    `mtime` is in nanoseconds. Raises FileSystemError, also where there is something that is no regular
    file, or what `chunks` raises; then nothing is left of it.
    """
    with _errors_of(target):
        if target.exists() and not target.is_file():  # a directory, or /dev/null, which root could replace
            raise OSError(errno.EISDIR if target.is_dir() else errno.EEXIST, "")
    # The name is chosen before the file is there: whenever an interrupt comes, what it left is known.
    beside = target.parent / f".labkit-{os.urandom(8).hex()}"
    try:
        with _errors_of(target):
            descriptor = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
            )
        try:
            for chunk in chunks:
                with _errors_of(target):
                    write_all(partial(os.write, descriptor), chunk)
            with _errors_of(target):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with _errors_of(target):
            os.chmod(beside, mode)
            if mtime is not None:
                os.utime(beside, ns=(mtime, mtime))
            os.replace(beside, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)


def write_all(write: Callable[[memoryview], int], data: bytes) -> None:
    """Write all of some bytes with a call that may take only a part of them."""
    rest = memoryview(data)
    while rest:
        rest = rest[write(rest) :]


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Tell what goes wrong with a file in one line that names it, not the one beside it."""
    try:
        yield
    except (OSError, ValueError) as error:  # the latter for a NUL in its name
        number = error.errno if isinstance(error, OSError) else errno.EINVAL
        raise FileSystemError(number or 0, os.fspath(path)) from None


class FileSource:
    """Random access to a file, which stays readable when its name is deleted.

    Takes a path, or a file whose descriptor is then copied. Threads may read it at once.
    """

    __slots__ = ("__weakref__", "_descriptor", "_lock", "name", "size")

    def __init__(self, file: str | os.PathLike[str] | IO[bytes]) -> None:
        if isinstance(file, (str, os.PathLike)):
            self.name = os.fspath(file)
            self._descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        else:
            self.name = str(file.name)
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self.size = os.fstat(self._descriptor).st_size
        self._lock = threading.Lock()

    def read_at(self, offset: int, size: int) -> bytes:
        """Return `size` bytes from `offset` on; raises TruncatedFile where the file became shorter."""
        wanted = min(size, max(self.size - offset, 0))
        data = self._pread(offset, wanted)
        while len(data) < wanted:  # a read may be cut short by a signal, or at 2 GiB
            more = self._pread(offset + len(data), wanted - len(data))
            if not more:
                raise TruncatedFile(f"unexpected EOF: {self.name} became shorter while it was in use")
            data += more
        return data

    def _pread(self, offset: int, size: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._descriptor, size, offset)
        with self._lock:  # Windows
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            return os.read(self._descriptor, size)
