"""sort: order lines (POSIX.1-2017, sort)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import decode, encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content


def sort(task: Task, args: Sequence[str]) -> int:
    """Sort whole lines, with -n by the numbers that they begin with."""
    options = parse(args, "nru", {"reverse": "r", "unique": "u"}, lacks="gMcszbdfioktT")
    lines: list[str] = []
    for operand in options.operands or ["-"]:
        try:
            lines += [decode(line.removesuffix(b"\n")) for line in task.open_read(operand).lines()]
        except FileSystemError as error:
            return 0 if task.is_dir(operand) else task.fail(f"{operand}: {strerror(error)}", 2)

    def key(line: str) -> float | str:
        if "n" not in options:
            return line
        number = re.match(r"\s*(-?\d+(\.\d+)?|-?\.\d+)", line)
        return float(number[1]) if number else 0.0

    lines.sort(key=lambda line: (key(line), line), reverse="r" in options)
    if "u" in options:
        lines = list({key(line): line for line in reversed(lines)}.values())[::-1]
    task.write(Content.of(encode("".join(f"{line}\n" for line in lines))))
    return 0
