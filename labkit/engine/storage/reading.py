"""The system calls that read: stat(2), readdir(3), readlink(2), read(2), getxattr(2), listxattr(2)."""

from __future__ import annotations

import errno
from abc import abstractmethod
from collections.abc import Callable, Sequence

from labkit.engine.storage.paths import Found, walk
from labkit.engine.storage.posix import Names, Place, Stat, Tree, fail, meta_of
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Symlink


class ReadingCalls:
    """Reading by path; paths are absolute, or taken from the root."""

    __slots__ = ("clock",)
    clock: Callable[[], int]
    """Gives nanoseconds since 1970-01-01T00:00:00Z."""

    @abstractmethod
    def top(self) -> Place:
        """Return the place of the root."""

    @abstractmethod
    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Return the place of the last of the names, seen from its directory's place."""

    @abstractmethod
    def tree_at(self, names: Names) -> tuple[Tree, Names]:
        """Return the mounted tree that names lead into, and the names below its root."""

    def is_mount_point(self, names: Names) -> bool:
        """Tell whether something is mounted there."""
        return not names

    def stat(self, path: str, follow: bool = True) -> Stat:
        """Return what stat(2) says of a path, or lstat(2) without `follow`."""
        found, place = self._find(path, follow)
        return place.tree.stat_at(self.tree_at(found.names)[1], place)

    def exists(self, path: str, follow: bool = True) -> bool:
        """Tell whether stat(2) succeeds."""
        try:
            self._find(path, follow)
        except OSError:
            return False
        return True

    def listdir(self, path: str) -> list[str]:
        """Return the sorted names in a directory, without `.` and `..`."""
        found, place = self._find(path)
        if type(place.node) is not Dir:
            fail(errno.ENOTDIR, path)
        return self._listing(found.names, place)

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link."""
        node = self._find(path, follow=False)[1].node
        if type(node) is not Symlink:
            fail(errno.EINVAL, path)
        return node.target

    def content(self, path: str) -> Content:
        """Return what a regular file holds."""
        node = self._find(path)[1].node
        if type(node) is File:
            return node.content
        fail(errno.EISDIR if type(node) is Dir else errno.ENXIO, path)

    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return a regular file's bytes from `offset` on, all of them or at most `size`.

        No driver stands behind a device and nobody at a pipe's other end: they give ENXIO.
        """
        return self.content(path).read(offset, size)

    def getxattr(self, path: str, name: str, follow: bool = True) -> bytes:
        """Return the value of an extended attribute."""
        check_xattr_name(name, path)
        node = self._find(path, follow)[1].node
        if name.startswith("user.") and type(node) not in (File, Dir):
            fail(errno.ENODATA, path)
        if error := xattr_namespace_error(name):
            fail(error, path)
        for key, value in meta_of(node).xattrs:
            if key == name:
                return value
        fail(errno.ENODATA, path)

    def listxattr(self, path: str, follow: bool = True) -> list[str]:
        """Return the sorted names of the extended attributes."""
        return [name for name, _ in meta_of(self._find(path, follow)[1].node).xattrs]

    def _find(self, path: str, follow: bool = True) -> tuple[Found, Place]:
        found = walk(self, path, follow)
        if found.place is None:
            fail(errno.ENOENT, path)
        if found.slash and type(found.place.node) is not Dir:
            fail(errno.ENOTDIR, path)
        return found, found.place

    def _listing(self, names: Names, place: Place) -> list[str]:
        return sorted(place.tree.listing(place))


_XATTR_NAMESPACES = ("user.", "trusted.", "security.")


def check_xattr_name(name: str, path: str) -> None:
    """Raise FileSystemError where a name is none that an extended attribute can have (xattr(7))."""
    if not 0 < len(name.encode("utf-8", "surrogateescape")) <= 255:
        fail(errno.ERANGE, path)


def xattr_namespace_error(name: str) -> int:
    """Return the error number for a name outside of the namespaces, or 0 (xattr(7))."""
    if name in _XATTR_NAMESPACES:
        return errno.EINVAL
    return 0 if name.startswith(_XATTR_NAMESPACES) else errno.EOPNOTSUPP
