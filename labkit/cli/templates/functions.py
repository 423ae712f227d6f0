"""The functions of templates: Go's own (text/template, funcs.go) and docker's (cli/templates).

Each has the types of its parameters, because a wrong argument is refused in Go's words before the call.
A function that cannot do its work raises CallError.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote_plus

from labkit.cli.gojson import go_json
from labkit.cli.govalues import MISSING, is_empty, type_name
from labkit.cli.templates.compare import CallError, equal, less
from labkit.cli.templates.indexing import index, length, slice_
from labkit.cli.templates.printing import go_sprint, go_sprintf
from labkit.cli.templates.quoting import go_bytes, go_text


@dataclass(frozen=True)
class Function:
    """A function and its parameters' types (`any`, `string`, `int`, `[]string`).

    With `variadic` the last parameter may be given any number of times, none included.
    """

    call: Callable[..., object]
    params: tuple[str, ...]
    variadic: bool = False


def _json(value: object) -> str:
    return go_json(None if value is MISSING else value, sort_maps=True)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _join(items: list[str], separator: str) -> str:
    return separator.join(items)


def _title(text: str) -> str:
    return re.sub(r"(?:(?<=[\x00-\x7f])(?<![0-9A-Za-z_])|(?<=\s)|^)\w", lambda match: match[0].title(), text)


_LARGEST = 1_000_000  # fmt's own bound for a width


def _pad(text: str, before: int, after: int) -> str:
    if text and (before < 0 or after < 0):
        raise CallError("strings: negative Repeat count")
    if max(before, after) > _LARGEST:
        raise CallError("strings: Repeat count causes overflow")
    return " " * before + text + " " * after if text else text


def _truncate(text: str, size: int) -> str:
    if size < 0:
        raise CallError(f"runtime error: slice bounds out of range [:{size}]")
    return go_text(go_bytes(text)[:size])


def _call(function: object, *args: object) -> object:
    if function is MISSING or function is None:
        raise CallError("call of nil")
    raise CallError(f"non-function of type {type_name(function)}")


def _text(values: tuple[object, ...]) -> str:
    """Print arguments as html, js and urlquery take them."""
    return go_sprint(["<no value>" if value is MISSING or value is None else value for value in values])


_HTML = {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"}


def _html(*values: object) -> str:
    return "".join(_HTML.get(char, char) for char in _text(values))


_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


def _js(*values: object) -> str:
    def escape(char: str) -> str:
        plain = char.isprintable() if char >= "\x80" else char >= " "
        return _JS.get(char) or (char if plain else f"\\u{ord(char):04X}")

    return "".join(map(escape, _text(values)))


def _urlquery(*values: object) -> str:
    return quote_plus(_text(values), safe="~")


def _less_or_equal(first: object, second: object) -> bool:
    return less(first, second) or equal(first, second)


_ANY = ("any",)
_PAIR = ("any", "any")

BUILTINS: dict[str, Function] = {
    # and, or: the executor evaluates only as many arguments as it needs.
    "and": Function(is_empty, _PAIR, variadic=True),
    "or": Function(is_empty, _PAIR, variadic=True),
    "not": Function(is_empty, _ANY),
    "call": Function(_call, _PAIR, variadic=True),
    "index": Function(index, _PAIR, variadic=True),
    "slice": Function(slice_, _PAIR, variadic=True),
    "len": Function(length, _ANY),
    "print": Function(lambda *values: go_sprint(list(values)), _ANY, variadic=True),
    "printf": Function(
        lambda form, *values: go_sprintf(form, list(values)), ("string", "any"), variadic=True
    ),
    "println": Function(
        lambda *values: " ".join(go_sprint([value]) for value in values) + "\n", _ANY, variadic=True
    ),
    "html": Function(_html, _ANY, variadic=True),
    "js": Function(_js, _ANY, variadic=True),
    "urlquery": Function(_urlquery, _ANY, variadic=True),
    "eq": Function(equal, _PAIR, variadic=True),
    "ne": Function(lambda first, second: not equal(first, second), _PAIR),
    "lt": Function(less, _PAIR),
    "le": Function(_less_or_equal, _PAIR),
    "gt": Function(lambda first, second: not _less_or_equal(first, second), _PAIR),
    "ge": Function(lambda first, second: not less(first, second), _PAIR),
}

DOCKER: dict[str, Function] = {
    "json": Function(_json, _ANY),
    "split": Function(_split, ("string", "string")),
    "join": Function(_join, ("[]string", "string")),
    "title": Function(_title, ("string",)),
    "lower": Function(str.lower, ("string",)),
    "upper": Function(str.upper, ("string",)),
    "pad": Function(_pad, ("string", "int", "int")),
    "truncate": Function(_truncate, ("string", "int")),
}

FUNCTIONS = BUILTINS | DOCKER


def _unchanged(text: str, *_: object) -> str:
    return text


# A table's header shows the column's name, whatever the format does to the column.
HEADER_FUNCTIONS = FUNCTIONS | {
    "json": Function(_unchanged, ("string",)),
    "split": Function(_unchanged, ("string", "string")),
    "join": Function(_unchanged, ("string", "string")),
    "title": Function(_unchanged, ("string",)),
    "lower": Function(_unchanged, ("string",)),
    "upper": Function(_unchanged, ("string",)),
    "truncate": Function(_unchanged, ("string", "int")),
}
