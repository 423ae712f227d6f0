"""Commands that change files and names: chmod, chown, rm, mkdir, rmdir, touch, ln, cp, mv (POSIX.1-2017).

What is copied shares its content with the original; no byte of it is read.
"""

from __future__ import annotations

import errno
import functools
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.base.errors import FileSystemError
from labkit.oci.content import EMPTY
from labkit.oci.tree import Nested, unnested
from labkit.shell.applets.listing import moment_of
from labkit.shell.applets.options import Options, parse
from labkit.shell.conversions import basename, decimal, strerror
from labkit.shell.files import Stat
from labkit.shell.task import CommandError, Task, UsageError
from labkit.shell.users import group_id, user_id

# Attributes: chmod, chown.

_WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
_BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "X": 0o111, "s": 0o6000, "t": 0o1000}
_UMASK = 0o022  # runc's own (libcontainer/rootfs_linux.go, finalizeRootfs)
_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=][rwxXst]*)+)", re.ASCII)


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
        run = directory or bool(mode & 0o111)
        for operator, letters in re.findall(r"([-+=])([rwxXst]*)", match[2]):
            bits = functools.reduce(
                int.__or__, (_BITS[letter] for letter in letters if letter != "X" or run), 0
            )
            bits &= who or 0o7777 & ~_UMASK | 0o1000
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

    def change(path: str, found: Stat) -> None:
        if not stat.S_ISLNK(found.mode):
            wanted = parse_mode(mode, found.mode & 0o7777, stat.S_ISDIR(found.mode))
            task.fs.chmod(task.path(path), wanted)

    return task.each_below(paths, change, deep=recursive, follow=not recursive)


def chown(task: Task, options: Options) -> int:
    """Change owners and groups."""
    owner, *paths = options.operands
    user, colon, group = owner.partition(":" if ":" in owner else ".")
    uid = _number(user, user_id(task.fs, user)) if user else -1
    gid = _number(group, group_id(task.fs, group)) if group else -1
    if uid is None or gid is None:
        raise CommandError(f"unknown user{'/group' if colon else ''} {owner}")
    follow = not options.last("hR")

    def change(path: str, found: Stat) -> None:
        task.fs.chown(task.path(path), uid, gid, follow)

    return task.each_below(paths, change, deep="R" in options, follow=follow)


def _number(name: str, found: int | None) -> int | None:
    """Return the number of a name that is in no file, as uid_t has it: 32 bits, all ones for "as it is"."""
    if found is not None:
        return found
    value = decimal(name)
    return value if value is None else (value + 1) % (1 << 32) - 1


# Names: rm, mkdir, rmdir, touch, ln.


def rm(task: Task, options: Options) -> int:
    """Remove files and, with -r, directories."""
    if not options.operands and "f" not in options:
        raise UsageError
    recursive, force = bool(options.last("rR")), "f" in options
    status = 0
    for operand in options.operands:
        if basename(operand) in (".", ".."):
            status = task.fail("can't remove '.' or '..'")
        else:
            status |= unnested(_removed(task, operand.rstrip("/") or operand, recursive, force))
    return status


def _removed(task: Task, path: str, recursive: bool, force: bool) -> Nested[int]:
    try:
        found = task.fs.stat(task.path(path), False)
        directory = stat.S_ISDIR(found.mode)
        if directory and not recursive:
            return task.fail(f"'{path}' is a directory")
        status = 0
        for name in task.listdir(path) if directory else ():
            status |= yield _removed(task, f"{path.rstrip('/')}/{name}", True, force)
        (task.fs.rmdir if directory else task.fs.unlink)(task.path(path))
    except FileSystemError as error:
        if error.errno == errno.ENOENT and force:
            return 0
        return task.failure(f"can't remove '{path}'", error)
    return status


def mkdir(task: Task, options: Options) -> int:
    """Make directories."""
    wanted = options.value("m")
    mode = None if wanted is None else parse_mode(wanted, 0o777, True)
    return max(_make_directory(task, each, mode, "p" in options) for each in options.operands)


def _make_directory(task: Task, path: str, mode: int | None, parents: bool) -> int:
    steps = [path]
    if parents:
        if task.is_dir(path):
            return 0
        ends = [place for place, letter in enumerate(path.rstrip("/")) if letter == "/" and place]
        steps = [path[: end + 1] for end in ends if path[end - 1] != "/"] + [path]
    below_made = False
    for step in steps:
        # Nothing is in a directory that was just made; `..` leads out of it again.
        below_made = below_made and basename(step) not in (".", "..")
        if parents and not below_made and task.is_dir(step):
            continue
        try:
            if parents and not below_made and task.stat(step.rstrip("/")) is not None:
                raise FileSystemError(errno.EEXIST if step == path else errno.ENOTDIR, step)
            task.fs.mkdir(task.path(step))
            below_made = parents
            if mode is not None and step == steps[-1]:
                task.fs.chmod(task.path(step), mode)
        except FileSystemError as error:
            return task.failure(f"can't create directory '{step}'", error)
    return 0


def rmdir(task: Task, options: Options) -> int:
    """Remove empty directories."""
    return task.each(options.operands, lambda path: task.fs.rmdir(task.path(path)), "'{}': {}")


def touch(task: Task, options: Options) -> int:
    """Set modification times to now; make files that are not there."""
    moment, like = options.value("d") or options.value("t"), options.value("r")
    when = task.now if moment is None else moment_of(moment)
    if like is not None:
        when = task.fs.stat(task.path(like), True).mtime

    def act(operand: str) -> None:
        path = task.path(operand)
        if task.stat(operand, "h" not in options) is None:
            if "c" in options:
                return
            task.fs.append(path, EMPTY)
        task.fs.utime(path, when, "h" not in options)

    return task.each(options.operands, act)


def ln(task: Task, options: Options) -> int:
    """Make hard and symbolic links."""
    operands, follow = options.operands, "n" not in options
    if len(operands) > 2 and not task.is_dir(operands[-1], follow):
        raise UsageError
    pairs = _destinations(task, operands if len(operands) > 1 else [*operands, basename(operands[0])], follow)
    return max(_link(task, *pair, "s" in options, "f" in options) for pair in pairs)


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


# Copies: cp, mv.


@dataclass(frozen=True, slots=True)
class Manner:
    """How to copy: directories too, with owners and times, and what links lead to."""

    recursive: bool = True
    preserve: bool = True
    follow: bool = False
    links: bool = False
    """Whether second names are made instead of copies."""


def cp(task: Task, options: Options) -> int:
    """Copy files and, with -r, directories."""
    recursive = bool(options.last("arR"))
    follow = options.last("dPLa", "P" if recursive else "L") == "L"
    manner = Manner(recursive, bool(options.last("ap")), follow, "l" in options)
    return max(_copy(task, *pair, manner) for pair in _destinations(task, options.operands))


def _destinations(task: Task, operands: Sequence[str], follow: bool = True) -> list[tuple[str, str]]:
    """Return pairs of source and target of ln, cp and mv, whose last operand may be a directory."""
    if len(operands) < 2:
        raise UsageError
    *sources, last = operands
    if len(sources) == 1 and not task.is_dir(last, follow):
        return [(sources[0], last)]
    return [(source, f"{last.rstrip('/')}/{basename(source)}") for source in sources]


def _copy(task: Task, source: str, target: str, manner: Manner) -> int:
    return unnested(_copied(task, source, target, manner, set()))


def _copied(task: Task, source: str, target: str, manner: Manner, filled: set[int]) -> Nested[int]:
    """Copy; `filled` are the directories that were copied to, which are no sources (busybox, copy_file.c)."""
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
    if directory and found.inode in filled:
        return task.fail(f"recursion detected, omitting directory '{source}'")
    status: int
    try:
        if directory:
            status = yield _copy_directory(task, source, target, over, manner, filled)
        else:
            status = _copy_file(task, source, target, found, manner)
        if manner.preserve and (directory or not status):
            status |= _preserve(task, target, found)
    except FileSystemError as error:
        if error.errno == errno.ENOSPC:
            return task.fail(f"write error: {strerror(error)}")
        return task.failure(f"can't create {'directory ' if directory else ''}'{target}'", error)
    return status


def _copy_directory(
    task: Task, source: str, target: str, over: Stat | None, manner: Manner, filled: set[int]
) -> Nested[int]:
    if over is not None and not stat.S_ISDIR(over.mode):
        return task.fail(f"target '{target}' is not a directory")
    if over is None:
        mode = task.fs.stat(task.path(source), True).mode & 0o7777 & ~_UMASK
        task.fs.mkdir(task.path(target), mode | 0o700)
    filled.add(task.fs.stat(task.path(target), True).inode)
    status = 0
    for name in task.listdir(source):
        below = f"{source.rstrip('/')}/{name}", f"{target.rstrip('/')}/{name}"
        status |= yield _copied(task, *below, manner, filled)
    if over is None:
        task.fs.chmod(task.path(target), mode)
    return status


def _copy_file(task: Task, source: str, target: str, found: Stat, manner: Manner) -> int:
    path, new = task.path(target), task.stat(target, False) is None
    if manner.links:
        task.fs.link(task.path(source), path)
        return 0
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
        task.fs.chmod(path, found.mode & 0o7777 & ~_UMASK)
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


def mv(task: Task, options: Options) -> int:
    """Rename files; across file systems copy and delete."""
    status = 0
    for source, target in _destinations(task, options.operands):
        if "n" in options and task.stat(target, False) is not None:
            continue
        try:
            task.fs.rename(task.path(source), task.path(target))
        except FileSystemError as error:
            status |= _move(task, source, target, error)
    return status


def _move(task: Task, source: str, target: str, error: FileSystemError) -> int:
    found, over = task.stat(source, False), task.stat(target, False)
    if error.errno != errno.EXDEV and found is not None and task.dialect == "gnu":
        return task.failure(f"cannot move '{source}' to '{target}'", error)
    if error.errno != errno.EXDEV or found is None:
        return task.failure(f"can't rename '{source}'", error)
    if over is not None:
        if stat.S_ISDIR(over.mode) and not stat.S_ISDIR(found.mode):
            return task.fail("cannot overwrite directory with non-directory")
        try:
            (task.fs.rmdir if stat.S_ISDIR(over.mode) else task.fs.unlink)(task.path(target))
        except FileSystemError as failure:
            return task.failure(f"can't remove '{target}'", failure)
    return _copy(task, source, target, Manner()) or unnested(_removed(task, source, True, True))
