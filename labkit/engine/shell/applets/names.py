"""Commands about paths and names: basename, dirname, readlink, realpath, pwd, which."""

from __future__ import annotations

import errno
import stat
from collections.abc import Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.lookup import ExecNotFound, find_program
from labkit.engine.shell.task import Task, UsageError
from labkit.engine.shell.words import basename, join, strerror
from labkit.errors import FileSystemError


def base_name(task: Task, args: Sequence[str]) -> int:
    """Print the last name of a path, without a suffix."""
    options = parse(args, "as:", least=1, ordered=True)
    suffix = options.value("s") or ""
    operands = options.operands
    if not options.given and len(operands) == 2:
        operands, suffix = operands[:1], operands[1]
    elif not options.given and len(operands) > 2:
        raise UsageError
    for operand in operands:
        name = basename(operand)
        task.out((name.removesuffix(suffix) if name != suffix else name) + "\n")
    return 0


def dir_name(task: Task, args: Sequence[str]) -> int:
    """Print a path without its last name."""
    path = parse(args, "", least=1, most=1).operands[0]
    parent = path.rstrip("/").rpartition("/")
    if not parent[1]:
        task.out("/\n" if path.startswith("/") else ".\n")
    else:
        task.out((parent[0].rstrip("/") or "/") + "\n")
    return 0


def resolve(task: Task, path: str, *, missing_ok: bool) -> str:
    """Return a path without symbolic links; raises FileSystemError."""
    todo = join(task.cwd, path).split("/")[::-1]
    done: list[str] = []
    followed = 0
    while todo:
        name = todo.pop()
        if name in ("", "."):
            continue
        if name == "..":
            del done[-1:]
            continue
        here = "/" + "/".join([*done, name])
        found = task.stat(here, False)
        if found is None:
            if not missing_ok or any(part not in ("", ".") for part in todo):
                raise FileSystemError(errno.ENOENT, path)
            done.append(name)
        elif stat.S_ISLNK(found.mode):
            followed += 1
            if followed > 40:
                raise FileSystemError(errno.ELOOP, path)
            target = task.fs.readlink(here)
            if target.startswith("/"):
                done.clear()
            todo += target.split("/")[::-1]
        else:
            if todo and not stat.S_ISDIR(found.mode):
                raise FileSystemError(errno.ENOTDIR, path)
            done.append(name)
    return "/" + "/".join(done)


def readlink(task: Task, args: Sequence[str]) -> int:
    """Print where a symbolic link points."""
    options = parse(args, "fnvsqem", {"canonicalize": "f"}, least=1, most=1)
    path = options.operands[0]
    try:
        target = (
            resolve(task, path, missing_ok=False) if "f" in options else task.fs.readlink(task.path(path))
        )
    except FileSystemError as error:
        return task.fail(f"{path}: {strerror(error)}") if "v" in options else 1
    task.out(target + ("" if "n" in options else "\n"))
    return 0


def realpath(task: Task, args: Sequence[str]) -> int:
    """Print paths without symbolic links."""
    status = 0
    for path in parse(args, "", least=1).operands:
        try:
            task.out(resolve(task, path, missing_ok=False) + "\n")
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
    return status


def pwd(task: Task, args: Sequence[str]) -> int:
    """Print the working directory."""
    task.out((resolve(task, task.cwd, missing_ok=True) if "-P" in args else task.cwd) + "\n")
    return 0


def which(task: Task, args: Sequence[str]) -> int:
    """Print where programs are."""
    options = parse(args, "a", least=1)
    status = 0
    for name in options.operands:
        try:
            task.out(find_program(task, name) + "\n")
        except ExecNotFound:
            status = 1
    return status
