"""Commands on lines and their parts: cut, tr, uniq, diff (POSIX.1-2017), in busybox's words."""

from __future__ import annotations

import difflib
import errno
import re
from itertools import groupby

from labkit.oci.content import Content
from labkit.shell.applets.options import Options, number
from labkit.shell.applets.text import each_file
from labkit.shell.conversions import basename, decimal, encode, strerror, unescape
from labkit.shell.streams import Reader, Sink
from labkit.shell.task import CommandError, Task

_WIDEST = 1 << 31


def cut(task: Task, options: Options) -> int:
    """Print columns of lines: bytes, characters or fields."""
    kind = options.last("bcf")
    if not kind:
        raise CommandError("expected a list of bytes, characters, or fields")
    wanted = _ranges(options.value(kind) or "")
    mark = encode(options.value("d") or "\t")[:1]

    def edit(line: bytes) -> bytes:
        if kind != "f":
            return b"".join(line[first:last] for first, last in wanted) + b"\n"
        if mark not in line:
            return b"" if (line or task.dialect == "gnu") and "s" in options else line + b"\n"
        fields = line.split(mark)
        return mark.join(each for first, last in wanted for each in fields[first:last]) + b"\n"

    def show(path: str, reader: Reader) -> None:
        for line in reader.lines():
            task.print(edit(line.removesuffix(b"\n")))

    return each_file(task, options.operands, show, "{}: {}")


def _ranges(text: str) -> list[tuple[int, int]]:
    """Return the spans of a list such as `1,3-5,7-`, in order, each place once."""
    spans: list[tuple[int, int]] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        low, high = decimal(first or "1"), decimal(last or (str(_WIDEST) if dash else first))
        if low is None or high is None or not part:
            raise CommandError(f"invalid number '{part}'")
        spans.append((max(low, 1) - 1, max(high, 1)))
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if not merged or end > merged[-1][1]:
            merged.append((max(begin, merged[-1][1]) if merged else begin, end))
    return merged


def tr(task: Task, options: Options) -> int:
    """Translate, squeeze or delete characters."""
    first, second = (_characters(text) for text in (*options.operands, "")[:2])
    if options.last("cC"):
        first = bytes(set(range(256)) - set(first))
    deleted = first if "d" in options else b""
    table = bytearray(range(256))
    if second and not deleted:
        for index, byte in enumerate(first):
            table[byte] = second[min(index, len(second) - 1)]
    data = b"".join(line for line in task.stdin().lines()).translate(bytes(table), deleted)
    if "s" in options:
        squeezed = re.escape(second if len(options.operands) > 1 else first)
        data = re.sub(b"(?s)([" + squeezed + b"])\\1+", b"\\1", data) if squeezed else data
    task.print(data)
    return 0


def _characters(text: str) -> bytes:
    """Return the characters that an operand of tr names: ranges, classes, escapes."""
    named = re.sub(r"\[:(\w+):\]", lambda match: _CLASS.get(match[1], match[0]), text)
    data = unescape(named)[0]
    return re.sub(rb"(?s)(.)-(.)", lambda match: bytes(range(match[1][0], match[2][0] + 1)), data)


_CLASS = {"upper": "A-Z", "lower": "a-z", "digit": "0-9", "alpha": "A-Za-z", "alnum": "0-9A-Za-z",
          "space": "\\t\\n\\v\\f\\r ", "blank": "\\t ", "xdigit": "0-9A-Fa-f",
          "punct": "!-/:-@[-`{-~"}  # fmt: skip


def uniq(task: Task, options: Options) -> int:
    """Print one of each run of equal lines."""

    def show(path: str, reader: Reader) -> None:
        lines = (line.removesuffix(b"\n") for line in reader.lines())
        for _, run in groupby(lines, bytes.lower if "i" in options else None):
            same = list(run)
            task.run.hold(len(same) * len(same[0]))
            if "du"[len(same) > 1] in options and options.last("du"):
                continue
            count = f"{len(same):7} ".encode() if "c" in options else b""
            sink.write(Content.of(count + same[0] + b"\n"))

    sink: Sink = task.open_write(options.operands[1]) if len(options.operands) > 1 else task
    return each_file(task, options.operands[:1], show)


# diff.


def diff(task: Task, options: Options) -> int:
    """Compare files, or with -r directories; 0 where they are equal, 1 where not, 2 after an error."""
    left, right = options.operands
    if task.is_dir(left) != task.is_dir(right):
        name = basename(right if task.is_dir(left) else left)
        left, right = (f"{each}/{name}" if task.is_dir(each) else each for each in (left, right))
    missing = [each for each in (left, right) if each != "-" and task.stat(each) is None]
    if missing and "N" not in options:
        return task.fail(f"can't stat '{missing[0]}': {strerror(errno.ENOENT)}", 2)
    return _compared(task, left, right, options, 0)


def _compared(task: Task, left: str, right: str, options: Options, depth: int) -> int:
    if not task.is_dir(left):
        return _contents(task, left, right, options)
    if "r" not in options and depth:
        task.out(f"Common subdirectories: {left} and {right}\n")
        return 0
    status, names = 0, [set(task.listdir(path)) for path in (left, right)]
    for name in sorted(names[0] | names[1], key=encode):
        old, new = (f"{path.rstrip('/')}/{name}" for path in (left, right))
        if name in names[0] & names[1] or ("N" in options and not task.is_dir(old) and not task.is_dir(new)):
            status |= _compared(task, old, new, options, depth + 1)
        else:
            status = 1
            task.out(f"Only in {left if name in names[0] else right}: {name}\n")
    return status


def _contents(task: Task, left: str, right: str, options: Options) -> int:
    texts = []
    for path in (left, right):
        there = path == "-" or task.stat(path) is not None
        texts.append(task.text(task.open_read(path)).splitlines(keepends=True) if there else [])
    if texts[0] == texts[1]:
        return 0
    binary = any("\0" in line for lines in texts for line in lines)
    if binary or "q" in options:
        task.out(f"{'Binary f' if binary else 'F'}iles {left} and {right} differ\n")
    else:
        context = number(options.value("U") or "3")
        old, new = texts
        for line in difflib.unified_diff(old, new, left, right, n=context):
            task.out(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return 1
