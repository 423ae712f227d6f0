"""grep and sed, with GNU's -o, -w, -i and -E; of sed's commands s, p and d (POSIX.1-2017, grep and sed)."""

from __future__ import annotations

import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labkit.base.errors import FileSystemError
from labkit.go.regexp import BadPattern, Match, Regexp, literal
from labkit.oci.content import Content
from labkit.shell.applets.options import Options, number
from labkit.shell.conversions import decimal, decode, encode, strerror
from labkit.shell.patterns import regex
from labkit.shell.streams import Reader
from labkit.shell.task import CommandError, Task, UsageError, saying

# grep.


def grep(task: Task, options: Options) -> int:
    """Print the lines that match a pattern; 0 if there were any, 1 if none, 2 after an error."""
    options.given += [(task.name[0].upper(), "")] * (task.name in ("egrep", "fgrep"))
    operands = list(options.operands)
    patterns = options.values("e")
    if not patterns:
        if not operands:
            raise UsageError
        patterns = [operands.pop(0)]
    wanted = [_compile(pattern, options) for pattern in patterns]
    recursive = options.last("rR") != ""
    paths = operands or (["."] if recursive else ["-"])
    named = "H" in options or (("h" not in options) and (len(paths) > 1 or recursive))
    matched, failed = False, list[str]()

    def fail(name: str, error: FileSystemError | int) -> None:
        failed.append(name)
        if "s" not in options:
            task.fail(f"{name}: {strerror(error)}")

    for path in paths:
        for name in _below(task, path) if recursive else (path,):
            try:
                reader = task.open_read(name)
            except FileSystemError as error:
                fail(name, error)
                continue
            if reader.error and task.dialect == "gnu" and name != "-":
                fail(name, reader.error)
            shown = "(standard input)" if name == "-" else name
            matched |= _search(task, shown, reader, wanted, options, named)
            if matched and "q" in options:
                return 0
    return 2 if failed else int(not matched)


def _compile(pattern: str, options: Options) -> Regexp:
    if "F" in options:
        return Regexp(map(literal, pattern), re.IGNORECASE if "i" in options else re.NOFLAG)
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
        if task.dialect == "gnu" and stat.S_ISLNK(task.fs.stat(task.path(below), False).mode):
            continue
        if task.is_dir(below, follow=False) or not task.is_dir(below):
            yield from _below(task, below)


def _search(
    task: Task, name: str, reader: Reader, wanted: list[Regexp], options: Options, named: bool
) -> bool:
    """Search one file, print what its options ask for, and tell whether any line was selected."""
    count, printed = 0, 0
    before, after = (number(options.value(flag) or options.value("C") or "0") for flag in "BA")
    most = number(options.value("m") or str(2**31))
    waiting: deque[tuple[int, str]] = deque(maxlen=before)
    left = 0

    def show(place: int, text: str, mark: str) -> None:
        nonlocal printed
        if (before or after) and printed and place > printed + 1:
            task.out("--\n")
        printed = place
        task.out((name + mark) * named + f"{place}{mark}" * ("n" in options) + text + "\n")

    for place, raw in enumerate(reader.lines(), 1):
        line = decode(raw.removesuffix(b"\n"))
        if any(_matches(pattern, line, options) for pattern in wanted) == ("v" in options):
            if left:
                left -= 1
                show(place, line, "-")
            else:
                waiting.append((place, line))
            continue
        count += 1
        if options.last("ql"):
            break
        if "c" not in options:
            for each in waiting:
                show(*each, "-")
            waiting.clear()
            left = after
            shown = [line]
            if "o" in options:
                found = [match.groups[0] for pattern in wanted for match in pattern.matches(line)]
                shown = [] if "v" in options else [text for text in found if text]
            for text in shown:
                show(place, text, ":")
        if count == most:
            break
    if "q" not in options:
        if "l" in options:
            task.out(f"{name}\n" if count else "")
        elif "c" in options:
            task.out((f"{name}:" if named else "") + f"{count}\n")
    return count > 0


def _matches(pattern: Regexp, line: str, options: Options) -> bool:
    """Tell whether a pattern is in a line, with -w as a word of its own."""
    if "x" in options:
        return pattern.fullmatch(line)
    if "w" not in options:
        return pattern.search(line)
    return any(
        not re.search(r"\w", line[match.start - 1 : match.start] + line[match.end : match.end + 1])
        for match in pattern.matches(line)
    )


# sed.

# `(?>…)`: what was read as a bracket is not read again as characters; many could be in 2^n ways.
_ADDRESS = r"[0-9]+|\$|/(?>(?:\\.|\[\^?\]?[^]]*\]|[^/\\])*)/I?"
_COMMAND = re.compile(rf"({_ADDRESS})?(?:, *({_ADDRESS}|))?\s*((?:! *)*)(.?)", re.DOTALL)
_END = re.compile(r"[ \t]*(?:[\n;]|$)")


@dataclass(slots=True)
class _Command:
    """One command, its addresses and whether its range is open."""

    name: str
    first: _Address | None
    last: _Address | None
    negated: bool
    pattern: Regexp | None = None
    text: str = ""
    flags: str = ""
    inside: bool = False


_Address = str | int | Regexp


def _commands(script: str, extended: bool) -> Iterator[_Command]:
    """Yield the commands of a script; raises CommandError."""
    at = 0
    while at < len(script):
        if script[at] in " \t\n;":
            at += 1
            continue
        match = _COMMAND.match(script, at)
        assert match is not None
        first, last, negated, name = match.groups()
        if first is None and name == "/":
            raise CommandError("unmatched '/'")
        if last == "" or not name:
            raise CommandError("missing command" if name else "no address after comma")
        if name not in "spd":
            known = name in "abcDgGhHilnNPqrtTwxyz={}:#"
            raise CommandError(f"command {name} is not simulated" if known else f"unsupported command {name}")
        command = _Command(name, _address(first, extended), _address(last, extended), bool(negated))
        at = match.end()
        if name == "s":
            at = _substitution(command, script, at, extended)
        end = _END.match(script, at)
        if end is None:
            words = (
                "bad option in substitution expression" if name == "s" else "extra characters after command"
            )
            raise CommandError(words)
        at = end.end()
        yield command


def _address(text: str | None, extended: bool) -> _Address | None:
    if text is None or text == "$":
        return text
    if text.isdecimal():
        # strtol(3) gives LONG_MAX, which as an int is busybox's mark for the last line (sed.c, get_address).
        return "$" if (line := decimal(text)) is None else line
    body, _, flag = text[1:].rpartition("/")
    return _compiled(body.replace("\\/", "/"), extended, flag)


def _substitution(command: _Command, script: str, at: int, extended: bool) -> int:
    """Read what follows an `s`; return the index behind it."""
    mark = script[at : at + 1]
    if mark in ("", "\n", "\\"):
        raise CommandError("bad option in substitution expression")
    stop = re.escape(mark)
    pattern = (
        rf"{stop}((?>(?:\\.|\[\^?\]?[^]]*\]|(?!{stop})[^\\])*)){stop}"
        rf"((?:\\.|(?!{stop})[^\\])*){stop}([gpIi0-9]*)"
    )
    match = re.compile(pattern, re.DOTALL).match(script, at)
    if match is None:
        raise CommandError(f"unmatched '{mark}'")
    wanted, command.text = (part.replace("\\" + mark, mark) for part in match.group(1, 2))
    command.flags = match[3]
    command.pattern = _compiled(re.sub(r"\\n", "\n", wanted), extended, match[3])
    return match.end()


def _compiled(pattern: str, extended: bool, flags: str) -> Regexp:
    try:
        return regex(pattern, extended=extended, ignore_case="i" in flags.lower())
    except BadPattern as error:
        raise CommandError(f"bad regex '{pattern}': {error}") from None


class _Editor:
    """Applies commands to lines, one after the other."""

    def __init__(self, script: str, extended: bool, quiet: bool) -> None:
        self.commands = list(_commands(script, extended))
        self.quiet = quiet
        self.number = 0

    def run(self, lines: Iterable[str]) -> Iterator[str]:
        """Yield what each line becomes; what a last line without its newline becomes has none either."""
        rest = iter(lines)
        following = next(rest, None)
        while following is not None:
            line, following = following, next(rest, None)
            self.number += 1
            out = self.edited(line.removesuffix("\n"), following is None)
            yield out if line.endswith("\n") else out.removesuffix("\n")

    def edited(self, line: str, final: bool) -> str:
        out = ""
        for command in self.commands:
            if self.within(command, line, final) == command.negated:
                continue
            if command.name == "d":
                return out
            done = command.name == "p"
            if command.pattern is not None:
                line, count = _substituted(command, command.pattern, line)
                done = count > 0 and "p" in command.flags
            out += f"{line}\n" * done
        return out if self.quiet else f"{out}{line}\n"

    def within(self, command: _Command, line: str, final: bool) -> bool:
        """Tell whether a command's addresses select the line; remember whether its range is open."""

        def at(address: _Address) -> bool:
            if isinstance(address, int):
                return self.number == address
            return final if isinstance(address, str) else address.search(line)

        first, last = command.first, command.last
        if first is None or last is None:
            return first is None or at(first)
        if command.inside:
            if isinstance(last, int):
                command.inside = self.number < last
                return self.number <= last
            command.inside = not at(last)
            return True
        command.inside = at(first) and not (isinstance(last, int) and last <= self.number)
        return at(first)


def _substituted(command: _Command, pattern: Regexp, line: str) -> tuple[str, int]:
    """Return the line after a substitution, and how many there were."""
    matches = list(pattern.matches(line))
    digits = re.sub(r"\D", "", command.flags) or "1"
    place = decimal(digits)
    if "g" not in command.flags and place != 0:  # busybox takes 0 for all
        matches = matches[place - 1 : place] if place else []
    parts, behind = [], 0
    for match in matches:
        parts += [line[behind : match.start], _filled(command.text, match)]
        behind = match.end
    return "".join([*parts, line[behind:]]), len(matches)


def _filled(template: str, match: Match) -> str:
    def part(found: re.Match[str]) -> str:
        text = found[0]
        if text == "&":
            return match.groups[0]
        if text[1].isdecimal():
            return "".join(match.groups[int(text[1]) :][:1])
        return {"n": "\n", "t": "\t"}.get(text[1], text[1])

    return re.sub(r"\\(?:.|\n)|&", part, template)


def sed(task: Task, options: Options) -> int:
    """Edit a stream of lines, or with -i files in place."""
    operands, scripts = list(options.operands), options.values("e")
    if not scripts:
        if not operands:
            raise UsageError
        scripts = [operands.pop(0)]
    failed: list[str] = []

    def edited(paths: Sequence[str]) -> Iterator[str]:
        editor = _Editor("\n".join(scripts), bool(options.last("rE")), "n" in options)
        return editor.run(_lines(task, paths, failed))

    if "i" not in options:
        for text in edited(operands or ["-"]):
            task.out(text)
    for path in operands if "i" in options else ():
        before = len(failed)
        text = "".join(edited([path]))
        if len(failed) == before:
            _replace(task, path, text, options.value("i") or "")
    return int(bool(failed))


def _replace(task: Task, path: str, text: str, suffix: str) -> None:
    """Put a new file in the place of the old one, which keeps its name with the suffix if there is one."""
    target = task.path(path)
    mode = task.fs.stat(target, True).mode & 0o7777
    if suffix:
        task.fs.rename(target, target + suffix)
    with saying(f"can't create temp file '{path}AAAAAA'"):
        task.fs.write(target + "AAAAAA", Content.of(encode(text)), mode)
    task.fs.rename(target + "AAAAAA", target)


def _lines(task: Task, paths: Sequence[str], failed: list[str]) -> Iterator[str]:
    for path in paths:
        try:
            for line in task.open_read(path).lines():
                yield decode(line)
        except FileSystemError as error:
            if path == "-" or not task.is_dir(path):
                failed.append(path)
                task.fail(f"{path}: {strerror(error)}")
