"""awk, as far as it is typed to pick columns: patterns, print, fields and sums (POSIX.1-2017, awk).

The language has loops, functions and arrays, too. What is left out is refused in one line, never skipped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from labkit.shell.applets.options import Options
from labkit.shell.applets.text import each_file
from labkit.shell.conversions import decode, unescape
from labkit.shell.patterns import regex
from labkit.shell.streams import Reader
from labkit.shell.task import CommandError, Task

_TOKEN = re.compile(
    r'"((?:\\.|[^"\\])*)"|(\d+\.?\d*|\.\d+)|(/)((?:\\.|[^/\\\n])*)/|'
    r"([A-Za-z_]\w*)|(&&|\|\||\+=|\+\+|!~|[=!<>]=|[-$+*%/!~<>=,;{}()\n])",
    re.DOTALL,
)
_KINDS = {1: "text", 2: "number", 4: "pattern", 5: "name", 6: "sign"}
"""By the groups of a token."""
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)\s*")
_LEFT_OUT = frozenset("if while for do next exit printf getline function in return delete".split())
_COMPARED = {"==": 0, "!=": 0, "<": -1, "<=": -1, ">": 1, ">=": 1}
Code = Callable[[], str]


class _LeftOut(Exception):
    """A part of the language that is not simulated."""


def awk(task: Task, options: Options) -> int:
    """Run a program on each line of files."""
    run = _Run({"FS": options.value("F") or " "})
    run.variables |= dict(each.partition("=")[::2] for each in options.values("v"))
    try:
        rules = _Parser(options.operands[0], run, task).rules()
    except _LeftOut as error:
        task.err(f"labkit: {error} in awk is not simulated; patterns, print, fields and sums are\n")
        return 2

    def each_line(path: str, reader: Reader) -> None:
        for line in reader.lines():
            run.begin(decode(line.removesuffix(b"\n")))
            for kind, act in rules:
                if not kind:
                    act()

    for kind, act in rules:
        if kind == "BEGIN":
            act()
    status = 0
    if any(kind != "BEGIN" for kind, _ in rules):
        status = each_file(task, options.operands[1:], each_line)
    for kind, act in rules:
        if kind == "END":
            act()
    return status


class _Run:
    """The line that is read, its fields, and the variables."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = {"NR": "0", "NF": "0", "OFS": " ", "ORS": "\n", **variables}
        self.line = ""
        self.fields: list[str] = []

    def begin(self, line: str) -> None:
        mark = _plain(self.variables["FS"])
        self.line = line
        if mark == " ":
            self.fields = line.split()
        elif len(mark) == 1:
            self.fields = line.split(mark) if line else []
        else:
            self.fields = _split(line, mark) if line else []
        self.variables["NR"] = _shown(_number(self.variables["NR"]) + 1)
        self.variables["NF"] = str(len(self.fields))

    def field(self, number: float) -> str:
        if not -1 < number < 1 << 31:  # what is beyond an int is negative in busybox
            raise CommandError("cmd. line:1: Access to negative field")
        place = int(number)
        return "".join(self.fields[place - 1 : place]) if place else self.line


def _split(line: str, mark: str) -> list[str]:
    parts, last = [], 0
    for found in regex(mark, extended=True).matches(line):
        parts.append(line[last : found.start])
        last = found.end
    return [*parts, line[last:]]


class _Parser:
    """Makes of a program's text what is to be run; each part gives its text when it is called."""

    def __init__(self, text: str, run: _Run, task: Task) -> None:
        self.run, self.task = run, task
        self.tokens: list[tuple[str, str]] = []
        while text := re.sub(r"^(?:[ \t\r]|\\\n|#[^\n]*)+", "", text):
            found = _TOKEN.match(text)
            divides = found and found[3] and self.tokens and self.tokens[-1][0] in ("number", "name", "text")
            if found is None or divides:
                raise _LeftOut(f"'{text[0]}'")
            group = found.lastindex or 0
            self.tokens.append((_KINDS[group], found[group]))
            text = text[found.end() :]

    def peek(self) -> str:
        return self.tokens[0][1] if self.tokens and self.tokens[0][0] in ("sign", "name") else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        if not self.tokens or (wanted and self.peek() != wanted):
            raise _LeftOut(f"'{self.tokens[0][1]}'" if self.tokens else "the end of the program here")
        return self.tokens.pop(0)

    def rules(self) -> list[tuple[str, Callable[[], object]]]:
        found: list[tuple[str, Callable[[], object]]] = []
        while self.tokens:
            if self.peek() in (";", "\n"):
                self.take()
                continue
            kind = self.take()[1] if self.peek() in ("BEGIN", "END") else ""
            test = self.condition() if not kind and self.peek() != "{" else lambda: "1"
            act = self.block() if self.peek() == "{" else self.printed([lambda: self.run.line])
            found.append((kind, lambda test=test, act=act: _true(test()) and act()))  # type: ignore[misc]
        return found

    def block(self) -> Callable[[], object]:
        self.take("{")
        acts: list[Callable[[], object]] = []
        while self.peek() != "}":
            if self.peek() in (";", "\n"):
                self.take()
            else:
                acts.append(self.statement())
        self.take("}")
        return lambda: [act() for act in acts]

    def statement(self) -> Callable[[], object]:
        kind, name = self.take()
        if name == "print" and kind == "name":
            items = []
            while self.tokens and self.peek() not in (";", "\n", "}"):
                items.append(self.joined())
                if self.peek() == ",":
                    self.take()
            return self.printed(items or [lambda: self.run.line])
        variables, sign = self.run.variables, self.peek()
        if kind != "name" or name in _LEFT_OUT or sign not in ("=", "+=", "++"):
            raise _LeftOut(f"'{name}'")
        self.take()
        value = self.joined() if sign != "++" else lambda: "1"
        if sign == "=":
            return lambda: variables.update({name: value()})
        return lambda: variables.update({name: _shown(_number(variables.get(name, "")) + _number(value()))})

    def printed(self, items: Sequence[Code]) -> Callable[[], object]:
        kept = self.run.variables
        return lambda: self.task.out(kept["OFS"].join(item() for item in items) + kept["ORS"])

    def condition(self) -> Code:
        left = self.comparison()
        while (sign := self.peek()) in ("&&", "||"):
            self.take()
            left = _both(left, self.comparison(), sign == "&&")
        return left

    def comparison(self) -> Code:
        constant = self.tokens[:1] and self.tokens[0][0] == "text"
        left = self.joined()
        sign = self.peek()
        if sign in ("~", "!~"):
            self.take()
            kind, text = self.take()
            if kind not in ("pattern", "text"):
                raise _LeftOut(f"'{text}' behind {sign}")
            return _matching(left, text, sign == "~")
        if sign in _COMPARED:
            self.take()
            constant = constant or (self.tokens[:1] and self.tokens[0][0] == "text")
            return _comparing(left, self.joined(), sign, bool(constant))
        return left

    def joined(self) -> Code:
        """A value, or several that stand side by side."""
        parts = [self.value()]
        while self.tokens and (self.tokens[0][0] in ("text", "number", "name") or self.peek() in ("$", "(")):
            parts.append(self.value())
        return parts[0] if len(parts) == 1 else lambda: "".join(part() for part in parts)

    def value(self) -> Code:
        kind, text = self.take()
        if kind == "pattern":
            return _matching(lambda: self.run.line, text, True)
        if kind == "text":
            said = _plain(text)
            return lambda: said
        if kind == "number":
            return lambda: _shown(float(text))
        if text == "$":
            place = self.value()
            return lambda: self.run.field(_number(place()))
        if text == "(":
            inside = self.condition()
            self.take(")")
            return inside
        if text == "!":
            denied = self.value()
            return lambda: str(int(not _true(denied())))
        if kind == "sign" or text in _LEFT_OUT or self.peek() == "(":
            raise _LeftOut(f"'{text}'")
        return lambda: self.run.variables.get(text, "")


def _plain(text: str) -> str:
    return decode(unescape(text)[0])


def _number(text: str) -> float:
    found = _NUMBER.match(text)
    return float(found[0]) if found else 0.0


def _shown(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1 << 63 else f"{number:.6g}"


def _true(text: str) -> bool:
    return bool(_number(text)) if _NUMBER.fullmatch(text) else bool(text)


def _both(left: Code, right: Code, all_of: bool) -> Code:
    join = all if all_of else any
    return lambda: str(int(join(_true(each()) for each in (left, right))))


def _matching(value: Code, pattern: str, wanted: bool) -> Code:
    found = regex(pattern.replace("\\/", "/"), extended=True)
    return lambda: str(int(found.search(value()) == wanted))


def _comparing(left: Code, right: Code, sign: str, as_text: bool) -> Code:
    def compare() -> str:
        one, two = left(), right()
        if not as_text and _NUMBER.fullmatch(one) and _NUMBER.fullmatch(two):
            order = (_number(one) > _number(two)) - (_number(one) < _number(two))
        else:
            order = (one > two) - (one < two)
        equal = order == 0 and sign in ("==", "<=", ">=")
        return str(int(equal or (order != 0 and (order == _COMPARED[sign] or sign == "!="))))

    return compare
