"""cp, and the copying that mv does across file systems; contents are shared, never read."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import strerror
from labkit.engine.storage.posix import Stat
from labkit.errors import FileSystemError
from labkit.oci.tree import Device


@dataclass(frozen=True, slots=True)
class Manner:
    """How cp copies: its options, and the directories that it has made itself."""

    recursive: bool = False
    preserve: bool = False
    follow: bool = True
    verbose: bool = False
    made: set[int] = field(default_factory=set)


def cp(task: Task, args: Sequence[str]) -> int:
    """Copy files and, with -r, directories."""
    from labkit.engine.shell.applets.files import destinations, reachable

    options = parse(args, "arRPLHdpfinlsTt:uv", {"recursive": "R", "archive": "a", "force": "f"})
    recursive = bool(options.last("arR"))
    links = options.last("dPLa", "P" if recursive else "L")
    manner = Manner(recursive, bool(options.last("ap")), links == "L", "v" in options)
    status = 0
    for source, target in destinations(task, options):
        if not reachable(task, target):
            status = 1
        elif ("n" in options and task.stat(target, False) is not None) or (
            "u" in options and _newer(task, target, source)
        ):
            continue
        elif options.last("ls"):
            status |= _link_instead(task, source, target, "s" in options)
        else:
            status |= copy(task, source, target, manner)
    return status


def _newer(task: Task, one: str, other: str) -> bool:
    first, second = task.stat(one), task.stat(other)
    return first is not None and second is not None and first.mtime >= second.mtime


def _link_instead(task: Task, source: str, target: str, symbolic: bool) -> int:
    try:
        if symbolic:
            task.fs.symlink(source, task.path(target))
        else:
            task.fs.link(task.path(source), task.path(target))
    except FileSystemError as error:
        return task.failure(f"can't create link '{target}'", error)
    return 0


def copy(task: Task, source: str, target: str, manner: Manner) -> int:
    """Copy one file or tree and give the exit code."""
    try:
        found = task.fs.stat(task.path(source), manner.follow)
    except FileSystemError as error:
        return task.failure(f"can't stat '{source}'", error)
    over = task.stat(target, True)
    if over is not None and over.inode == found.inode and not stat.S_ISDIR(found.mode):
        return task.fail(f"'{source}' and '{target}' are the same file")
    if not stat.S_ISDIR(found.mode):
        status = _copy_file(task, source, target, found, manner.recursive or not manner.follow)
    elif not manner.recursive:
        return task.fail(f"omitting directory '{source}'")
    elif found.inode in manner.made:
        return task.fail(f"recursion detected, omitting directory '{source}'")
    else:
        status = _copy_directory(task, source, target, found, over, manner)
    if manner.verbose and not status:
        task.out(f"'{source}' -> '{target}'\n")
    if status and not stat.S_ISDIR(found.mode):
        return status
    return status | (_preserve(task, target, found) if manner.preserve else 0)


def _copy_directory(
    task: Task, source: str, target: str, found: Stat, over: Stat | None, manner: Manner
) -> int:
    if over is not None and not stat.S_ISDIR(over.mode):
        return task.fail(f"target '{target}' is not a directory")
    path, mode = task.path(target), found.mode & 0o7777 & ~task.umask
    status = 0
    try:
        if over is None:
            task.fs.mkdir(path, mode | 0o700)
            manner.made.add(task.fs.stat(path, False).inode)
        names = task.listdir(source)
    except FileSystemError as error:
        return task.failure(f"can't create directory '{target}'", error)
    for name in names:
        status |= copy(task, f"{source.rstrip('/')}/{name}", f"{target.rstrip('/')}/{name}", manner)
    if over is None:
        task.fs.chmod(path, mode)
    return status


def _copy_file(task: Task, source: str, target: str, found: Stat, special: bool) -> int:
    mode: int = found.mode
    path = task.path(target)
    try:
        if special and not stat.S_ISREG(mode):
            if task.stat(target, False) is not None:
                task.fs.unlink(path)
            if stat.S_ISLNK(mode):
                task.fs.symlink(task.fs.readlink(task.path(source)), path)
            elif stat.S_ISFIFO(mode):
                task.fs.mkfifo(path, mode & 0o777)
            else:
                node = found.node
                assert isinstance(node, Device)
                task.fs.mknod(path, node.kind, node.major, node.minor, mode & 0o777)
            return 0
        content = task.open_read(source).rest()
    except FileSystemError as error:
        words = "create" if error.filename == path else "open"
        return task.failure(f"can't {words} '{target if words == 'create' else source}'", error)
    try:
        new = task.stat(target, False) is None
        sink = task.open_write(target)
        sink.write(content)
        if new and task.device(target) is None:
            task.fs.chmod(path, mode & 0o7777 & ~task.umask)
    except FileSystemError as error:
        if error.errno == errno.ENOSPC:
            return task.fail(f"write error: {strerror(error)}")
        return task.failure(f"can't create '{target}'", error)
    return 0


def _preserve(task: Task, target: str, found: Stat) -> int:
    path = task.path(target)
    try:
        task.fs.chown(path, found.uid, found.gid, False)
        if not stat.S_ISLNK(found.mode):
            task.fs.chmod(path, found.mode & 0o7777)
            task.fs.utime(path, found.mtime, False)
    except FileSystemError as error:
        return task.failure(f"can't preserve times of '{target}'", error)
    return 0
