"""What is mounted, and what a disk keeps beside a file's content: mount, umount, df, getfattr."""

from __future__ import annotations

import base64
import errno
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from labkit.base.errors import FileSystemError
from labkit.go.regexp import BadPattern, Regexp
from labkit.shell.applets.listing import human, resolve
from labkit.shell.applets.options import Options, parse
from labkit.shell.conversions import decode, strerror
from labkit.shell.patterns import regex
from labkit.shell.task import CommandError, Task, UsageError


class _Mounted(NamedTuple):
    """A line of /proc/mounts."""

    source: str
    point: str
    kind: str
    options: str


def _mounted(task: Task) -> list[_Mounted]:
    lines = decode(task.fs.read("/proc/mounts")).splitlines()
    words = (re.sub(r"\\(040|011|012|134)", lambda code: chr(int(code[1], 8)), each) for each in lines)
    return [_Mounted(*line.split(" ")[:4]) for line in words]


def mount(task: Task, args: Sequence[str]) -> int:
    """List what is mounted, or mount an overlay."""
    options = parse(args, "o:*t:rwvn", lacks="afiTO-", most=2)
    kind = options.value("t") or ""
    if not options.operands:
        for each in _mounted(task):
            if kind in ("", each.kind):
                task.out(f"{each.source} on {each.point} type {each.kind} ({each.options})\n")
        return 0
    if task.run.process.uid:
        raise CommandError("permission denied (are you root?)")
    if len(options.operands) < 2:
        raise CommandError(f"can't find {options.operands[0]} in /etc/fstab")
    source, point = options.operands
    given = ",".join([*options.values("o"), *(["ro"] if options.last("rw") == "r" else [])])
    try:
        task.fs.mount(source, task.path(point), kind, given, task.cwd)
    except FileSystemError as error:
        if error.errno == errno.EPERM:
            raise CommandError("permission denied (are you root?)") from None
        what = "only -t overlay is simulated" if error.errno == errno.ENODEV else strerror(error)
        raise CommandError(f"mounting {source} on {point} failed: {what}", 255) from None
    return 0


def umount(task: Task, args: Sequence[str]) -> int:
    """Take away what is mounted."""
    operands = parse(args, "lfdvn", lacks="ratD", least=1).operands
    status = 0
    for operand in operands:
        shown = operand
        try:
            path = resolve(task, operand)
            shown = path if any(each.point == path for each in _mounted(task)) else operand
            task.fs.umount(path, task.cwd)
        except FileSystemError as error:
            status = task.failure(f"can't unmount {shown}", error)
    return status


# df: what is on the machine's one disk is as large as that, a tmpfs of no own size as half the memory.

_HALF_THE_MEMORY = 4 << 30


def df(task: Task, args: Sequence[str]) -> int:
    """Tell how full the file systems are."""
    options = parse(args, "Pkmha", lacks="TtiB")
    unit = options.last("kmh", "k")
    title = {"k": "1K-blocks", "m": "1M-blocks", "h": "Size"}[unit]
    if "P" in options:
        title = {"k": "1024-blocks", "m": "1048576-blocks"}.get(unit, title)
    used, percent = ("Used", "Capacity") if "P" in options else ("     Used", "Use%")
    task.out(f"Filesystem           {title:>9} {used:>9} Available {percent:>4} Mounted on\n")
    every = _mounted(task)
    if not options.operands:
        status = 0
        for each in every:
            try:
                task.fs.stat(each.point)
            except FileSystemError as error:
                if error.errno == errno.EACCES:
                    status = task.failure(each.point, error)
                    continue
            _show(task, each, options, unit)
        return status

    def show(operand: str) -> None:
        path = resolve(task, operand)
        above = [each for each in every if f"{path}/".startswith(f"{each.point.rstrip('/')}/")]
        _show(task, max(above, key=lambda each: len(each.point)), options, unit)

    return task.each(options.operands, show)


def _show(task: Task, mounted: _Mounted, options: Options, unit: str) -> None:
    size, used = _space(task, mounted)
    if not size and not options.operands and "a" not in options:
        return
    shift = 20 if unit == "m" else 10
    shown = [human(each) if unit == "h" else str(each >> shift) for each in (size, used, size - used)]
    share = (used * 100 + size // 2) // size if size else 0
    name = mounted.source if len(mounted.source) <= 20 else f"{mounted.source}\n{'':20}"
    task.out(f"{name:<20} {shown[0]:>9} {shown[1]:>9} {shown[2]:>9} {share:3}% {mounted.point}\n")


def _space(task: Task, mounted: _Mounted) -> tuple[int, int]:
    """Return the bytes of a file system and those in use."""
    if mounted.kind in ("tmpfs", "devtmpfs"):
        size = re.search(r"size=(\d+)k", mounted.options)
        return int(size[1]) << 10 if size else _HALF_THE_MEMORY, 0
    return (0, 0) if mounted.kind not in ("ext4", "overlay") else task.run.process.space()


# getfattr, in the words of GNU's attr 2.5.

_HELP = "Usage: getfattr [-hRLP] [-n name|-d] [-e en] [-m pattern] path...\n"
_LONG = {"dump": "d", "name": "n", "match": "m", "no-dereference": "h", "absolute-names": "A",
         "only-values": "V", "recursive": "R"}  # fmt: skip


def getfattr(task: Task, args: Sequence[str]) -> int:
    """Show extended attributes."""
    try:
        options = parse(args, "dn:m:hRAVLP", _LONG, lacks="e", least=1)
    except UsageError as error:
        said = f"{task.name}: {error}\n" if str(error) else ""
        task.err(f"{said}{_HELP}Try `getfattr --help' for more information.\n")
        return 2
    pattern = options.value("m") or r"^user\."
    try:
        wanted = regex("" if pattern == "-" else pattern, extended=True)
    except BadPattern:
        raise CommandError(f'invalid regular expression "{pattern}"') from None
    told = "A" in options
    status = 0
    for operand in options.operands:
        for path in _below(task, operand) if "R" in options else [operand]:
            if path.startswith("/") and not told and "V" not in options:
                task.err(f"{task.name}: Removing leading '/' from absolute path names\n")
                told = True
            try:
                _attributes(task, path, options, wanted)
            except FileSystemError as error:
                name = f"{options.value('n')}: " if error.errno == errno.ENODATA else ""
                why = "No such attribute" if name else strerror(error)
                status = task.fail(f"{path}: {name}{why}")
    return status


def _below(task: Task, path: str) -> Iterator[str]:
    yield path
    if task.is_dir(path, False):
        for name in task.listdir(path):
            yield from _below(task, f"{path.rstrip('/')}/{name}")


def _attributes(task: Task, path: str, options: Options, wanted: Regexp) -> None:
    place, follow, one = task.path(path), "h" not in options, options.value("n")
    names = (
        [name for name in task.fs.listxattr(place, follow) if wanted.search(name)] if one is None else [one]
    )
    values = [(name, task.fs.getxattr(place, name, follow)) for name in names]
    if "V" in options:
        task.print(b"".join(value for _, value in values))
    elif values:
        shown = path if "A" in options else path.lstrip("/")
        dumped = "d" in options or one is not None
        lines = (name + (f"={_encoded(value)}" if dumped else "") for name, value in values)
        task.out("\n".join([f"# file: {shown}", *lines]) + "\n\n")


def _encoded(value: bytes) -> str:
    """Return a value as text where most of it can be read, else in base64 (attr, getfattr.c)."""
    text = value.removesuffix(b"\0")
    if sum(not 32 <= byte < 127 for byte in text) * 8 > len(text):
        return "0s" + base64.b64encode(value).decode()
    text = re.sub(rb'[\\"]', rb"\\\g<0>", value)
    return '"' + re.sub(r"[\0\n\r]", lambda found: f"\\{ord(found[0]):03o}", decode(text)) + '"'
