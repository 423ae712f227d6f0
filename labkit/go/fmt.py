"""Printing values as Go's fmt does: `%v` and the verbs of printf (package fmt, "Printing")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from labkit.go.quote import go_quote
from labkit.go.values import MISSING, GoTime, JsonNumber, Struct, type_name

# Go prints a nested pointer as its address, which differs from run to run; here it is always this one.
POINTER = "0xc00014a140"

_VERB = re.compile(r"%([-+# 0]*)(\*|\d*)(?:\.(\*|\d*))?([^\d]?)", re.DOTALL)


@dataclass(frozen=True)
class _Format:
    """One `%` of a printf: flags, width, precision and verb."""

    flags: str = ""
    width: int = 0
    precision: int | None = None
    verb: str = "v"

    def pad(self, text: str) -> str:
        if "-" in self.flags:
            return text.ljust(self.width)
        if "0" not in self.flags:
            return text.rjust(self.width)
        sign = text[:1] if text[:1] in ("+", "-") and self.verb not in "sqT" else ""
        return sign + text[len(sign) :].rjust(self.width - len(sign), "0")

    def sign(self, text: str) -> str:
        if "+" in self.flags and self.verb != "v" and not text.startswith("-"):
            return "+" + text
        return " " + text if " " in self.flags and not text.startswith("-") else text


def go_print(value: object) -> str:
    """Print a value as `%v` does, which is what a template's action prints.

    >>> go_print({"b": [1, 2], "a": True})
    'map[a:true b:[1 2]]'
    """
    return _value(_Format(), value, 0)


def go_sprint(values: list[object]) -> str:
    """Print values side by side (fmt.Sprint): a space only where neither neighbour is a string.

    >>> go_sprint([1, 2, "a", "b", 3])
    '1 2ab3'
    """
    text = ""
    for index, value in enumerate(values):
        if index and not isinstance(value, str) and not isinstance(values[index - 1], str):
            text += " "
        text += go_print(None if value is MISSING else value)
    return text


def go_sprintf(template: str, values: list[object]) -> str:
    """Print by a format (fmt.Sprintf), saying what does not fit as Go does.

    >>> go_sprintf("%-5s|%05d|%q", ["ab", 42, ["a"]])
    'ab   |00042|["a"]'
    >>> go_sprintf("%d %d", ["x"])
    '%!d(string=x) %!d(MISSING)'
    """
    left = [None if value is MISSING else value for value in values]

    def number(text: str | None) -> int | None:
        if text == "*":
            size = left.pop(0) if left else 0
            return size if isinstance(size, int) else 0
        return int(text) if text else (None if text is None else 0)

    def expand(match: re.Match[str]) -> str:
        flags, verb = match[1], match[4]
        width, precision = number(match[2]), number(match[3])
        if (width or 0) > 1_000_000 or (precision or 0) > 1_000_000:
            return "%!(NOVERB)"
        if verb in ("", "%"):
            return "%" if verb else "%!(NOVERB)"
        if not left:
            return f"%!{verb}(MISSING)"
        return _value(_Format(flags, width or 0, precision, verb), left.pop(0), 0)

    text = _VERB.sub(expand, template)
    if left:
        extra = ", ".join(f"{_type(value)}{go_print(value)}" for value in left)
        text += f"%!(EXTRA {extra})"
    return text


def _type(value: object) -> str:
    return "" if value is None else f"{type_name(value)}="


def _value(form: _Format, value: object, depth: int) -> str:
    if form.verb == "T":
        return form.pad(type_name(value))
    if value is MISSING:
        return form.pad("<no value>")
    if value is None:
        return form.pad("<nil>") if form.verb == "v" else f"%!{form.verb}(<nil>)"
    if isinstance(value, GoTime):
        return _scalar(form, value.printed())
    if isinstance(value, Struct):
        return _struct(form, value, depth)
    go_syntax = form.verb == "v" and "#" in form.flags
    if isinstance(value, dict):
        pairs = [f"{_value(form, key, 1)}:{_value(form, value[key], depth + 1)}" for key in sorted(value)]
        return f"{type_name(value)}{{{', '.join(pairs)}}}" if go_syntax else f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        items = [_value(form, item, depth + 1) for item in value]
        return f"{type_name(value)}{{{', '.join(items)}}}" if go_syntax else f"[{' '.join(items)}]"
    return _scalar(form, value)


def _struct(form: _Format, value: Struct, depth: int) -> str:
    if depth and value.go_type.startswith("*"):
        return form.pad(POINTER)
    named = form.verb == "v" and "+" in form.flags
    parts = [
        (f"{name}:" if named else "") + _value(form, item, depth + 1)
        for name, item in value.fields.items()
        if not callable(item)
    ]
    return f"{{{' '.join(parts)}}}"


def _scalar(form: _Format, value: object) -> str:
    text: str | None = None
    if isinstance(value, bool):
        text = ("true" if value else "false") if form.verb in "vt" else None
    elif isinstance(value, int):
        text = _integer(form, value)
    elif isinstance(value, float):
        text = _float(form, value)
    elif isinstance(value, str):
        text = _string(form, value)
    if text is None:
        return f"%!{form.verb}({type_name(value)}={_scalar(replace(form, verb='v'), value)})"
    return form.pad(text)


def _string(form: _Format, value: str) -> str | None:
    text = str(value) if form.precision is None else value[: form.precision]
    if form.verb == "q" or (form.verb == "v" and "#" in form.flags and not isinstance(value, JsonNumber)):
        return go_quote(text)
    if form.verb in "xX":
        digits = text.encode(errors="surrogateescape").hex()
        return digits.upper() if form.verb == "X" else digits
    return text if form.verb in "vs" else None


def _integer(form: _Format, value: int) -> str | None:
    match form.verb:
        case "v" | "d":
            digits = str(abs(value))
        case "b" | "o" | "x" | "X":
            digits = format(abs(value), ("#" if "#" in form.flags and form.verb != "o" else "") + form.verb)
        case "O":
            digits = format(abs(value), "#o")
        case "c":
            return chr(value)
        case "q":
            return go_quote(chr(value), "'")
        case "U":
            return f"U+{value:04X}"
        case _:
            return None
    digits = digits.rjust(form.precision or 0, "0")
    return form.sign(("-" if value < 0 else "") + digits)


def _float(form: _Format, value: float) -> str | None:
    if form.verb not in "vgGeEfF":
        return None
    if form.verb in "vgG" and form.precision is None:
        text = _shortest(value)
    else:
        precision = 6 if form.precision is None else form.precision
        text = format(value, f".{precision}{'g' if form.verb == 'v' else form.verb}")
    return form.sign(text)


def _shortest(value: float) -> str:
    """Write the fewest digits that read back as the same number, with an exponent from 1e6 on."""
    number = Decimal(repr(value)).normalize()
    if not number.is_finite():
        return {"Infinity": "+Inf", "-Infinity": "-Inf"}.get(str(number), "NaN")
    if value == 0 or -4 <= number.adjusted() < 6:
        return format(number, "f")
    mantissa, _, exponent = f"{number:e}".partition("e")
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(2, '0')}"
