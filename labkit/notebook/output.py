"""A pull's progress in a notebook: the terminal's lines, redrawn as the events come.

When the pull is over, what the terminal has at the end takes their place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as etree

from IPython import display

from labkit.base.text import shown
from labkit.cli.transfer import event_line
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.html import element, html
from labkit.notebook.pictures.views import notebook_lab, notebook_shell

# The notebook's own lab: its variable `lab`, made where there is none.


def lab_of_notebook() -> Lab:
    """Return the lab of the notebook that runs; without one, a new lab.

    >>> lab_of_notebook()
    <Lab: 0 images, 0 containers>
    """
    lab = notebook_lab() or Lab()
    lab.session.tty = True
    if shell := notebook_shell():
        shell.user_ns["lab"] = lab
    return lab


# A terminal's text in a notebook: as it was printed, and never wrapped.
#
# A wide table keeps its lines and can be scrolled, with the keyboard too. The text is escaped by the library
# that writes the HTML, and what could steer a screen is made visible before.

_STYLE = "white-space: pre; overflow-x: auto; margin: 0; font-size: 13px; line-height: 1.35"


def bundle(text: str) -> dict[str, str]:
    """Return what Jupyter shows of a terminal's text: HTML, and the text itself.

    >>> bundle("a < b\\n")["text/plain"]
    'a < b'
    """
    found = block(text)
    return {"text/html": html(found), "text/plain": found.text or ""}


def block(text: str) -> etree.Element:
    """Return the HTML element of a terminal's text."""
    return element("pre", shown(text).rstrip("\n"), class_="labkit-terminal", tabindex="0", style=_STYLE)


def publish(value: object, **options: Any) -> Any:
    """Show a value below the cell, as IPython's `display`, which has no types."""
    return display.display(value, **options)  # type: ignore[no-untyped-call]


def show(text: str) -> None:
    """Show a terminal's text below the cell; nothing for an empty one."""
    if text:
        publish(bundle(text), raw=True)


LONGEST = 3.0
"""Seconds that the lines may move at most, however long the simulated pull is."""


class PullBars:
    """Shows the events of one pull. Nothing is shown before the first event, and `before` is called then."""

    def __init__(
        self, before: Callable[[], None] = lambda: None, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.lines: dict[str, str] = {}
        self._before = before
        self._pause = pause
        self._handle: Any = None
        self._at = 0.0
        self._spent = 0.0

    @property
    def shown(self) -> bool:
        """Whether there was an event."""
        return bool(self.lines)

    def see(self, event: PullEvent) -> None:
        """Show an event; those of one moment are drawn together, when time goes on."""
        if not self.shown:
            self._before()
            self._handle = publish(bundle(event_line(event)), raw=True, display_id=True)
        elif event.at > self._at:
            self.replace("\n".join(self.lines.values()))
            self._wait(event.at)
        self.lines[event.layer] = event_line(event)

    def _wait(self, at: float) -> None:
        """Let a little of the simulated time pass for real, and less and less of it."""
        pause = min((at - self._at) / 10, max(LONGEST - self._spent, 0) / 20)
        self._at = at
        self._spent += pause
        self._pause(pause)

    def replace(self, text: str) -> None:
        """Put a text in the place of the lines."""
        self._handle.update(bundle(text), raw=True)
