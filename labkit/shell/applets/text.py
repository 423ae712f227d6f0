"""Commands on lines and bytes: cat, head, tail, wc, tee, sort, dd, truncate, md5sum; cut, tr, uniq, diff."""

from __future__ import annotations

import difflib
import errno
import hashlib
import re
import stat
from collections.abc import Callable, Sequence
from itertools import groupby, islice

from labkit.base.errors import FileSystemError
from labkit.oci.content import EMPTY, Content
from labkit.shell import streams
from labkit.shell.applets.options import Options, number, parse
from labkit.shell.conversions import basename, decimal, decode, encode, strerror, unescape
from labkit.shell.task import CommandError, Task, UsageError, saying

# cat, head, tail, wc, tee.

CANNOT_OPEN = "can't open '{}': {}"


def each_file(
    task: Task,
    paths: Sequence[str],
    act: Callable[[str, streams.Reader], None],
    unopened: str = CANNOT_OPEN,
    unread: str = "read error: {1}",
) -> int:
    """Open each file and do something with it; say which could not be opened or read, and why."""
    status = 0
    if task.dialect == "gnu" and unread.startswith("read error"):
        unread = "{}: {}"
    for path in paths or ["-"]:
        words = unopened
        try:
            reader = task.open_read(path)
            words = unread
            act(path, reader)
        except FileSystemError as error:
            status = task.fail(words.format(path, strerror(error)))
    return status


def cat(task: Task, options: Options) -> int:
    """Print files one after the other."""
    count = 0

    def show(path: str, reader: streams.Reader) -> None:
        nonlocal count
        for line in reader.lines() if "n" in options else ():
            count += 1
            task.write(Content.of(f"{count:6}\t".encode() + line))
        for segment in () if "n" in options else reader.segments():
            task.write(segment)

    return each_file(task, options.operands, show)


def _parse_ends(args: Sequence[str]) -> tuple[Options, bool, str]:
    """Parse what head and tail take; return the options, whether bytes are counted, and how many.

    `head -3` means `head -n 3`.
    """
    words = list(args)
    if words and words[0][:1] == "-" and words[0][1:2].isdecimal():
        words[:1] = ["-n", words[0][1:]]
    options = parse(words, "n:c:fF", lacks="qvs")
    by_bytes = options.last("nc") == "c"
    given = options.value("c" if by_bytes else "n")
    return options, by_bytes, "10" if given is None else given


def _title(task: Task, path: str, several: bool, first: bool) -> None:
    if several:
        task.out(f"{'' if first else chr(10)}==> {'standard input' if path == '-' else path} <==\n")


def head(task: Task, args: Sequence[str]) -> int:
    """Print the first lines or bytes of files."""
    options, by_bytes, given = _parse_ends(args)
    wanted, shown = min(number(given), streams.ENDLESS), 0

    def show(path: str, reader: streams.Reader) -> None:
        nonlocal shown
        _title(task, path, len(options.operands) > 1, shown == 0)
        shown += 1
        reader.check()
        if by_bytes:
            task.write(reader.take(wanted))
        for line in islice(reader.lines(), 0 if by_bytes else wanted):
            task.write(Content.of(line))

    unread = "{}: Input/output error" if options.operands else "standard input: Input/output error"
    return each_file(task, options.operands, show, "{}: {}", unread)


def tail(task: Task, args: Sequence[str]) -> int:
    """Print the last lines or bytes of files; with -f wait for more, for ever."""
    options, by_bytes, given = _parse_ends(args)
    wanted = min(number(given.lstrip("+-")), streams.ENDLESS)
    files: list[tuple[str, streams.Reader]] = []
    status = each_file(task, options.operands, lambda path, reader: files.append((path, reader)))
    if not files:
        return task.fail("no files") if task.dialect == "busybox" else status
    for index, (path, reader) in enumerate(files):
        _title(task, path, len(files if task.dialect == "busybox" else options.operands) > 1, index == 0)
        try:
            if given.startswith("+"):
                _skip(reader, wanted - 1, by_bytes)
                for segment in reader.segments():
                    task.write(segment)
                continue
            content = reader.rest()
            if streams.endless(content):
                raise streams.WouldRunForever
            start = max(content.size - wanted, 0) if by_bytes else _last_lines(content, wanted)
            task.write(content.slice(start))
        except FileSystemError as error:
            status = task.fail(f"read error: {strerror(error)}")
    if options.last("fF"):
        raise streams.WouldRunForever
    return status


def _skip(reader: streams.Reader, count: int, by_bytes: bool) -> None:
    if by_bytes:
        reader.take(count)
    for _ in islice(reader.lines(), 0 if by_bytes else max(count, 0)):
        pass


def _last_lines(content: Content, count: int) -> int:
    """Return where the last lines begin; only the end of the content is read."""
    if not count:
        return content.size
    end = content.size - 1  # the last byte ends the last line, newline or not
    while end > 0:
        start = max(end - (1 << 16), 0)
        block = content.read(start, end - start)
        while count and (end := block.rfind(b"\n", 0, end - start) + start) >= start:
            count -= 1
        if not count:
            return end + 1
        end = start
        if content.size - end > streams.MAX_READ:
            raise streams.TooMuch(
                f"tail looks at the last {streams.MAX_READ // streams.MEBIBYTE} MB of a file"
            )
    return 0


def wc(task: Task, options: Options) -> int:
    """Count lines, words and bytes."""
    columns = [flag for flag in "lwc" if flag in options] or ["l", "w", "c"]
    totals, failed = dict.fromkeys("lwc", 0), list[str]()

    width = 9 if task.dialect == "busybox" else _widest(task, options.operands)
    width *= len(columns) > 1 or len(options.operands) > 1

    def show(counts: dict[str, int], name: str) -> None:
        cells = [f"{counts[flag]:{width}}" for flag in columns]
        task.out(" ".join([*cells, name] if name else cells) + "\n")

    def count(path: str, reader: streams.Reader) -> None:
        counts = dict.fromkeys("lwc", 0)
        try:
            counts = _counts(reader, columns)
        except FileSystemError as error:
            failed.append(path)
            task.fail(f"{path if options.operands else 'standard input'}: {strerror(error)}")
        show(counts, path if options.operands else "")
        for flag in totals:
            totals[flag] += counts[flag]

    status = each_file(task, options.operands, count, "{}: {}", "{}: {}")
    if len(options.operands) > 1:
        show(totals, "total")
    return 1 if failed else status


def _widest(task: Task, paths: Sequence[str]) -> int:
    """Return how wide GNU's columns are: as the sum of the sizes, 7 where one of them is no file's."""
    found = [task.stat(path) for path in paths]
    modes = [each.mode for each in found if each is not None]
    sizes = [each.size for each in found if each is not None and stat.S_ISREG(each.mode)]
    return len(str(sum(sizes))) if len(sizes) == len(modes) and found else 7


def _counts(reader: streams.Reader, columns: list[str]) -> dict[str, int]:
    counts = dict.fromkeys("lwc", 0)
    word_open = False
    for segment in reader.segments():
        if streams.endless(segment):
            raise streams.WouldRunForever
        counts["c"] += segment.size
        for chunk in streams.bounded(segment) if columns != ["c"] else ():
            counts["l"] += chunk.count(b"\n")
            words = chunk.split()
            counts["w"] += len(words) - int(word_open and bool(words) and not chunk[:1].isspace())
            word_open = not chunk[-1:].isspace()
    return counts


def tee(task: Task, options: Options) -> int:
    """Copy standard input to files and to standard output."""
    sinks: list[streams.Sink] = []
    status = task.each(
        options.operands, lambda path: sinks.append(task.open_write(path, append="a" in options))
    )
    reader = task.stdin()
    for segment in () if reader.error else reader.segments():
        for sink in sinks:
            sink.write(segment)
        task.write(segment)
    return 1 if reader.error else status


# sort.


def sort(task: Task, options: Options) -> int:
    """Sort whole lines, with -n by the numbers that they begin with, with GNU's -h by 2K, 1M and so on."""
    kinds = "nh" if task.dialect == "gnu" else "n"
    if "h" in options and "h" not in kinds:
        raise UsageError("invalid option -- 'h'")
    lines: list[str] = []
    for operand in options.operands or ["-"]:
        try:
            for line in task.open_read(operand).lines():
                task.run.hold(len(line) + 100)  # the text, Python's own bytes, and the copy that is printed
                lines.append(decode(line.removesuffix(b"\n")))
        except FileSystemError as error:
            return 0 if task.is_dir(operand) else task.fail(f"{operand}: {strerror(error)}", 2)

    mark = options.value("t")
    first = re.fullmatch(rf"(\d+)(,\d+)?([{kinds}]?)(r?)", options.value("k") or "1")
    if first is None:
        raise CommandError(f"invalid number '{options.value('k')}'")
    options.given += [(flag, "") for flag in first.group(3, 4) if flag]
    place, end = int(first[1]) - 1, int((first[2] or ",0")[1:]) or None

    def key(line: str) -> float | str | tuple[int, float]:
        piece = line
        if "k" in options:
            fields = line.split(mark) if mark else re.findall(r"\s*\S+", line)
            piece = (mark or "").join(fields[place:end])
        if "n" not in options and "h" not in options:
            return piece
        number = re.match(r"\s*(-?\d+(?:\.\d+)?|-?\.\d+)([kKMGTPE]?)", piece)
        value = float(number[1]) if number else 0.0
        if "n" in options:
            return value
        unit = " KMGTPE".index(number[2].upper() or " ") if number else 0
        return (-unit if value < 0 else unit, value)

    lines.sort(key=lambda line: (key(line), line), reverse="r" in options)
    if "u" in options:
        lines = list({key(line): line for line in reversed(lines)}.values())[::-1]
    task.write(Content.of(encode("".join(f"{line}\n" for line in lines))))
    return 0


# dd, truncate, checksums.

_DD = frozenset(("if", "of", "bs", "count", "skip", "seek", "conv", "status"))


def dd(task: Task, args: Sequence[str]) -> int:
    """Copy blocks; the speed that dd may report is left out, as `status=noxfer` does."""
    given = dict(word.partition("=")[::2] for word in args)
    if not given.keys() <= _DD or not all("=" in word for word in args):
        raise UsageError
    size = number(given.get("bs", "512"), 1, 2**63 - 1)
    source, target = given.get("if"), given.get("of")
    with saying(f"can't open '{source}'"):
        reader = task.open_read(source) if source else task.stdin()
    sink: streams.Sink = (
        _open_target(task, target, number(given.get("seek", "0")) * size, given) if target else task
    )
    with saying(source or "standard input"):
        reader.take(number(given.get("skip", "0")) * size)
        content = reader.take(number(given["count"]) * size) if "count" in given else reader.rest()
    if streams.endless(content):
        raise streams.WouldRunForever
    written, status = content.size, 0
    try:
        sink.write(content)
    except FileSystemError as error:
        written, status = 0, task.fail(f"error writing '{target}': {strerror(error)}")
    if given.get("status") != "none":
        task.err(f"{_records(content.size, size)} records in\n{_records(written, size)} records out\n")
    return status


def _open_target(task: Task, path: str, seek: int, given: dict[str, str]) -> streams.Sink:
    whole = "notrunc" in given.get("conv", "").split(",")
    with saying(f"can't open '{path}'"):
        sink = task.open_write(path, append=whole or seek > 0)
    if isinstance(sink, streams.OpenFile):
        sink.append, sink.offset = False, seek
        if seek > streams.MAX_FILE:
            raise CommandError(f"{path}: {strerror(errno.EFBIG)}")
        if seek and not whole:
            task.fs.truncate(sink.path, seek)
    return sink


def _records(size: int, block: int) -> str:
    return f"{size // block}+{int(size % block > 0)}"


def truncate(task: Task, options: Options) -> int:
    """Set the sizes of files."""
    wanted = options.value("s")
    if wanted is None:
        raise UsageError
    size = number(wanted)

    def cut(path: str) -> None:
        if task.stat(path) is None:
            if "c" in options:
                return
            task.fs.append(task.path(path), EMPTY)
        if size > streams.MAX_FILE:
            raise CommandError(f"{path}: truncate: {strerror(errno.EFBIG)}")
        task.fs.truncate(task.path(path), size)

    return task.each(options.operands, cut, "{}: open: {}")


def checksum(task: Task, options: Options) -> int:
    """Print checksums."""
    kind = basename(task.name).removesuffix("sum")

    def show(path: str, reader: streams.Reader) -> None:
        found = hashlib.new(kind, usedforsecurity=False)
        for segment in reader.segments():
            for chunk in streams.bounded(segment):
                found.update(chunk)
        task.out(f"{found.hexdigest()}  {path}\n")

    return each_file(task, options.operands, show, CANNOT_OPEN, "can't read '{}': {}")


# cut, tr, uniq.

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

    def show(path: str, reader: streams.Reader) -> None:
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

    def show(path: str, reader: streams.Reader) -> None:
        lines = (line.removesuffix(b"\n") for line in reader.lines())
        for _, run in groupby(lines, bytes.lower if "i" in options else None):
            same = list(run)
            task.run.hold(len(same) * len(same[0]))
            if "du"[len(same) > 1] in options and options.last("du"):
                continue
            count = f"{len(same):7} ".encode() if "c" in options else b""
            sink.write(Content.of(count + same[0] + b"\n"))

    sink: streams.Sink = task.open_write(options.operands[1]) if len(options.operands) > 1 else task
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
