r"""Go's string literals: strconv.Quote and strconv.Unquote.

`docker ps` quotes COMMAND with it, and templates read and print such literals.
"""

from __future__ import annotations

import re

_NAMED = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
_LETTERS = {char: letter for letter, char in _NAMED.items()}


def go_quote(text: str, quote: str = '"') -> str:
    r"""Write text as a Go literal (strconv.Quote; with `'` as quote, a character's).

    >>> print(go_quote('nginx -g "daemon off;"\n'))
    "nginx -g \"daemon off;\"\n"
    """
    return quote + "".join(_escape(char, quote) for char in text) + quote


def _escape(char: str, quote: str) -> str:
    if char == quote or char == "\\":
        return "\\" + char
    if char.isprintable():
        return char
    if char in _LETTERS:
        return "\\" + _LETTERS[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as surrogateescape keeps it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def go_unquote(literal: str) -> str:
    r"""Read a Go string literal; ValueError for an escape by a number, or one that is none.

    >>> go_unquote('"a\\tb"') == "a\tb", go_unquote("`a\\tb`")
    (True, 'a\\tb')
    """
    if literal[0] == "`":
        return literal[1:-1].replace("\r", "")
    return re.sub(r"\\(.)", _unescape, literal[1:-1])


def _unescape(match: re.Match[str]) -> str:
    if match[1] not in _NAMED:
        raise ValueError(f"labkit does not read {match[0]} in text")
    return _NAMED[match[1]]
