"""What a user other than root may do with files (path_resolution(7), Permissions; unlink(2), sticky bit)."""

from __future__ import annotations

import errno
import stat
from typing import Any

from labkit.errors import FileSystemError

_READ, _WRITE, _SEARCH, _STICKY = 4, 2, 1, 0o1000
_MAKING = frozenset(("append", "create", "link", "mkdir", "mkfifo", "mknod", "place", "symlink", "write"))


def allowed(found: Any, uid: int, gid: int, bits: int) -> bool:
    """Tell whether a user may do with a file what the bits say; root may do all."""
    shift = 6 if uid == found.uid else 3 if gid == found.gid else 0
    return uid == 0 or not bits & ~(found.mode >> shift)


class UserFiles:
    """A file system as one user may use it: the kernel refuses the rest, new files are the user's."""

    def __init__(self, fs: Any, uid: int, gid: int) -> None:
        self._fs, self._uid, self._gid = fs, uid, gid

    def __getattr__(self, name: str) -> Any:
        call, follow = getattr(self._fs, name), name in ("append", "write")

        def checked(*args: Any) -> Any:
            path = args[1] if name in ("link", "symlink") else args[0]
            new = name in _MAKING and not self._fs.exists(path, follow)
            self._check(name, path, args, new)
            result = call(*args)
            if new and name != "link":
                self._fs.chown(path, self._uid, self._gid, follow)
            return result

        return checked

    def _check(self, name: str, path: str, args: tuple[Any, ...], new: bool) -> None:
        match name:
            case "readlink" | "stat":
                self._ask(path, 0)
            case "content" | "listdir" | "read":
                self._ask(path, _READ)
            case "append" | "truncate" | "write" if not new:
                self._ask(path, _WRITE)
            case "chmod" | "chown" | "utime":
                self._own(name, path, args)
            case "link" if not self._owns(args[0]) and not self._may(args[0], _READ | _WRITE):
                raise FileSystemError(errno.EPERM, path)
            case "rename" | "rmdir" | "unlink":
                for removed in args:
                    self._remove(removed)
            case _ if new:
                self._ask(_parent(path), _WRITE | _SEARCH)

    def _may(self, path: str, bits: int) -> bool:
        found = self._fs.stat(path)
        if bits == _SEARCH and not stat.S_ISDIR(found.mode):
            raise FileSystemError(errno.ENOTDIR, path)
        return allowed(found, self._uid, self._gid, bits)

    def _owns(self, path: str, follow: bool = True) -> bool:
        return bool(self._fs.stat(path, follow).uid == self._uid)

    def _ask(self, path: str, bits: int) -> None:
        """Refuse what the file's mode denies, or what a directory above it does not let through to."""
        above = _parent(path)
        if above != path:
            self._ask(above, _SEARCH)
        if bits and not self._may(path, bits):
            raise FileSystemError(errno.EACCES, path)

    def _own(self, name: str, path: str, args: tuple[Any, ...]) -> None:
        self._ask(path, 0)
        keeps = name != "chown" or (args[1] in (-1, self._uid) and args[2] in (-1, self._gid))
        if self._owns(path, args[-1] is not False) and keeps:
            return
        if name != "utime":
            raise FileSystemError(errno.EPERM, path)
        self._ask(path, _WRITE)

    def _remove(self, path: str) -> None:
        if self._fs.exists(path, False):
            self._ask(_parent(path), _WRITE | _SEARCH)
            above, found = self._fs.stat(_parent(path)), self._fs.stat(path, False)
            if above.mode & _STICKY and self._uid not in (above.uid, found.uid):
                raise FileSystemError(errno.EPERM, path)


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"
