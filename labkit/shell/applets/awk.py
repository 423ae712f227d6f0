"""awk, as far as it is typed to pick columns and to add them up: a condition, and print or one sum (POSIX).

The language has variables, loops and functions, too. What is left out is refused in one line, never skipped.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from labkit.shell.applets.options import Options
from labkit.shell.applets.text import each_file
from labkit.shell.conversions import decode, unescape
from labkit.shell.patterns import regex
from labkit.shell.streams import Reader
from labkit.shell.task import Task

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r]+|\\\n|\#[^\n]*) | (?P<text>"(?:\\.|[^"\\])*") | (?P<number>\d{1,9}(?:\.\d+)?(?!\d))
    | (?P<sum>[A-Za-z_]\w*[ \t]*\+[=+]) | (?P<pattern>/(?:\\.|[^/\\\n])*/) | (?P<name>(?:NR|NF)\b)
    | (?P<print>print\b) | (?P<end>END\b) | (?P<sign>!~|[=!<>]=|[$!~<>,;{}]) | (?P<other>\w+|.)""",
    re.DOTALL | re.VERBOSE,
)
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_ENDS = (";", "}")
_KEPT = "a condition and print are, and {s += $1} END {print s}"


class _LeftOut(Exception):
    """A part of the language that is not simulated."""


class _Line(NamedTuple):
    """A line that was read, its fields and its number, and the sum after the last."""

    text: str = ""
    fields: Sequence[str] = ()
    number: int = 0
    total: float | None = None

    @property
    def added(self) -> str:
        number = self.total
        return "" if number is None else str(int(number)) if number.is_integer() else f"{number:.6g}"


Code = Callable[[_Line], str]
Test = Callable[[_Line], bool]


def awk(task: Task, options: Options) -> int:
    """Run a program on each line of files."""
    mark, line = _plain(options.value("F") or " "), _Line()
    try:
        program = _Program(options.operands[0].strip())
    except _LeftOut as error:
        task.err(f"labkit: {error} in awk is not simulated; {_KEPT}\n")
        return 2

    def each_line(path: str, reader: Reader) -> None:
        nonlocal line
        for data in reader.lines():
            text = decode(data.removesuffix(b"\n"))
            line = _Line(text, _split(text, mark), line.number + 1, line.total)
            if program.amount and program.wanted(line):
                line = line._replace(total=(line.total or 0.0) + _number(program.amount(line)))
            elif program.printed and program.wanted(line):
                task.out(f"{program.printed(line)}\n")

    status = each_file(task, options.operands[1:], each_line)
    if program.ended:
        task.out(f"{program.ended(line)}\n")
    return status


def _number(text: str) -> float:
    """Return the number that a text begins with, or 0."""
    found = _NUMBER.match(text)
    return float(found[0]) if found else 0.0


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


class _Program:
    """What is to be done: which lines are wanted, what is printed of each or added up, and in the end."""

    amount: Code | None = None
    ended: Code | None = None
    total = ""

    def __init__(self, text: str) -> None:
        found = [(str(each.lastgroup), each[0]) for each in _TOKEN.finditer(text)]
        self.tokens = [each for each in found if each[0] != "blank"]
        self.printed: Code | None = None if self.peek()[1] == "END" else lambda line: line.text
        self.wanted: Test = self.condition() if self.printed and self.peek()[1] != "{" else lambda line: True
        if self.printed and self.accept("{"):
            self.amount = self.summed() if self.peek()[0] == "sum" else None
            self.printed = None if self.amount else self.shown()
        if self.accept("END"):
            self.accept("{") or self.take()
            self.ended = self.shown()
        if self.tokens:
            self.take()

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

    def summed(self) -> Code:
        sign = self.take("sum")[1]
        self.total = sign.rstrip("+= \t")
        amount: Code = self.value()[1] if sign.endswith("=") else lambda line: "1"
        self.close()
        return amount

    def close(self) -> None:
        self.accept(";")
        if not self.accept("}"):
            self.take()

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

    def shown(self) -> Code:
        self.take("print")
        if self.peek()[1] in _ENDS:
            items: list[Code] = [lambda line: line.text]
        else:
            items = [self.joined()]
        while self.accept(","):
            items.append(self.joined())
        self.close()
        return lambda line: " ".join(item(line) for item in items)

    def joined(self) -> Code:
        """Return what values that stand side by side are together."""
        parts = [self.value()[1]]
        while self.peek()[1] not in (",", *_ENDS):
            parts.append(self.value()[1])
        return lambda line: "".join(part(line) for part in parts)

    def value(self) -> tuple[bool, Code]:
        """Return whether a value is a text whatever is in it, and the value."""
        if self.total and self.accept(self.total):
            return False, lambda line: line.added
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
