r"""Go's string literals: strconv.Quote and strconv.Unquote.

`docker ps` quotes COMMAND with it, and templates read and print such literals.
"""

from __future__ import annotations

import re

_NAMED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_LETTERS = {char: letter for letter, char in _NAMED.items()}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))|(\\)", re.DOTALL
)


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
    r"""Read a Go string literal; ValueError("invalid syntax") where Go refuses it.

    >>> go_unquote('"a\\tb"') == "a\tb", go_unquote("`a\\tb`")
    (True, 'a\\tb')
    """
    if literal[0] == "`":
        return literal[1:-1].replace("\r", "")
    return _ESCAPE.sub(lambda match: _unescape(match, literal[0]), literal[1:-1])


def _unescape(match: re.Match[str], quote: str) -> str:
    hexadecimal = match[2] or match[3]
    if hexadecimal:
        code = int(hexadecimal, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError("invalid syntax")
        return chr(code)
    if match[1] or match[4]:
        code = int(match[1], 16) if match[1] else int(match[4], 8)
        if code > 255:
            raise ValueError("invalid syntax")
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    letter = match[5] or ""
    if letter == quote:
        return letter
    if letter not in _NAMED or letter == "":
        raise ValueError("invalid syntax")
    return _NAMED[letter]
