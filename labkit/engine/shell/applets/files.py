"""Commands that make and remove files: rm, mkdir, rmdir, touch, ln."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence

from labkit.engine.shell.applets.modes import parse_mode
from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import UMASK, Task, UsageError
from labkit.engine.shell.words import basename, strerror
from labkit.errors import FileSystemError


def rm(task: Task, args: Sequence[str]) -> int:
    """Remove files and, with -r, directories."""
    options = parse(args, "fRr", {"recursive": "r", "force": "f"}, lacks="iv")
    if not options.operands and "f" not in options:
        raise UsageError
    recursive, force = bool(options.last("rR")), "f" in options
    status = 0
    for operand in options.operands:
        if basename(operand) in (".", ".."):
            status = task.fail("can't remove '.' or '..'")
        else:
            status |= remove(task, operand.rstrip("/") or operand, recursive, force)
    return status


def remove(task: Task, path: str, recursive: bool, force: bool) -> int:
    """Remove one file or directory tree and give the exit code."""
    try:
        found = task.fs.stat(task.path(path), False)
        directory = stat.S_ISDIR(found.mode)
        if directory and not recursive:
            return task.fail(f"'{path}' is a directory")
        status = 0
        for name in task.listdir(path) if directory else ():
            status |= remove(task, f"{path.rstrip('/')}/{name}", True, force)
        (task.fs.rmdir if directory else task.fs.unlink)(task.path(path))
    except FileSystemError as error:
        if error.errno == errno.ENOENT and force:
            return 0
        return task.failure(f"can't remove '{path}'", error)
    return status


def mkdir(task: Task, args: Sequence[str]) -> int:
    """Make directories."""
    options = parse(args, "m:p", {"mode": "m", "parents": "p"}, lacks="v", least=1)
    wanted = options.value("m")
    mode = None if wanted is None else parse_mode(wanted, 0o777, True)
    status = 0
    for operand in options.operands:
        status |= _make_directory(task, operand, mode, "p" in options)
    return status


def _make_directory(task: Task, path: str, mode: int | None, parents: bool) -> int:
    steps = [path]
    if parents:
        if task.is_dir(path):
            return 0
        names = path.rstrip("/").split("/")
        steps = ["/".join(names[:count]) + "/" for count in range(1, len(names)) if names[count - 1]] + [path]
    for step in steps:
        if parents and task.is_dir(step):
            continue
        try:
            if parents and task.stat(step.rstrip("/")) is not None:
                raise FileSystemError(errno.EEXIST if step == path else errno.ENOTDIR, step)
            task.fs.mkdir(task.path(step), 0o777 & ~UMASK)
            if mode is not None and step == steps[-1]:
                task.fs.chmod(task.path(step), mode)
        except FileSystemError as error:
            return task.failure(f"can't create directory '{step}'", error)
    return 0


def rmdir(task: Task, args: Sequence[str]) -> int:
    """Remove empty directories."""
    options = parse(args, "", lacks="p", least=1)
    return task.each(options.operands, lambda path: task.fs.rmdir(task.path(path)), "'{}': {}")


def touch(task: Task, args: Sequence[str]) -> int:
    """Set modification times to now; make files that are not there."""
    options = parse(args, "c", {"no-create": "c"}, lacks="hamdtr", least=1)

    def act(operand: str) -> None:
        path = task.path(operand)
        if task.stat(operand) is not None:
            task.fs.utime(path, task.now)
        elif "c" not in options:
            task.fs.append(path, b"", 0o666 & ~UMASK)

    return task.each(options.operands, act)


def ln(task: Task, args: Sequence[str]) -> int:
    """Make hard and symbolic links."""
    long = {"symbolic": "s", "force": "f", "no-dereference": "n"}
    options = parse(args, "sfn", long, lacks="bvtST", least=1)
    operands = options.operands
    *sources, last = operands if len(operands) > 1 else [operands[0], basename(operands[0])]
    into = len(operands) > 1 and task.is_dir(last, follow="n" not in options)
    if len(sources) > 1 and not into:
        raise UsageError
    status = 0
    for source in sources:
        target = f"{last.rstrip('/')}/{basename(source)}" if into else last
        status |= _link(task, source, target, "s" in options, "f" in options)
    return status


def _link(task: Task, source: str, target: str, symbolic: bool, force: bool) -> int:
    if not symbolic and task.stat(source, False) is None:
        return task.fail(f"{source}: {strerror(errno.ENOENT)}")
    path = task.path(target)
    try:
        if force and task.stat(target, False) is not None:
            task.fs.unlink(path)
        if symbolic:
            task.fs.symlink(source, path)
        else:
            task.fs.link(task.path(source), path)
    except FileSystemError as error:
        return task.fail(f"{target}: {strerror(error)}")
    return 0
