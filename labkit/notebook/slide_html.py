"""The parts of a slide as HTML: for the walkthrough, its form to read, the handout and the deck.

All text from slides and from the lab's commands goes through the library that writes the HTML, which escapes
it, and what could steer a screen is made visible before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from xml.etree import ElementTree as etree

from labkit.base.text import shown as visible
from labkit.course.questions import Question
from labkit.course.slides import Slide, SlideRun, StepOutput, cells
from labkit.engine.scene import Scene, scene
from labkit.engine.state import State
from labkit.notebook.html import element, html
from labkit.notebook.pictures.still import still
from labkit.notebook.widgets.stage import as_json, played


def sentences(texts: Iterable[str], kind: str) -> etree.Element:
    """Return sentences, a paragraph each."""
    return element("div", *(element("p", text) for text in texts), class_=f"labkit-{kind}")


def question(asked: Question, *, revealed: bool) -> etree.Element:
    """Return a question with its choices, lettered; revealed, each has its reason."""
    choices = []
    for choice in asked.choices:
        kind, mark = ("right", "Right. ") if choice.right else ("wrong", "")
        told = {"class_": f"labkit-{kind}"} if revealed else {}
        why = [element("small", f" {mark}{choice.reason}")] if revealed else []
        choices.append(element("li", element("span", choice.text), *why, **told))
    listed = element("ol", *choices, class_="labkit-choices", type="A")
    return element("div", element("p", asked.prompt), listed, class_="labkit-question")


def terminal(text: str, most: int = 0) -> etree.Element:
    """Return a terminal's text, of many lines the first `most`; `--columns` says how many should fit."""
    lines = visible(text).rstrip("\n").split("\n")
    if most and len(lines) > most:
        lines[most - 1 :] = [f"… {len(lines) - most + 1} more lines: run it, and you see them"]
    text = "\n".join(lines)
    style = f"--columns: {max(40, *map(len, lines))}"
    return element("pre", text, class_="labkit-terminal", tabindex="0", style=style)


def table(rows: list[list[str]]) -> etree.Element:
    """Return a table; its first row has the heads."""
    lines = [[element("th", cell, scope="col") for cell in rows[0]]]
    lines += [[element("td", cell) for cell in row] for row in rows[1:]]
    return element("table", *(element("tr", *line) for line in lines))


def step(result: StepOutput, most: int = 0) -> etree.Element:
    """Return what a step shows: a table, the stage as a picture with its twin, a terminal's text."""
    if rows := cells(result.step):
        return table(rows)
    if result.shot is None:
        return terminal(result.text, most)
    return etree.fromstring(f'<div class="labkit-picture">{still(seen(result.shot.after)).html}</div>')


def seen(state: State) -> Scene:
    """Return the scene of a state for a class: the local cache alone, and of a long stack its ends."""
    found = scene(state, beside=2)
    return replace(found, tiles=tuple(each for each in found.tiles if each.kind != "blob"))


def screens(slide: Slide, run: SlideRun) -> list[dict[str, Any]]:
    """Return what the walkthrough's page shows of each step: HTML, and the stage's play where it has one."""
    shown: list[dict[str, Any]] = []
    for place in range(len(slide.steps)):
        result = run.shown(place)
        shown.append({"html": html(step(result))})
        if shot := result.shot:
            play = played(shot.after, seen(shot.after), shot.events)
            shown[-1]["frame"] = {"before": as_json(seen(shot.before)), **play}
    return shown


@dataclass(frozen=True, slots=True)
class Parts:
    """A whole slide: what is said and asked, what each of its steps shows, what the answer is."""

    asked: list[etree.Element]
    steps: list[etree.Element]
    answer: list[etree.Element]


def parts(slide: Slide, most: int = 0) -> Parts:
    """Run a slide, and return its parts; of a long screen the first `most` lines."""
    run = SlideRun(slide)
    return Parts(
        [sentences(slide.sentences, "say"), question(slide.question, revealed=False)],
        [step(run.shown(place), most) for place in range(len(slide.steps))],
        [question(slide.question, revealed=True), sentences(slide.conclusion, "say")],
    )


def to_read(number: int, slide: Slide) -> list[etree.Element]:
    """Return a whole slide, with all that its steps show and its answer, to be read."""
    whole = parts(slide)
    return [element("h3", f"{number}. {slide.title}"), *whole.asked, *whole.steps, *whole.answer]


def in_words(number: int, slide: Slide) -> str:
    """Return a slide's sentences, its question with the answer, and its conclusion, as text.

    >>> from labkit.lessons import SLIDES
    >>> print(in_words(9, SLIDES[8])[:19])
    9. Storage drivers
    """
    right = slide.question.right
    answer = f"{right.text}: {right.reason}"
    lines = [f"{number}. {slide.title}", *slide.sentences, slide.question.prompt, answer]
    return "\n".join([*lines, *slide.conclusion])
