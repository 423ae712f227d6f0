"""Commands about paths and names: basename, dirname, readlink, realpath, pwd, which."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.lookup import ExecNotFound, find_program
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import basename, strerror
from labkit.errors import FileSystemError


def base_name(task: Task, args: Sequence[str]) -> int:
    """Print the last name of a path, without a suffix."""
    operands = parse(args, "", lacks="as", least=1, most=2, ordered=True).operands
    name, suffix = basename(operands[0]), operands[1] if len(operands) > 1 else ""
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


def resolve(task: Task, path: str) -> str:
    """Return a path without symbolic links; raises FileSystemError where it leads to nothing."""
    task.fs.stat(task.path(path), True)
    todo = task.path(path).split("/")[::-1]
    done: list[str] = []
    while todo:
        name = todo.pop()
        if name == "..":
            del done[-1:]
        elif name not in ("", "."):
            try:
                target = task.fs.readlink("/".join(["", *done, name]))
            except FileSystemError:
                done.append(name)
                continue
            if target.startswith("/"):
                done.clear()
            todo += target.split("/")[::-1]
    return "/" + "/".join(done)


def readlink(task: Task, args: Sequence[str]) -> int:
    """Print where a symbolic link points."""
    options = parse(args, "fnv", {"canonicalize": "f"}, least=1, most=1)
    path = options.operands[0]
    try:
        target = resolve(task, path) if "f" in options else task.fs.readlink(task.path(path))
    except FileSystemError as error:
        return task.fail(f"{path}: {strerror(error)}") if "v" in options else 1
    task.out(target + ("" if "n" in options else "\n"))
    return 0


def realpath(task: Task, args: Sequence[str]) -> int:
    """Print paths without symbolic links."""
    operands = parse(args, "", least=1).operands
    return task.each(operands, lambda path: task.out(resolve(task, path) + "\n"))


def pwd(task: Task, args: Sequence[str]) -> int:
    """Print the working directory."""
    task.out((resolve(task, task.cwd) if "-P" in args else task.cwd) + "\n")
    return 0


def which(task: Task, args: Sequence[str]) -> int:
    """Print where programs are."""
    status = 0
    for name in parse(args, "", lacks="a", least=1).operands:
        try:
            task.out(find_program(task, name) + "\n")
        except ExecNotFound:
            status = 1
    return status
