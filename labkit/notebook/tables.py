"""A table in a notebook: HTML that scrolls in a box of its own, and the same in text.

It lies on a white card of its own, as pictures do, and a letter stands beside each colour.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as etree

from labkit.notebook.pictures.text import cut, table, visible
from labkit.notebook.pictures.theme import CARD, CHANGES, INK, QUIET, RULE
from labkit.notebook.stacked import Table

_CARD = f"background: {CARD}; color: {INK}; padding: 12px 16px; border: 1px solid {RULE}; border-radius: 8px"
_BOX = "overflow: auto; max-height: 26em; margin: 8px 0"
_CELL = f"color: {INK}; background: {CARD}; padding: 2px 10px; white-space: pre; vertical-align: top"
_MONO = "font-family: monospace; font-size: 13px"
_WIDE = 76
NAMES = {"A": "added", "C": "changed", "D": "deleted"}


def bundle(found: Table, code: str) -> dict[str, Any]:
    """Return what Jupyter shows of a table and of the line of Python that makes it.

    >>> bundle(Table("1 path", ("path",), (), 0, ()), "show()")["text/plain"]
    '1 path\\n\\nThe same in Python: show()'
    """
    return {"text/html": html(found, code), "text/plain": words(found, code)}


def words(found: Table, code: str) -> str:
    """Return a table in text."""
    rows = [[row.kind, *(cut(cell, _WIDE) for cell in row.cells)] for row in found.rows]
    heads = ["", *found.heads]
    right = [column + 1 for column in found.right]
    aligned = [f"  {line}" for line in table([heads, *rows], right=right).split("\n")] if rows else []
    below = [*_more(found), *found.notes]
    parts = [[found.caption, *aligned], below, [f"The same in Python: {code}"]]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def html(found: Table, code: str) -> str:
    """Return a table in HTML."""
    card = etree.Element("div", {"class": "labkit-table", "style": _CARD})
    etree.SubElement(card, "div", {"style": "font-weight: bold"}).text = visible(found.caption)
    if found.rows:
        place = {"tabindex": "0", "role": "region", "aria-label": visible(found.caption), "style": _BOX}
        _grid(etree.SubElement(card, "div", place), found)
    for note in (*_more(found), *found.notes):
        etree.SubElement(card, "div").text = visible(note)
    line = etree.SubElement(card, "div", {"style": f"color: {QUIET}; margin-top: 8px"})
    line.text = "The same in Python: "
    etree.SubElement(line, "code", {"style": f"color: {INK}; background: {CARD}; {_MONO}"}).text = visible(
        code
    )
    return etree.tostring(card, encoding="unicode")


def _more(found: Table) -> list[str]:
    return [f"… {found.more:,} more: filter by a path"] if found.more else []


def _grid(place: etree.Element, found: Table) -> None:
    grid = etree.SubElement(place, "table", {"style": "border-collapse: collapse; margin: 0"})
    head = etree.SubElement(etree.SubElement(grid, "thead"), "tr", {"style": f"background: {CARD}"})
    lettered = any(row.kind for row in found.rows)
    for column, name in enumerate([*([" "] if lettered else []), *found.heads]):
        align = "right" if column - lettered in found.right else "left"
        style = f"{_CELL}; text-align: {align}; font-weight: bold"
        etree.SubElement(head, "th", {"scope": "col", "style": style}).text = name
    body = etree.SubElement(grid, "tbody")
    for row in found.rows:
        line = etree.SubElement(body, "tr", {"style": f"background: {CARD}; border-top: 1px solid {RULE}"})
        if lettered:
            _badge(etree.SubElement(line, "td", {"style": _CELL}), row.kind)
        for column, words in enumerate(row.cells):
            align = "right" if column in found.right else "left"
            cell = etree.SubElement(line, "td", {"style": f"{_CELL}; text-align: {align}; {_MONO}"})
            gone = row.kind == "D" and column == 0
            (etree.SubElement(cell, "s") if gone else cell).text = visible(words)


def _badge(cell: etree.Element, kind: str) -> None:
    hue = CHANGES.get(kind)
    if hue is not None:
        style = (
            f"background: {hue.tint}; color: {INK}; border: 2px solid {hue.line}; border-radius: 4px; "
            "padding: 0 5px; font-weight: bold"
        )
        etree.SubElement(cell, "span", {"style": style, "title": NAMES[kind]}).text = kind
