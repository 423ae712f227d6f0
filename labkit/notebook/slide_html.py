"""The parts of a slide as HTML: for the walkthrough, its form to read, the handout and the deck.

All text from slides and from the lab's commands goes through the library that writes the HTML, which escapes
it, and what could steer a screen is made visible before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree as etree

from labkit.base.text import shown as visible
from labkit.course.questions import Question
from labkit.course.slides import Slide, SlideRun, StepOutput, commands
from labkit.lessons import SLIDES
from labkit.notebook.html import element, html

_WIDEST = 116
"""Columns of a terminal that are made to fit the page; longer lines scroll, and so do those of a document."""
_DOCUMENT = 25, 80
"""From how many lines on a text is a document, and how many of its columns are made to fit."""


def names() -> dict[str, Any]:
    """Return what a slide's Python steps may use: all that is public, as after a first cell."""
    namespace: dict[str, Any] = {}
    exec("from labkit import *", namespace)
    return namespace


def number(slide: Slide) -> int:
    """Return a slide's number, from 1 on.

    >>> number(SLIDES[3])
    4
    """
    return SLIDES.index(slide) + 1


def sentences(texts: Iterable[str], kind: str) -> etree.Element:
    """Return sentences, a paragraph each."""
    return element("div", *(element("p", text) for text in texts), class_=f"labkit-{kind}")


def question(asked: Question, *, revealed: bool) -> etree.Element:
    """Return a question with its choices, lettered; revealed, each has its reason."""
    choices = []
    for choice in asked.choices:
        words = element("span", choice.text)
        if revealed:
            kind, mark = ("right", "Right. ") if choice.right else ("wrong", "")
            why = element("small", f" {mark}{choice.reason}")
            choices.append(element("li", words, why, class_=f"labkit-{kind}"))
        else:
            choices.append(element("li", words))
    listed = element("ol", *choices, class_="labkit-choices", type="A")
    return element("div", element("p", asked.prompt), listed, class_="labkit-question")


def asked_before(asked: Question, *, revealed: bool) -> etree.Element:
    """Return a question in one line and, revealed, its answer in another."""
    parts = [element("p", asked.prompt)]
    if revealed:
        letter = chr(ord("A") + asked.choices.index(asked.right))
        parts.append(
            element("p", f"{letter}. {asked.right.text}: {asked.right.reason}", class_="labkit-right")
        )
    return element("div", *parts, class_="labkit-asked")


def terminal(text: str) -> etree.Element:
    """Return a terminal's text, never wrapped; `--columns` says how many should fit the page."""
    text = visible(text).rstrip("\n")
    lines = text.split("\n")
    columns = max((len(line) for line in lines if len(line) <= _WIDEST), default=_WIDEST)
    if len(lines) > _DOCUMENT[0]:
        columns = min(columns, _DOCUMENT[1])
    style = f"--columns: {max(columns, 40)}; white-space: pre; overflow-x: auto"
    return element("pre", text, class_="labkit-terminal", tabindex="0", style=style)


def step(result: StepOutput) -> list[etree.Element]:
    """Return what a step shows: its Python where it is Python, a terminal's text, a picture with its twin."""
    parts = []
    picture = drawn(result.value)
    if not commands(result.step) and not picture:
        typed = result.step.replace("\n", "\n... ")
        parts.append(terminal(f">>> {typed}\n{result.text}"))
    elif result.text:
        parts.append(terminal(result.text))
    if picture:
        parts.append(etree.fromstring(f'<div class="labkit-picture">{picture}</div>'))
    return parts


def drawn(value: Any) -> str:
    """Return the HTML of a picture or chart; "" for anything else, a chart without matplotlib in text."""
    if not hasattr(value, "_repr_mimebundle_"):
        return ""
    bundle = value._repr_mimebundle_()
    if "text/html" in bundle:
        return str(bundle["text/html"])
    return html(terminal(value.text))


def to_read(slide: Slide, *, answer: bool = True) -> Iterator[etree.Element]:
    """Give a whole slide, with all that its steps show, to be read; without its answer if so asked."""
    run = SlideRun(slide, names())
    yield element("h3", f"{number(slide)}. {slide.title}")
    yield sentences(slide.sentences, "say")
    yield question(slide.question, revealed=False)
    for place in range(len(slide.steps)):
        yield from step(run.shown(place))
    if answer:
        yield asked_before(slide.question, revealed=True)
        yield sentences(slide.conclusion, "say")


def in_words(slide: Slide) -> str:
    """Return a slide's sentences, its question with the answer, and its conclusion, as text.

    >>> print(in_words(SLIDES[8])[:19])
    9. Storage drivers
    """
    right = slide.question.right
    answer = f"{right.text}: {right.reason}"
    lines = [f"{number(slide)}. {slide.title}", *slide.sentences, slide.question.prompt, answer]
    return "\n".join([*lines, *slide.conclusion])
