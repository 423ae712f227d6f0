"""The learner's real file system, with the calls that copying needs (see `engine.container_files`).

Everything else is pretended here, so what is written is less than Docker would: no device and no pipe, no
set-user-ID bit and no capability, nothing outside of the directory that was named, and on Windows no name
that means something else there. Paths have slashes, `/C:/Users/me` on Windows too.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labkit.base.errors import FileSystemError
from labkit.engine.container_files import Member, UnpackError
from labkit.go import path as gopath
from labkit.oci.blob import write_file
from labkit.oci.content import Content
from labkit.oci.gzip import Spool
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink, Whiteout

_CHUNK = 1 << 20
_WINDOWS = os.name == "nt"
_DRIVE = re.compile(r"[A-Za-z]:(?=[/\\]|$)")
_NO_NAME = re.compile(
    r'.*[\x00-\x1f<>:"/\\|?*].*|.*[. ]'  # no such signs, no such end
    r"|(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|con(?:in|out)\$) *(?:\..*)?",  # devices, whatever their ending
    re.IGNORECASE | re.DOTALL,
)
_PERMISSIONS = 0o1777


def is_drive(path: str, windows: bool = _WINDOWS) -> bool:
    """Tell whether a path begins with a drive of Windows.

    >>> is_drive("C:/Users", True), is_drive("C:\\\\Users", True), is_drive("box:/etc", True)
    (True, True, False)
    """
    return windows and bool(_DRIVE.match(path))


def posix(path: str, windows: bool = _WINDOWS) -> str:
    """Return a path of the system with slashes alone.

    >>> posix("C:\\\\Users\\\\me", True), posix("/home/a\\\\b", False)
    ('/C:/Users/me', '/home/a\\\\b')
    """
    return ("/" if is_drive(path, True) else "") + path.replace("\\", "/") if windows else path


def native(path: str, windows: bool = _WINDOWS) -> str:
    """Return a path as the system takes it.

    >>> native("/C:/Users/me", True), native("/home/me", False)
    ('C:/Users/me', '/home/me')
    """
    return path[1:] if is_drive(path[1:], windows) else path


def fit(
    members: Sequence[Member], directory: str, windows: bool = _WINDOWS
) -> tuple[list[Member], list[str]]:
    """Return entries as they may be written below a real directory, and the names of those that are left out.

    Raises UnpackError, before anything is written, for a link that leads out of the directory.

    >>> fit([Member("su", File(meta=Meta(0o4755))), Member("null", Device("c", 1, 3))], "/")[1]
    ['null']
    >>> fit([Member("aux.c", File()), Member("a", Dir()), Member("a/b:c", File())], "/", windows=True)[1]
    ['aux.c', 'a/b:c']
    """
    kept, left = list[Member](), list[str]()
    for name, node, link in members:
        names = gopath.clean(name).split("/")
        unfit = windows and names != ["."] and any(map(_NO_NAME.fullmatch, names))
        if unfit or link in left or isinstance(node, Device | Fifo | Whiteout):
            left.append(name)
            continue
        if isinstance(node, Symlink) and gopath.join(*names[:-1], node.target).split("/")[0] == "..":
            raise UnpackError(f'invalid symlink "{gopath.join(directory, name)}" -> "{node.target}"')
        meta = replace(node.meta, mode=node.meta.mode & _PERMISSIONS, xattrs=())
        kept.append(Member(name, replace(node, meta=meta), link))
    return kept, left


@dataclass(frozen=True, slots=True)
class RealStat:
    """What stat(2) says of a real file; its content is read when it is asked for."""

    node: Node


@contextmanager
def _as_labkit_error() -> Iterator[None]:
    """Raise an OSError as a FileSystemError."""
    try:
        yield
    except FileSystemError:
        raise
    except OSError as error:
        raise FileSystemError(error.errno or errno.EIO, os.fsdecode(error.filename or "")) from None


def _itself(call: object, follow: bool = False) -> dict[str, Any]:
    """Return the argument that lets a call change a link and not what it leads to, where there is one."""
    return {} if follow or call not in os.supports_follow_symlinks else {"follow_symlinks": False}


class RealFiles:
    """Real files by absolute path; what is written belongs to the learner, and replaces what was there.

    >>> RealFiles().exists("/")
    True
    """

    chown: Any = None  # never called: what is written is the learner's, and without extended attributes
    setxattr: Any = None
    rmdir: Any = None

    def __init__(self) -> None:
        self._spool = Spool()

    def stat(self, path: str, follow: bool = True) -> RealStat:
        """Return what is at a path."""
        path = native(path)
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
        return os.path.exists(native(path)) if follow else os.path.lexists(native(path))

    def content(self, path: str) -> Content:
        """Return a copy of what a file holds now."""
        with _as_labkit_error(), open(native(path), "rb") as file:
            return self._spool.keep(iter(lambda: file.read(_CHUNK), b""))

    def listdir(self, path: str) -> list[str]:
        """Return the names in a directory, sorted."""
        with _as_labkit_error():
            return sorted(os.listdir(native(path)))

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Make a directory."""
        with _as_labkit_error():
            os.mkdir(native(path), mode)

    def place(self, path: str, node: Node) -> None:
        """Put a file or a link there, whole, whatever was there; its owner is the learner (NoLchown)."""
        assert isinstance(node, File | Symlink)
        here, times = native(path), (node.meta.mtime, node.meta.mtime)
        with _as_labkit_error():
            if isinstance(node, File):
                write_file(Path(here), node.content.chunks(), node.meta.mode, node.meta.mtime)
            else:
                self.unlink(path)
                os.symlink(node.target, here)
                if _itself(os.utime):
                    os.utime(here, ns=times, follow_symlinks=False)

    def link(self, source: str, target: str) -> None:
        """Give a file a second name."""
        self.unlink(target)
        with _as_labkit_error():
            os.link(native(source), native(target), **_itself(os.link))

    def unlink(self, path: str) -> None:
        """Remove a name, where there is one."""
        with _as_labkit_error(), suppress(FileNotFoundError):
            os.unlink(native(path))

    def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits."""
        with _as_labkit_error():
            os.chmod(native(path), mode & _PERMISSIONS)

    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> None:
        """Set the modification time."""
        with _as_labkit_error():
            os.utime(native(path), ns=(mtime_ns, mtime_ns), **_itself(os.utime, follow))
