"""A terminal's text in a notebook: as it was printed, and never wrapped.

A wide table keeps its lines and can be scrolled, with the keyboard too. The text is escaped by the
library that writes the HTML, and what could steer a screen is made visible before.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as etree

from labkit.text import shown

_STYLE = "white-space: pre; overflow-x: auto; margin: 0; font-size: 13px; line-height: 1.35"


def bundle(text: str) -> dict[str, str]:
    """Return what Jupyter shows of a terminal's text: HTML, and the text itself.

    >>> bundle("a < b\\n")["text/plain"]
    'a < b'
    """
    found = block(text)
    return {"text/html": etree.tostring(found, encoding="unicode"), "text/plain": found.text or ""}


def block(text: str) -> etree.Element:
    """Return the HTML element of a terminal's text."""
    found = etree.Element("pre", {"class": "labkit-terminal", "tabindex": "0", "style": _STYLE})
    found.text = shown(text).rstrip("\n")
    return found


def show(text: str) -> None:
    """Show a terminal's text below the cell; nothing for an empty one."""
    if text:
        from IPython import display

        publish: Any = display.display
        publish(bundle(text), raw=True)
