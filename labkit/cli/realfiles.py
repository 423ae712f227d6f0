"""The learner's real file system, with the calls that copying needs (see `engine.container_files`)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from labkit.base.errors import FileSystemError
from labkit.oci.content import Content
from labkit.oci.gzip import Spool
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink, Whiteout

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class RealStat:
    """What stat(2) says of a real file; its content is read when it is asked for."""

    node: Node


@contextmanager
def _as_labkit_error() -> Iterator[None]:
    """Raise an OSError as a FileSystemError."""
    try:
        yield
    except OSError as error:
        raise FileSystemError(error.errno or errno.EIO, os.fsdecode(error.filename or "")) from None


class RealFiles:
    """Real files by absolute path; what is written belongs to the learner.

    >>> RealFiles().exists("/")
    True
    """

    def __init__(self) -> None:
        self._spool = Spool()

    def stat(self, path: str, follow: bool = True) -> RealStat:
        """Return what is at a path."""
        with _as_labkit_error():
            found = os.stat(path, follow_symlinks=follow)
            meta = Meta(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_mtime_ns)
            mark = found.st_ino if found.st_nlink > 1 else 0
            if stat.S_ISDIR(found.st_mode):
                return RealStat(Dir(meta=meta))
            if stat.S_ISLNK(found.st_mode):
                return RealStat(Symlink(os.readlink(path), meta, mark))
            if stat.S_ISREG(found.st_mode):
                return RealStat(File(meta=meta, inode=mark))
            if stat.S_ISFIFO(found.st_mode):
                return RealStat(Fifo(meta, mark))
            if stat.S_ISSOCK(found.st_mode):
                raise FileSystemError(errno.ENXIO, path)
            kind = "b" if stat.S_ISBLK(found.st_mode) else "c"
            return RealStat(Device(kind, os.major(found.st_rdev), os.minor(found.st_rdev), meta, mark))

    def exists(self, path: str, follow: bool = True) -> bool:
        """Tell whether there is something at a path."""
        return os.path.exists(path) if follow else os.path.lexists(path)

    def content(self, path: str) -> Content:
        """Return a copy of what a file holds now."""
        with _as_labkit_error(), open(path, "rb") as file:
            return self._spool.keep(iter(lambda: file.read(_CHUNK), b""))

    def listdir(self, path: str) -> list[str]:
        """Return the names in a directory, sorted."""
        with _as_labkit_error():
            return sorted(os.listdir(path))

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Make a directory."""
        with _as_labkit_error():
            os.mkdir(path, mode)

    def place(self, path: str, node: Node) -> None:
        """Make a new name that is no directory's; the client keeps its user as the owner (NoLchown)."""
        assert not isinstance(node, Dir | Whiteout)
        meta = node.meta
        with _as_labkit_error():
            if isinstance(node, File):
                with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, meta.mode), "wb") as file:
                    file.writelines(node.content.chunks())
            elif isinstance(node, Symlink):
                os.symlink(node.target, path)
            elif isinstance(node, Fifo):
                os.mkfifo(path, meta.mode)
            else:
                bits = stat.S_IFBLK if node.kind == "b" else stat.S_IFCHR
                os.mknod(path, bits | meta.mode, os.makedev(node.major, node.minor))
            if not isinstance(node, Symlink):
                os.chmod(path, meta.mode)
            os.utime(path, ns=(meta.mtime, meta.mtime), follow_symlinks=False)
        for name, value in meta.xattrs:
            self.setxattr(path, name, value, False)

    def link(self, source: str, target: str) -> None:
        """Give a file a second name."""
        with _as_labkit_error():
            os.link(source, target, follow_symlinks=False)

    def unlink(self, path: str) -> None:
        """Remove a name."""
        with _as_labkit_error():
            os.unlink(path)

    def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits."""
        with _as_labkit_error():
            os.chmod(path, mode)

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> None:
        """Set the owner."""
        with _as_labkit_error():
            os.chown(path, uid, gid, follow_symlinks=follow)

    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> None:
        """Set the modification time."""
        with _as_labkit_error():
            os.utime(path, ns=(mtime_ns, mtime_ns), follow_symlinks=follow)

    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> None:
        """Set an extended attribute, where that is possible and allowed; Docker does without it too."""
        if hasattr(os, "setxattr"):
            with suppress(OSError):
                os.setxattr(path, name, value, follow_symlinks=follow)
