"""cp and mv; contents are shared, never read."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.engine.shell.applets.files import remove
from labkit.engine.shell.applets.options import Options, parse
from labkit.engine.shell.task import UMASK, Task, UsageError
from labkit.engine.shell.words import basename, strerror
from labkit.engine.storage.posix import Stat
from labkit.errors import FileSystemError


@dataclass(frozen=True, slots=True)
class Manner:
    """How to copy: directories too, with owners and times, and what links lead to."""

    recursive: bool = True
    preserve: bool = True
    follow: bool = False


def cp(task: Task, args: Sequence[str]) -> int:
    """Copy files and, with -r, directories."""
    long = {"recursive": "R", "archive": "a", "force": "f"}
    options = parse(args, "arRPLdpf", long, lacks="HinlsTtuv")
    recursive = bool(options.last("arR"))
    follow = options.last("dPLa", "P" if recursive else "L") == "L"
    manner = Manner(recursive, bool(options.last("ap")), follow)
    status = 0
    for source, target in _destinations(task, options):
        status |= _copy(task, source, target, manner)
    return status


def _destinations(task: Task, options: Options) -> list[tuple[str, str]]:
    """Return pairs of source and target of mv and cp, whose last operand may be a directory."""
    if len(options.operands) < 2:
        raise UsageError
    *sources, last = options.operands
    if len(sources) == 1 and not task.is_dir(last):
        return [(sources[0], last)]
    return [(source, f"{last.rstrip('/')}/{basename(source)}") for source in sources]


def _copy(task: Task, source: str, target: str, manner: Manner) -> int:
    """Copy one file or tree and give the exit code."""
    try:
        found = task.fs.stat(task.path(source), manner.follow)
    except FileSystemError as error:
        return task.failure(f"can't stat '{source}'", error)
    over = task.stat(target, True)
    directory = stat.S_ISDIR(found.mode)
    if over is not None and over.inode == found.inode and not directory:
        return task.fail(f"'{source}' and '{target}' are the same file")
    if directory and not manner.recursive:
        return task.fail(f"omitting directory '{source}'")
    try:
        if directory:
            status = _copy_directory(task, source, target, over, manner)
        else:
            status = _copy_file(task, source, target, found, manner)
        if manner.preserve and (directory or not status):
            status |= _preserve(task, target, found)
    except FileSystemError as error:
        if error.errno == errno.ENOSPC:
            return task.fail(f"write error: {strerror(error)}")
        return task.failure(f"can't create {'directory ' if directory else ''}'{target}'", error)
    return status


def _copy_directory(task: Task, source: str, target: str, over: Stat | None, manner: Manner) -> int:
    if over is not None and not stat.S_ISDIR(over.mode):
        return task.fail(f"target '{target}' is not a directory")
    names = task.listdir(source)
    if over is None:
        mode = task.fs.stat(task.path(source), True).mode & 0o7777 & ~UMASK
        task.fs.mkdir(task.path(target), mode | 0o700)
    status = 0
    for name in names:
        status |= _copy(task, f"{source.rstrip('/')}/{name}", f"{target.rstrip('/')}/{name}", manner)
    if over is None:
        task.fs.chmod(task.path(target), mode)
    return status


def _copy_file(task: Task, source: str, target: str, found: Stat, manner: Manner) -> int:
    path, new = task.path(target), task.stat(target, False) is None
    if stat.S_ISLNK(found.mode):
        if not new:
            task.fs.unlink(path)
        task.fs.symlink(task.fs.readlink(task.path(source)), path)
        return 0
    if manner.recursive and not stat.S_ISREG(found.mode):
        return task.fail(f"'{source}' is a special file: copying it is not simulated")
    try:
        content = task.open_read(source).rest()
    except FileSystemError as error:
        return task.failure(f"can't open '{source}'", error)
    task.open_write(target).write(content)
    if new:
        task.fs.chmod(path, found.mode & 0o7777 & ~UMASK)
    return 0


def _preserve(task: Task, target: str, found: Stat) -> int:
    path, link = task.path(target), stat.S_ISLNK(found.mode)
    try:
        if not link:
            task.fs.utime(path, found.mtime)
        task.fs.chown(path, found.uid, found.gid, False)
        if not link:
            task.fs.chmod(path, found.mode & 0o7777)
    except FileSystemError as error:
        return task.failure(f"can't preserve ownership of '{target}'", error)
    return 0


def mv(task: Task, args: Sequence[str]) -> int:
    """Rename files; across file systems copy and delete."""
    options = parse(args, "fn", lacks="iTtv")
    status = 0
    for source, target in _destinations(task, options):
        if "n" in options and task.stat(target, False) is not None:
            continue
        try:
            task.fs.rename(task.path(source), task.path(target))
        except FileSystemError as error:
            status |= _move(task, source, target, error)
    return status


def _move(task: Task, source: str, target: str, error: FileSystemError) -> int:
    found, over = task.stat(source, False), task.stat(target, False)
    if error.errno != errno.EXDEV or found is None:
        return task.failure(f"can't rename '{source}'", error)
    if over is not None:
        if stat.S_ISDIR(over.mode) and not stat.S_ISDIR(found.mode):
            return task.fail("cannot overwrite directory with non-directory")
        try:
            (task.fs.rmdir if stat.S_ISDIR(over.mode) else task.fs.unlink)(task.path(target))
        except FileSystemError as failure:
            return task.failure(f"can't remove '{target}'", failure)
    return _copy(task, source, target, Manner()) or remove(task, source, True, True)
