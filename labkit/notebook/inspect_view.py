"""The inspect explorer as HTML and as text: the document with a field marked, and its explanation."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as etree

from labkit.course.inspect_config_fields import explained
from labkit.course.inspect_document import Document
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.theme import BLUE, CARD, INK, ORANGE, QUIET, RULE

_CARD = f"background: {CARD}; color: {INK}; border: 1px solid {RULE}; border-radius: 8px"
_PRE = (
    f"background: {CARD}; color: {INK}; font-size: 13px; line-height: 1.4; margin: 0; padding: 10px 0; "
    "overflow-x: auto; border-radius: 8px"
)
_LINE = "display: block; width: max-content; min-width: 100%; padding: 0 12px; box-sizing: border-box"
_LABEL = f"background: {CARD}; color: {QUIET}"
_ANSWER = 2_000
"""The characters of an answer that are shown; only a very long label list has more."""


def tree(document: Document, field: str) -> dict[str, Any]:
    """Return the printed document, the chosen field marked and the sections without it folded."""
    card = etree.Element("div", {"class": "labkit-inspect", "style": _CARD})
    place = {"tabindex": "0", "role": "region", "aria-label": f"docker image inspect {document.name}"}
    block = etree.SubElement(card, "pre", {**place, "style": _PRE})
    plain = []
    for line in document.folded(field):
        chosen = line.field == field or line.field.startswith(f"{field}.")
        mark = f"background: {BLUE.tint}; color: {INK}; font-weight: bold" if chosen else f"color: {INK}"
        words = f"{'▶' if chosen else ' '} {visible(line.text)}"
        etree.SubElement(block, "span", {"style": f"{_LINE}; {mark}"}).text = words
        plain.append(f"{'>' if chosen else ' '} {visible(line.text)}")
    return {"text/html": etree.tostring(card, encoding="unicode"), "text/plain": "\n".join(plain)}


def explanation(document: Document, field: str, code: str) -> dict[str, Any]:
    """Return what a field is, where it comes from, who uses it, how to ask for it, and what is mistaken."""
    rows = _rows(field)
    command, answer = document.command(field), _shortened(document.answer(field))
    card = etree.Element("div", {"class": "labkit-field", "style": f"{_CARD}; padding: 12px 16px"})
    style = f"background: {CARD}; color: {INK}; font-weight: bold; font-family: monospace; font-size: 15px"
    etree.SubElement(card, "div", {"style": style}).text = visible(field)
    for label, words in rows:
        if label == "Mistake":
            style = f"background: {ORANGE.tint}; color: {INK}; border-left: 4px solid {ORANGE.line}"
            box = etree.SubElement(card, "div", {"style": f"{style}; margin: 8px 0; padding: 6px 10px"})
            mistake, truth = words.split("\n")
            _line(box, "Often believed: ", mistake, ink=INK)
            _line(box, "What is so: ", truth, ink=INK)
        else:
            _line(card, f"{label}: ", words)
    _line(card, "Asked alone:", "")
    terminal = f"{_PRE}; border: 1px solid {RULE}; padding: 6px 10px; margin-top: 2px"
    asked = etree.SubElement(card, "pre", {"tabindex": "0", "style": terminal})
    asked.text = f"$ {visible(command)}\n{visible(answer)}"
    _line(card, "The same in Python: ", code)
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
    return {"text/html": etree.tostring(card, encoding="unicode"), "text/plain": "\n".join(text)}


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


def _line(parent: etree.Element, label: str, words: str, ink: str = "") -> None:
    line = etree.SubElement(parent, "div", {"style": "margin: 3px 0"})
    name = etree.SubElement(line, "span", {"style": f"font-weight: bold; color: {ink}" if ink else _LABEL})
    name.text, name.tail = label, visible(words)


def _shortened(answer: str) -> str:
    return answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}…"
