"""A pull's progress in a notebook: a bar for each layer, moving as the events come.

The bars are widgets; when the pull is over its final lines take their place, as text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from IPython import display

from labkit.cli.formats import human_size
from labkit.engine.schedule import PullEvent
from labkit.notebook.terminal import bundle

LONGEST = 3.0
"""Seconds that the bars may take at most, however long the simulated pull is."""


class PullBars:
    """Shows the events of one pull. Nothing is shown before the first event, and `before` is called then."""

    def __init__(
        self, before: Callable[[], None] = lambda: None, *, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.shown = False
        self._before = before
        self._pause = pause
        self._bars: dict[str, tuple[widgets.FloatProgress, widgets.Label]] = {}
        self._box = widgets.VBox()
        self._handle: Any = None
        self._at = 0.0
        self._spent = 0.0

    def see(self, event: PullEvent) -> None:
        """Show an event."""
        if not self.shown:
            self.shown = True
            self._before()
            show: Any = display.display
            self._handle = show(self._box, display_id=True)
        self._wait(event.at)
        bar, label = self._row(event.layer)
        label.value = self._words(event)
        if event.total:
            bar.value = event.current / event.total
        if event.state in ("Already exists", "Download complete", "Pull complete"):
            bar.value = 1.0
            bar.bar_style = "success" if event.state != "Download complete" else ""

    def _wait(self, at: float) -> None:
        """Let a little of the simulated time pass for real, and less and less of it."""
        pause = min((at - self._at) / 10, max(LONGEST - self._spent, 0) / 20)
        self._at = at
        if pause > 0:
            self._spent += pause
            self._pause(pause)

    def _row(self, layer: str) -> tuple[widgets.FloatProgress, widgets.Label]:
        if layer not in self._bars:
            bar = widgets.FloatProgress(max=1.0, layout=widgets.Layout(width="40%"))
            label = widgets.Label(layout=widgets.Layout(width="35%"))
            name = widgets.Label(layer, layout=widgets.Layout(width="9em"))
            self._bars[layer] = bar, label
            self._box.children = (*self._box.children, widgets.HBox([name, bar, label]))
        return self._bars[layer]

    @staticmethod
    def _words(event: PullEvent) -> str:
        if event.total and event.current < event.total:
            return f"{event.state} {human_size(event.current, 4)} / {human_size(event.total, 4)}"
        return event.state

    def replace(self, text: str) -> None:
        """Put the final lines in the place of the bars."""
        self._handle.update(bundle(text), raw=True)

    def close(self) -> None:
        """Give the widgets back."""
        for row in self._box.children:
            for each in row.children:
                each.close()
            row.close()
        self._box.close()
