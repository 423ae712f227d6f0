"""A pull's progress in a notebook: the terminal's lines, redrawn as the events come.

When the pull is over, what the terminal has at the end takes their place.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from IPython import display

from labkit.cli.handlers.transfers import event_line
from labkit.engine.schedule import PullEvent
from labkit.notebook.terminal import bundle

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
            show: Any = display.display
            self._handle = show(bundle(event_line(event)), raw=True, display_id=True)
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
