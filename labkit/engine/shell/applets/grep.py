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
    for path, found in _files(task, paths, recursive):
        if isinstance(found, FileSystemError):
            failed = True
            if "s" not in options:
                task.fail(f"{path}: {strerror(found)}")
            continue
        shown = "(standard input)" if path == "-" else path
        try:
            if _search(task, shown, found, wanted, options, named):
                matched = True
                if "q" in options:
                    return 0
        except FileSystemError as error:
            if not task.is_dir(path):
                task.fail(f"{path}: {strerror(error)}")
    return 2 if failed else int(not matched)


def _compile(pattern: str, options: Options) -> re.Pattern[str]:
    if "F" in options:
        return re.compile(re.escape(pattern), re.IGNORECASE if "i" in options else re.NOFLAG)
    try:
        return regex(pattern, extended="E" in options, ignore_case="i" in options)
    except BadPattern:
        raise CommandError(f"bad regex '{pattern}'", 2) from None


def _files(
    task: Task, paths: Sequence[str], recursive: bool
) -> Iterator[tuple[str, Reader | FileSystemError]]:
    for path in paths:
        try:
            if recursive and path != "-" and task.is_dir(path):
                base = path.rstrip("/") + "/"
                below = [base + name for name in task.listdir(path)]
                yield from _files(
                    task, [name for name in below if not (_is_link(task, name) and task.is_dir(name))], True
                )
            else:
                yield path, task.open_read(path)
        except FileSystemError as error:
            yield path, error


def _is_link(task: Task, path: str) -> bool:
    found = task.stat(path, False)
    return found is not None and (found.mode & 0o170000) == 0o120000


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
