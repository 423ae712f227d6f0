"""Go's number and character constants, as templates read them (text/template/parse, newNumber)."""

from __future__ import annotations

import math
import re

from labkit.cli.govalues import GoInt
from labkit.cli.templates.quoting import go_quote, go_unquote

_OCTAL = re.compile(r"([+-]?)0(_?[0-7])+", re.ASCII)
_INTEGER = re.compile(r"[+-]?(0[xX](_?[\da-fA-F])+|0[oO](_?[0-7])+|0[bB](_?[01])+|0|[1-9](_?\d)*)", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX]")


def parse_number(text: str) -> tuple[int | float, int | None]:
    """Read a constant: its value and, where it is whole, its value as an integer.

    >>> parse_number("0x1F"), parse_number("1e3"), parse_number("'a'"), parse_number("010")
    ((31, 31), (1000.0, 1000), (97, 97), (8, 8))
    """
    if text[0] == "'":
        return _character(text)
    if _OCTAL.fullmatch(text):
        return _integer(int(text, 8), text)
    if _INTEGER.fullmatch(text):
        return _integer(int(text, 0), text)
    value = _float(text)
    if value is not None and not set(text) & set(".eEpP"):
        raise ValueError(f"integer overflow: {go_quote(text)}")
    if value is None or not math.isfinite(value):
        raise ValueError(f"illegal number syntax: {go_quote(text)}")
    return value, int(value) if value.is_integer() else None


def _character(text: str) -> tuple[int, int]:
    try:
        char = go_unquote(text)
    except ValueError:
        raise ValueError("invalid syntax") from None
    if not char:
        raise ValueError("invalid syntax")
    if len(char) > 1:
        raise ValueError(f"malformed character constant: {text}")
    return GoInt(ord(char)), ord(char)


def _integer(value: int, text: str) -> tuple[int, int]:
    if not -(2**63) <= value < 2**64:
        raise ValueError(f"integer overflow: {go_quote(text)}")
    return GoInt(value), value


def _float(text: str) -> float | None:
    try:
        return float.fromhex(text) if _HEX_FLOAT.match(text) else float(text)
    except (ValueError, OverflowError):
        return None
