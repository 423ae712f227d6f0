"""ls and stat: what there is to see of files."""

from __future__ import annotations

import re
import stat as modes
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.dates import strftime
from labkit.engine.shell.applets.modes import symbolic
from labkit.engine.shell.applets.options import Options, parse
from labkit.engine.shell.applets.sizes import blocks, human
from labkit.engine.shell.task import SECOND, Task
from labkit.engine.shell.users import group_name, user_name
from labkit.engine.shell.words import encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.tree import Device

Entry = tuple[str, str, Any]
_HALF_YEAR = 365 * 24 * 3600 // 2 * SECOND
_LONG = {"full-time": "T", "group-directories-first": "g", "color": "u", "all": "a", "almost-all": "A",
         "recursive": "R", "human-readable": "h", "size": "s", "reverse": "r", "inode": "i",
         "directory": "d"}  # fmt: skip
DEVICE = 65024


def ls(task: Task, args: Sequence[str]) -> int:
    """List directories and files."""
    options = parse(args, "1AaCxdLHRFplinshrSXvctuw:", _LONG)
    if any(word == "--full-time" for word in args):
        options.given.append(("l", ""))
    files: list[Entry] = []
    directories: list[Entry] = []
    status = 0
    follow = "L" in options or "H" in options or not (options.last("l") or "F" in options or "d" in options)
    for operand in options.operands or ["."]:
        try:
            found = task.fs.stat(task.path(operand), follow)
        except FileSystemError as error:
            status = task.fail(f"{operand}: {strerror(error)}")
            continue
        entry = (operand, operand, found)
        (directories if modes.S_ISDIR(found.mode) and "d" not in options else files).append(entry)
    shown = _sorted(files, options)
    _show(task, shown, options)
    first = not shown
    several = len(files) + len(directories) > 1 or status != 0
    for name, path, _ in _sorted(directories, options):
        status |= _directory(task, name, path, options, several and len(options.operands) > 1, first)
        first = False
    return status


def _directory(task: Task, name: str, path: str, options: Options, titled: bool, first: bool) -> int:
    if not first:
        task.out("\n")
    if titled or "R" in options:
        task.out(f"{name}:\n")
    try:
        names = task.listdir(path)
    except FileSystemError as error:
        return task.fail(f"{name}: {strerror(error)}")
    if options.last("aA"):
        names = ([".", ".."] if options.last("aA") == "a" else []) + names
    else:
        names = [entry for entry in names if not entry.startswith(".")]
    base = path.rstrip("/")
    entries = []
    for entry in names:
        found = task.stat(f"{base}/{entry}", "L" in options) or task.stat(f"{base}/{entry}", False)
        if found is not None:
            entries.append((entry, f"{base}/{entry}", found))
    entries = _sorted(entries, options)
    if options.last("ls") and entries is not None and ("l" in options or "s" in options or "n" in options):
        total = sum(blocks(found) for _, _, found in entries) // 2
        task.out(f"total {_short(total * 1024):<7}\n" if "h" in options else f"total {total}\n")
    _show(task, entries, options)
    status = 0
    if "R" in options:
        for entry, below, found in entries:
            if modes.S_ISDIR(found.mode) and entry not in (".", ".."):
                status |= _directory(task, f"{base}/{entry}", below, options, True, False)
    return status


def _short(size: int) -> str:
    text = human(size)
    return re.sub(r"\.\d", "", text)


def _sorted(entries: list[Entry], options: Options) -> list[Entry]:
    entries = sorted(entries, key=lambda entry: encode(entry[0]))
    order = options.last("StX")
    if order == "S":
        entries.sort(key=lambda entry: -entry[2].size)
    elif order == "t":
        entries.sort(key=lambda entry: -entry[2].mtime)
    elif order == "X":
        entries.sort(key=lambda entry: entry[0].rpartition(".")[2] if "." in entry[0] else "")
    if "r" in options:
        entries.reverse()
    if "g" in options:
        entries.sort(key=lambda entry: not modes.S_ISDIR(entry[2].mode))
    return entries


def _show(task: Task, entries: list[Entry], options: Options) -> None:
    style = options.last("1lnCx", "1")
    long = style in ("l", "n") or "l" in options or "n" in options
    lines = [_line(task, entry, options, long) for entry in entries]
    if style in "Cx" and lines and not long:
        lines = _columns(lines, int(options.value("w") or 80), across=style == "x")
    task.out("".join(f"{line}\n" for line in lines))


def _columns(names: list[str], width: int, *, across: bool) -> list[str]:
    cell = max(len(name) for name in names) + 2
    columns = max(width // cell, 1)
    rows = -(-len(names) // columns)
    table = [
        names[row * columns : (row + 1) * columns] if across else names[row::rows] for row in range(rows)
    ]
    return ["".join(f"{name:<{cell}}" for name in row).rstrip() for row in table]


def _line(task: Task, entry: Entry, options: Options, long: bool) -> str:
    name, path, found = entry
    line = f"{found.inode:7} " if "i" in options else ""
    if "s" in options:
        line += f"{blocks(found) // 2:6} " if "h" not in options else f"{human(blocks(found) * 512):>6} "
    if long:
        line += _attributes(task, found, options)
    line += name
    if long and modes.S_ISLNK(found.mode):
        return f"{line} -> {task.fs.readlink(task.path(path))}"
    return line + _mark(found.mode, options)


def _attributes(task: Task, found: Any, options: Options) -> str:
    if "n" in options:
        owner, group = str(found.uid), str(found.gid)
    else:
        owner = user_name(task.fs, found.uid) or str(found.uid)
        group = group_name(task.fs, found.gid) or str(found.gid)
    if isinstance(found.node, Device):
        size = f"{found.node.major:4}, {found.node.minor:3}"
    else:
        size = f"{human(found.size):>7}" if "h" in options else f"{found.size:9}"
    if "T" in options:
        date = strftime("%Y-%m-%d %H:%M:%S +0000", found.mtime)
    else:
        recent = -15 * 60 * SECOND < task.now - found.mtime < _HALF_YEAR
        date = strftime("%b %e %H:%M" if recent else "%b %e  %Y", found.mtime)
    return f"{symbolic(found.mode)} {found.nlink:4} {owner:<8.8} {group:<8.8} {size} {date} "


def _mark(mode: int, options: Options) -> str:
    if modes.S_ISDIR(mode):
        return "/" if options.last("Fp") else ""
    if "F" not in options:
        return ""
    if modes.S_ISREG(mode):
        return "*" if mode & 0o111 else ""
    return {modes.S_IFLNK: "@", modes.S_IFIFO: "|"}.get(modes.S_IFMT(mode), "")


def stat(task: Task, args: Sequence[str]) -> int:
    """Show a file's attributes."""
    options = parse(args, "c:Lltf", {"format": "c", "dereference": "L"}, least=1)
    form = options.value("c")
    status = 0
    for operand in options.operands:
        try:
            found = task.fs.stat(task.path(operand), "L" in options)
        except FileSystemError as error:
            status = task.failure(f"can't stat '{operand}'", error)
            continue
        default = _TERSE if "t" in options else _default_form(found)
        values = _values(task, operand, found)
        task.out(_filled(default if form is None else form + "\n", values))
    return status


_TERSE = "%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o\n"


def _default_form(found: Any) -> str:
    device = (
        f" Device type: {found.node.major:x},{found.node.minor:x}" if isinstance(found.node, Device) else ""
    )
    return (
        "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n"
        f"Device: %Dh/%dd\tInode: %-10i  Links: {'%-5h' if device else '%h'}{device}\n"
        "Access: (%04a/%10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n"
        "Access: %x\nModify: %y\nChange: %z\n"
    )


def _filled(form: str, values: dict[str, str]) -> str:
    return re.sub(r"%([-#0 +]*\d*)(.)", lambda match: _convert(match, values), form)


def _convert(match: re.Match[str], values: dict[str, str]) -> str:
    flags, letter = match[1], match[2]
    value = values.get(letter, letter)
    digits = flags.lstrip("-#0 +")
    if not digits:
        return value
    if flags.startswith("-"):
        return value.ljust(int(digits))
    return value.rjust(int(digits), "0" if flags.startswith("0") else " ")


def _values(task: Task, name: str, found: Any) -> dict[str, str]:
    mode, node = found.mode, found.node
    device = isinstance(node, Device)
    kinds = {modes.S_IFDIR: "directory", modes.S_IFLNK: "symbolic link", modes.S_IFIFO: "fifo",
             modes.S_IFCHR: "character special file", modes.S_IFBLK: "block special file"}  # fmt: skip
    regular = "regular file" if found.size else "regular empty file"
    date = strftime("%Y-%m-%d %H:%M:%S", found.mtime) + f".{found.mtime % SECOND:09} +0000"
    seconds = str(found.mtime // SECOND)
    link = f"'{name}' -> '{task.fs.readlink(task.path(name))}'" if modes.S_ISLNK(mode) else name
    return {
        "a": f"{mode & 0o7777:o}", "A": symbolic(mode), "b": str(blocks(found)), "B": "512", "d": str(DEVICE),
        "D": f"{DEVICE:x}", "f": f"{mode:x}", "F": kinds.get(modes.S_IFMT(mode), regular),
        "g": str(found.gid), "G": group_name(task.fs, found.gid) or "UNKNOWN", "h": str(found.nlink),
        "i": str(found.inode), "n": name, "N": link, "o": "4096", "s": str(found.size),
        "t": f"{node.major:x}" if device else "0", "T": f"{node.minor:x}" if device else "0",
        "u": str(found.uid), "U": user_name(task.fs, found.uid) or "UNKNOWN",
        "x": date, "y": date, "z": date, "X": seconds, "Y": seconds, "Z": seconds, "%": "%",
    }  # fmt: skip
