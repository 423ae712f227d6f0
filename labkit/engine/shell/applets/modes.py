"""chmod and chown (POSIX.1-2017, chmod and chown)."""

from __future__ import annotations

import functools
import re
import stat
from collections.abc import Callable, Sequence
from typing import Any

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import UMASK, CommandError, Task
from labkit.engine.shell.users import group_id, user_id
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxst]*)+)", re.ASCII)


def parse_mode(text: str, mode: int, directory: bool) -> int:
    """Return the bits that a chmod operand makes of `mode`; raises CommandError.

    >>> oct(parse_mode("u+x,go-r", 0o644, False))
    '0o700'
    """
    if re.fullmatch(r"[0-7]{1,4}|0[0-7]{4}", text):
        return int(text, 8)
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise CommandError(f"invalid mode '{text}'")
        who = functools.reduce(int.__or__, (_WHO[letter] for letter in match[1]), 0)
        for operator, letters in re.findall(r"([-+=])([rwxst]*)", match[2]):
            bits = functools.reduce(int.__or__, (_BITS[letter] for letter in letters), 0)
            bits &= who or 0o7777 & ~UMASK | 0o1000
            if operator == "=":
                mode &= ~((who or 0o7777) & ~(0o7000 if directory else 0))
            mode = mode & ~bits if operator == "-" else mode | bits
    return mode


def chmod(task: Task, args: Sequence[str]) -> int:
    """Change permission bits."""
    known = frozenset("Rcvf")
    flags = [word for word in args if word.startswith("-") and set(word[1:]) <= known and word != "-"]
    mode, *paths = [word for word in args if word not in flags and word != "--"] or [""]
    parse([*flags, *(["x"] * bool(mode)), *paths], "Rf", lacks="cv", least=2)
    recursive = any("R" in flag for flag in flags)
    parse_mode(mode, 0, False)

    def change(path: str, found: Any) -> None:
        if not stat.S_ISLNK(found.mode):
            wanted = parse_mode(mode, found.mode & 0o7777, stat.S_ISDIR(found.mode))
            task.fs.chmod(task.path(path), wanted)

    return _each(task, paths, recursive, True, change)


def chown(task: Task, args: Sequence[str]) -> int:
    """Change owners and groups."""
    options = parse(args, "Rhf", {"recursive": "R", "no-dereference": "h"}, lacks="LHPcv", least=2)
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


def _number(name: str, found: int | None) -> int:
    if found is None and not name.isdecimal():
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
