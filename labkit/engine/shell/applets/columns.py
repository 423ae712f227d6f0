"""Commands on lines and fields: sort, uniq, cut, tr."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.applets.text import PLAIN, opened
from labkit.engine.shell.streams import bounded
from labkit.engine.shell.task import CommandError, Task
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content

_KEY = re.compile(r"(\d+)(?:\.(\d+))?([bdfginrM]*)(?:,(\d+)(?:\.(\d+))?([bdfginrM]*))?")


def sort(task: Task, args: Sequence[str]) -> int:
    """Sort lines."""
    options = parse(args, "nrugMcszbdfik:t:o:", {"reverse": "r", "unique": "u"})
    lines: list[str] = []
    for operand in options.operands or ["-"]:
        try:
            reader = task.open_read(operand)
            lines += [decode(line.removesuffix(b"\n")) for line in reader.lines()]
        except FileSystemError as error:
            return 0 if reader_is_directory(task, operand) else task.fail(f"{operand}: {strerror(error)}", 2)
    flags = "".join(name for name, _ in options.given if name in "nrgfbdi")
    keys = [_key(text, flags) for text in options.values("k")]
    separator = options.value("t")
    plain = bool(options.last("us"))

    def compare(one: str, other: str) -> int:
        for start, end, key_flags in keys or [((1, 0), (0, 0), flags)]:
            first = _field(one, start, end, separator) if keys else one
            second = _field(other, start, end, separator) if keys else other
            order = _compare(first, second, key_flags)
            if order:
                return -order if "r" in key_flags else order
        if plain:
            return 0
        order = (one > other) - (one < other)
        return -order if "r" in flags else order

    ordered = sorted(lines, key=functools.cmp_to_key(compare))
    if "c" in options:
        for count, (before, line) in enumerate(itertools.pairwise(lines), 1):
            if compare(before, line) > 0 or ("u" in options and compare(before, line) == 0):
                task.err(f"Check line {count}\n")
                return 1
        return 0
    if "u" in options:
        ordered = [
            line for index, line in enumerate(ordered) if not index or compare(ordered[index - 1], line)
        ]
    data = Content.of("".join(f"{line}\n" for line in ordered).encode("utf-8", "surrogateescape"))
    target = options.value("o")
    if target is None:
        task.write(data)
    else:
        task.save(target, data)
    return 0


def reader_is_directory(task: Task, path: str) -> bool:
    """Tell whether a path is a directory: sort reads nothing from one, in silence."""
    return path != "-" and task.is_dir(path)


def _key(text: str, flags: str) -> tuple[tuple[int, int], tuple[int, int], str]:
    match = _KEY.fullmatch(text)
    if match is None:
        raise CommandError(f"bad field specification '{text}'", 2)
    own = match[3] + (match[6] or "")
    return (
        (int(match[1]), int(match[2] or 0)),
        (int(match[4] or 0), int(match[5] or 0)),
        own or flags,
    )


def _field(line: str, start: tuple[int, int], end: tuple[int, int], separator: str | None) -> str:
    if separator is None:
        cuts = [match.start() for match in re.finditer(r"\s*\S+|\s+$", line)] + [len(line)]
    else:
        cuts = [0, *(index + 1 for index, char in enumerate(line) if char == separator), len(line) + 1]
    first = cuts[start[0] - 1] if start[0] <= len(cuts) else len(line)
    first += max(start[1] - 1, 0)
    if not end[0]:
        return line[first:]
    last = cuts[min(end[0], len(cuts) - 1)]
    if end[1]:
        last = cuts[min(end[0] - 1, len(cuts) - 1)] + end[1]
    elif separator is not None:
        last -= 1
    return line[first:last]


def _compare(one: str, other: str, flags: str) -> int:
    if "b" in flags or "n" in flags or "g" in flags:
        one, other = one.lstrip(), other.lstrip()
    if "n" in flags or "g" in flags:
        first, second = _number(one), _number(other)
        return (first > second) - (first < second)
    if "f" in flags:
        one, other = one.upper(), other.upper()
    if "d" in flags:
        one, other = (re.sub(r"[^\w\s]", "", text) for text in (one, other))
    return (one > other) - (one < other)


def _number(text: str) -> float:
    match = re.match(r"-?\d+(\.\d+)?|-?\.\d+", text)
    return float(match[0]) if match else 0.0


def uniq(task: Task, args: Sequence[str]) -> int:
    """Drop lines that repeat the one before."""
    options = parse(args, "cduizf:s:w:", most=2)
    skip_fields, skip = number(options.value("f") or "0"), number(options.value("s") or "0")
    width = options.value("w")

    def key(line: str) -> str:
        text = re.sub(rf"^(\s*\S+){{{skip_fields}}}", "", line) if skip_fields else line
        text = text[skip:] if width is None else text[skip : skip + number(width)]
        return text.lower() if "i" in options else text

    out: list[str] = []
    kept, count = "", 0

    def finish() -> None:
        if count and not ("d" in options and count == 1) and not ("u" in options and count > 1):
            out.append(f"{count:7} {kept}\n" if "c" in options else f"{kept}\n")

    failed: list[str] = []
    for _, reader in opened(task, options.operands[:1], failed=failed):
        for raw in reader.lines():
            line = decode(raw.removesuffix(b"\n"))
            if count and key(line) == key(kept):
                count += 1
                continue
            finish()
            kept, count = line, 1
    finish()
    data = Content.of("".join(out).encode("utf-8", "surrogateescape"))
    if len(options.operands) == 2:
        task.save(options.operands[1], data)
    else:
        task.write(data)
    return int(bool(failed))


def cut(task: Task, args: Sequence[str]) -> int:
    """Print parts of lines."""
    options = parse(args, "b:c:f:d:sn", {"delimiter": "d", "fields": "f", "characters": "c", "bytes": "b"})
    kind = options.last("bcf")
    if not kind:
        raise CommandError("expected a list of bytes, characters, or fields")
    ranges = list(_ranges(options.value(kind) or ""))
    separator = options.value("d") if "d" in options else "\t"
    failed: list[str] = []
    for _, reader in opened(task, options.operands, PLAIN, failed):
        for raw in reader.lines():
            line = decode(raw.removesuffix(b"\n"))
            if kind != "f":
                picked = "".join(char for place, char in enumerate(line, 1) if _within(place, ranges))
            elif (separator or "\t") not in line:
                if "s" in options:
                    continue
                picked = line
            else:
                cells = line.split(separator or "\t")
                picked = (separator or "\t").join(
                    c for place, c in enumerate(cells, 1) if _within(place, ranges)
                )
            task.out(picked + "\n")
    return int(bool(failed))


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    for item in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", item)
        if match is None or not (match[1] or match[3]):
            raise CommandError(f"invalid range {item}")
        first = int(match[1] or 1)
        yield first, (int(match[3]) if match[3] else 1 << 60) if match[2] else first


def _within(place: int, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= place <= last for first, last in ranges)


_SETS = {"lower": "a-z", "upper": "A-Z", "digit": "0-9", "alpha": "A-Za-z", "alnum": "0-9A-Za-z",
         "space": "\t\n\v\f\r ", "blank": "\t ", "punct": "!-/:-@[-`{-~", "xdigit": "0-9A-Fa-f",
         "cntrl": "\0-\x1f\x7f", "print": " -~", "graph": "!-~"}  # fmt: skip
_ESCAPES = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11, "\\": 92}


def _set(text: str) -> list[int]:
    text = re.sub(r"\[:(\w+):\]", lambda match: _SETS.get(match[1], match[0]), text)
    codes: list[int] = []
    index = 0
    while index < len(text):
        char = text[index]
        index += 1
        if char == "\\" and index < len(text):
            octal = re.compile(r"[0-7]{1,3}").match(text, index)
            if octal:
                codes.append(int(octal[0], 8) & 255)
                index = octal.end()
            else:
                codes.append(_ESCAPES.get(text[index], ord(text[index]) & 255))
                index += 1
        elif text[index : index + 1] == "-" and index + 1 < len(text):
            codes += range(ord(char) & 255, (ord(text[index + 1]) & 255) + 1)
            index += 2
        else:
            codes += char.encode("utf-8", "surrogateescape")
    return codes


def tr(task: Task, args: Sequence[str]) -> int:
    """Translate, delete or squeeze characters."""
    options = parse(args, "Ccds", least=1, most=2, ordered=True)
    first = _set(options.operands[0])
    if options.last("cC"):
        known = set(first)
        first = [code for code in range(256) if code not in known]
    second = _set(options.operands[1]) if len(options.operands) > 1 else []
    deleted = bytes(first) if "d" in options else b""
    table = bytearray(range(256))
    if second and "d" not in options:
        for index, code in enumerate(first):
            table[code] = second[min(index, len(second) - 1)]
    squeezed = set(second or first) if "s" in options else set()
    last = -1
    for segment in task.stdin().segments():
        for chunk in bounded(segment):
            data = chunk.translate(bytes(table), deleted)
            if squeezed:
                out = bytearray()
                for byte in data:
                    if byte != last or byte not in squeezed:
                        out.append(byte)
                    last = byte
                data = bytes(out)
            task.write(Content.of(data))
    return 0
