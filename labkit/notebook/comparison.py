"""A comparison of labkit with the learner's own Docker, as a table in a notebook.

Each difference has its sign in a column of its own, and a colour besides; everything is written by the
library that writes the HTML, so what an engine answers is shown as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as etree

from labkit.cli.compare import EQUAL, LIKE, MARKS, OTHER, OURS, THEIRS, Comparison, stacked
from labkit.lab import Lab
from labkit.notebook.shell import lab_of_notebook

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_TEXT = "white-space: pre; text-align: left; vertical-align: top; padding: 1px 12px; font-family: monospace"
_TINTS = {OTHER: "230, 159, 0", OURS: "0, 114, 178", THEIRS: "204, 121, 167"}
"""Of Okabe and Ito; as thin tints they leave the theme's own ink readable, light or dark."""


def compare(line: str, lab: Lab | None = None) -> Comparison:
    """Run a docker line that changes nothing on a lab and on the learner's own Docker, and compare.

    Without `lab` it is the notebook's, as with `%docker`. Raises LabkitError for a line that could change
    something.
    """
    from IPython import get_ipython

    shell = get_ipython()
    if shell is not None:
        show_comparisons(shell)
    return (lab or lab_of_notebook(shell)).compare(line)


def show_comparisons(shell: InteractiveShell) -> None:
    """Let a notebook show comparisons as tables."""
    assert shell.display_formatter is not None
    shell.display_formatter.formatters["text/html"].for_type(Comparison, html)


def html(comparison: Comparison) -> str:
    """Return a comparison as HTML.

    >>> from labkit.cli.compare import Row
    >>> "&lt;b&gt;" in html(Comparison("docker info", (Row("|", "<b>", "c"),), "29.0.1"))
    True
    """
    box = etree.Element("div", {"class": "labkit-comparison"})
    title = etree.SubElement(box, "p", {"style": "font-weight: bold"})
    title.text = f"{comparison.line}: {comparison.verdict}"
    scrolled = etree.SubElement(box, "div", {"style": "overflow-x: auto", "tabindex": "0"})
    table = etree.SubElement(scrolled, "table", {"style": "border-collapse: collapse; font-size: 13px"})
    ours, theirs = comparison.heads
    if comparison.problem:
        for row in comparison.rows:
            _row(table, EQUAL, row.ours)
    elif comparison.wide:
        _head(table, f"{OURS} {ours}   {THEIRS} {theirs}")
        for mark, text in stacked(comparison.rows):
            _row(table, mark, text)
    else:
        _head(table, ours, theirs)
        for each in comparison.rows:
            _row(table, each.mark, each.ours, each.theirs)
    used = [mark for mark in (OTHER, OURS, THEIRS) if any(row.mark == mark for row in comparison.rows)]
    if used and not (comparison.wide or comparison.problem):
        etree.SubElement(box, "p").text = "; ".join(f"{mark} {MARKS[mark]}" for mark in used)
    for note in comparison.notes:
        etree.SubElement(box, "p").text = note
    return etree.tostring(box, encoding="unicode")


def _head(table: etree.Element, *names: str) -> None:
    line = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    etree.SubElement(line, "th", {"scope": "col", "style": _TEXT}).text = ""
    for name in names:
        etree.SubElement(line, "th", {"scope": "col", "style": _TEXT}).text = name


def _row(table: etree.Element, mark: str, *texts: str) -> None:
    tint = f"; background: rgba({_TINTS[mark]}, 0.22)" if mark in _TINTS else "; background: none"
    line = etree.SubElement(table, "tr", {"class": f"labkit-{NAMES[mark]}"})
    sign = etree.SubElement(line, "td", {"style": f"{_TEXT}; font-weight: bold{tint}"})
    sign.text = mark
    if mark in MARKS:
        sign.set("title", MARKS[mark])
        sign.set("aria-label", MARKS[mark])
    for text in texts:
        etree.SubElement(line, "td", {"style": _TEXT + tint}).text = text


NAMES = {EQUAL: "equal", LIKE: "like", OTHER: "other", OURS: "ours", THEIRS: "theirs"}
