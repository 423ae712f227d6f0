"""sed: a stream editor (POSIX.1-2017, sed), with GNU's -i and -E; of its commands s, p and d."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.patterns import BadPattern, regex
from labkit.engine.shell.task import CommandError, Task, UsageError
from labkit.engine.shell.words import decode, encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content

Address = str | int | re.Pattern[str]


@dataclass(slots=True)
class _Command:
    """One command, its addresses and whether its range is open."""

    name: str = ""
    first: Address | None = None
    last: Address | None = None
    negated: bool = False
    pattern: re.Pattern[str] | None = None
    text: str = ""
    flags: str = ""
    inside: bool = False


class _Parser:
    """Reads a script's text."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.at = 0

    def commands(self) -> list[_Command]:
        out: list[_Command] = []
        self.skip(" \t\n;")
        while self.peek():
            out.append(self.command())
            self.skip(" \t\n;")
        return out

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        char = self.peek()
        self.at += 1
        return char

    def skip(self, chars: str) -> None:
        while self.peek() and self.peek() in chars:
            self.at += 1

    def command(self) -> _Command:
        command = _Command(first=self.address())
        if self.peek() == "," and command.first is not None:
            self.at += 1
            self.skip(" ")
            command.last = self.address()
            if command.last is None:
                raise CommandError("no address after comma")
        self.skip(" \t")
        while self.peek() == "!":
            command.negated = True
            self.at += 1
            self.skip(" ")
        command.name = self.take()
        if not command.name:
            raise CommandError("missing command")
        if command.name in "abcDgGhHilnNPqrtTwxyz={}:#":
            raise CommandError(f"command {command.name} is not simulated")
        if command.name not in "spd":
            raise CommandError(f"unsupported command {command.name}")
        if command.name == "s":
            self.substitution(command)
        self.skip(" \t")
        if self.peek() not in ("", "\n", ";"):
            bad = command.name == "s"
            raise CommandError(
                "bad option in substitution expression" if bad else "extra characters after command"
            )
        return command

    def address(self) -> Address | None:
        number = re.compile(r"\d+").match(self.text, self.at)
        if number:
            self.at = number.end()
            return int(number[0])
        if self.peek() == "$":
            return self.take()
        if self.peek() not in ("/", "\\"):
            return None
        self.at += self.peek() == "\\"
        pattern = self.until(self.take())
        ignore = self.peek() == "I"
        self.at += ignore
        return self.compile(pattern, ignore)

    def substitution(self, command: _Command) -> None:
        delimiter = self.take()
        if not delimiter or delimiter == "\n":
            raise CommandError("bad option in substitution expression")
        pattern = self.until(delimiter)
        start = self.at
        self.until(delimiter)
        command.text = self.text[start : self.at - 1].replace("\\" + delimiter, delimiter)
        while self.peek() and self.peek() in "gpIi0123456789":
            command.flags += self.take()
        command.pattern = self.compile(pattern, "i" in command.flags.lower())

    def until(self, delimiter: str) -> str:
        out: list[str] = []
        bracket = False
        while self.peek():
            char = self.take()
            if char == "\\" and self.peek():
                following = self.take()
                out.append({delimiter: delimiter, "n": "\n"}.get(following, "\\" + following))
                continue
            if char == delimiter and not bracket:
                return "".join(out)
            bracket = char == "[" or (bracket and char != "]")
            out.append(char)
        raise CommandError(f"unmatched '{delimiter}'")

    def compile(self, pattern: str, ignore: bool) -> re.Pattern[str]:
        try:
            return regex(pattern, extended=self.extended, ignore_case=ignore)
        except BadPattern as error:
            raise CommandError(f"bad regex '{pattern}': {error}") from None


class _Editor:
    """Applies commands to lines, one after the other."""

    def __init__(self, commands: list[_Command], quiet: bool) -> None:
        self.commands = commands
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
            if command.name == "p":
                out += line + "\n"
            else:
                line, done = _substituted(command, line)
                if done and "p" in command.flags:
                    out += line + "\n"
        return out if self.quiet else f"{out}{line}\n"

    def within(self, command: _Command, line: str, final: bool) -> bool:
        """Tell whether a command's addresses select the line; remember whether its range is open."""

        def at(address: Address) -> bool:
            if isinstance(address, int):
                return self.number == address
            return final if isinstance(address, str) else address.search(line) is not None

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


def _substituted(command: _Command, line: str) -> tuple[str, bool]:
    assert command.pattern is not None
    wanted, seen, every = int(re.sub(r"\D", "", command.flags) or 1), 0, "g" in command.flags

    def replace(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        if seen != wanted and not every:
            return match.group()
        return _filled(command.text, match)

    return command.pattern.sub(replace, line), seen >= (1 if every else wanted)


def _filled(template: str, match: re.Match[str]) -> str:
    def part(found: re.Match[str]) -> str:
        text = found[0]
        if text == "&":
            return match.group()
        if text[1].isdigit():
            return match.group(int(text[1])) or "" if int(text[1]) <= match.re.groups else ""
        return {"n": "\n", "t": "\t"}.get(text[1], text[1])

    return re.sub(r"\\(?:.|\n)|&", part, template)


def sed(task: Task, args: Sequence[str]) -> int:
    """Edit a stream of lines, or with -i files in place."""
    long = {"in-place": "i", "quiet": "n", "regexp-extended": "E", "expression": "e"}
    options = parse(args, "i::nrEe:", long, lacks="fsz")
    operands, scripts = list(options.operands), options.values("e")
    if not scripts:
        if not operands:
            raise UsageError
        scripts = [operands.pop(0)]
    extended, quiet = bool(options.last("rE")), "n" in options
    commands = _Parser("\n".join(scripts), extended).commands()
    failed: list[str] = []
    if "i" not in options:
        for text in _Editor(commands, quiet).run(_lines(task, operands or ["-"], failed)):
            task.out(text)
        return int(bool(failed))
    for path in operands:
        before = len(failed)
        text = "".join(_Editor(commands, quiet).run(_lines(task, [path], failed)))
        if len(failed) == before:
            _replace(task, path, text, options.value("i") or "")
    return int(bool(failed))


def _replace(task: Task, path: str, text: str, suffix: str) -> None:
    """Put a new file in the place of the old one, which keeps its name with the suffix if there is one."""
    target = task.path(path)
    mode = task.fs.stat(target, True).mode & 0o7777
    if suffix:
        task.fs.rename(target, target + suffix)
    try:
        task.fs.write(target + "AAAAAA", Content.of(encode(text)), mode)
    except FileSystemError as error:
        raise CommandError(f"can't create temp file '{path}AAAAAA': {strerror(error)}") from None
    task.fs.rename(target + "AAAAAA", target)


def _lines(task: Task, paths: Sequence[str], failed: list[str]) -> Iterator[str]:
    for path in paths:
        try:
            for line in task.open_read(path).lines():
                yield decode(line)
        except FileSystemError as error:
            if path != "-" and task.is_dir(path):
                continue
            failed.append(path)
            task.fail(f"{path}: {strerror(error)}")
