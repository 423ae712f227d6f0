"""Integer arithmetic of `$((…))` (POSIX.1-2017, Shell Command Language, 2.6.4), 64 bits wide."""

from __future__ import annotations

import re
from collections.abc import Callable, MutableMapping

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<<=|>>=|\*\*|&&|\|\||[<>=!]=|[-+*/%&|^]=|<<|>>|\+\+|--|[-+*/%&|^~!<>=?:(),])",
    re.ASCII,
)
_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
    ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
_ASSIGN = frozenset(("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="))


class BadArithmetic(Exception):
    """An expression that cannot be computed, in ash's words."""


def evaluate(expression: str, variables: MutableMapping[str, str]) -> int:
    """Return the value of an expression; assignments in it change `variables`.

    >>> evaluate("2 * (3 + x)", {"x": "4"})
    14
    """
    tokens: list[str] = []
    position = 0
    stripped = expression.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise BadArithmetic("arithmetic syntax error")
        tokens.append(match[1])
        position = match.end()
    if not tokens:
        return 0
    parser = _Parser(tokens, variables)
    value = parser.comma()
    if parser.peek():
        raise BadArithmetic("arithmetic syntax error")
    return value


def _wrap(value: int) -> int:
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def _divide(left: int, right: int) -> int:
    if right == 0:
        raise BadArithmetic("divide by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: int(bool(a or b)),
    "&&": lambda a, b: int(bool(a and b)),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: a << (b & 63),
    ">>": lambda a, b: a >> (b & 63),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": lambda a, b: a - b * _divide(a, b),
}


class _Parser:
    def __init__(self, tokens: list[str], variables: MutableMapping[str, str]) -> None:
        self._tokens = tokens
        self._variables = variables
        self._index = 0

    def peek(self) -> str:
        return self._tokens[self._index] if self._index < len(self._tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self._index += 1
        return token

    def comma(self) -> int:
        value = self.assignment()
        while self.peek() == ",":
            self.take()
            value = self.assignment()
        return value

    def assignment(self) -> int:
        name = self.peek()
        following = self._tokens[self._index + 1 : self._index + 2]
        if re.match(r"[A-Za-z_]", name) and following and following[0] in _ASSIGN:
            self._index += 2
            value = self.assignment()
            if following[0] != "=":
                value = _wrap(_OPERATIONS[following[0][:-1]](self.variable(name), value))
            self._variables[name] = str(value)
            return value
        return self.conditional()

    def conditional(self) -> int:
        value = self.binary(0)
        if self.peek() != "?":
            return value
        self.take()
        yes = self.assignment()
        if self.take() != ":":
            raise BadArithmetic("arithmetic syntax error")
        no = self.assignment()
        return yes if value else no

    def binary(self, level: int) -> int:
        if level == len(_LEVELS):
            return self.power()
        value = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            operator = self.take()
            value = _wrap(_OPERATIONS[operator](value, self.binary(level + 1)))
        return value

    def power(self) -> int:
        value = self.unary()
        if self.peek() == "**":
            self.take()
            value = _wrap(pow(value, min(max(self.power(), 0), 64)))
        return value

    def unary(self) -> int:
        token = self.take()
        if token in ("++", "--"):
            return self.step(self.take(), 1 if token == "++" else -1)
        if token in ("-", "+", "!", "~"):
            value = self.unary()
            return {"-": -value, "+": value, "!": int(not value), "~": ~value}[token]
        if token == "(":
            value = self.comma()
            if self.take() != ")":
                raise BadArithmetic("arithmetic syntax error")
            return value
        if token[:1].isdigit():
            octal = len(token) > 1 and token.isdigit() and token[0] == "0"
            try:
                return _wrap(int(token, 8 if octal else 0 if "x" in token.lower() else 10))
            except ValueError:
                raise BadArithmetic("arithmetic syntax error") from None
        if not re.match(r"[A-Za-z_]", token):
            raise BadArithmetic("arithmetic syntax error")
        value = self.variable(token)
        if self.peek() in ("++", "--"):
            self.step(token, 1 if self.take() == "++" else -1)
        return value

    def step(self, name: str, change: int) -> int:
        value = self.variable(name) + change
        self._variables[name] = str(value)
        return value

    def variable(self, name: str) -> int:
        text = self._variables.get(name, "").strip()
        try:
            return int(text, 0) if text else 0
        except ValueError:
            raise BadArithmetic("arithmetic syntax error") from None
