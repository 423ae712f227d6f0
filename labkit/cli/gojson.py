"""JSON as Go's encoding/json writes it.

Object keys keep the order given, as a Go struct's do; whoever holds a Go map sorts it (a template's
`json` does). `docker inspect` indents by four spaces and does not escape HTML, the rows of docker's
tables are encoded with `<`, `>` and `&` escaped.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

from labkit.cli.govalues import JsonNumber, NilList, NilMap, Row, Struct

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL = re.compile('[\\x00-\\x1f"\\\\\u2028\u2029\ud800-\udfff]')


def go_json(
    value: object, indent: int | None = None, *, escape_html: bool = False, sort_maps: bool = False
) -> str:
    r"""Encode a value as Go does.

    Takes dicts, lists, strings, numbers, booleans, None and the values of `govalues`. With `indent`,
    as json.MarshalIndent with that many spaces: `indent=4` is what `docker inspect` prints. `sort_maps`
    sorts the keys of dicts, as Go does with its maps.

    >>> go_json({"Cmd": ["a && b"], "Volumes": None})
    '{"Cmd":["a && b"],"Volumes":null}'
    >>> go_json("<none>", escape_html=True)
    '"\\u003cnone\\u003e"'
    >>> print(go_json({"Layers": ["x"], "Labels": {}}, indent=4))
    {
        "Layers": [
            "x"
        ],
        "Labels": {}
    }
    """
    return _encode(value, _Style(indent, escape_html, sort_maps), 0)


class _Style:
    def __init__(self, indent: int | None, escape_html: bool, sort_maps: bool) -> None:
        self.indent = indent
        self.escape_html = escape_html
        self.sort_maps = sort_maps

    def escaped(self) -> _Style:
        return _Style(self.indent, True, self.sort_maps)


def _encode(value: object, style: _Style, depth: int) -> str:
    if value is None or isinstance(value, NilList | NilMap):
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return str(value)
    if isinstance(value, str):
        return _quote(value, style.escape_html)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, Struct):
        inner = style.escaped() if isinstance(value, Row) else style
        return _object(value.json_items(), inner, depth)
    if isinstance(value, dict):
        items = list(value.items())
        return _object(sorted(items) if style.sort_maps else items, style, depth)
    if isinstance(value, list | tuple):
        return _wrap("[", [_encode(item, style, depth + 1) for item in value], "]", style, depth)
    raise TypeError(f"json: unsupported type: {type(value).__name__}")


def _object(items: list[tuple[str, object]], style: _Style, depth: int) -> str:
    colon = ":" if style.indent is None else ": "
    parts = [
        _quote(key, style.escape_html) + colon + _encode(value, style, depth + 1) for key, value in items
    ]
    return _wrap("{", parts, "}", style, depth)


def _wrap(opening: str, parts: list[str], closing: str, style: _Style, depth: int) -> str:
    if style.indent is None or not parts:
        return opening + ",".join(parts) + closing
    inner = "\n" + " " * style.indent * (depth + 1)
    outer = "\n" + " " * style.indent * depth
    return opening + inner + ("," + inner).join(parts) + outer + closing


def _quote(text: str, escape_html: bool) -> str:
    quoted = _SPECIAL.sub(lambda match: _escape(match[0]), text)
    if escape_html:
        for char, escape in _HTML.items():
            quoted = quoted.replace(char, escape)
    return f'"{quoted}"'


def _escape(char: str) -> str:
    if "\ud800" <= char <= "\udfff":  # a byte that is no UTF-8, as surrogateescape keeps it
        return "\\ufffd"
    return _ESCAPES.get(char, f"\\u{ord(char):04x}")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"json: unsupported value: {value}")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.removesuffix(".0")
    # Go writes 1e-9 where Python writes 1e-09.
    return re.sub(r"e([+-])0(\d)$", r"e\1\2", repr(value).replace(".0e", "e"))
