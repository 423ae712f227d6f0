"""Exercises in a notebook: their cards as HTML, with a colour and the same in words.

All texts are escaped by the library that writes the HTML; what stands between backticks is shown as code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as etree

from labkit import lessons
from labkit.course import progress as kept
from labkit.course.exercise import EMPHASIS, Card, Line, Mark, Outcome
from labkit.course.lesson import find_exercise
from labkit.course.practice import Practice, forget
from labkit.notebook.html import element
from labkit.notebook.html import html as as_html
from labkit.notebook.output import publish
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, ORANGE, PURPLE, QUIET, RED, Hue
from labkit.notebook.pictures.views import notebook_lab, notebook_shell

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
_CODE = re.compile("`(?P<code>[^`]*)`")
_BADGE = "border-radius: 4px; font-weight: 600; white-space: nowrap"
_PRE = "white-space: pre; overflow-x: auto; margin: 2px 0; padding: 0 8px; line-height: 1.35"


class ShownPractice(Practice):
    """The work on an exercise in a notebook, where `show` draws its lab beside its goal."""

    def show(self) -> None:
        """Show the lab as it is and what is to be reached, side by side; both follow each command."""
        from labkit.notebook.widgets.goal import Goal  # late, as it brings the library that draws

        shown: Any = Goal(self)
        shown._ipython_display_()


def exercise(name: str, *, keep: bool = True) -> Practice:
    """Begin an exercise: show what is to be done, and return the work on it, whose lab is `.lab`.

    In a notebook it is also the variable `ex_NAME`, without the number. What was done before is done again.
    With `keep=False` nothing is written into the learner's progress, and nothing is taken from it. Raises
    NotFound for an unknown id.

    >>> ex_one_layer = exercise("01-one-layer", keep=False)  # doctest: +ELLIPSIS
    01-one-layer · Download one layer only...
    >>> ex_one_layer.check().correct
    False
    """
    found = find_exercise(lessons.LESSONS, name)
    score = kept.load().scores.get(name, kept.Score()) if keep else kept.Score()
    practice = ShownPractice(
        found, kept.record if keep else forget, lambda lab: _elsewhere(practice), score, found.variable
    )
    teach_ipython()
    _watch(practice)
    publish(practice.prompt)
    if keep and notebook_shell() is not None:
        practice.show()
    return practice


class ShownProgress(kept.Progress):
    """A learner's progress, which shows itself as the map of the course."""

    @property
    def card(self) -> Card:
        """What is shown."""
        return kept.progress_card(self, lessons.LESSONS)

    def __repr__(self) -> str:
        return self.card.text

    def _repr_html_(self) -> str:
        return html(self.card)


def progress() -> ShownProgress:
    """Return the progress that is kept for this learner, ready to be shown.

    Its `export(file)` writes it as JSON, `restore(file)` adds such a file to it.
    """
    return ShownProgress(**vars(kept.load()))


def teach_ipython() -> None:
    """Let the notebook that runs, if one does, show cards as HTML."""
    if (shell := notebook_shell()) is not None:
        formatter = shell.display_formatter.formatters["text/html"]
        formatter.for_type(Card, html)
        formatter.for_type(ShownPractice, lambda practice: html(practice.prompt))


def _elsewhere(practice: Practice) -> str:
    """Say so where the notebook's `lab`, on which `%docker` acts, is another lab than the exercise's."""
    found = notebook_lab()
    if notebook_shell() is None or found is practice.lab:
        return ""
    whose = next((each.exercise.id for each in _WATCH.begun.values() if each.lab is found), "")
    which = f"the lab of {whose} now" if whose else "another lab now" if found else "no exercise's lab yet"
    return f"`%docker` acts on the variable `lab`, which is {which}: run `lab = {practice.called}.lab` first."


class _Watch:
    """Looks at the notebook's cells: whose lab `%docker` acts on, and whether work is begun once more."""

    def __init__(self) -> None:
        self.begun: dict[str, Practice] = {}
        """The exercises of the notebook, by their variables; the last one is that which was begun last."""
        self.told: object = None

    def before_cell(self, info: Any) -> None:
        """Put a lab that was brought back to its start where a cell gives its first command once more."""
        for practice in self.begun.values():
            first = practice.again[0].removeprefix("docker ") if practice.again else ""
            named = f"{practice.called}.lab" in info.raw_cell or notebook_lab() is practice.lab
            if first and named and first in info.raw_cell:
                practice.lab.reset()
                back = f"`{practice.called}.undo()`, repeated, brings back what you had"
                print(f"{practice.exercise.id} begins anew here; {back}.")

    def after_cell(self, result: object) -> None:
        """Tell, once for each, of a `lab` that is none of an exercise."""
        found = notebook_lab()
        if found is None or found is self.told or not self.begun:
            return
        self.told = found
        if all(each.lab is not found for each in self.begun.values()):
            print(_elsewhere([*self.begun.values()][-1]))


_WATCH = _Watch()


def _watch(practice: Practice) -> None:
    if (shell := notebook_shell()) is None:
        return
    _WATCH.begun.pop(practice.called, None)
    _WATCH.begun[practice.called] = practice
    _WATCH.told = notebook_lab()  # the next cell takes the exercise's own
    shell.user_ns[practice.called] = practice
    for event, told in (("pre_run_cell", _WATCH.before_cell), ("post_run_cell", _WATCH.after_cell)):
        if told not in shell.events.callbacks[event]:
            shell.events.register(event, told)


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
    text = [*_inline(line.text, EMPHASIS if line.mark is Mark.PROSE else _CODE)]
    if line.link:
        above = "../" * (Path.cwd().name == "exercises")  # the folder in which this notebook runs
        text = [element("a", *text, href=f"{above}{line.link}")]
    if line.mark not in _PILLS:
        return element("div", *text, style=f"margin: {6 if line.mark is Mark.PROSE else 2}px 0")
    hue = _PILLS[line.mark]
    pill = f"{_BADGE}; min-width: 3.8em; padding: 0 4px; flex: none; text-align: center; font-size: 85%"
    pill = f"{pill}; background: {hue.tint}; color: {INK}; border: 1px solid {hue.line}"
    words = element("span", *text, style="min-width: 0; overflow-wrap: anywhere")
    row = "display: flex; gap: 8px; margin: 3px 0; align-items: baseline"
    return element("div", element("span", line.mark.value[1], style=pill), words, style=row)


def _inline(text: str, pattern: re.Pattern[str] = _CODE) -> Iterator[etree.Element | str]:
    """Give the parts of a text; what the pattern finds is an element by the name of its group."""
    at = 0
    for found in pattern.finditer(text):
        yield text[at : found.start()]
        yield element(str(found.lastgroup), found[found.lastgroup or 0])
        at = found.end()
    yield text[at:]
