"""grep: lines that match (POSIX.1-2017, grep)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.engine.shell.applets.options import Options, number, parse
from labkit.engine.shell.patterns import BadPattern, regex
from labkit.engine.shell.streams import Reader
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError

_LONG = {"ignore-case": "i", "invert-match": "v", "line-number": "n", "count": "c", "quiet": "q",
         "recursive": "r", "extended-regexp": "E", "fixed-strings": "F", "only-matching": "o",
         "word-regexp": "w", "files-with-matches": "l", "color": "u"}  # fmt: skip


def grep(task: Task, args: Sequence[str]) -> int:
    """Print the lines that match a pattern; 0 if there were any, 1 if none, 2 after an error."""
    options = parse(args, "HhnlLcoqvsrRiwxFEzyum:A:B:C:e:f:", _LONG)
    operands = list(options.operands)
    patterns = [line for text in options.values("e") for line in text.split("\n")]
    source = options.value("f")
    if source is not None:
        patterns += [decode(line).rstrip("\n") for line in task.open_read(source).lines()]
    if not patterns and source is None:
        if not operands:
            raise UsageError
        patterns = operands.pop(0).split("\n")
    wanted = [_compile(pattern, options) for pattern in patterns]
    recursive = bool(options.last("rR"))
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
    ignore = bool(options.last("iy"))
    try:
        if "F" in options:
            compiled = re.compile(re.escape(pattern), re.IGNORECASE if ignore else re.NOFLAG)
        else:
            compiled = regex(pattern, extended="E" in options, ignore_case=ignore)
    except BadPattern:
        raise CommandError(f"bad regex '{pattern}'", 2) from None
    if "x" in options:
        return re.compile(rf"(?:{compiled.pattern})\Z", compiled.flags)
    return compiled


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
    limit = number(options.value("m") or "-1", negative=True)
    after = number(options.value("A") or options.value("C") or "0")
    before = number(options.value("B") or options.value("C") or "0")
    silent = bool(options.last("qlLc"))
    count = owed = printed = 0
    earlier: list[tuple[int, str]] = []
    for place, raw in enumerate(reader.lines(), 1):
        line = decode(raw.removesuffix(b"\n"))
        found = [match for pattern in wanted if (match := _match(pattern, line, options)) is not None]
        if bool(found) != ("v" in options):
            count += 1
            if not silent:
                if "o" in options:
                    for pattern in [] if "v" in options else wanted:
                        for match in pattern.finditer(line):
                            if match.group():
                                _print(task, name if named else "", place, match.group(), ":", options)
                else:
                    if (before or after) and printed and printed < place - len(earlier) - 1:
                        task.out("--\n")
                    for number_, text in earlier:
                        _print(task, name if named else "", number_, text, "-", options)
                    _print(task, name if named else "", place, line, ":", options)
                    printed = place
                earlier, owed = [], after
            if options.last("ql") or count == limit:
                break
        elif owed and not silent:
            _print(task, name if named else "", place, line, "-", options)
            printed, owed = place, owed - 1
        elif before:
            earlier = [*earlier, (place, line)][-before:]
    if "q" not in options:
        if ("l" in options and count) or ("L" in options and not count):
            task.out(f"{name}\n")
        elif "c" in options and not options.last("lL"):
            task.out((f"{name}:" if named else "") + f"{count}\n")
    return count > 0 if "L" not in options else count == 0


def _match(pattern: re.Pattern[str], line: str, options: Options) -> re.Match[str] | None:
    if "x" in options:
        return pattern.match(line)
    if "w" not in options:
        return pattern.search(line)
    for match in pattern.finditer(line):
        edges = line[match.start() - 1 : match.start()] + line[match.end() : match.end() + 1]
        if not re.search(r"\w", edges):
            return match
    return None


def _print(task: Task, name: str, place: int, text: str, mark: str, options: Options) -> None:
    prefix = f"{name}{mark}" if name else ""
    if "n" in options:
        prefix += f"{place}{mark}"
    task.out(f"{prefix}{text}\n")


def egrep(task: Task, args: Sequence[str]) -> int:
    """Search for extended regular expressions."""
    return grep(task, ["-E", *args])


def fgrep(task: Task, args: Sequence[str]) -> int:
    """Search for fixed strings."""
    return grep(task, ["-F", *args])
