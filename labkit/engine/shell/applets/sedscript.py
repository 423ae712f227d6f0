"""sed's scripts: addresses and commands (POSIX.1-2017, sed, Editing Commands)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from labkit.engine.shell.patterns import BadPattern, regex
from labkit.engine.shell.task import CommandError


@dataclass(slots=True)
class Command:
    """One command, its addresses and whether its range is open."""

    name: str
    first: str | int | re.Pattern[str] | None = None
    last: str | int | re.Pattern[str] | None = None
    negated: bool = False
    text: str = ""
    pattern: re.Pattern[str] | None = None
    flags: str = ""
    block: list[Command] = field(default_factory=list)
    inside: bool = False
    until: int = 0


class Parser:
    """Reads a script's text."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.at = 0

    def commands(self, nested: bool = False) -> list[Command]:
        out: list[Command] = []
        while True:
            self.skip(" \t\n;")
            if self.at >= len(self.text):
                if nested:
                    raise CommandError("unmatched '{'")
                return out
            if self.peek() == "}":
                if not nested:
                    raise CommandError("unexpected '}'")
                self.at += 1
                return out
            if self.peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
                continue
            out.append(self.command())

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, chars: str) -> None:
        while self.peek() and self.peek() in chars:
            self.at += 1

    def command(self) -> Command:
        command = Command("")
        command.first = self.address()
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
        command.name = self.peek()
        self.at += 1
        if not command.name:
            raise CommandError("missing command")
        self.operand(command)
        return command

    def address(self) -> str | int | re.Pattern[str] | None:
        number = re.compile(r"\d+").match(self.text, self.at)
        if number:
            self.at = number.end()
            return int(number[0])
        if self.peek() == "$":
            self.at += 1
            return "$"
        if self.peek() in ("/", "\\") and self.peek():
            self.at += self.peek() == "\\"
            delimiter = self.peek()
            self.at += 1
            pattern = self.until(delimiter)
            ignore = self.peek() == "I"
            self.at += ignore
            return self.compile(pattern, ignore)
        return None

    def until(self, delimiter: str) -> str:
        out: list[str] = []
        bracket = False
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == "\\" and self.at < len(self.text):
                following = self.text[self.at]
                self.at += 1
                out.append(
                    following if following == delimiter else "\n" if following == "n" else "\\" + following
                )
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

    def operand(self, command: Command) -> None:
        name = command.name
        if name == "s":
            delimiter = self.peek()
            self.at += 1
            if not delimiter or delimiter == "\n":
                raise CommandError("bad option in substitution expression")
            pattern = self.until(delimiter)
            start = self.at
            self.until(delimiter)
            command.text = self.text[start : self.at - 1].replace("\\" + delimiter, delimiter)
            flags = re.compile(r"[gpIiew0-9]*").match(self.text, self.at)
            command.flags = flags[0] if flags else ""
            self.at += len(command.flags)
            command.pattern = self.compile(pattern, "I" in command.flags or "i" in command.flags)
        elif name == "y":
            delimiter = self.peek()
            self.at += 1
            command.flags, command.text = self.until(delimiter), self.until(delimiter)
            if len(command.flags) != len(command.text):
                raise CommandError("y command strings have different lengths")
        elif name == "{":
            command.block = self.commands(nested=True)
            return
        elif name in "aic":
            self.skip(" \t")
            if self.peek() == "\\":
                self.at += 1
                self.skip(" \t")
                self.at += self.peek() == "\n"
            end = re.compile(r"(?:[^\\\n]|\\.)*", re.DOTALL).match(self.text, self.at)
            assert end is not None
            command.text = re.sub(r"\\(.)", r"\1", end[0], flags=re.DOTALL) + "\n"
            self.at = end.end()
            return
        elif name in "rw:btT":
            end = re.compile(r"[^\n;}]*" if name in "btT" else r"[^\n]*").match(self.text, self.at)
            assert end is not None
            command.text = end[0].strip()
            self.at = end.end()
            return
        elif name in "qQ":
            code = re.compile(r"\s*(\d*)").match(self.text, self.at)
            command.text = code[1] if code else ""
            self.at = code.end() if code else self.at
        elif name not in "dDpPnNgGhHxl=z":
            raise CommandError(f"unsupported command {name}")
        self.skip(" \t")
        if self.peek() not in ("", "\n", ";", "}", "#"):
            raise CommandError(
                "bad option in substitution expression" if name == "s" else "extra characters after command"
            )
