"""What is mounted, and what a disk keeps beside a file's content: mount, umount, df, getfattr."""

from __future__ import annotations

import base64
import errno
import re
from typing import NamedTuple

from labkit.base.errors import FileSystemError
from labkit.oci.tree import Whiteout
from labkit.shell.applets.listing import human, resolve
from labkit.shell.applets.options import Options
from labkit.shell.conversions import decode, strerror
from labkit.shell.files import Stat
from labkit.shell.patterns import regex
from labkit.shell.task import CommandError, Task


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


def mount(task: Task, options: Options) -> int:
    """List what is mounted, or mount an overlay."""
    kind, mounts = options.value("t") or "", task.run.process.mounts
    if not options.operands:
        shown = [each for each in _mounted(task) if kind in ("", each.kind)]
        task.out("".join(f"{e.source} on {e.point} type {e.kind} ({e.options})\n" for e in shown))
        return 0
    if task.run.process.uid or mounts is None:
        raise CommandError("permission denied (are you root?)")
    if len(options.operands) < 2:
        raise CommandError(f"can't find {options.operands[0]} in /etc/fstab")
    source, point = options.operands
    given = ",".join([*options.values("o"), *(["ro"] if "r" in options else [])])
    try:
        mounts.mount(source, task.path(point), kind, given, task.cwd)
    except FileSystemError as error:
        what = "only -t overlay is simulated" if error.errno == errno.ENODEV else strerror(error)
        raise CommandError(f"mounting {source} on {point} failed: {what}", 255) from None
    return 0


def umount(task: Task, options: Options) -> int:
    """Take away what is mounted."""
    status, mounts = 0, task.run.process.mounts
    for operand in options.operands:
        shown = operand
        try:
            path = resolve(task, operand)
            shown = path if any(each.point == path for each in _mounted(task)) else operand
            if task.run.process.uid or mounts is None:
                raise FileSystemError(errno.EPERM, path)
            mounts.umount(path, task.cwd)
        except FileSystemError as error:
            status = task.failure(f"can't unmount {shown}", error)
    return status


_HALF_THE_MEMORY = 4 << 30
"""As large is a tmpfs that is not given a size."""


def df(task: Task, options: Options) -> int:
    """Tell how full the file systems are: what is on the machine's one disk is as large as that."""
    title = "Size" if options.last("kh") == "h" else "1K-blocks"
    task.out(f"Filesystem           {title:>9}      Used Available Use% Mounted on\n")
    every = _mounted(task)

    def show(operand: str) -> None:
        # Some points in a container are there for the kernel alone.
        path = resolve(task, operand) if options.operands or task.fs.exists(operand) else operand
        above = [each for each in every if f"{path}/".startswith(f"{each.point.rstrip('/')}/")]
        _show(task, max(above, key=lambda each: len(each.point)), options)

    points = [each.point for each in every if "a" in options or any(_space(task, each))]
    return task.each(options.operands or points, show)


def _show(task: Task, mounted: _Mounted, options: Options) -> None:
    size, used = _space(task, mounted)
    sizes = (size, used, size - used)
    shown = [human(each) if options.last("kh") == "h" else str(each >> 10) for each in sizes]
    share = (used * 100 + size // 2) // size if size else 0
    name = mounted.source if len(mounted.source) <= 20 else f"{mounted.source}\n{'':20}"
    task.out(f"{name:<20} {shown[0]:>9} {shown[1]:>9} {shown[2]:>9} {share:3}% {mounted.point}\n")


def _space(task: Task, mounted: _Mounted) -> tuple[int, int]:
    """Return the bytes of a file system and those in use."""
    if mounted.kind == "tmpfs":
        size = re.search(r"size=(\d+)k", mounted.options)
        return int(size[1]) << 10 if size else _HALF_THE_MEMORY, 0
    return task.run.process.space() if mounted.kind in ("ext4", "overlay") else (0, 0)


# getfattr, in the words of GNU's attr 2.5.


def getfattr(task: Task, options: Options) -> int:
    """Show extended attributes."""
    if any(path.startswith("/") for path in options.operands) and not options.last("AV"):
        task.err(f"{task.name}: Removing leading '/' from absolute path names\n")
    missing = list[str]()

    def show(path: str, found: Stat) -> None:
        if not _attributes(task, path, options):
            missing.append(path)

    return task.each_below(options.operands, show, deep="R" in options) or int(bool(missing))


def _attributes(task: Task, path: str, options: Options) -> bool:
    """Show a file's attributes, and tell whether it has the one that is asked for."""
    node = task.fs.stat(task.path(path), "h" not in options).node
    assert not isinstance(node, Whiteout)
    # Attributes named `trusted.` are there for root alone (xattr(7)).
    seen = {name: value for name, value in node.meta.xattrs
            if not (task.run.process.uid and name.startswith("trusted."))}  # fmt: skip
    one, pattern = options.value("n"), options.value("m") or r"^user\."
    if one is not None and one not in seen:
        task.err(f"{path}: {one}: No such attribute\n")
        return False
    wanted = regex("" if pattern == "-" else pattern, extended=True)
    values = {one: seen[one]} if one else {name: seen[name] for name in seen if wanted.search(name)}
    if "V" in options:
        task.print(b"".join(values.values()))
    elif values:
        dumped = "d" in options or one is not None
        lines = (name + (f"={_encoded(value)}" if dumped else "") for name, value in values.items())
        shown = path if "A" in options else path.lstrip("/")
        task.out("\n".join([f"# file: {shown}", *lines]) + "\n\n")
    return True


def _encoded(value: bytes) -> str:
    """Return a value as text where most of it can be read, else in base64 (attr, getfattr.c)."""
    text = value.removesuffix(b"\0")
    if sum(not 32 <= byte < 127 for byte in text) * 8 > len(text):
        return "0s" + base64.b64encode(value).decode()
    text = re.sub(rb'[\\"]', rb"\\\g<0>", value)
    return '"' + re.sub(r"[\0\n\r]", lambda found: f"\\{ord(found[0]):03o}", decode(text)) + '"'
