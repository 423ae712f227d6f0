"""sort: order lines (POSIX.1-2017, sort)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import CommandError, Task
from labkit.engine.shell.words import decode, encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content

Key = tuple[int, int, str]
"""The first and the last field (0: the line's end) that are compared, and how: n for numbers, r reversed."""


def sort(task: Task, args: Sequence[str]) -> int:
    """Sort lines."""
    options = parse(args, "nruk:t:", {"reverse": "r", "unique": "u"}, lacks="gMcszbdfio")
    lines: list[str] = []
    for operand in options.operands or ["-"]:
        try:
            lines += [decode(line.removesuffix(b"\n")) for line in task.open_read(operand).lines()]
        except FileSystemError as error:
            return 0 if task.is_dir(operand) else task.fail(f"{operand}: {strerror(error)}", 2)
    flags = "".join(name for name, _ in options.given if name in "nr")
    keys = [_key(text, flags) for text in options.values("k")] or [(1, 0, flags)]
    separator = options.value("t")
    if "u" not in options:
        lines.sort(reverse="r" in flags)
    for key in reversed(keys):
        lines.sort(key=lambda line: _value(line, key, separator), reverse="r" in key[2])
    if "u" in options:
        firsts: dict[object, str] = {}
        for line in lines:
            firsts.setdefault(tuple(_value(line, key, separator) for key in keys), line)
        lines = list(firsts.values())
    task.write(Content.of(encode("".join(f"{line}\n" for line in lines))))
    return 0


def _key(text: str, flags: str) -> Key:
    match = re.fullmatch(r"(\d+)([nr]*)(?:,(\d+)([nr]*))?", text)
    if match is None:
        raise CommandError(f"bad field specification '{text}'", 2)
    return int(match[1]), int(match[3] or 0), match[2] + (match[4] or "") or flags


def _value(line: str, key: Key, separator: str | None) -> tuple[float, str]:
    """Return what a line is ordered by: a number, or a text."""
    start, end, flags = key
    if separator is None:
        cuts = [match.start() for match in re.finditer(r"\s*\S+|\s+$", line)] + [len(line)]
    else:
        cuts = [0, *(index + 1 for index, char in enumerate(line) if char == separator), len(line) + 1]
    first = cuts[start - 1] if start <= len(cuts) else len(line)
    last = cuts[min(end, len(cuts) - 1)] - (separator is not None) if end else len(line)
    text = line[first:last]
    if "n" not in flags:
        return 0.0, text
    number = re.match(r"\s*(-?\d+(\.\d+)?|-?\.\d+)", text)
    return float(number[1]) if number else 0.0, ""
