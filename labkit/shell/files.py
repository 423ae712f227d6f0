"""What the shell and its commands ask of a file system, and the same system as one user may use it.

`Files` are Linux's system calls by path. Whatever has them can be handed to the shell: a mounted layer, a
mount table, a stand-in of a test. Nothing here knows how the files are kept.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from labkit.base.errors import FileSystemError
from labkit.oci.content import Content
from labkit.oci.tree import Device, Node, Whiteout

_READ, _WRITE, _SEARCH, _STICKY = 4, 2, 1, 0o1000


class Attributes(Protocol):
    """What is asked of a file to copy it: its node, of a directory the attributes alone."""

    @property
    def node(self) -> Node: ...


class Stat(Attributes, Protocol):
    """What stat(2) says of a file; the type and the permission bits are its `mode`."""

    @property
    def mode(self) -> int: ...
    @property
    def nlink(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def uid(self) -> int: ...
    @property
    def gid(self) -> int: ...
    @property
    def mtime(self) -> int: ...  # in nanoseconds since 1970
    @property
    def inode(self) -> int: ...


class FileTree(Protocol):
    """The system calls that copying needs; all raise FileSystemError with the kernel's number.

    What the calls that change something return is their caller's affair: a mounted layer says what it
    cost. `place` makes any file but a directory with all its attributes at once, as unpacking a tar does.
    """

    def stat(self, path: str, follow: bool = True) -> Attributes: ...
    def exists(self, path: str, follow: bool = True) -> bool: ...
    def listdir(self, path: str) -> list[str]: ...
    def content(self, path: str) -> Content: ...
    def mkdir(self, path: str, mode: int = 0o755) -> object: ...
    def place(self, path: str, node: Node) -> object: ...
    def link(self, source: str, target: str) -> object: ...
    def unlink(self, path: str) -> object: ...
    def rmdir(self, path: str) -> object: ...
    def chmod(self, path: str, mode: int) -> object: ...
    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> object: ...
    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> object: ...
    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> object: ...


class Files(FileTree, Protocol):
    """The system calls on absolute paths that programs make."""

    def stat(self, path: str, follow: bool = True) -> Stat: ...
    def readlink(self, path: str) -> str: ...
    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes: ...
    def write(self, path: str, data: Content, mode: int = 0o644) -> object: ...
    def append(self, path: str, data: Content, mode: int = 0o644) -> object: ...
    def pwrite(self, path: str, offset: int, data: Content) -> object: ...
    def truncate(self, path: str, size: int) -> object: ...
    def symlink(self, target: str, path: str) -> object: ...
    def rename(self, source: str, target: str) -> object: ...


class Mounts(Protocol):
    """The calls that change what is mounted, by a process that stands in `cwd`."""

    def mount(self, source: str, target: str, kind: str, options: str, cwd: str) -> object: ...
    def umount(self, path: str, cwd: str) -> object: ...


def allowed(found: Stat, uid: int, gid: int, bits: int) -> bool:
    """Tell whether a user may do with a file what the bits say; root may do all."""
    # The first class that fits decides, even where a later one would allow more (path_resolution(7)).
    shift = 6 if uid == found.uid else 3 if gid == found.gid else 0
    return uid == 0 or not bits & ~(found.mode >> shift)


class UserFiles:
    """Files as a user other than root may use them: what he may not do is refused, new files are his.

    The rules are path_resolution(7), "Permissions", and each call's own ERRORS. The file system below
    lets its caller do everything, so it is asked only once the user may.
    """

    def __init__(self, files: Files, uid: int, gid: int) -> None:
        self._files, self._uid, self._gid = files, uid, gid
        self._searched: set[str] = set()
        """Directories that were found to let through, and all above them, until something of that changes."""

    def stat(self, path: str, follow: bool = True) -> Stat:
        """Return what stat(2) says; it needs no more than the way to the file."""
        return self._ask(path, 0).stat(path, follow)

    def exists(self, path: str, follow: bool = True) -> bool:
        return self._files.exists(path, follow)

    def listdir(self, path: str) -> list[str]:
        return self._ask(path, _READ).listdir(path)

    def readlink(self, path: str) -> str:
        return self._ask(path, 0).readlink(path)

    def content(self, path: str) -> Content:
        return self._ask(path, _READ).content(path)

    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes:
        return self._ask(path, _READ).read(path, offset, size)

    def write(self, path: str, data: Content, mode: int = 0o644) -> None:
        self._make(path, lambda: self._files.write(path, data, mode), opens=True)

    def append(self, path: str, data: Content, mode: int = 0o644) -> None:
        self._make(path, lambda: self._files.append(path, data, mode), opens=True)

    def pwrite(self, path: str, offset: int, data: Content) -> None:
        """Write over a file that is open: write(2) checks nothing that open(2) has let through."""
        self._files.pwrite(path, offset, data)

    def truncate(self, path: str, size: int) -> None:
        self._ask(path, _WRITE).truncate(path, size)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        self._make(path, lambda: self._files.mkdir(path, mode))

    def symlink(self, target: str, path: str) -> None:
        self._searched.clear()
        self._make(path, lambda: self._files.symlink(target, path))

    def place(self, path: str, node: Node) -> None:
        """Make a file that is the user's with all its attributes; only root makes a device (mknod(2))."""
        assert not isinstance(node, Whiteout)
        self._searched.clear()
        self._ask(_parent(path), _WRITE | _SEARCH)
        if isinstance(node, Device):
            raise FileSystemError(errno.EPERM, path)
        self._files.place(path, replace(node, meta=replace(node.meta, uid=self._uid, gid=self._gid)))

    def link(self, source: str, target: str) -> None:
        """Give a file a second name, which stays its owner's."""
        # fs.protected_hardlinks (proc(5)): nobody links to what he neither owns nor may read and write.
        if not self._owns(source) and not self._may(source, _READ | _WRITE):
            raise FileSystemError(errno.EPERM, target)
        if not self._files.exists(target, False):
            self._ask(_parent(target), _WRITE | _SEARCH)
        self._files.link(source, target)

    def unlink(self, path: str) -> None:
        self._remove(path)
        self._files.unlink(path)

    def rmdir(self, path: str) -> None:
        self._remove(path)
        self._files.rmdir(path)
        self._searched.discard(path)

    def rename(self, source: str, target: str) -> None:
        self._remove(source)
        self._remove(target)
        self._files.rename(source, target)
        self._searched.clear()

    def chmod(self, path: str, mode: int) -> None:
        """Set the permission bits, as the owner may."""
        self._ask(path, 0)
        if not self._owns(path):
            raise FileSystemError(errno.EPERM, path)
        self._files.chmod(path, mode)
        found = self._files.stat(path)
        if stat.S_ISDIR(found.mode) and not allowed(found, self._uid, self._gid, _SEARCH):
            self._searched.clear()

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> None:
        """Set the owner; only root may give a file to somebody else."""
        self._ask(path, 0)
        if not (self._owns(path, follow) and uid in (-1, self._uid) and gid in (-1, self._gid)):
            raise FileSystemError(errno.EPERM, path)
        self._files.chown(path, uid, gid, follow)

    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> None:
        """Set the time, as the owner may, and as who may write the file."""
        self._ask(path, 0)
        if not self._owns(path, follow):
            self._ask(path, _WRITE)
        self._files.utime(path, mtime_ns, follow)

    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> None:
        """Set an extended attribute of a file that was just made."""
        self._files.setxattr(path, name, value, follow)

    def _may(self, path: str, bits: int) -> bool:
        found = self._files.stat(path)
        if bits == _SEARCH and not stat.S_ISDIR(found.mode):
            raise FileSystemError(errno.ENOTDIR, path)
        return allowed(found, self._uid, self._gid, bits)

    def _owns(self, path: str, follow: bool = True) -> bool:
        return self._files.stat(path, follow).uid == self._uid

    def _ask(self, path: str, bits: int) -> Files:
        """Return the files, unless a mode denies it, or a directory above does not let through."""
        todo, each = [], path
        while each != (each := _parent(each)) and each not in self._searched:
            todo.append(each)
        for each in reversed(todo):
            if not self._may(each, _SEARCH):
                raise FileSystemError(errno.EACCES, each)
            self._searched.add(each)
        if bits and not self._may(path, bits):
            raise FileSystemError(errno.EACCES, path)
        return self._files

    def _make(self, path: str, make: Callable[[], object], *, opens: bool = False) -> None:
        """Make a name, which is the user's, or write to the file that is there where the call opens it."""
        # Only open(2) follows a link in the last place: writing through a dangling one makes its target.
        new = not self._files.exists(path, opens)
        if new:
            self._ask(_parent(path), _WRITE | _SEARCH)
        elif opens:
            self._ask(path, _WRITE)
        make()
        if new:
            self._files.chown(path, self._uid, self._gid, opens)

    def _remove(self, path: str) -> None:
        if self._files.exists(path, False):
            self._ask(_parent(path), _WRITE | _SEARCH)
            above, found = self._files.stat(_parent(path)), self._files.stat(path, False)
            # In a sticky directory such as /tmp only the file's owner and the directory's may (unlink(2)).
            if above.mode & _STICKY and self._uid not in (above.uid, found.uid):
                raise FileSystemError(errno.EPERM, path)


def _parent(path: str) -> str:
    return path.rstrip("/").rpartition("/")[0] or "/"
