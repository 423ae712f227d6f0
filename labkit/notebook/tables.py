"""A table in a notebook: HTML that scrolls in a box of its own, and the same in text.

It lies on a white card of its own, as pictures do, and a letter stands beside each colour.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as etree

from labkit.notebook.html import PAPER, card, code_line, element, html
from labkit.notebook.pictures.text import cut, table, visible
from labkit.notebook.pictures.theme import CHANGES, INK, RULE
from labkit.notebook.stacked import Table

_BOX = "overflow: auto; max-height: 26em; margin: 8px 0"
_CELL = f"{PAPER}; padding: 2px 10px; white-space: pre; vertical-align: top"
_MONO = "font-family: monospace; font-size: 13px"
_WIDE = 76
NAMES = {"A": "added", "C": "changed", "D": "deleted"}


def bundle(found: Table, code: str) -> dict[str, Any]:
    """Return what Jupyter shows of a table and of the line of Python that makes it.

    >>> bundle(Table("1 path", ("path",), (), 0, ()), "show()")["text/plain"]
    '1 path\\n\\nThe same in Python: show()'
    """
    return {"text/html": _html(found, code), "text/plain": words(found, code)}


def words(found: Table, code: str) -> str:
    """Return a table in text."""
    rows = [[row.kind, *(cut(cell, _WIDE) for cell in row.cells)] for row in found.rows]
    heads = ["", *found.heads]
    right = [column + 1 for column in found.right]
    aligned = [f"  {line}" for line in table([heads, *rows], right=right).split("\n")] if rows else []
    below = [*_more(found), *found.notes]
    parts = [[found.caption, *aligned], below, [f"The same in Python: {code}"]]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _html(found: Table, code: str) -> str:
    """Return a table in HTML."""
    parts = [element("div", visible(found.caption), style="font-weight: bold")]
    if found.rows:
        label = visible(found.caption)
        parts.append(element("div", _grid(found), tabindex="0", role="region", aria_label=label, style=_BOX))
    parts += [element("div", visible(note)) for note in (*_more(found), *found.notes)]
    return html(card(*parts, code_line(code), kind="table"))


def _more(found: Table) -> list[str]:
    return [f"… {found.more:,} more: filter by a path"] if found.more else []


def _grid(found: Table) -> etree.Element:
    lettered = any(row.kind for row in found.rows)
    aligned = ["right" if column in found.right else "left" for column in range(len(found.heads))]
    heads = [
        element("th", name, scope="col", style=f"{_CELL}; text-align: {align}; font-weight: bold")
        for name, align in zip(found.heads, aligned, strict=True)
    ]
    if lettered:
        heads.insert(0, element("th", " ", scope="col", style=f"{_CELL}; text-align: left"))
    lines = []
    for row in found.rows:
        cells = [_badge(row.kind)] if lettered else []
        for column, (words, align) in enumerate(zip(row.cells, aligned, strict=True)):
            text = visible(words)
            gone = row.kind == "D" and column == 0
            style = f"{_CELL}; text-align: {align}; {_MONO}"
            cells.append(element("td", element("s", text) if gone else text, style=style))
        lines.append(element("tr", *cells, style=f"{PAPER}; border-top: 1px solid {RULE}"))
    head = element("thead", element("tr", *heads, style=PAPER))
    return element("table", head, element("tbody", *lines), style="border-collapse: collapse; margin: 0")


def _badge(kind: str) -> etree.Element:
    hue = CHANGES.get(kind)
    if hue is None:
        return element("td", style=_CELL)
    style = (
        f"background: {hue.tint}; color: {INK}; border: 2px solid {hue.line}; border-radius: 4px; "
        "padding: 0 5px; font-weight: bold"
    )
    return element("td", element("span", kind, style=style, title=NAMES[kind]), style=_CELL)
