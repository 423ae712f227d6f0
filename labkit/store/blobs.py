"""Blobs: bytes kept under their digest (OCI image-spec, descriptor.md; image-layout.md, "Blobs").

A store is a MemoryBlobs or a DirectoryBlobs; both pass one contract suite. A blob is visible only
when all its bytes have arrived and have the digest, and the size where one is given, that they were
announced with. What is read is never read into memory as a whole: `open` gives random access.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from labkit.errors import DigestMismatch, FileSystemError, InvalidDigest, NotFound, TruncatedFile
from labkit.oci.content import Buffer, Content
from labkit.oci.digest import parse_digest


class Blob(Protocol):
    """A source of a known size: what a store gives for a digest."""

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, size: int) -> bytes: ...


class Blobs(Protocol):
    """Where bytes are kept under their digest."""

    def has(self, digest: str) -> bool:
        """Tell whether the blob is here."""
        ...

    def open(self, digest: str) -> Blob:
        """Return the blob; raises NotFound."""
        ...

    def put(self, chunks: Iterable[bytes], digest: str, size: int | None = None) -> Blob:
        """Keep bytes under their digest; raises DigestMismatch, and then keeps nothing."""
        ...

    def delete(self, digest: str) -> None:
        """Forget the blob, or raise NotFound; who has it open can still read it."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Yield the digests of all blobs, sorted."""
        ...


def whole(blob: Blob) -> Content:
    """Return a blob as content.

    >>> whole(Buffer(b"layer")).read()
    b'layer'
    """
    return Content.at(blob, 0, blob.size)


def verified(chunks: Iterable[bytes], digest: str, size: int | None = None) -> Iterator[bytes]:
    """Yield the chunks, and raise DigestMismatch at the end where they are not the digest's bytes.

    Bytes beyond `size` are refused as they come.

    >>> from labkit.oci.digest import sha256
    >>> list(verified([b"la", b"yer"], sha256(b"layer"), size=5))
    [b'la', b'yer']
    """
    state = hashlib.new(parse_digest(digest).partition(":")[0])
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if size is not None and total > size:
            raise DigestMismatch(f"blob {digest} is larger than the {size} bytes it was announced with")
        state.update(chunk)
        yield chunk
    if size is not None and total != size:
        raise DigestMismatch(f"blob {digest} has {total} bytes, not the {size} it was announced with")
    if state.hexdigest() != digest.partition(":")[2]:
        raise DigestMismatch(f"filesystem layer verification failed for digest {digest}")


class MemoryBlobs:
    """Blobs in memory.

    >>> from labkit.oci.digest import sha256
    >>> blobs = MemoryBlobs()
    >>> blobs.put([b"la", b"yer"], sha256(b"layer"), 5).read_at(2, 3)
    b'yer'
    """

    def __init__(self) -> None:
        self._blobs: dict[str, Buffer] = {}

    def has(self, digest: str) -> bool:
        """Tell whether the blob is here."""
        return digest in self._blobs

    def open(self, digest: str) -> Blob:
        """Return the blob; raises NotFound."""
        try:
            return self._blobs[digest]
        except KeyError:
            raise _not_found(digest) from None

    def put(self, chunks: Iterable[bytes], digest: str, size: int | None = None) -> Blob:
        """Keep bytes under their digest; raises DigestMismatch, and then keeps nothing."""
        blob = Buffer(b"".join(verified(chunks, digest, size)))
        return self._blobs.setdefault(digest, blob)

    def delete(self, digest: str) -> None:
        """Forget the blob, or raise NotFound; who has it open can still read it."""
        if self._blobs.pop(digest, None) is None:
            raise _not_found(digest)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._blobs))


class DirectoryBlobs:
    """Blobs as files of a directory, ALGORITHM/ENCODED, as in an OCI layout's `blobs`.

    Any number of threads and processes may use the same directory.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def has(self, digest: str) -> bool:
        """Tell whether the blob is here."""
        return self._file(digest).is_file()

    def open(self, digest: str) -> Blob:
        """Return the blob; raises NotFound."""
        try:
            return FileSource(self._file(digest))
        except FileNotFoundError:
            raise _not_found(digest) from None

    def put(self, chunks: Iterable[bytes], digest: str, size: int | None = None) -> Blob:
        """Keep bytes under their digest; raises DigestMismatch, and then keeps nothing."""
        target = self._file(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, verified(chunks, digest, size))
        return FileSource(target)

    def delete(self, digest: str) -> None:
        """Forget the blob, or raise NotFound; who has it open can still read it."""
        try:
            self._file(digest).unlink()
        except FileNotFoundError:
            raise _not_found(digest) from None

    def __iter__(self) -> Iterator[str]:
        found = []
        for file in self.path.glob("*/*"):
            try:
                found.append(parse_digest(f"{file.parent.name}:{file.name}"))
            except InvalidDigest:
                continue  # a write under way, or no file of ours
        return iter(sorted(found))

    def _file(self, digest: str) -> Path:
        algorithm, _, encoded = parse_digest(digest).partition(":")
        return self.path / algorithm / encoded


def _not_found(digest: str) -> NotFound:
    return NotFound(f"content digest {digest}: not found")


def write_file(target: Path, chunks: Iterable[bytes], mode: int = 0o644) -> None:
    """Write a file that appears whole or not at all: beside its place first, then renamed.

    Raises FileSystemError, or what `chunks` raises; then nothing is left of it.
    """
    with _errors_of(target):
        descriptor, name = tempfile.mkstemp(prefix=".labkit-", dir=target.parent)
    try:
        try:
            for chunk in chunks:
                with _errors_of(target):
                    _write(descriptor, chunk)
            with _errors_of(target):
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        with _errors_of(target):
            os.chmod(name, mode)
            os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Tell what goes wrong with a file in one line that names it, not the one beside it."""
    try:
        yield
    except OSError as error:
        raise FileSystemError(error.errno or 0, os.fspath(path)) from None


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
