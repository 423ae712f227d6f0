"""Commands that pass text on: cat, head, tail, wc, tee, tac, rev, nl."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import number, parse
from labkit.engine.shell.streams import ENDLESS, Reader, Repeated, Sink, WouldRunForever, bounded, endless
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content

WARNING = "can't open '{}': {}"
PLAIN = "{}: {}"


def opened(
    task: Task, paths: Sequence[str], words: str = WARNING, failed: list[str] | None = None
) -> Iterator[tuple[str, Reader]]:
    """Yield each file's name and reader; say of those that cannot be opened why."""
    for path in paths or ["-"]:
        try:
            reader = task.open_read(path)
        except FileSystemError as error:
            task.fail(words.format(path, strerror(error)))
            if failed is not None:
                failed.append(path)
            continue
        yield path, reader


def cat(task: Task, args: Sequence[str]) -> int:
    """Print files one after the other."""
    options = parse(args, "nbvteAu")
    visible = bool(options.last("vteA"))
    failed: list[str] = []
    count = 0
    for _, reader in opened(task, options.operands, failed=failed):
        try:
            if not options.given or options.last("nbvteA") == "":
                for segment in reader.segments():
                    task.write(segment)
                continue
            for line in reader.lines():
                if "n" in options or ("b" in options and line != b"\n"):
                    count += 1
                    task.out(f"{count:6}\t")
                shown = (
                    _visible(line, bool(options.last("tA")), bool(options.last("eA"))) if visible else line
                )
                task.write(Content.of(shown))
        except FileSystemError as error:
            failed.append("")
            task.fail(f"read error: {strerror(error)}")
    return int(bool(failed))


def _visible(line: bytes, tabs: bool, ends: bool) -> bytes:
    out = bytearray()
    for byte in line:
        if byte >= 128:
            out += b"M-"
            byte -= 128
        if byte == 10:
            out += b"$\n" if ends else b"\n"
        elif byte == 127:
            out += b"^?"
        elif byte < 32 and (byte != 9 or tabs):
            out += b"^" + bytes([byte + 64])
        else:
            out.append(byte)
    return bytes(out)


def _old_style(args: Sequence[str]) -> list[str]:
    """`head -3` means `head -n 3`."""
    if args and args[0][:1] in ("-", "+") and args[0][1:2].isdigit():
        return ["-n", args[0] if args[0][0] == "+" else args[0][1:], *args[1:]]
    return list(args)


def head(task: Task, args: Sequence[str]) -> int:
    """Print the first lines or bytes of files."""
    options = parse(_old_style(args), "n:c:qv")
    by_bytes = options.last("nc") == "c"
    wanted = number(options.value("c" if by_bytes else "n") or "10", negative=True)
    failed: list[str] = []
    title = ("v" in options or len(options.operands) > 1) and "q" not in options
    for index, (path, reader) in enumerate(opened(task, options.operands, PLAIN, failed)):
        if title:
            task.out(f"{chr(10) if index else ''}==> {'standard input' if path == '-' else path} <==\n")
        try:
            if by_bytes:
                task.write(reader.take(wanted) if wanted >= 0 else _without_end(reader.rest(), -wanted))
            elif wanted >= 0:
                for line in _first(reader, wanted):
                    task.write(Content.of(line))
            else:
                lines = list(reader.lines())
                task.write(Content.of(b"".join(lines[:wanted])))
        except FileSystemError as error:
            failed.append(path)
            task.fail(f"{path}: {'Input/output error' if path != '-' else strerror(error)}")
    return int(bool(failed))


def _first(reader: Reader, count: int) -> Iterator[bytes]:
    for _ in range(count):
        line = reader.line()
        if line is None:
            return
        yield line


def _without_end(content: Content, size: int) -> Content:
    return content.slice(0, max(content.size - size, 0))


def tail(task: Task, args: Sequence[str]) -> int:
    """Print the last lines or bytes of files; with -f wait for more, for ever."""
    options = parse(_old_style(args), "n:c:fFqvs:")
    by_bytes = options.last("nc") == "c"
    given = options.value("c" if by_bytes else "n") or "10"
    from_start = given.startswith("+")
    wanted = number(given.lstrip("+-"))
    failed: list[str] = []
    follow = bool(options.last("fF"))
    files = list(opened(task, options.operands, WARNING, failed))
    if not files:
        return task.fail("no files")
    title = ("v" in options or len(files) > 1) and "q" not in options
    for index, (path, reader) in enumerate(files):
        if title:
            task.out(f"{chr(10) if index else ''}==> {'standard input' if path == '-' else path} <==\n")
        try:
            if from_start:
                _after(task, reader, max(wanted - 1, 0), by_bytes)
            elif by_bytes:
                content = reader.rest()
                if endless(content):
                    raise WouldRunForever
                task.write(content.slice(max(content.size - wanted, 0)))
            else:
                task.write(_last_lines(reader.rest(), wanted))
        except FileSystemError as error:
            failed.append(path)
            task.fail(f"read error: {strerror(error)}")
    if follow:
        raise WouldRunForever
    return int(bool(failed))


def _last_lines(content: Content, count: int) -> Content:
    if endless(content):
        raise WouldRunForever
    start, data = content.size, b""
    while start > 0 and data[:-1].count(b"\n") < count:
        step = min(start, 1 << 16)
        start -= step
        data = content.read(start, step) + data
    cut = len(data)
    for _ in range(count):
        cut = data.rfind(b"\n", 0, max(cut - 1, 0)) + 1
        if cut == 0:
            break
    return content.slice(content.size - len(data) + cut)


def _after(task: Task, reader: Reader, skipped: int, by_bytes: bool) -> None:
    if by_bytes:
        reader.take(skipped)
    else:
        for _ in _first(reader, skipped):
            pass
    for segment in reader.segments():
        task.write(segment)


def wc(task: Task, args: Sequence[str]) -> int:
    """Count lines, words and bytes."""
    options = parse(args, "cmlwL")
    columns = [flag for flag in "lwmcL" if flag in options] or ["l", "w", "c"]
    totals = dict.fromkeys(columns, 0)
    status = shown = 0
    for path in options.operands or [""]:
        counts = dict.fromkeys(columns, 0)
        try:
            reader = task.open_read(path or "-")
            try:
                counts = _counts(reader, columns)
            except FileSystemError as error:
                status = task.fail(f"{path}: {strerror(error)}")
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
            shown += 1
            continue
        shown += 1
        task.out(_row([counts[flag] for flag in columns], path))
        for flag in columns:
            totals[flag] = max(totals[flag], counts[flag]) if flag == "L" else totals[flag] + counts[flag]
    if shown > 1:
        task.out(_row([totals[flag] for flag in columns], "total"))
    return status


def _row(counts: list[int], name: str) -> str:
    cells = [str(counts[0])] if len(counts) == 1 else [f"{count:9}" for count in counts]
    return " ".join([*cells, name] if name else cells) + "\n"


def _counts(reader: Reader, columns: list[str]) -> dict[str, int]:
    if columns == ["c"]:
        size = reader.rest().size
        if endless(Content((), size)):
            raise WouldRunForever
        return {"c": size}
    counts = dict.fromkeys("lwmcL", 0)
    word_open = False
    longest = 0
    for segment in reader.segments():
        for chunk in bounded(segment):
            counts["c"] += len(chunk)
            counts["l"] += chunk.count(b"\n")
            words = chunk.split()
            continues = word_open and bool(words) and not chunk[:1].isspace()
            counts["w"] += len(words) - int(continues)
            word_open = not chunk[-1:].isspace()
            counts["m"] += sum(1 for byte in chunk if byte & 0xC0 != 0x80) if "m" in columns else 0
            if "L" in columns:
                longest = max([longest, *(len(line) for line in chunk.expandtabs(8).split(b"\n"))])
    counts["L"] = longest
    return counts


def tee(task: Task, args: Sequence[str]) -> int:
    """Copy standard input to files and to standard output."""
    options = parse(args, "ai", {"append": "a"})
    status = 0
    sinks: list[Sink] = []
    for path in options.operands:
        try:
            sinks.append(task.open_write(path, append="a" in options))
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
    for segment in task.stdin().segments():
        for sink in sinks:
            sink.write(segment)
        task.write(segment)
    return status


def tac(task: Task, args: Sequence[str]) -> int:
    """Print lines in reverse order."""
    failed: list[str] = []
    lines: list[bytes] = []
    for _, reader in opened(task, parse(args, "").operands, failed=failed):
        lines += reader.lines()
    task.write(Content.of(b"".join(reversed(lines))))
    return int(bool(failed))


def rev(task: Task, args: Sequence[str]) -> int:
    """Reverse the characters of each line."""
    failed: list[str] = []
    for _, reader in opened(task, parse(args, "").operands, failed=failed):
        for line in reader.lines():
            text = line.decode("utf-8", "surrogateescape")
            task.out(text.rstrip("\n")[::-1] + ("\n" if text.endswith("\n") else ""))
    return int(bool(failed))


def nl(task: Task, args: Sequence[str]) -> int:
    """Number lines."""
    options = parse(args, "b:i:s:v:w:")
    failed: list[str] = []
    count, step = number(options.value("v") or "1"), number(options.value("i") or "1")
    width, style = number(options.value("w") or "6"), options.value("b") or "t"
    for _, reader in opened(task, options.operands, failed=failed):
        for line in reader.lines():
            if style == "a" or (style == "t" and line != b"\n"):
                task.out(f"{count:{width}}{options.value('s') or chr(9)}")
                count += step
            elif line == b"\n":
                task.out(" " * (width + 1))
            task.write(Content.of(line))
    return int(bool(failed))


def yes(task: Task, args: Sequence[str]) -> int:
    """Print a line for ever."""
    line = (" ".join(args) or "y") + "\n"
    task.write(Content.at(Repeated(line.encode("utf-8", "surrogateescape")), 0, ENDLESS))
    raise WouldRunForever
