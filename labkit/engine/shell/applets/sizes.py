"""How much room files take on a disk with blocks of 4,096 bytes, sizes for people, and du."""

from __future__ import annotations

import stat as modes
from collections.abc import Sequence
from typing import Any

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.task import Task
from labkit.oci.content import ZEROS
from labkit.oci.tree import File

_FAST_LINK = 60


def blocks(found: Any) -> int:
    """Return the blocks of 512 bytes that a file takes on ext4; holes take none."""
    if modes.S_ISDIR(found.mode):
        return 8
    if isinstance(found.node, File):
        pieces = found.node.content.pieces
        return -(-sum(piece.size for piece in pieces if piece.source is not ZEROS) // 4096) * 8
    if modes.S_ISLNK(found.mode) and found.size >= _FAST_LINK:
        return 8
    return 0


def human(size: int) -> str:
    """Return a size as `-h` shows it.

    >>> human(123456), human(512), human(67108864)
    ('120.6K', '512', '64.0M')
    """
    if size < 1024:
        return str(size)
    value, fraction, unit = size, 0, ""
    for unit in "KMGTPE":  # noqa: B007
        value, rest = divmod(value, 1024)
        fraction = (rest * 10 + 512) // 1024
        if fraction >= 10:
            value, fraction = value + 1, 0
        if value < 1024:
            break
    return f"{value}.{fraction}{unit}"


def du(task: Task, args: Sequence[str]) -> int:
    """Add up the blocks that files take."""
    long = {"max-depth": "d", "summarize": "s", "human-readable": "h"}
    options = parse(args, "ad:shkm", long, lacks="HLclx")
    deepest = 0 if "s" in options else number(options.value("d") or str(1 << 30))
    seen: set[int] = set()
    unit = options.last("hmk", "k")

    def walk(path: str, depth: int) -> int:
        found = task.fs.stat(task.path(path), False)
        if found.nlink > 1 and not modes.S_ISDIR(found.mode):
            if found.inode in seen:
                return 0
            seen.add(found.inode)
        size: int = blocks(found)
        directory = modes.S_ISDIR(found.mode)
        if directory:
            size += sum(walk(f"{path.rstrip('/')}/{name}", depth + 1) for name in task.listdir(path))
        if depth <= deepest and (directory or "a" in options or depth == 0):
            shown = human(size * 512) if unit == "h" else str(-(-size // (2048 if unit == "m" else 2)))
            task.out(f"{shown}\t{path}\n")
        return size

    def show(path: str) -> None:
        walk(path, 0)

    return task.each(options.operands or ["."], show)
