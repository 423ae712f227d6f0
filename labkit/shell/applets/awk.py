"""awk, as far as it is typed to pick columns: a condition, and what is printed of a line (POSIX.1-2017, awk).

The language has variables, loops and functions, too. What is left out is refused in one line, never skipped.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

from labkit.shell.applets.options import Options
from labkit.shell.applets.text import each_file
from labkit.shell.conversions import decode, unescape
from labkit.shell.patterns import regex
from labkit.shell.streams import Reader
from labkit.shell.task import Task

_TOKEN = re.compile(
    r'(?P<blank>[ \t\r]+|\\\n|#[^\n]*)|(?P<text>"(?:\\.|[^"\\])*")|(?P<number>\d{1,9}(?:\.\d+)?(?!\d))|'
    r"(?P<pattern>/(?:\\.|[^/\\\n])*/)|(?P<name>(?:NR|NF)\b)|(?P<print>print\b)|(?P<sign>!~|[=!<>]=|[$!~<>,;{}])|"
    r"(?P<other>\w+|.)",
    re.DOTALL,
)
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_ENDS = (";", "}")


class _LeftOut(Exception):
    """A part of the language that is not simulated."""


class _Line(NamedTuple):
    """A line that was read, its fields and its number."""

    text: str
    fields: list[str]
    number: int


Code = Callable[[_Line], str]
Test = Callable[[_Line], bool]


def awk(task: Task, options: Options) -> int:
    """Run a program on each line of files."""
    mark, read = _plain(options.value("F") or " "), count(1)
    try:
        wanted, printed = _Parser(options.operands[0].strip()).rule()
    except _LeftOut as error:
        task.err(f"labkit: {error} in awk is not simulated; a condition and print are\n")
        return 2

    def each_line(path: str, reader: Reader) -> None:
        for data in reader.lines():
            text = decode(data.removesuffix(b"\n"))
            line = _Line(text, _split(text, mark), next(read))
            if wanted(line):
                task.out(f"{printed(line)}\n")

    return each_file(task, options.operands[1:], each_line)


def _split(line: str, mark: str) -> list[str]:
    if mark == " " or not line:
        return line.split()
    if len(mark) == 1:
        return line.split(mark)
    parts, last = [], 0
    for found in regex(mark, extended=True).matches(line):
        parts.append(line[last : found.start])
        last = found.end
    return [*parts, line[last:]]


class _Parser:
    """Makes of a program's text what is to be done with a line."""

    def __init__(self, text: str) -> None:
        found = [(str(each.lastgroup), each[0]) for each in _TOKEN.finditer(text)]
        self.tokens = [each for each in found if each[0] != "blank"]

    def peek(self) -> tuple[str, str]:
        return self.tokens[0] if self.tokens else ("end", "")

    def take(self, *kinds: str) -> tuple[str, str]:
        """Take the next token, which is of one of these kinds; any other one is left out."""
        kind, text = self.peek()
        if kind not in kinds:
            raise _LeftOut(f"'{text}'" if text else "the end of the program here")
        return self.tokens.pop(0)

    def accept(self, *words: str) -> str:
        """Take the next token if it is one of these, and return it."""
        return self.tokens.pop(0)[1] if self.peek()[1] in words else ""

    def rule(self) -> tuple[Test, Code]:
        """Return which lines are wanted, and what is printed of each."""
        wanted: Test = self.condition() if self.peek()[1] != "{" else lambda line: True
        printed: Code = self.printed() if self.accept("{") else lambda line: line.text
        if self.tokens:
            self.take()
        return wanted, printed

    def condition(self) -> Test:
        denied = self.accept("!")
        if denied or self.peek()[0] == "pattern":
            return _matching(lambda line: line.text, self.take("pattern")[1], not denied)
        as_text, left = self.value()
        sign = self.accept("~", "!~", *_COMPARED)
        if sign in ("~", "!~"):
            return _matching(left, self.take("pattern", "text")[1], sign == "~")
        if sign:
            also, right = self.value()
            return _comparing(left, right, _COMPARED[sign], as_text or also)
        return lambda line: float(left(line)) != 0 if _NUMBER.fullmatch(left(line)) else left(line) != ""

    def printed(self) -> Code:
        self.take("print")
        if self.peek()[1] in _ENDS:
            items: list[Code] = [lambda line: line.text]
        else:
            items = [self.joined()]
        while self.accept(","):
            items.append(self.joined())
        self.accept(";")
        if not self.accept("}"):
            self.take()
        return lambda line: " ".join(item(line) for item in items)

    def joined(self) -> Code:
        """Return what values that stand side by side are together."""
        parts = [self.value()[1]]
        while self.peek()[1] not in (",", *_ENDS):
            parts.append(self.value()[1])
        return lambda line: "".join(part(line) for part in parts)

    def value(self) -> tuple[bool, Code]:
        """Return whether a value is a text whatever is in it, and the value."""
        column = self.accept("$")
        kind, text = self.take("number", "name") if column else self.take("number", "name", "text")
        if kind == "text":
            return True, lambda line: _plain(text[1:-1])
        shown = f"{float(text):.6g}" if "." in text else text.lstrip("0") or "0"

        def number(line: _Line) -> str:
            return {"NR": str(line.number), "NF": str(len(line.fields))}.get(text, shown)

        def field(line: _Line) -> str:
            place = int(float(number(line)))
            return "".join(line.fields[place - 1 : place]) if place else line.text

        return False, field if column else number


def _plain(text: str) -> str:
    return decode(unescape(text)[0])


def _matching(value: Code, pattern: str, wanted: bool) -> Test:
    found = regex(pattern[1:-1].replace("\\/", "/"), extended=True)
    return lambda line: found.search(value(line)) == wanted


def _comparing(left: Code, right: Code, compared: Callable[[Any, Any], bool], as_text: bool) -> Test:
    def compare(line: _Line) -> bool:
        one, two = left(line), right(line)
        if not as_text and _NUMBER.fullmatch(one) and _NUMBER.fullmatch(two):
            return compared(float(one), float(two))
        return compared(one, two)

    return compare
