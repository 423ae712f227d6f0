"""Text in pictures: what cannot be seen is written out, what is too long is cut, tables are aligned.

A file name or a command may hold anything. Control characters, marks of writing direction and invisible
characters are shown as escapes, so that a picture cannot say one thing and mean another.
"""

from __future__ import annotations

from collections.abc import Sequence

MONO = 0.61
"""The width of a character in a generic monospaced font, in parts of the font's size."""
SANS = 0.62
"""The same for generic sans-serif fonts: what the widest of them need for running text."""

_INVISIBLE = (
    (0x00, 0x1F),
    (0x7F, 0x9F),  # control characters
    (0xAD, 0xAD),  # soft hyphen
    (0x061C, 0x061C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x2028, 0x202E),  # line ends and writing direction
    (0x2060, 0x206F),
    (0xD800, 0xDFFF),  # bytes of file names that are no UTF-8
    (0xFDD0, 0xFDEF),
    (0xFEFF, 0xFEFF),
    (0xFFF0, 0xFFFB),
    (0xE0000, 0xE0FFF),
)
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Return text with all that cannot be seen written as escapes.

    >>> visible("a\tb\x1b[31m\u202e.txt")
    'a\\tb\\x1b[31m\\u202e.txt'
    """
    return "".join(_escape(char) if _hidden(ord(char)) else char for char in text)


def _hidden(code: int) -> bool:
    if 0x20 <= code < 0x7F:
        return False
    return code & 0xFFFE == 0xFFFE or any(first <= code <= last for first, last in _INVISIBLE)


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python kept with surrogateescape
        return f"\\x{code - 0xDC00:02x}"
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def cells(text: str) -> int:
    """Return how many columns of a monospaced font a text takes; wide characters take two.

    >>> cells("layer…"), cells("層")
    (6, 2)
    """
    return sum(1 if ord(char) < 0x1100 or 0x2000 <= ord(char) < 0x2E80 else 2 for char in text)


def cut(text: str, width: int) -> str:
    """Return text in at most `width` columns, invisible characters escaped, ending in `…` where cut.

    >>> cut("docker-entrypoint.sh", 10)
    'docker-en…'
    """
    text = visible(text)
    if cells(text) <= width:
        return text
    kept, room = "", width - 1
    for char in text:
        room -= cells(char)
        if room < 0:
            break
        kept += char
    return f"{kept.rstrip()}…" if width > 0 else ""


def fit(text: str, width: float, size: int, font: float = MONO) -> str:
    """Return text cut to a width in pixels at a font size.

    >>> fit("docker-entrypoint.sh", 100, 14)
    'docker-ent…'
    """
    return cut(text, int(width / (size * font)))


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Align rows in columns two spaces apart; the columns in `right` are flush right.

    >>> print(table([["nginx", "109MB"], ["mysql:8", "477MB"], ["sum", "6B"]], right=[1]))
    nginx    109MB
    mysql:8  477MB
    sum         6B
    """
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        parts = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - cells(cell))
            parts.append(gap + cell if place in right else cell + gap)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def count(number: int, noun: str) -> str:
    """Return a number and its noun.

    >>> count(1, "layer"), count(1200, "layer")
    ('1 layer', '1,200 layers')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
