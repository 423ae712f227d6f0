"""grep: lines that match (POSIX.1-2017, grep)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import Options, parse
from labkit.engine.shell.patterns import BadPattern, regex
from labkit.engine.shell.streams import Reader
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError

_LONG = {"ignore-case": "i", "invert-match": "v", "line-number": "n", "count": "c", "quiet": "q",
         "recursive": "r", "extended-regexp": "E", "fixed-strings": "F", "only-matching": "o"}  # fmt: skip


def grep(task: Task, args: Sequence[str]) -> int:
    """Print the lines that match a pattern; 0 if there were any, 1 if none, 2 after an error."""
    options = parse(args, "HhnlcoqvsriwFEe:", _LONG, lacks="LRxyzmABCf")
    operands = list(options.operands)
    patterns = options.values("e")
    if not patterns:
        if not operands:
            raise UsageError
        patterns = [operands.pop(0)]
    wanted = [_compile(pattern, options) for pattern in patterns]
    recursive = "r" in options
    paths = operands or (["."] if recursive else ["-"])
    named = "H" in options or (("h" not in options) and (len(paths) > 1 or recursive))
    matched, failed = False, False
    for path in paths:
        for name in _below(task, path) if recursive else (path,):
            try:
                reader = task.open_read(name)
            except FileSystemError as error:
                failed = True
                if "s" not in options:
                    task.fail(f"{name}: {strerror(error)}")
                continue
            if not task.is_dir(name) or name == "-":
                shown = "(standard input)" if name == "-" else name
                matched |= _search(task, shown, reader, wanted, options, named)
            if matched and "q" in options:
                return 0
    return 2 if failed else int(not matched)


def _compile(pattern: str, options: Options) -> re.Pattern[str]:
    if "F" in options:
        return re.compile(re.escape(pattern), re.IGNORECASE if "i" in options else re.NOFLAG)
    try:
        return regex(pattern, extended="E" in options, ignore_case="i" in options)
    except BadPattern:
        raise CommandError(f"bad regex '{pattern}'", 2) from None


def _below(task: Task, path: str) -> Iterator[str]:
    """Yield the files at and below a path; links below it are not followed to directories."""
    if path == "-" or not task.is_dir(path):
        yield path
        return
    for name in task.listdir(path):
        below = f"{path.rstrip('/')}/{name}"
        if task.is_dir(below, follow=False) or not task.is_dir(below):
            yield from _below(task, below)


def _search(
    task: Task, name: str, reader: Reader, wanted: list[re.Pattern[str]], options: Options, named: bool
) -> bool:
    """Search one file, print what its options ask for, and tell whether any line was selected."""
    count = 0
    for place, raw in enumerate(reader.lines(), 1):
        line = decode(raw.removesuffix(b"\n"))
        if any(_matches(pattern, line, options) for pattern in wanted) == ("v" in options):
            continue
        count += 1
        if options.last("ql"):
            break
        if "c" in options:
            continue
        shown = [line]
        if "o" in options:
            found = [match.group() for pattern in wanted for match in pattern.finditer(line)]
            shown = [] if "v" in options else [text for text in found if text]
        prefix = (f"{name}:" if named else "") + (f"{place}:" if "n" in options else "")
        task.out("".join(f"{prefix}{text}\n" for text in shown))
    if "q" not in options:
        if "l" in options:
            task.out(f"{name}\n" if count else "")
        elif "c" in options:
            task.out((f"{name}:" if named else "") + f"{count}\n")
    return count > 0


def _matches(pattern: re.Pattern[str], line: str, options: Options) -> bool:
    """Tell whether a pattern is in a line, with -w as a word of its own."""
    return any(
        "w" not in options
        or not re.search(r"\w", line[match.start() - 1 : match.start()] + line[match.end() : match.end() + 1])
        for match in pattern.finditer(line)
    )
