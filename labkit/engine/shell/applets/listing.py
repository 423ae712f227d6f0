"""ls and stat: what there is to see of files."""

from __future__ import annotations

import re
import stat as modes
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.dates import strftime
from labkit.engine.shell.applets.options import Options, parse
from labkit.engine.shell.applets.sizes import blocks, human
from labkit.engine.shell.task import SECOND, Task
from labkit.engine.shell.users import group_name, user_name
from labkit.engine.shell.words import encode
from labkit.errors import FileSystemError
from labkit.oci.tree import Device

Entry = tuple[str, Any]
"""A name as it is shown, which is also a path where it was typed, and what stat says of it."""
_DEVICE = 65024
_KINDS = {modes.S_IFDIR: "directory", modes.S_IFLNK: "symbolic link", modes.S_IFIFO: "fifo",
          modes.S_IFCHR: "character special file", modes.S_IFBLK: "block special file"}  # fmt: skip
_HALF_YEAR = 365 * 24 * 3600 // 2 * SECOND


def ls(task: Task, args: Sequence[str]) -> int:
    """List directories and files."""
    options = parse(args, "1AadlinhrStR", {"color": "1", "all": "a"}, lacks="CFHLXcpsuvwx")
    if "n" in options:
        options.given.append(("l", ""))
    found: list[Entry] = []
    follow = not ("l" in options or "d" in options)

    def look(operand: str) -> None:
        found.append((operand, task.fs.stat(task.path(operand), follow)))

    status = task.each(options.operands or ["."], look)
    apart = [modes.S_ISDIR(each.mode) and "d" not in options for _, each in found]
    files = [entry for entry, directory in zip(found, apart, strict=True) if not directory]
    directories = [entry for entry, directory in zip(found, apart, strict=True) if directory]
    _show(task, "", _sorted(files, options), options)
    first = not files
    for name, _ in _sorted(directories, options):
        status |= _directory(task, name, options, len(options.operands) > 1, first)
        first = False
    return status


def _directory(task: Task, path: str, options: Options, titled: bool, first: bool) -> int:
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
    listed = [(name, task.stat(f"{base}/{name}", False)) for name in [".", ".."] * (kind == "a") + names]
    entries = _sorted([entry for entry in listed if entry[1] is not None], options)
    if "l" in options:
        total = sum(blocks(found) for _, found in entries) // 2
        text = re.sub(r"\.\d", "", human(total * 1024))
        task.out(f"total {text:<7}\n" if "h" in options else f"total {total}\n")
    _show(task, f"{base}/", entries, options)
    status = 0
    for name, found in entries if "R" in options else ():
        if modes.S_ISDIR(found.mode) and name not in (".", ".."):
            status |= _directory(task, f"{base}/{name}", options, True, False)
    return status


def _sorted(entries: list[Entry], options: Options) -> list[Entry]:
    entries = sorted(entries, key=lambda entry: encode(entry[0]))
    order = options.last("St")
    if order:
        entries.sort(key=lambda entry: -entry[1].size if order == "S" else -entry[1].mtime)
    return entries[::-1] if "r" in options else entries


def _show(task: Task, base: str, entries: list[Entry], options: Options) -> None:
    for name, found in entries:
        line = f"{found.inode:7} " if "i" in options else ""
        line += _attributes(task, found, options) if "l" in options else ""
        line += name
        if "l" in options and modes.S_ISLNK(found.mode):
            line += f" -> {task.fs.readlink(task.path(base + name))}"
        task.out(line + "\n")


def _attributes(task: Task, found: Any, options: Options) -> str:
    owner, group = str(found.uid), str(found.gid)
    if "n" not in options:
        owner = user_name(task.fs, found.uid) or owner
        group = group_name(task.fs, found.gid) or group
    if isinstance(found.node, Device):
        size = f"{found.node.major:4}, {found.node.minor:3}"
    else:
        size = f"{human(found.size):>7}" if "h" in options else f"{found.size:9}"
    recent = -15 * 60 * SECOND < task.now - found.mtime < _HALF_YEAR
    date = strftime("%b %e %H:%M" if recent else "%b %e  %Y", found.mtime)
    return f"{modes.filemode(found.mode)} {found.nlink:4} {owner:<8.8} {group:<8.8} {size} {date} "


def stat(task: Task, args: Sequence[str]) -> int:
    """Show a file's attributes."""
    options = parse(args, "c:L", {"format": "c", "dereference": "L"}, lacks="ltf", least=1)
    form = options.value("c")

    def show(path: str) -> None:
        found = task.fs.stat(task.path(path), "L" in options)
        wanted = _default_form(found) if form is None else form + "\n"
        values = _values(task, path, found)
        task.out(re.sub(r"%([-0]?\d*)(.)", lambda match: _convert(match, values), wanted))

    return task.each(options.operands, show, "can't stat '{}': {}")


def _default_form(found: Any) -> str:
    node = found.node
    device = f" Device type: {node.major:x},{node.minor:x}" if isinstance(node, Device) else ""
    return (
        "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n"
        f"Device: %Dh/%dd\tInode: %-10i  Links: {'%-5h' if device else '%h'}{device}\n"
        "Access: (%04a/%10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n"
        "Access: %x\nModify: %y\nChange: %z\n"
    )


def _convert(match: re.Match[str], values: dict[str, str]) -> str:
    flags, letter = match[1], match[2]
    value = values.get(letter, letter)
    width = int(flags.lstrip("-") or 0)
    if flags.startswith("-"):
        return value.ljust(width)
    return value.rjust(width, "0" if flags.startswith("0") else " ")


def _values(task: Task, name: str, found: Any) -> dict[str, str]:
    mode = found.mode
    regular = "regular file" if found.size else "regular empty file"
    date = strftime("%Y-%m-%d %H:%M:%S", found.mtime) + f".{found.mtime % SECOND:09} +0000"
    seconds = str(found.mtime // SECOND)
    link = f"'{name}' -> '{task.fs.readlink(task.path(name))}'" if modes.S_ISLNK(mode) else name
    return {
        "a": f"{mode & 0o7777:o}", "A": modes.filemode(mode), "b": str(blocks(found)), "B": "512",
        "d": str(_DEVICE), "D": f"{_DEVICE:x}", "f": f"{mode:x}",
        "F": _KINDS.get(modes.S_IFMT(mode), regular),
        "g": str(found.gid), "G": group_name(task.fs, found.gid) or "UNKNOWN", "h": str(found.nlink),
        "i": str(found.inode), "n": name, "N": link, "o": "4096", "s": str(found.size),
        "u": str(found.uid), "U": user_name(task.fs, found.uid) or "UNKNOWN",
        "x": date, "y": date, "z": date, "X": seconds, "Y": seconds, "Z": seconds, "%": "%",
    }  # fmt: skip
