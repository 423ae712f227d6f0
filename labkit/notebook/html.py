"""HTML below a cell, built by the library that escapes it; no text that could steer a screen gets in.

It takes its colours from JupyterLab's theme, light or dark, and is dark on white where there is none.
"""

from __future__ import annotations

from xml.etree import ElementTree as etree

from labkit.base.text import shown
from labkit.notebook.pictures.theme import CARD, INK, QUIET, RULE, Hue

CARD_COLOUR = f"var(--jp-layout-color0, {CARD})"
INK_COLOUR = f"var(--jp-content-font-color1, {INK})"
RULE_COLOUR = f"var(--jp-border-color1, {RULE})"
PAPER = f"background-color: {CARD_COLOUR}; color: {INK_COLOUR}"
WRAPPED = f"white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; {PAPER}"


def element(tag: str, *parts: etree.Element | str, **attributes: str) -> etree.Element:
    """Return an element with texts and elements in it; an attribute's `_` is written `-`.

    >>> html(element("p", "a < ", element("b", "b"), class_="x"))
    '<p class="x">a &lt; <b>b</b></p>'
    """
    found = etree.Element(
        tag, {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
    )
    last = None
    for part in parts:
        if isinstance(part, str):
            if last is None:
                found.text = (found.text or "") + shown(part)
            else:
                last.tail = (last.tail or "") + shown(part)
        else:
            found.append(part)
            last = part
    return found


def note(hue: Hue, *parts: etree.Element | str) -> etree.Element:
    """Return a box in a hue, for a few words that count.

    >>> from labkit.notebook.pictures.theme import GREEN
    >>> note(GREEN, "Right.").text
    'Right.'
    """
    tint = f"color-mix(in srgb, {hue.line} 16%, {CARD_COLOUR})"
    style = f"background-color: {tint}; color: {INK_COLOUR}; border-left: 6px solid {hue.line}"
    return element("div", *parts, style=f"{style}; padding: 8px 12px; margin: 6px 0")


def card(*parts: etree.Element | str, kind: str = "card") -> etree.Element:
    """Return a card with elements in it; its kind names it.

    >>> card("a", kind="verdict").get("class")
    'labkit-verdict'
    """
    frame = f"border: 1px solid {RULE_COLOUR}; border-radius: 12px; padding: 10px 16px; margin: 4px 0"
    return element("div", *parts, class_=f"labkit-{kind}", style=f"{PAPER}; {frame}")


def code_line(code: str) -> etree.Element:
    """Return the words that name the line of Python which shows the same.

    >>> "".join(code_line("walkthrough()").itertext())
    'The same in Python: walkthrough()'
    """
    words = element("code", code, style=WRAPPED)
    return element(
        "div", "The same in Python: ", words, style=f"color: var(--jp-content-font-color2, {QUIET})"
    )


def html(*elements: etree.Element) -> str:
    """Return elements as HTML text."""
    return "".join(etree.tostring(each, encoding="unicode", method="html") for each in elements)
