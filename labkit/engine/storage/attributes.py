"""The system calls that change attributes: chmod(2), chown(2), utimensat(2), setxattr(2), removexattr(2).

Each copies a lower file up whole, as the upper file system keeps attributes with the file.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

from labkit.engine.storage.paths import Found
from labkit.engine.storage.posix import Cost, fail, meta_of, with_meta
from labkit.engine.storage.reading import ReadingCalls, check_xattr_name, xattr_namespace_error
from labkit.oci.tree import Dir, File, Meta, Node, Symlink

SETUID, SETGID = 0o4000, 0o2000
CAPABILITY = "security.capability"


class AttributeCalls(ReadingCalls):
    """Changing attributes by path."""

    __slots__ = ()

    def chmod(self, path: str, mode: int, follow: bool = True) -> Cost:
        """Set the permission bits; a symbolic link has none of its own (EOPNOTSUPP)."""
        found, place = self._find(path, follow)
        if type(place.node) is Symlink:
            fail(errno.EOPNOTSUPP, path)
        return self._change_meta(found, lambda meta: replace(meta, mode=mode & 0o7777))

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> Cost:
        """Set owner and group, -1 leaving one as it is; a program loses its set-user-ID bit."""
        found, place = self._find(path, follow)
        keep = type(place.node) is Dir

        def make(meta: Meta) -> Meta:
            mode, xattrs = meta.mode, meta.xattrs
            if not keep:
                # chown(2): a group-executable file's set-group-ID bit is cleared with it.
                mode &= ~(SETUID | (SETGID if mode & 0o010 else 0))
                xattrs = without(xattrs, CAPABILITY)
            owner, group = meta.uid if uid == -1 else uid, meta.gid if gid == -1 else gid
            return replace(meta, mode=mode, uid=owner, gid=group, xattrs=xattrs)

        return self._change_meta(found, make)

    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> Cost:
        """Set the modification time, in nanoseconds since 1970."""
        found, _ = self._find(path, follow)
        return self._change_meta(found, lambda meta: replace(meta, mtime=mtime_ns))

    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> Cost:
        """Set an extended attribute."""
        check_xattr_name(name, path)
        if len(value) > 65536:
            fail(errno.E2BIG, path)
        found, place = self._find(path, follow)
        if name.startswith("user.") and type(place.node) not in (File, Dir):
            fail(errno.EPERM, path)
        if error := xattr_namespace_error(name):
            # The kernel copies the file up before it asks the upper file system, which refuses.
            self._change_meta(found, lambda meta: meta)
            fail(error, path)
        return self._change_meta(
            found,
            lambda meta: replace(
                meta, xattrs=tuple(sorted([*without(meta.xattrs, name), (name, bytes(value))]))
            ),
        )

    def removexattr(self, path: str, name: str, follow: bool = True) -> Cost:
        """Remove an extended attribute."""
        check_xattr_name(name, path)
        found, place = self._find(path, follow)
        if name.startswith("user.") and type(place.node) not in (File, Dir):
            fail(errno.EPERM, path)
        self.getxattr(path, name, follow)
        return self._change_meta(found, lambda meta: replace(meta, xattrs=without(meta.xattrs, name)))

    def _change(
        self, found: Found, make: Callable[[Node], Node], written: int = 0, data: bool = True
    ) -> Cost:
        tree, names = self.tree_at(found.names)
        return tree.change_node(names, make, data) + Cost(written=written, looked_up=found.looked_up)

    def _change_meta(self, found: Found, make: Callable[[Meta], Meta]) -> Cost:
        return self._change(found, lambda node: with_meta(node, make(meta_of(node))))


def without(xattrs: tuple[tuple[str, bytes], ...], name: str) -> tuple[tuple[str, bytes], ...]:
    """Return extended attributes but for the one of that name."""
    return tuple(pair for pair in xattrs if pair[0] != name)
