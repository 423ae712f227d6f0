"""chmod and chown, and the ten characters of `ls -l` (POSIX.1-2017, chmod, chown and ls)."""

from __future__ import annotations

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
_TYPES = {stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFCHR: "c", stat.S_IFBLK: "b", stat.S_IFIFO: "p"}
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)", re.ASCII)


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
        who = 0
        for letter in match[1]:
            who |= _WHO[letter]
        for operator, letters in re.findall(r"([-+=])([rwxXstugo]*)", match[2]):
            mode = _apply(mode, who, operator, letters, directory)
    return mode


def _apply(mode: int, who: int, operator: str, letters: str, directory: bool) -> int:
    bits = 0
    for letter in letters:
        if letter in "ugo":
            shift = {"u": 6, "g": 3, "o": 0}[letter]
            bits |= (mode >> shift & 7) * 0o111
        elif letter == "X":
            bits |= 0o111 if directory or mode & 0o111 else 0
        else:
            bits |= _BITS[letter]
    scope = who or 0o7777 & ~UMASK
    bits &= scope | (0o1000 if not who else 0)
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return mode & ~((who or 0o7777) & 0o7777 & ~(0o7000 if directory else 0)) | bits


def symbolic(mode: int) -> str:
    """Return type and permissions as ten characters.

    >>> symbolic(0o100755)
    '-rwxr-xr-x'
    """
    out = [_TYPES.get(stat.S_IFMT(mode), "-")]
    for shift, special, letter in ((6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")):
        bits = mode >> shift & 7
        out += ["r" if bits & 4 else "-", "w" if bits & 2 else "-"]
        if mode & special:
            out.append(letter if bits & 1 else letter.upper())
        else:
            out.append("x" if bits & 1 else "-")
    return "".join(out)


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
