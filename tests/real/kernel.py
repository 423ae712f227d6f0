"""The kernel's overlay file system behind a pipe: a process of its own mounts it, changes root and calls.

Run as `python -m tests.real.kernel DIR`. It has its own mount namespace, so nothing it mounts is left
behind. Each message is a pickled `(layers, calls)`: layers of labkit.oci.tree, the lowest first, and calls
as tests/storage/strategies.py makes them. The answer is each call's result, the tree that is seen at the
end, and the upper directory.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import pickle
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from labkit.oci.tree import Device, Dir, File, Node, Symlink, Whiteout, walk
from labkit.storage.posix import mark_of

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
FCHMODAT2 = 452
NOW = 12 * 10**17
"""Times later than this are shown as "now"; those that the tests set are earlier."""
OVERLAY = "trusted.overlay."

libc = ctypes.CDLL(None, use_errno=True)


class Kernel:
    """The process, from a test's side."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "tests.real.kernel", str(directory)]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def run(
        self, layers: Sequence[Dir], calls: Sequence[Any]
    ) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
        """Make the calls on a fresh mount over the layers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((list(layers), list(calls)), self._process.stdin)
        self._process.stdin.flush()
        results, merged, upper = pickle.load(self._process.stdout)
        return results, merged, upper


def _check(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _mount(kind: str, target: str, options: str) -> None:
    _check(libc.mount(kind.encode(), target.encode(), kind.encode(), 0, options.encode()))


def _lay(path: str, changes: Dir) -> None:
    """Write a layer's changes as overlay wants a lower directory."""
    first: dict[int, str] = {}
    for name, node in walk(changes):
        _make(f"{path}/{name}", node, first)
    nodes: list[tuple[str, Node]] = [("", changes), *walk(changes)]
    for name, node in reversed(nodes):
        if type(node) is not Whiteout:
            _dress(f"{path}/{name}" if name else path, node)


def _make(path: str, node: Node, first: dict[int, str]) -> None:
    mark = mark_of(node)
    if mark and first.setdefault(mark, path) != path:
        os.link(first[mark], path, follow_symlinks=False)
    elif type(node) is Dir:
        os.mkdir(path)
        if node.opaque:
            os.setxattr(path, OVERLAY + "opaque", b"y")
    elif type(node) is Whiteout:
        os.mknod(path, stat.S_IFCHR, 0)
    elif type(node) is Symlink:
        os.symlink(node.target, path)
    elif type(node) is Device:
        kind = stat.S_IFBLK if node.kind == "b" else stat.S_IFCHR
        os.mknod(path, kind, os.makedev(node.major, node.minor))
    elif type(node) is File:
        Path(path).write_bytes(node.content.read())
    else:
        os.mkfifo(path)


def _dress(path: str, node: Any) -> None:
    os.chown(path, node.meta.uid, node.meta.gid, follow_symlinks=False)
    if type(node) is not Symlink:
        os.chmod(path, node.meta.mode)
    for name, value in node.meta.xattrs:
        os.setxattr(path, name, value, follow_symlinks=False)
    os.utime(path, ns=(node.meta.mtime, node.meta.mtime), follow_symlinks=False)


def _time(nanoseconds: int) -> int | str:
    return "now" if nanoseconds > NOW else nanoseconds


def _attributes(status: os.stat_result) -> tuple[Any, ...]:
    size = 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return status.st_mode, status.st_uid, status.st_gid, size, _time(status.st_mtime_ns)


def snapshot(path: str, upper: bool) -> dict[str, Any]:
    """Describe every file below a directory, the directory itself under ""."""
    found: dict[str, Any] = {}
    groups: dict[tuple[int, int], str] = {}
    todo = [""]
    while todo:
        name = todo.pop(0)
        here = f"{path}/{name}"
        status = os.lstat(here)
        if upper and stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
            found[name] = "whiteout"
            continue
        xattrs = {
            key: os.getxattr(here, key, follow_symlinks=False)
            for key in os.listxattr(here, follow_symlinks=False)
        }
        opaque = upper and xattrs.get(OVERLAY + "opaque") == b"y"
        if upper:
            # What a user names trusted.overlay.x is kept as trusted.overlay.overlay.x (since Linux 6.7).
            xattrs = {
                key.replace(OVERLAY + "overlay.", OVERLAY): value
                for key, value in xattrs.items()
                if not key.startswith(OVERLAY) or key.startswith(OVERLAY + "overlay.")
            }
        holds: Any = None
        directory = stat.S_ISDIR(status.st_mode)
        group = "" if directory else groups.setdefault((status.st_dev, status.st_ino), name)
        if directory:
            todo += [f"{name}/{child}" if name else child for child in sorted(os.listdir(here))]
        elif stat.S_ISLNK(status.st_mode):
            holds = os.readlink(here)
        elif stat.S_ISREG(status.st_mode):
            holds = Path(here).read_bytes()
        elif not stat.S_ISFIFO(status.st_mode):
            holds = (os.major(status.st_rdev), os.minor(status.st_rdev))
        found[name] = (*_attributes(status), holds, sorted(xattrs.items()), opaque, status.st_nlink, group)
    return found


def _open(path: str, flags: int, mode: int = 0) -> int:
    descriptor = os.open(path, flags | os.O_NONBLOCK, mode)
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ENXIO, "")
    return descriptor


def _write(path: str, flags: int, data: bytes, mode: int = 0, offset: int | None = None) -> None:
    descriptor = _open(path, flags | os.O_WRONLY, mode)
    try:
        if offset is None:
            os.write(descriptor, data)
        else:
            os.pwrite(descriptor, data, offset)
    finally:
        os.close(descriptor)


def _read(path: str) -> bytes:
    descriptor = _open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 20)
    finally:
        os.close(descriptor)


def _chmod(path: str, mode: int, follow: bool) -> None:
    flags = 0 if follow else 0x100
    _check(libc.syscall(FCHMODAT2, -100, os.fsencode(path), ctypes.c_uint(mode), ctypes.c_uint(flags)))


CALLS: dict[str, Any] = {
    "write": lambda path, data, mode: _write(path, os.O_CREAT | os.O_TRUNC, data, mode),
    "append": lambda path, data, mode: _write(path, os.O_CREAT | os.O_APPEND, data, mode),
    "pwrite": lambda path, offset, data: _write(path, 0, data, offset=offset),
    "truncate": os.truncate,
    "mkdir": os.mkdir,
    "rmdir": os.rmdir,
    "unlink": os.unlink,
    "rename": os.rename,
    "link": lambda source, target: os.link(source, target, follow_symlinks=False),
    "symlink": os.symlink,
    "chmod": _chmod,
    "chown": lambda path, uid, gid, follow: os.chown(path, uid, gid, follow_symlinks=follow),
    "utime": lambda path, mtime, follow: os.utime(path, ns=(mtime, mtime), follow_symlinks=follow),
    "setxattr": lambda path, name, value, follow: os.setxattr(path, name, value, follow_symlinks=follow),
    "listdir": lambda path: sorted(os.listdir(path)),
    "readlink": os.readlink,
    "read": _read,
    "stat": lambda path, follow: _attributes(os.stat(path, follow_symlinks=follow)),
}


def _run(root: int, base: str, layers: Sequence[Dir], calls: Sequence[Any]) -> Any:
    """Lay the layers, mount, change root, call, look, and take all away again."""
    lowers = [f"{base}/l{number}" for number in range(len(layers))]
    upper, work, merged = f"{base}/u", f"{base}/w", f"{base}/m"
    for directory in (*lowers, upper, work, merged):
        os.mkdir(directory)
    os.utime(upper, ns=(0, 0))
    for directory, changes in zip(lowers, layers, strict=True):
        _lay(directory, changes)
    options = f"lowerdir={':'.join(reversed(lowers))},upperdir={upper},workdir={work},index=off"
    results = []
    _mount("overlay", merged, options)
    os.chroot(merged)
    os.chdir("/")
    for name, *arguments in calls:
        if name == "remount":
            _leave(root, merged)
            _mount("overlay", merged, options)
            os.chroot(merged)
            os.chdir("/")
            results.append(None)
            continue
        try:
            results.append(CALLS[name](*arguments))
        except OSError as error:
            results.append(("errno", error.errno))
    seen = snapshot("/", upper=False)
    _leave(root, merged)
    kept = snapshot(upper, upper=True)
    for directory in (*lowers, upper, work, merged):
        shutil.rmtree(directory)
    return results, seen, kept


def _leave(root: int, merged: str) -> None:
    os.fchdir(root)
    os.chroot(".")
    _check(libc.umount2(merged.encode(), 0))


def main(directory: str) -> None:
    """Answer messages until standard input ends."""
    os.umask(0)
    _check(libc.unshare(CLONE_NEWNS))
    _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    # A file system in memory is quick.
    _mount("tmpfs", directory, "mode=0755")
    root = os.open("/", os.O_RDONLY)
    with contextlib.suppress(EOFError):
        while True:
            layers, calls = pickle.load(sys.stdin.buffer)
            pickle.dump(_run(root, directory, layers, calls), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(sys.argv[1])
