"""Downloads that broke off, kept until the image that they belong to is complete.

What is kept of a blob is in a file without a name, and is only what came in order from its beginning; the
blob is verified as a whole (`whole`), so a byte that was damaged on the way is never taken for good.
"""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable
from typing import IO

from labkit.errors import DigestMismatch
from labkit.oci.content import EMPTY, Content
from labkit.oci.digest import verify
from labkit.oci.manifest import Descriptor
from labkit.store.blobs import FileSource, whole


class Partial:
    """The beginning of a blob.

    >>> part = Partial()
    >>> part.append(b"lay")
    >>> part.append(b"er")
    >>> part.size, part.content().read()
    (5, b'layer')
    """

    def __init__(self) -> None:
        self.size = 0
        self._file: IO[bytes] | None = None

    def append(self, data: bytes) -> None:
        """Add the bytes that follow."""
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            weakref.finalize(self, self._file.close)
        self._file.write(data)
        self.size += len(data)

    def content(self) -> Content:
        """Return what has come."""
        if self._file is None:
            return EMPTY
        self._file.flush()
        return whole(FileSource(self._file))

    def clear(self) -> None:
        """Begin again."""
        if self._file is not None:
            self._file.close()
        self._file, self.size = None, 0


class Partials:
    """The blobs under way, by digest."""

    def __init__(self) -> None:
        self._parts: dict[str, Partial] = {}

    def of(self, digest: str) -> Partial:
        """Return what is kept of a blob, an empty beginning where nothing is."""
        return self._parts.setdefault(digest, Partial())

    def whole(self, descriptor: Descriptor) -> Content:
        """Return a blob that has come as a whole; raises DigestMismatch where it is another one."""
        content = self.of(descriptor.digest).content()
        if content.size != descriptor.size:
            raise DigestMismatch(f"filesystem layer verification failed for digest {descriptor.digest}")
        verify(content.chunks(), descriptor.digest)
        return content

    def forget(self, digests: Iterable[str]) -> None:
        """Keep nothing more of these blobs."""
        for digest in digests:
            part = self._parts.pop(digest, None)
            if part is not None:
                part.clear()
