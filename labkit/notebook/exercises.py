"""Exercises in a notebook: their cards as HTML, with a colour and the same in words.

All texts are escaped by the library that writes the HTML; what stands between backticks is shown as code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as etree

from labkit import lessons
from labkit.course import progress as kept
from labkit.course.exercise import Card, Line, Mark, Outcome
from labkit.course.lesson import all_exercises, find_exercise
from labkit.course.practice import Practice, forget
from labkit.course.progress import progress_card
from labkit.lab import Lab
from labkit.notebook.html import element
from labkit.notebook.html import html as as_html
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, ORANGE, PURPLE, QUIET, RED, Hue
from labkit.notebook.pictures.views import notebook_lab

_GREY = Hue(QUIET, "#e7eaed", "#ffffff")
_HUES = {
    Outcome.NOT_ATTEMPTED: _GREY,
    Outcome.NOT_DEFINED: PURPLE,
    Outcome.KEEP_WORKING: ORANGE,
    Outcome.LOST: RED,
    Outcome.ALMOST: BLUE,
    Outcome.CORRECT: GREEN,
}
_PILLS = {Mark.MET: GREEN, Mark.SOLVED: GREEN, Mark.OPEN: ORANGE, Mark.LOST: RED, Mark.TO_DO: _GREY}
_BADGE = "border-radius: 4px; font-weight: 600; white-space: nowrap"
_PRE = "white-space: pre; overflow-x: auto; margin: 2px 0; padding: 0 8px; line-height: 1.35"


def exercise(name: str, *, keep: bool = True) -> Practice:
    """Begin an exercise: show what is to be done, and return the work on it; `lab = ex.lab` is its lab.

    With `keep=False` nothing is written into the learner's progress. Raises NotFound for an unknown id.

    >>> ex = exercise("01-one-layer", keep=False)  # doctest: +ELLIPSIS
    01-one-layer · Download one layer only...
    >>> ex.check().correct
    False
    """
    found = find_exercise(lessons.LESSONS, name)
    score = kept.load().scores.get(name, kept.Score()) if keep else kept.Score()
    practice = Practice(found, kept.record if keep else forget, _elsewhere, score)
    teach_ipython()
    _watch(practice.lab)
    _show(practice.prompt)
    return practice


class ShownProgress:
    """A learner's progress. `export(file)` writes it as JSON, `restore(file)` adds such a file to it."""

    def __init__(self, progress: kept.Progress) -> None:
        self._progress = progress

    @property
    def card(self) -> Card:
        """What is shown."""
        return progress_card(self._progress, all_exercises(lessons.LESSONS))

    def export(self, file: str) -> None:
        """Write the progress into a file, as JSON."""
        self._progress.export(file)

    def restore(self, file: str) -> ShownProgress:
        """Add the progress of an exported file; what is there already is not lost."""
        return ShownProgress(self._progress.restore(file))

    def __repr__(self) -> str:
        return self.card.text

    def _repr_html_(self) -> str:
        return html(self.card)


def progress() -> ShownProgress:
    """Return the progress that is kept for this learner, ready to be shown."""
    return ShownProgress(kept.load())


def _shell() -> Any:
    """Return the shell of the notebook that runs, None where none does."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    return shell


def teach_ipython() -> None:
    """Let the notebook that runs, if one does, show cards as HTML."""
    if (shell := _shell()) is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type(Card, html)
        formatter.for_type(Practice, lambda practice: html(practice.prompt))


def _elsewhere(lab: Lab) -> str:
    """Say so where the notebook's `lab`, on which `%docker` acts, is another lab than the exercise's."""
    shell = _shell()
    if shell is None or shell.user_ns.get("lab") is lab:
        return ""
    return "`%docker` acts on the variable `lab`, which is another lab now: run `lab = ex.lab` first."


class _Watch:
    """Tells after a cell, once, that the notebook's `lab` became another one than the exercise's."""

    lab: Lab | None = None
    told: object = None

    def after_cell(self, result: object) -> None:
        found = notebook_lab()
        if self.lab is not None and found is not None and found is not self.told:
            self.told = found
            if words := _elsewhere(self.lab):
                print(words)


_WATCH = _Watch()


def _watch(lab: Lab) -> None:
    if (shell := _shell()) is not None:
        _WATCH.lab, _WATCH.told = lab, None
        if _WATCH.after_cell not in shell.events.callbacks["post_run_cell"]:
            shell.events.register("post_run_cell", _WATCH.after_cell)


def _show(card: Card) -> None:
    from IPython import display

    publish: Any = display.display
    publish(card)


def html(card: Card) -> str:
    """Return a card as HTML.

    >>> "&lt;b&gt;" in html(Card("a <b> title"))
    True
    """
    hue = _HUES[card.outcome] if card.outcome else _GREY
    style = f"border-left: 6px solid {hue.line}; padding: 4px 0 4px 14px; margin: 4px 0; max-width: 60em"
    head = [element("strong", *_inline(card.title))]
    if card.outcome:
        badge = f"{_BADGE}; margin-left: 10px; padding: 2px 8px; background: {hue.line}; color: {hue.ink}"
        head.append(element("span", card.outcome.value, style=badge))
    parts = [element("div", *head, style="margin-bottom: 4px"), *map(_line, card.lines)]
    if card.foot:
        parts.append(element("div", *_inline(card.foot), style="margin-top: 6px; font-style: italic"))
    return as_html(element("div", *parts, class_="labkit-card", style=style))


def _line(line: Line) -> etree.Element:
    if line.mark is Mark.CODE:
        return element("pre", line.text, style=_PRE, tabindex="0")
    if line.mark not in _PILLS:
        return element("div", *_inline(line.text), style="margin: 2px 0")
    hue = _PILLS[line.mark]
    pill = f"{_BADGE}; width: 3.8em; flex: none; text-align: center; font-size: 85%"
    pill = f"{pill}; background: {hue.tint}; color: {INK}; border: 1px solid {hue.line}"
    words = element("span", *_inline(line.text), style="min-width: 0; overflow-wrap: anywhere")
    row = "display: flex; gap: 8px; margin: 3px 0; align-items: baseline"
    return element("div", element("span", line.mark.value[1], style=pill), words, style=row)


def _inline(text: str) -> Iterator[etree.Element | str]:
    """Give the parts of a text; every second part between backticks is code."""
    parts = text.split("`")
    for place, part in enumerate(parts):
        if place % 2 and place + 1 < len(parts):
            yield element("code", part)
        else:
            yield f"`{part}" if place % 2 else part
