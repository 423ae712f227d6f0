"""A comparison of labkit with the learner's own Docker, as a table in a notebook.

Each difference has its sign in a column of its own, and a colour besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as etree

from labkit.cli.own_docker import EQUAL, MARKS, OTHER, OURS, THEIRS, Comparison, stacked
from labkit.lab import Lab
from labkit.notebook.html import element
from labkit.notebook.html import html as as_html
from labkit.notebook.output import lab_of_notebook
from labkit.notebook.pictures.views import notebook_shell

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_TABLE = "border-collapse: collapse; font-size: 13px"
_TEXT = "white-space: pre; text-align: left; vertical-align: top; padding: 1px 12px; font-family: monospace"
_TINTS = {OTHER: "230, 159, 0", OURS: "0, 114, 178", THEIRS: "204, 121, 167"}
"""Of Okabe and Ito; as thin tints they leave the theme's own ink readable, light or dark."""


def compare(line: str, lab: Lab | None = None) -> Comparison:
    """Run a docker line that changes nothing on a lab and on the learner's own Docker, and compare.

    Without `lab` it is the notebook's, as with `%docker`. Raises LabkitError for a line that could change
    something.
    """
    if (shell := notebook_shell()) is not None:
        show_comparisons(shell)
    return (lab or lab_of_notebook()).compare(line)


def show_comparisons(shell: InteractiveShell) -> None:
    """Let a notebook show comparisons as tables."""
    assert shell.display_formatter is not None
    shell.display_formatter.formatters["text/html"].for_type(Comparison, html)


def html(comparison: Comparison) -> str:
    """Return a comparison as HTML.

    >>> from labkit.cli.own_docker import Pair
    >>> "&lt;b&gt;" in html(Comparison("docker info", (Pair("|", "<b>", "c"),), "29.0.1"))
    True
    """
    (ours, theirs), rows = comparison.heads, comparison.rows
    heads: tuple[str, ...] = ()
    lines: list[tuple[str, ...]]
    signs = ""
    if comparison.problem:
        lines = [(EQUAL, row.ours) for row in rows]
    elif comparison.wide:
        heads, lines = (f"{OURS} {ours}   {THEIRS} {theirs}",), [*stacked(rows)]
    else:
        heads, lines = (ours, theirs), [(row.mark, row.ours, row.theirs) for row in rows]
        used = [mark for mark in (OTHER, OURS, THEIRS) if any(row.mark == mark for row in rows)]
        signs = "; ".join(f"{mark} {MARKS[mark]}" for mark in used)
    head = element("tr", *(element("th", each, scope="col", style=_TEXT) for each in ("", *heads)))
    parts = [element("thead", head)] if heads else []
    table = element("table", *parts, *(_row(*line) for line in lines), style=_TABLE)
    return as_html(
        element(
            "div",
            element("p", f"{comparison.line}: {comparison.verdict}", style="font-weight: bold"),
            element("div", table, style="overflow-x: auto", tabindex="0"),
            *(element("p", words) for words in (signs, *comparison.notes) if words),
            class_="labkit-comparison",
        )
    )


def _row(mark: str, *texts: str) -> etree.Element:
    tint = f"; background: rgba({_TINTS[mark]}, 0.22)" if mark in _TINTS else "; background: none"
    said = {"title": MARKS[mark], "aria-label": MARKS[mark]} if mark in MARKS else {}
    sign = element("td", mark, style=f"{_TEXT}; font-weight: bold{tint}", **said)
    cells = [element("td", text, style=_TEXT + tint) for text in texts]
    return element("tr", sign, *cells)
