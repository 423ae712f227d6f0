"""cp and mv; contents are shared, never read."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.engine.shell.applets.files import remove
from labkit.engine.shell.applets.options import Options, parse
from labkit.engine.shell.task import UMASK, Task, UsageError
from labkit.engine.shell.words import basename, strerror
from labkit.engine.storage.posix import Stat
from labkit.errors import FileSystemError
from labkit.oci.content import EMPTY


@dataclass(frozen=True, slots=True)
class Manner:
    """How to copy, and the directories that this copying has made itself."""

    recursive: bool = False
    preserve: bool = False
    follow: bool = True
    verbose: bool = False
    made: set[int] = field(default_factory=set)


def cp(task: Task, args: Sequence[str]) -> int:
    """Copy files and, with -r, directories."""
    long = {"recursive": "R", "archive": "a", "force": "f"}
    options = parse(args, "arRPLdpfv", long, lacks="HinlsTtu")
    recursive = bool(options.last("arR"))
    links = options.last("dPLa", "P" if recursive else "L")
    manner = Manner(recursive, bool(options.last("ap")), links == "L", "v" in options)
    status = 0
    for source, target in _destinations(task, options):
        status |= copy(task, source, target, manner) if _reachable(task, target) else 1
    return status


def _destinations(task: Task, options: Options) -> list[tuple[str, str]]:
    """Return pairs of source and target of mv and cp, whose last operand may be a directory."""
    if len(options.operands) < 2:
        raise UsageError
    *sources, last = options.operands
    if len(sources) == 1 and not task.is_dir(last):
        return [(sources[0], last)]
    return [(source, f"{last.rstrip('/')}/{basename(source)}") for source in sources]


def _reachable(task: Task, target: str) -> bool:
    """Tell whether a target could be made; complain of a file where a directory should be."""
    try:
        task.fs.stat(task.path(target), False)
    except FileSystemError as error:
        if error.errno == errno.ENOTDIR:
            task.fail(f"can't stat '{target}': Path has non-directory component")
            return False
    return True


def copy(task: Task, source: str, target: str, manner: Manner) -> int:
    """Copy one file or tree and give the exit code."""
    try:
        found = task.fs.stat(task.path(source), manner.follow)
    except FileSystemError as error:
        return task.failure(f"can't stat '{source}'", error)
    over = task.stat(target, True)
    directory = stat.S_ISDIR(found.mode)
    if over is not None and over.inode == found.inode and not directory:
        return task.fail(f"'{source}' and '{target}' are the same file")
    if not directory:
        status = _copy_file(task, source, target, found, manner)
    elif not manner.recursive:
        return task.fail(f"omitting directory '{source}'")
    elif found.inode in manner.made:
        return task.fail(f"recursion detected, omitting directory '{source}'")
    else:
        status = _copy_directory(task, source, target, found, over, manner)
    if manner.verbose and not status:
        task.out(f"'{source}' -> '{target}'\n")
    if manner.preserve and not (status and not directory):
        status |= _preserve(task, target, found)
    return status


def _copy_directory(
    task: Task, source: str, target: str, found: Stat, over: Stat | None, manner: Manner
) -> int:
    if over is not None and not stat.S_ISDIR(over.mode):
        return task.fail(f"target '{target}' is not a directory")
    path, mode = task.path(target), found.mode & 0o7777 & ~UMASK
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


def _copy_file(task: Task, source: str, target: str, found: Stat, manner: Manner) -> int:
    path, mode = task.path(target), found.mode
    new = task.stat(target, False) is None
    if manner.recursive and not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        return task.fail(f"'{source}' is a special file: copying it is not simulated")
    try:
        content = EMPTY if stat.S_ISLNK(mode) else task.open_read(source).rest()
    except FileSystemError as error:
        return task.failure(f"can't open '{source}'", error)
    try:
        if stat.S_ISLNK(mode):
            if not new:
                task.fs.unlink(path)
            task.fs.symlink(task.fs.readlink(task.path(source)), path)
            return 0
        task.open_write(target).write(content)
        if new:
            task.fs.chmod(path, mode & 0o7777 & ~UMASK)
    except FileSystemError as error:
        if error.errno == errno.ENOSPC:
            return task.fail(f"write error: {strerror(error)}")
        return task.failure(f"can't create '{target}'", error)
    return 0


def _preserve(task: Task, target: str, found: Stat) -> int:
    path = task.path(target)
    link = stat.S_ISLNK(found.mode)
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
    options = parse(args, "fnv", lacks="iTt")
    status = 0
    for source, target in _destinations(task, options):
        if not _reachable(task, target):
            status = 1
            continue
        if "n" in options and task.stat(target, False) is not None:
            continue
        try:
            task.fs.rename(task.path(source), task.path(target))
        except FileSystemError as error:
            if _move(task, source, target, error):
                status = 1
                continue
        if "v" in options:
            task.out(f"'{source}' -> '{target}'\n")
    return status


def _move(task: Task, source: str, target: str, error: FileSystemError) -> int:
    found = task.stat(source, False)
    if error.errno != errno.EXDEV or found is None:
        return task.failure(f"can't rename '{source}'", error)
    over = task.stat(target, False)
    if over is not None:
        if stat.S_ISDIR(over.mode) and not stat.S_ISDIR(found.mode):
            return task.fail("cannot overwrite directory with non-directory")
        try:
            remover = task.fs.rmdir if stat.S_ISDIR(over.mode) else task.fs.unlink
            remover(task.path(target))
        except FileSystemError as failure:
            return task.failure(f"can't remove '{target}'", failure)
    if copy(task, source, target, Manner(recursive=True, preserve=True, follow=False)):
        return 1
    return remove(task, source, True, True)
