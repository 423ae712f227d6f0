"""Commands that pass text on: cat, head, tail, wc, tee."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import Options, number, parse
from labkit.engine.shell.streams import Reader, Sink, WouldRunForever, bounded, endless
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
    options = parse(args, "nu", lacks="bvteA")
    failed: list[str] = []
    count = 0
    for _, reader in opened(task, options.operands, failed=failed):
        try:
            if "n" not in options:
                for segment in reader.segments():
                    task.write(segment)
                continue
            for line in reader.lines():
                count += 1
                task.write(Content.of(f"{count:6}\t".encode() + line))
        except FileSystemError as error:
            failed.append("")
            task.fail(f"read error: {strerror(error)}")
    return int(bool(failed))


def _old_style(args: Sequence[str]) -> list[str]:
    """`head -3` means `head -n 3`."""
    if args and args[0][:1] in ("-", "+") and args[0][1:2].isdigit():
        return ["-n", args[0] if args[0][0] == "+" else args[0][1:], *args[1:]]
    return list(args)


def _titled(task: Task, options: Options, several: bool, path: str, first: bool) -> None:
    """Print a file's title where there are several."""
    if ("v" in options or several) and "q" not in options:
        task.out(f"{'' if first else chr(10)}==> {'standard input' if path == '-' else path} <==\n")


def head(task: Task, args: Sequence[str]) -> int:
    """Print the first lines or bytes of files."""
    options = parse(_old_style(args), "n:c:qv")
    by_bytes = options.last("nc") == "c"
    wanted = number(options.value("c" if by_bytes else "n") or "10", negative=True)
    failed: list[str] = []
    for index, (path, reader) in enumerate(opened(task, options.operands, PLAIN, failed)):
        _titled(task, options, len(options.operands) > 1, path, index == 0)
        try:
            if wanted < 0:
                content = reader.rest()
                kept = max(content.size + wanted, 0) if by_bytes else _before_last(content, -wanted)
                task.write(content.slice(0, kept))
            elif by_bytes:
                task.write(reader.take(wanted))
            else:
                for line in _first(reader, wanted):
                    task.write(Content.of(line))
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


def tail(task: Task, args: Sequence[str]) -> int:
    """Print the last lines or bytes of files; with -f wait for more, for ever."""
    options = parse(_old_style(args), "n:c:fFqvs:")
    by_bytes = options.last("nc") == "c"
    given = options.value("c" if by_bytes else "n") or "10"
    wanted = number(given.lstrip("+-"))
    failed: list[str] = []
    files = list(opened(task, options.operands, WARNING, failed))
    if not files:
        return task.fail("no files")
    for index, (path, reader) in enumerate(files):
        _titled(task, options, len(files) > 1, path, index == 0)
        try:
            if given.startswith("+"):
                _after(task, reader, max(wanted - 1, 0), by_bytes)
            else:
                content = reader.rest()
                task.write(
                    content.slice(
                        max(content.size - wanted, 0) if by_bytes else _before_last(content, wanted)
                    )
                )
        except FileSystemError as error:
            failed.append(path)
            task.fail(f"read error: {strerror(error)}")
    if options.last("fF"):
        raise WouldRunForever
    return int(bool(failed))


def _before_last(content: Content, count: int) -> int:
    """Return where the last lines begin; only the end of the content is read."""
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
    return content.size - len(data) + cut


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
    options = parse(args, "clw", lacks="mL")
    columns = [flag for flag in "lwc" if flag in options] or ["l", "w", "c"]
    totals = dict.fromkeys(columns, 0)
    status = 0
    for path in options.operands or [""]:
        counts = dict.fromkeys(columns, 0)
        try:
            reader = task.open_read(path or "-")
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
            continue
        try:
            counts = _counts(reader, columns)
        except FileSystemError as error:
            status = task.fail(f"{path}: {strerror(error)}")
        task.out(_row([counts[flag] for flag in columns], path))
        totals = {flag: totals[flag] + counts[flag] for flag in columns}
    if len(options.operands) > 1:
        task.out(_row(list(totals.values()), "total"))
    return status


def _row(counts: list[int], name: str) -> str:
    cells = [str(counts[0])] if len(counts) == 1 else [f"{count:9}" for count in counts]
    return " ".join([*cells, name] if name else cells) + "\n"


def _counts(reader: Reader, columns: list[str]) -> dict[str, int]:
    if columns == ["c"]:
        content = reader.rest()
        if endless(content):
            raise WouldRunForever
        return {"c": content.size}
    counts = dict.fromkeys("lwc", 0)
    word_open = False
    for segment in reader.segments():
        for chunk in bounded(segment):
            counts["c"] += len(chunk)
            counts["l"] += chunk.count(b"\n")
            words = chunk.split()
            continues = word_open and bool(words) and not chunk[:1].isspace()
            counts["w"] += len(words) - int(continues)
            word_open = not chunk[-1:].isspace()
    return counts


def tee(task: Task, args: Sequence[str]) -> int:
    """Copy standard input to files and to standard output."""
    options = parse(args, "ai", {"append": "a"})
    sinks: list[Sink] = []

    def add(path: str) -> None:
        sinks.append(task.open_write(path, append="a" in options))

    status = task.each(options.operands, add)
    for segment in task.stdin().segments():
        for sink in sinks:
            sink.write(segment)
        task.write(segment)
    return status
