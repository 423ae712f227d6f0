"""The inspect explorer as HTML and as text: the document with a field marked, and its explanation."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as etree

from labkit.course.inspect_config_fields import explained
from labkit.course.inspect_document import Document
from labkit.notebook.html import PAPER, card, code_line, element, html, note
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.theme import BLUE, CARD, INK, ORANGE, QUIET, RULE

_PRE = (
    f"{PAPER}; border: 1px solid {RULE}; border-radius: 8px; font-size: 13px; line-height: 1.4; "
    "overflow-x: auto"
)
_LINE = "display: block; width: max-content; min-width: 100%; padding: 0 12px; box-sizing: border-box"
_NAME = f"{PAPER}; font-weight: bold; font-family: monospace; font-size: 15px"
_LABEL = f"background: {CARD}; color: {QUIET}"
_ANSWER = 2_000
"""The characters of an answer that are shown; only a very long label list has more."""


def tree(document: Document, field: str) -> dict[str, Any]:
    """Return the printed document, the chosen field marked and the sections without it folded."""
    lines, plain = [], []
    for line in document.folded(field):
        chosen = line.field == field or line.field.startswith(f"{field}.")
        mark = f"background: {BLUE.tint}; color: {INK}; font-weight: bold" if chosen else f"color: {INK}"
        words = f"{'▶' if chosen else ' '} {visible(line.text)}"
        lines.append(element("span", words, style=f"{_LINE}; {mark}"))
        plain.append(f"{'>' if chosen else ' '} {visible(line.text)}")
    block = element(
        "pre",
        *lines,
        tabindex="0",
        role="region",
        aria_label=f"docker image inspect {document.name}",
        style=f"{_PRE}; margin: 0; padding: 10px 0",
    )
    found = element("div", block, class_="labkit-inspect")
    return {"text/html": html(found), "text/plain": "\n".join(plain)}


def explanation(document: Document, field: str, code: str) -> dict[str, Any]:
    """Return what a field is, where it comes from, who uses it, how to ask for it, and what is mistaken."""
    rows = _rows(field)
    command, answer = document.command(field), _shortened(document.answer(field))
    name = element("div", visible(field), style=_NAME)
    parts = [_mistake(words) if label == "Mistake" else _line(f"{label}: ", words) for label, words in rows]
    asked = f"$ {visible(command)}\n{visible(answer)}"
    terminal = element("pre", asked, tabindex="0", style=f"{_PRE}; padding: 6px 10px; margin: 2px 0 0")
    found = card(name, *parts, _line("Asked alone:", ""), terminal, code_line(code), kind="field")
    text = [field]
    for label, words in rows:
        told = words.split("\n")
        text += (
            [f"  Often believed: {told[0]}", f"  What is so: {told[1]}"]
            if label == "Mistake"
            else [f"  {label}: {words}"]
        )
    text += [
        "",
        f"  $ {visible(command)}",
        f"  {visible(answer)}",
        "",
        f"The same in Python: {visible(code)}",
    ]
    return {"text/html": html(found), "text/plain": "\n".join(text)}


def _rows(field: str) -> list[tuple[str, str]]:
    found = explained(field)
    assert found is not None
    what = found.what
    if field.startswith("ContainerConfig."):
        what = f"As in Config, but of the build's last container. {what}"
    rows = [("What it is", what), ("Comes from", found.source), ("Who uses it", found.use)]
    if found.slides:
        rows.append(("Slides", ", ".join(found.slides)))
    if found.mistake:
        rows.append(("Mistake", f"{found.mistake}\n{found.truth}"))
    return rows


def _mistake(words: str) -> etree.Element:
    mistake, truth = words.split("\n")
    return note(ORANGE, _line("Often believed: ", mistake, ink=INK), _line("What is so: ", truth, ink=INK))


def _line(label: str, words: str, ink: str = "") -> etree.Element:
    name = element("span", label, style=f"font-weight: bold; color: {ink}" if ink else _LABEL)
    return element("div", name, visible(words), style="margin: 3px 0")


def _shortened(answer: str) -> str:
    return answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}…"
