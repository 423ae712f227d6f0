"""Printing values as Go's fmt does: `%v`, and what of printf a template needs (package fmt, "Printing").

The verbs are `%s`, `%d`, `%v` and `%q`, with a width, `-` and a precision. A value that does not fit is said
in Go's own way, `%!d(string=x)`; another verb or flag is refused and never guessed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from labkit.go.quote import go_quote
from labkit.go.values import MISSING, GoTime, Struct, type_name

# Go prints a nested pointer as its address, which differs from run to run; here it is always this one.
POINTER = "0xc00014a140"

_VERB = re.compile(r"%(-?[1-9][0-9]{0,2})?(?:\.([0-9]{0,3}))?([sdvq%])|%\S*")


class CallError(Exception):
    """A function of a template that cannot do its work, printf among them."""


class Refused(CallError):
    """Go can do it, labkit does not."""


class _Format(NamedTuple):
    """One `%` of a printf; a precision cuts text and fills numbers up with zeros."""

    verb: str = "v"
    precision: int | None = None
    width: int = 0  # below 0 the text stands on the left

    def pad(self, text: str) -> str:
        return text.rjust(self.width) if self.width > 0 else text.ljust(-self.width)


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
        text += go_print(value)
    return text


def go_sprintf(template: str, values: list[object]) -> str:
    """Print by a format (fmt.Sprintf), saying what does not fit as Go does; Refused for other verbs.

    >>> go_sprintf("%-5s|%5d|%q|%.2s", ["ab", 42, ["a"], "xyz"])
    'ab   |   42|["a"]|xy'
    >>> go_sprintf("%d %d", ["x"])
    '%!d(string=x) %!d(MISSING)'
    """
    left = list(values)
    written = 0

    def expand(match: re.Match[str]) -> str:
        nonlocal written
        width, precision, verb = match.groups()
        if verb is None:
            raise Refused(f"labkit does not print {match[0]}: only %s, %d, %v and %q, with a width")
        if verb == "%" or not left:
            return "%" if verb == "%" else f"%!{verb}(MISSING)"
        cut = None if precision is None else int(precision or 0)
        text = _value(_Format(verb, cut, int(width or 0)), left.pop(0), 0)
        written += len(text)
        if written > 1 << 20:
            raise Refused("labkit writes at most 1 MB of text")
        return text

    text = _VERB.sub(expand, template)
    extra = ("<nil>" if value is None else f"{type_name(value)}={go_print(value)}" for value in left)
    return f"{text}%!(EXTRA {', '.join(extra)})" if left else text


def _value(form: _Format, value: object, depth: int) -> str:
    if value is MISSING:
        return form.pad("<no value>")
    if value is None:  # a nil pointer; a nil map or list prints as an empty one, `map[]` or `[]`
        return form.pad("<nil>") if form.verb == "v" else f"%!{form.verb}(<nil>)"
    if isinstance(value, Struct):
        if depth and value.go_type.startswith("*"):
            return form.pad(POINTER)
        fields = (item for item in value.fields.values() if not callable(item))
        return f"{{{' '.join(_value(form, item, depth + 1) for item in fields)}}}"
    if isinstance(value, dict):  # fmt sorts a map's keys, which in Go have no order of their own
        pairs = (f"{_value(form, key, 1)}:{_value(form, value[key], depth + 1)}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    if isinstance(value, list):
        return f"[{' '.join(_value(form, item, depth + 1) for item in value)}]"
    return _scalar(form, value.printed() if isinstance(value, GoTime) else value)


def _scalar(form: _Format, value: object) -> str:
    if isinstance(value, str) and form.verb != "d":
        text = str(value)[: form.precision]
        return form.pad(go_quote(text) if form.verb == "q" else text)
    if isinstance(value, bool):
        if form.verb == "v":
            return form.pad(str(value).lower())
    elif isinstance(value, int) and form.verb == "q":
        raise Refused("labkit does not print %q of a number")
    elif isinstance(value, int) and form.verb != "s":
        return form.pad(f"{'-' if value < 0 else ''}{str(abs(value)).rjust(form.precision or 0, '0')}")
    return f"%!{form.verb}({type_name(value)}={_scalar(form._replace(verb='v'), value)})"
