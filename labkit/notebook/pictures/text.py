"""Text in pictures: what cannot be seen is written out, what is too long is cut, tables are aligned.

A file name or a command may hold anything. Control characters, marks of writing direction and invisible
characters are shown as escapes, so that a picture cannot say one thing and mean another.
"""

from __future__ import annotations

from collections.abc import Sequence

from labkit.base.text import one_line

MONO = 0.61
"""The width of a character in a generic monospaced font, in parts of the font's size."""
SANS = 0.62
"""The same for generic sans-serif fonts: what the widest of them need for running text."""


def visible(text: str) -> str:
    r"""Return text with all that cannot be seen written as escapes, on one line.

    >>> visible("a\tb\x1b[31m\u202e.txt")
    'a\\tb\\x1b[31m\\u202e.txt'
    """
    return one_line(text)


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


def indented(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Return the lines of a table, each two spaces in; none where there are no rows.

    >>> indented([["nginx", "109MB"]])
    ['  nginx  109MB']
    """
    return ["  " + line for line in table(rows, right).split("\n")] if rows else []


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
