"""Integer arithmetic of `$((…))`, 64 bits wide: + - * / %, comparisons and parentheses.

POSIX.1-2017, Shell Command Language, 2.6.4; assignments, bits and logic in it are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|[<>=!]=|[-+*/%<>!()])", re.ASCII)
_LEVELS = (("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))


class BadArithmetic(Exception):
    """An expression that cannot be computed, in ash's words."""


def evaluate(expression: str, variables: Mapping[str, str]) -> int:
    """Return the value of an expression; raises BadArithmetic.

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
    tokens.reverse()
    value = _binary(tokens, variables, 0)
    if tokens:
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
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    ">": lambda a, b: int(a > b),
    "<=": lambda a, b: int(a <= b),
    ">=": lambda a, b: int(a >= b),
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _divide,
    "%": lambda a, b: a - b * _divide(a, b),
}


def _binary(tokens: list[str], variables: Mapping[str, str], level: int) -> int:
    """Compute an expression of one level of precedence; `tokens` is a stack of what is left."""
    if level == len(_LEVELS):
        return _unary(tokens, variables)
    value = _binary(tokens, variables, level + 1)
    while tokens and tokens[-1] in _LEVELS[level]:
        operator = tokens.pop()
        value = _wrap(_OPERATIONS[operator](value, _binary(tokens, variables, level + 1)))
    return value


def _unary(tokens: list[str], variables: Mapping[str, str]) -> int:
    token = tokens.pop() if tokens else ""
    if token in ("-", "+", "!"):
        value = _unary(tokens, variables)
        return {"-": -value, "+": value, "!": int(not value)}[token]
    if token == "(":
        value = _binary(tokens, variables, 0)
        if not tokens or tokens.pop() != ")":
            raise BadArithmetic("arithmetic syntax error")
        return value
    text = variables.get(token, "0").strip() or "0" if re.match(r"[A-Za-z_]", token) else token
    try:
        octal = re.fullmatch(r"[+-]?0\d+", text)
        return _wrap(int(text, 8 if octal else 0))
    except ValueError:
        raise BadArithmetic("arithmetic syntax error") from None
