"""du: the room that files and directories take."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.applets.sizes import blocks, human
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError


def du(task: Task, args: Sequence[str]) -> int:
    """Add up the blocks that files take."""
    options = parse(args, "aHLd:clsxhmkb", {"max-depth": "d", "summarize": "s", "human-readable": "h"})
    deepest = 0 if "s" in options else number(options.value("d") or str(1 << 30))
    seen: set[int] = set()
    unit = options.last("hmk", "k")
    status = total = 0

    def show(size: int, path: str) -> None:
        kilobytes = -(-size // 2)
        shown = human(size * 512) if unit == "h" else str(-(-size // 2048) if unit == "m" else kilobytes)
        task.out(f"{shown}\t{path}\n")

    def walk(path: str, depth: int) -> int:
        nonlocal status
        try:
            found = task.fs.stat(task.path(path), "L" in options or ("H" in options and depth == 0))
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
            return 0
        if found.nlink > 1 and not stat.S_ISDIR(found.mode) and "l" not in options:
            if found.inode in seen:
                return 0
            seen.add(found.inode)
        size: int = blocks(found)
        directory = stat.S_ISDIR(found.mode)
        if directory:
            base = "" if path == "/" else path.rstrip("/")
            size += sum(walk(f"{base}/{name}", depth + 1) for name in task.listdir(path))
        if depth <= deepest and (directory or "a" in options or depth == 0):
            show(size, path)
        return size

    for operand in options.operands or ["."]:
        total += walk(operand, 0)
    if "c" in options:
        show(total, "total")
    return status
