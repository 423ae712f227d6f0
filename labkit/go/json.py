"""JSON as Go's encoding/json reads and writes it.

A digest is taken over a document's exact bytes, so a document that Docker would write must be written
byte for byte as Go 1.19 does (pkg.go.dev/encoding/json, "Marshal"), and one that Go refuses is refused
in Go's words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn

from labkit.base.errors import InvalidDocument
from labkit.go.quote import go_quote

# Go escapes U+2028 and U+2029 as well, which end a line in JavaScript, and <, > and & for pages of HTML.
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ALWAYS_ESCAPED = re.compile('["\\\\\x00-\x1f\u2028\u2029\ud800-\udfff]')
_HTML_ESCAPED = re.compile('["\\\\\x00-\x1f\u2028\u2029\ud800-\udfff<>&]')
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_INTEGER = 4000
_DEEPEST = 100  # levels: Python reads by recursion, and no struct has a tenth of them
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[][{}]', re.DOTALL)
_MOST_VALUES = 1_000_000
"""An object or a list counts as three. A history of 160,000 lines has fewer; a Python value takes up to fifty
times its text, so that a registry or an archive could fill the memory with `{},{},…`."""


class Written(str):
    """A value as `dumps` has written it before."""


def dumps(
    value: object, *, indent: int | None = None, escape_html: bool = True, sort_keys: bool = False
) -> bytes:
    """Return `value` as Go's json.Marshal writes it, or MarshalIndent when `indent` is given.

    Objects keep their keys' order, as Go's structs do; `sort_keys` sorts them, as Go's maps do.

    >>> dumps({"b": "a < b", "a": [1, None]})
    b'{"b":"a \\\\u003c b","a":[1,null]}'
    """
    pieces: list[str] = []
    _write(value, pieces, "\n", " " * indent if indent is not None else None, escape_html, sort_keys)
    return "".join(pieces).encode()


def _write(
    value: object, out: list[str], newline: str, step: str | None, escape_html: bool, sort_keys: bool
) -> None:
    if isinstance(value, Mapping):
        opening, closing = "{", "}"
        items: list[tuple[str, object]] = [
            (_quote(key, escape_html) + (":" if step is None else ": "), item)
            for key, item in (sorted(value.items()) if sort_keys else value.items())
        ]
    elif isinstance(value, str):
        out.append(value if isinstance(value, Written) else _quote(value, escape_html))
        return
    elif isinstance(value, list | tuple) and step is None and set(map(type, value)) <= {str, Written}:
        texts = [each if type(each) is Written else _quote(each, escape_html) for each in value]
        out.append(f"[{','.join(texts)}]")
        return
    elif isinstance(value, Sequence) and not isinstance(value, bytes):
        opening, closing = "[", "]"
        items = [("", item) for item in value]
    else:
        out.append(_scalar(value))
        return
    inner = "" if step is None else newline + step
    out.append(opening)
    for number, (prefix, item) in enumerate(items):
        out.append(("," if number else "") + inner + prefix)
        _write(item, out, inner, step, escape_html, sort_keys)
    out.append((newline if items and step is not None else "") + closing)


def _scalar(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value)
    raise TypeError(f"json: unsupported type: {type(value).__name__}")


@lru_cache(4096)
def _quote(text: str, escape_html: bool) -> str:
    return '"' + (_HTML_ESCAPED if escape_html else _ALWAYS_ESCAPED).sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\\ufffd"
    return _SHORT_ESCAPES.get(character) or f"\\u{ord(character):04x}"


def _float(number: float) -> str:
    if not math.isfinite(number):
        raise ValueError(f"json: unsupported value: {number}")
    size = abs(number)
    if size and (size < 1e-6 or size >= 1e21):
        return repr(number).replace("e-0", "e-")
    return f"{Decimal(repr(number)):f}".removesuffix(".0")


def loads(raw: bytes) -> Any:
    """Return the value of a JSON text; raise InvalidDocument, in Go's words, when it is none.

    As in Go, bytes that are no UTF-8 and unpaired surrogates become U+FFFD, and of two equal keys the
    last one counts.

    >>> loads(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> loads(b'{"a" 1}')
    Traceback (most recent call last):
    labkit.base.errors.InvalidDocument: invalid character '1' after object key
    """
    if raw.count(b",") + 3 * (raw.count(b"{") + raw.count(b"[")) > _MOST_VALUES:
        raise InvalidDocument(f"labkit reads documents of at most {_MOST_VALUES:,} values")
    text = raw.decode("utf-8", errors="replace")
    if raw.count(b"{") + raw.count(b"[") > _DEEPEST and _too_deep(text):
        raise InvalidDocument(f"labkit reads documents of at most {_DEEPEST} levels")
    try:
        value = json.loads(text, parse_constant=_refuse, parse_int=_integer)
        return _without_surrogates(value) if "\\ud" in text.lower() else value
    except ValueError:
        reason = syntax_error(raw) or "invalid JSON"
        raise InvalidDocument(reason, code="unexpected-end" if reason == _UNEXPECTED_END else "") from None


def _too_deep(text: str) -> bool:
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > _DEEPEST:
            return True
    return False


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _integer(text: str) -> int | float:
    # Python refuses to convert very long integers; Go lets them stand where nobody reads them.
    return int(text) if len(text) < _LONGEST_INTEGER else float(text)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


_SPACE = re.compile(r"[ \t\r\n]*")
_INTEGER, _FRACTION = r"-?(?:0|[1-9][0-9]*+)", r"(?:\.[0-9]++)?"
_TEXT = r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+'
_SCALAR = rf'{_INTEGER}{_FRACTION}(?:[eE][+-]?[0-9]+)?|{_TEXT}"|true|false|null'
_BROKEN = [
    (r"-(?![0-9])", "in numeric literal"),
    (rf"{_INTEGER}\.(?![0-9])", "after decimal point in numeric literal"),
    (rf"{_INTEGER}{_FRACTION}[eE][+-]?+(?![0-9])", "in exponent of numeric literal"),
    (rf"{_TEXT}\\u[0-9a-fA-F]*+", "in \\u hexadecimal character escape"),
    (rf"{_TEXT}\\(?!u)", "in string escape code"),
    (rf'{_TEXT}(?!["\\])', "in string literal"),
    *(
        (f"{word[:size]}(?!{word[size]})", f"in literal {word} (expecting '{word[size]}')")
        for word in ("true", "false", "null")
        for size in range(1, len(word))
    ),
]
"""How a scalar begins that is none, and what Go says of the character behind that."""
_KEY = "looking for beginning of object key string"
_EXPECTED = {
    "value": (rf"{_SCALAR}|[{{\[]", "looking for beginning of value"),
    "first value": (rf"{_SCALAR}|[]{{\[]", "looking for beginning of value"),
    "key": (rf'{_TEXT}"', _KEY),
    "first key": (rf'{_TEXT}"|}}', _KEY),
    "colon": (":", "after object key"),
    "in [": (r"[],]", "after array element"),
    "in {": (r"[},]", "after object key:value pair"),
    "after all": (r"\Z", "after top-level value"),
}
"""What can stand in a place, and what Go says of another character; `in [` is behind an array's element."""
_SPACE_ALLOWED = ("looking for", "after object", "after array", "in string literal")
_UNEXPECTED_END = "unexpected end of JSON input"


def syntax_error(raw: bytes) -> str:
    """Return what Go's decoder says of a text that is no JSON, or "" when it is JSON.

    >>> syntax_error(b'{"a":1'), syntax_error(b"{}")
    ('unexpected end of JSON input', '')
    """
    text = raw.decode("latin-1")  # Go reports the byte, shown as the code point of that number
    place, at, brackets = "value", 0, list[str]()
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        pattern, complaint = _EXPECTED[place]
        if place.endswith("value") or (place.endswith("key") and text.startswith('"', at)):
            for beginning, told in _BROKEN:
                if broken := re.compile(beginning).match(text, at):
                    return _complaint(text, broken.end(), told)
        if (token := re.compile(pattern).match(text, at)) is None:
            return _complaint(text, at, complaint)
        mark, at = token[0], token.end()
        if place == "after all":
            return ""
        if mark in ("[", "{"):
            brackets.append(mark)
            place = "first value" if mark == "[" else "first key"
        elif mark in (",", ":"):
            place = "key" if mark == "," and brackets[-1] == "{" else "value"
        elif place.endswith("key") and mark != "}":
            place = "colon"
        else:
            if mark in ("]", "}"):
                brackets.pop()
            place = f"in {brackets[-1]}" if brackets else "after all"


def _complaint(text: str, at: int, told: str) -> str:
    if at == len(text) and told.startswith(_SPACE_ALLOWED):
        return _UNEXPECTED_END
    character = go_quote(text[at : at + 1] or " ", "'")  # Go ends a text by handing its scanner a space
    return f"invalid character {character} {told}"
