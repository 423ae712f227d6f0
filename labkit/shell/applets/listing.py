"""What there is to see of files and paths: du, ls, stat, basename, readlink, pwd, which …; and date."""

from __future__ import annotations

import re
import stat as modes
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from posixpath import dirname, join

from labkit.base.errors import FileSystemError
from labkit.go.moment import SECOND
from labkit.oci.content import ZEROS
from labkit.oci.tree import Device, File, Nested, PathWalk, split_path, unnested
from labkit.shell.applets.options import WIDEST, Options, number
from labkit.shell.conversions import basename, encode, strerror
from labkit.shell.files import Stat
from labkit.shell.launch import ExecNotFound, find_program
from labkit.shell.task import CommandError, Task
from labkit.shell.users import group_name, user_name

# Dates in UTC.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -719162 * 86400, 2932897 * 86400 - 1
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip


def strftime(form: str, nanoseconds: int) -> str:
    """Return a date in strftime's form, in English and UTC.

    >>> strftime("%a %b %e %H:%M:%S %Z %Y", 1556280000 * SECOND)
    'Fri Apr 26 12:00:00 UTC 2019'
    """
    # An image's tar can hold any time, a datetime only the years 1 to 9999.
    seconds = min(max(nanoseconds // SECOND, _FIRST), _LAST)
    when = _EPOCH + timedelta(seconds=seconds)
    day, month = _DAYS[when.weekday()], _MONTHS[when.month - 1]
    values = {
        "%": "%", "n": "\n", "Y": f"{when.year}", "y": f"{when.year % 100:02}", "m": f"{when.month:02}",
        "d": f"{when.day:02}", "e": f"{when.day:2}", "H": f"{when.hour:02}", "M": f"{when.minute:02}",
        "S": f"{when.second:02}", "a": day[:3], "A": day, "b": month[:3], "B": month,
        "j": f"{when.timetuple().tm_yday:03}", "Z": "UTC", "z": "+0000", "s": str(nanoseconds // SECOND),
        "u": str(when.isoweekday()),
    }  # fmt: skip
    wholes = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}
    form = re.sub(r"%([FTRD])", lambda match: wholes[match[1]], form)
    return re.sub(r"%(.)", lambda match: values.get(match[1], match[0]), form, flags=re.DOTALL)


_FORMS = [f"%Y-%m-%d{time}" for time in ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S")] + [
    "%Y%m%d%H%M.%S",
    "%Y%m%d%H%M",
]


def moment_of(text: str) -> int:
    """Return the nanoseconds of a date that is typed; raises CommandError."""
    if re.fullmatch(r"@\d{1,15}", text):
        return int(text[1:]) * SECOND
    for form in _FORMS:
        with suppress(ValueError):
            when = datetime.strptime(text.removesuffix(" UTC"), form).replace(tzinfo=UTC)
            return int((when - _EPOCH).total_seconds()) * SECOND
    raise CommandError(f"invalid date '{text}'")


def date(task: Task, options: Options) -> int:
    """Print the date."""
    form = options.operands[0] if options.operands else "+%a %b %e %H:%M:%S %Z %Y"
    if not form.startswith("+"):
        raise CommandError(f"invalid date '{form}'")
    given = options.value("d")
    task.out(strftime(form[1:], task.now if given is None else moment_of(given)) + "\n")
    return 0


# Sizes on a disk with blocks of 4,096 bytes, and du.

_FAST_LINK = 60  # ext4 keeps a shorter target in the inode (fs/ext4/namei.c, ext4_symlink)


def blocks(found: Stat) -> int:
    """Return the blocks of 512 bytes that a file takes on ext4; holes take none."""
    if modes.S_ISDIR(found.mode):
        return 8
    if isinstance(found.node, File):
        pieces = found.node.content.pieces
        return -(-sum(piece.size for piece in pieces if piece.source is not ZEROS) // 4096) * 8
    if modes.S_ISLNK(found.mode) and found.size >= _FAST_LINK:
        return 8
    return 0


def human(size: int, dialect: str = "busybox") -> str:
    """Return a size as `-h` shows it; GNU's programs round up, and leave the fraction out from 10 on.

    >>> human(123456), human(512), human(67108864), human(123456, "gnu")
    ('120.6K', '512', '64.0M', '121K')
    """
    if size < 1024:
        return str(size)
    if dialect == "gnu":
        power = (size.bit_length() - 1) // 10
        tenths = -(-size * 10 >> 10 * power)
        shown = f"{tenths // 10}.{tenths % 10}" if tenths < 100 else str(-(-tenths // 10))
        return shown + "KMGTPE"[power - 1]
    value, fraction, unit = size, 0, ""
    for unit in "KMGTPE":  # noqa: B007
        value, rest = divmod(value, 1024)
        fraction = (rest * 10 + 512) // 1024
        if fraction >= 10:
            value, fraction = value + 1, 0
        if value < 1024:
            break
    return f"{value}.{fraction}{unit}"


def du(task: Task, options: Options) -> int:
    """Add up the blocks that files take."""
    deepest = 0 if "s" in options else number(options.value("d") or str(1 << 30))
    seen: set[int] = set()
    unit = options.last("hmk", "k")

    def walk(path: str, depth: int) -> Nested[int]:
        found = task.fs.stat(task.path(path), False)
        if found.nlink > 1 and not modes.S_ISDIR(found.mode):
            if found.inode in seen:
                return 0
            seen.add(found.inode)
        size = blocks(found)
        directory = modes.S_ISDIR(found.mode)
        for name in task.listdir(path) if directory else ():
            size += yield walk(f"{path.rstrip('/')}/{name}", depth + 1)
        if depth <= deepest and (directory or "a" in options or depth == 0):
            amount = str(-(-size // (2048 if unit == "m" else 2)))
            shown = human(size * 512, task.dialect) if unit == "h" else amount
            task.out(f"{shown}\t{path}\n")
        return size

    return task.each(options.operands or ["."], lambda path: unnested(walk(path, 0)))


# Paths: basename, dirname, readlink, realpath, pwd, which.


def base_name(task: Task, options: Options) -> int:
    """Print the last name of a path, without a suffix."""
    operands = options.operands
    name, suffix = basename(operands[0]), operands[1] if len(operands) > 1 else ""
    task.out((name.removesuffix(suffix) if name != suffix else name) + "\n")
    return 0


def dir_name(task: Task, options: Options) -> int:
    """Print a path without its last name."""
    path = options.operands[0]
    parent = dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")
    task.out(f"{parent}\n")
    return 0


def resolve(task: Task, path: str) -> str:
    """Return a path without symbolic links; raises FileSystemError where it leads to nothing."""
    task.fs.stat(task.path(path), True)
    walk = PathWalk("/", split_path(task.path(path)))
    for name in walk:
        here = join(walk.trail[-1], name)
        try:
            walk.follow(task.fs.readlink(here))
        except FileSystemError:
            walk.trail.append(here)
    return walk.trail[-1]


def readlink(task: Task, options: Options) -> int:
    """Print where a symbolic link points."""
    path = options.operands[0]
    try:
        target = resolve(task, path) if "f" in options else task.fs.readlink(task.path(path))
    except FileSystemError as error:
        return task.fail(f"{path}: {strerror(error)}") if "v" in options else 1
    task.out(target + ("" if "n" in options else "\n"))
    return 0


def realpath(task: Task, options: Options) -> int:
    """Print paths without symbolic links."""
    return task.each(options.operands, lambda path: task.out(resolve(task, path) + "\n"))


def pwd(task: Task, args: Sequence[str]) -> int:
    """Print the working directory."""
    task.out((resolve(task, task.cwd) if "-P" in args else task.cwd) + "\n")
    return 0


def which(task: Task, options: Options) -> int:
    """Print where programs are."""
    status = 0
    for name in options.operands:
        try:
            task.out(find_program(task, name) + "\n")
        except ExecNotFound:
            status = 1
    return status


# ls and stat.

Entry = tuple[str, Stat]
"""A name as it is shown, which is also a path where it was typed, and what stat says of it."""
_DEVICE = 65024
_KINDS = {modes.S_IFDIR: "directory", modes.S_IFLNK: "symbolic link", modes.S_IFIFO: "fifo",
          modes.S_IFCHR: "character special file", modes.S_IFBLK: "block special file"}  # fmt: skip
_HALF_YEAR = 365 * 24 * 3600 // 2 * SECOND


def ls(task: Task, options: Options) -> int:
    """List directories and files."""
    if "n" in options:
        options.given.append(("l", ""))
    found: list[Entry] = []
    follow = not ("l" in options or "d" in options)

    def look(operand: str) -> None:
        there = follow and (task.dialect == "busybox" or task.stat(operand) is not None)
        found.append((operand, task.fs.stat(task.path(operand), there)))

    status = task.each(options.operands or ["."], look)
    apart = [modes.S_ISDIR(each.mode) and "d" not in options for _, each in found]
    files = [entry for entry, directory in zip(found, apart, strict=True) if not directory]
    directories = [entry for entry, directory in zip(found, apart, strict=True) if directory]
    _show(task, "", _sorted(files, options), options)
    first = not files
    for name, _ in _sorted(directories, options):
        status |= unnested(_directory(task, name, options, len(options.operands) > 1, first))
        first = False
    return status


def _directory(task: Task, path: str, options: Options, titled: bool, first: bool) -> Nested[int]:
    task.out("" if first else "\n")
    if titled or "R" in options:
        task.out(f"{path}:\n")
    try:
        names = task.listdir(path)
    except FileSystemError as error:
        return task.failure(f"can't open '{path}'", error)
    kind = options.last("aA")
    if not kind:
        names = [name for name in names if not name.startswith(".")]
    base = path.rstrip("/")
    shown = [".", ".."] * (kind == "a") + names
    listed = [(name, found) for name in shown if (found := task.stat(f"{base}/{name}", False)) is not None]
    entries = _sorted(listed, options)
    if options.last("ls"):
        total = sum(blocks(found) for _, found in entries) // 2
        text = human(total * 1024, task.dialect) if "h" in options else str(total)
        if task.dialect == "busybox" and "h" in options:
            text = re.sub(r"\.\d", "", text).ljust(7)
        task.out(f"total {text}\n")
    _show(task, f"{base}/", entries, options)
    status = 0
    for name, found in entries if "R" in options else ():
        if modes.S_ISDIR(found.mode) and name not in (".", ".."):
            status |= yield _directory(task, f"{base}/{name}", options, True, False)
    return status


def _sorted(entries: list[Entry], options: Options) -> list[Entry]:
    entries = sorted(entries, key=lambda entry: encode(entry[0]))
    order = options.last("St")
    if order:
        entries.sort(key=lambda entry: -entry[1].size if order == "S" else -entry[1].mtime)
    return entries[::-1] if "r" in options else entries


def _show(task: Task, base: str, entries: list[Entry], options: Options) -> None:
    rows = [_attributes(task, found, options) if "l" in options else () for _, found in entries]
    gnu, size = task.dialect == "gnu", 7 if "h" in options else 9
    short = gnu and "h" in options
    sizes = [blocks(found) if "s" in options else 0 for _, found in entries]
    taken = [human(512 * n, "gnu") if short else str(n // 2) for n in sizes]
    width = max(map(len, taken), default=0) if gnu else 6
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if gnu else [10, 4, 8, 8, size, 12]
    for (name, found), row, used in zip(entries, rows, taken, strict=True):
        line = f"{found.inode:{1 if gnu else 7}} " if "i" in options else ""
        line += f"{used:>{width}} " if "s" in options else ""
        for place, (cell, wide) in enumerate(zip(row, widths, strict=False)):
            line += f"{cell if gnu else cell[:8]:<{wide}} " if place in (2, 3) else f"{cell:>{wide}} "
        line += name
        if "l" in options and modes.S_ISLNK(found.mode):
            line += f" -> {task.fs.readlink(task.path(base + name))}"
        task.out(line + "\n")


def _attributes(task: Task, found: Stat, options: Options) -> tuple[str, ...]:
    owner, group = str(found.uid), str(found.gid)
    if "n" not in options:
        owner = user_name(task.fs, found.uid) or owner
        group = group_name(task.fs, found.gid) or group
    if isinstance(found.node, Device):
        size = f"{found.node.major}, {found.node.minor:3}"
    else:
        size = human(found.size, task.dialect) if "h" in options else str(found.size)
    recent = -15 * 60 * SECOND < task.now - found.mtime < _HALF_YEAR
    date = strftime("%b %e %H:%M" if recent else "%b %e  %Y", found.mtime)
    return modes.filemode(found.mode), str(found.nlink), owner, group, size, date


def stat(task: Task, options: Options) -> int:
    """Show a file's attributes."""
    form = options.value("c")

    def show(path: str) -> None:
        found = task.fs.stat(task.path(path), "L" in options)
        wanted = _default_form(found, task.dialect) if form is None else form + "\n"
        values = _values(task, path, found)
        task.out(re.sub(r"%([-0]?[0-9]*)([HLN]d|.)", lambda match: _convert(match, values), wanted))

    return task.each(options.operands, show, "can't stat '{}': {}")


def _default_form(found: Stat, dialect: str) -> str:
    node = found.node
    device = f" Device type: {node.major:x},{node.minor:x}" if isinstance(node, Device) else ""
    return (
        "  File: %Nd\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n"
        f"Device: {'%Hd,%Ld' if dialect == 'gnu' else '%Dh/%dd'}\t"
        f"Inode: %-10i  Links: {'%-5h' if device else '%h'}{device}\n"
        "Access: (%04a/%10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n"
        "Access: %x\nModify: %y\nChange: %z\n" + " Birth: %w\n" * (dialect == "gnu")
    )


def _convert(match: re.Match[str], values: dict[str, str]) -> str:
    flags, letter = match[1], match[2]
    value = values.get(letter, letter)
    digits = flags.lstrip("-0")
    if len(digits) > WIDEST:
        return ""
    width = int(digits or 0)
    if flags.startswith("-"):
        return value.ljust(width)
    return value.rjust(width, "0" if flags.startswith("0") else " ")


def _values(task: Task, name: str, found: Stat) -> dict[str, str]:
    mode = found.mode
    regular = "regular file" if found.size else "regular empty file"
    date = strftime("%Y-%m-%d %H:%M:%S", found.mtime) + f".{found.mtime % SECOND:09} +0000"
    seconds = str(found.mtime // SECOND)
    device = (found.node.major, found.node.minor) if isinstance(found.node, Device) else (0, 0)
    shown = f"'{name}'" if task.dialect == "gnu" else name
    target = task.fs.readlink(task.path(name)) if modes.S_ISLNK(mode) else ""
    link = f"'{name}' -> '{target}'" if target else shown
    titled = link.replace("'", "") if task.dialect == "gnu" else link
    return {
        "a": f"{mode & 0o7777:o}", "A": modes.filemode(mode), "b": str(blocks(found)), "B": "512",
        "d": str(_DEVICE), "D": f"{_DEVICE:x}", "f": f"{mode:x}",
        "F": _KINDS.get(modes.S_IFMT(mode), regular),
        "g": str(found.gid), "G": group_name(task.fs, found.gid) or "UNKNOWN", "h": str(found.nlink),
        "Hd": str(_DEVICE >> 8), "i": str(found.inode), "Ld": str(_DEVICE & 255), "n": name, "N": link,
        "Nd": titled, "o": "4096", "s": str(found.size), "w": date,
        "t": f"{device[0]:x}", "T": f"{device[1]:x}",
        "u": str(found.uid), "U": user_name(task.fs, found.uid) or "UNKNOWN",
        "x": date, "y": date, "z": date, "X": seconds, "Y": seconds, "Z": seconds, "%": "%",
    }  # fmt: skip
