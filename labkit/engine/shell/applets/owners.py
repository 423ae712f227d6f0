"""chmod, chown and chgrp."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from typing import Any

from labkit.engine.shell.applets.modes import parse_mode
from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import CommandError, Task
from labkit.engine.shell.users import group_id, user_id
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError


def chmod(task: Task, args: Sequence[str]) -> int:
    """Change permission bits."""
    known = frozenset("Rcvf")
    flags = [word for word in args if word.startswith("-") and set(word[1:]) <= known and word != "-"]
    mode, *paths = [word for word in args if word not in flags and word != "--"] or [""]
    parse([*flags, *(["x"] * bool(mode)), *paths], "Rcvf", least=2)
    recursive = any("R" in flag for flag in flags)
    parse_mode(mode, 0, False, task.umask)

    def change(path: str, found: Any) -> None:
        if not stat.S_ISLNK(found.mode):
            wanted = parse_mode(mode, found.mode & 0o7777, stat.S_ISDIR(found.mode), task.umask)
            task.fs.chmod(task.path(path), wanted)

    return _each(task, paths, recursive, True, change)


def chown(task: Task, args: Sequence[str]) -> int:
    """Change owners and groups."""
    options = parse(args, "RhLHPcvf", {"recursive": "R", "no-dereference": "h"}, least=2)
    owner, *paths = options.operands
    user, colon, group = owner.partition(":" if ":" in owner else ".")
    try:
        uid = _number(user, user_id(task.fs, user)) if user else -1
        gid = _number(group, group_id(task.fs, group)) if group else -1
    except LookupError:
        raise CommandError(f"unknown user{'/group' if colon else ''} {owner}") from None
    follow = "h" not in options

    def change(path: str, found: Any) -> None:
        task.fs.chown(task.path(path), uid, gid, follow)

    return _each(task, paths, "R" in options, follow, change)


def chgrp(task: Task, args: Sequence[str]) -> int:
    """Change groups."""
    options = parse(args, "RhLHPcvf", {"recursive": "R", "no-dereference": "h"}, least=2)
    group, *paths = options.operands
    try:
        gid = _number(group, group_id(task.fs, group))
    except LookupError:
        raise CommandError(f"unknown group {group}") from None
    follow = "h" not in options

    def change(path: str, found: Any) -> None:
        task.fs.chown(task.path(path), -1, gid, follow)

    return _each(task, paths, "R" in options, follow, change)


def _number(name: str, found: int | None) -> int:
    if found is None and not name.isdigit():
        raise LookupError(name)
    return int(name) if found is None else found


def _each(
    task: Task, paths: list[str], recursive: bool, follow: bool, change: Callable[[str, Any], None]
) -> int:
    status = 0
    for path in paths:
        try:
            found = task.fs.stat(task.path(path), follow and not recursive)
            change(path, found)
            if recursive and stat.S_ISDIR(found.mode):
                below = [f"{path.rstrip('/')}/{name}" for name in task.listdir(path)]
                status |= _each(task, below, True, follow, change)
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
    return status
