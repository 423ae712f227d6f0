"""The stage as a widget: one output that is a still picture, and comes alive where there is a kernel.

What Jupyter keeps is HTML with an image, which every viewer shows. In a page with a kernel the model's script
finds that element by its mark and puts the moving picture in its place (docs/decisions/0025).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from threading import Timer
from typing import Any
from uuid import uuid4

import anywidget
import traitlets
from IPython import display
from IPython.core.getipython import get_ipython

from labkit.base.errors import NotFound
from labkit.base.text import packaged, shown
from labkit.cli.formats import progress_line
from labkit.engine.scene import Scene, change, scene, tiles_of
from labkit.engine.schedule import PullEvent, StepEvent
from labkit.engine.state import State
from labkit.lab import Lab
from labkit.notebook.magics import live, vscode
from labkit.notebook.pictures import still
from labkit.notebook.pictures.text import visible

_COLUMNS = 60
"""Of a terminal beside the stage: Docker leaves the bar out of lines as short as these."""
_VIEW = "application/vnd.jupyter.widget-view+json"
_REST = 1.0
"""Seconds without a command after which the saved picture is drawn anew."""
_ASLEEP = "This is how it stood. Run the cell (Shift+Enter), and it comes alive."


@cache
def text_of(*names: str) -> str:
    """Return the text of the page's files of these names, one after the other.

    >>> text_of("live.js")[:2]
    '//'
    """
    return "\n".join(packaged("labkit.notebook.widgets", name) for name in names)


class Stage(anywidget.AnyWidget):
    """Shows a lab and follows it; see `live.stage`."""

    # A text, not a file's path: anywidget keeps a widget alive for ever whose script is a path.
    _esm = text_of("live.js", "picture.js", "stage.js")
    css = traitlets.Unicode(text_of("live.css", "stage.css")).tag(sync=True)
    mark = traitlets.Unicode().tag(sync=True)
    label = traitlets.Unicode("The stage").tag(sync=True)
    frame: Any = traitlets.Dict().tag(sync=True)

    def __init__(self, lab: Lab, **state: Any) -> None:
        self.lab = lab
        self._unfolded: set[str] = set()
        self._handle: Any = None
        self._resting: Timer | None = None
        self._scene, self._turn = Scene(), 0
        # All at once: what is set later reaches the page after its script has begun. Where no page follows,
        # all runs store the same.
        super().__init__(mark=uuid4().hex[:12] if live() else "0", frame=self._look(()), **state)
        self.on_msg(self._asked)
        lab.watchers.add(self)

    def see(self, events: Sequence[PullEvent]) -> None:
        """Show the lab as it is now, as the events of a transfer lead to it."""
        before = self._scene
        self.frame = self._look(events)
        if self._handle is not None and self._scene != before:
            self._keep_soon()

    def _keep_soon(self) -> None:
        """Let the saved picture follow once the lab rests: to draw it takes longer than to play it."""
        if self._resting is not None:
            self._resting.cancel()
        self._resting = Timer(_REST, self._keep)
        self._resting.daemon = True
        try:
            self._resting.start()
        except RuntimeError:  # Pyodide has no threads
            self._keep()

    def _keep(self) -> None:
        if self.comm is not None:
            self._handle.update(self.bundle(), raw=True)

    def _look(self, events: Sequence[PullEvent], words: str = "") -> dict[str, Any]:
        state, before = self.lab.engine.state, self._scene
        self._scene = scene(state, self._unfolded)
        self._turn += 1  # the same build again is shown again
        return {
            **played(state, self._scene, events),
            "turn": self._turn,
            "said": words or said(before, self._scene),
            "past": [visible(each) for each in self.lab.commands],
            "at": self.lab.at,
        }

    def bundle(self) -> dict[str, Any]:
        """Return what Jupyter keeps of it: the still picture, and the same in words.

        VS Code brings the model to its page only with a widget's view, which is then what it shows.
        """
        drawn = still.still(self._scene)
        page = f'<labkit-live data-mark="{self.mark}">{drawn.html}<p>{_ASLEEP}</p></labkit-live>'
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"text/html": page, "text/plain": drawn.text, **({_VIEW: view} if vscode() else {})}

    def _ipython_display_(self) -> None:
        show: Any = display.display
        handle = show(self.bundle(), raw=True, display_id=True)
        if live():
            self._handle = handle
            self._take_place()

    def _take_place(self) -> None:
        """Close what earlier runs of this cell showed: ipywidgets keeps every widget that is open.

        Where a page names no cell, as Voila's, nothing is known of earlier runs.
        """
        shell: Any = get_ipython()
        request = shell.get_parent() if hasattr(shell, "get_parent") else {}
        cell, run = request.get("metadata", {}).get("cellId"), request.get("header", {}).get("msg_id")
        if not cell:
            return
        for earlier in [each for each in _SHOWN.get(cell, ()) if each[0] != run]:
            _SHOWN[cell].remove(earlier)
            earlier[1].lab.watchers.discard(earlier[1])
            earlier[1].close()
        _SHOWN.setdefault(cell, []).append((run, self))

    def _asked(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if "time" in content:
            self.lab.go(content["time"])
        elif str(content.get("open", "")).startswith("fold:"):
            self._unfolded.add(content["open"])
            found = [each.name for each in self._scene.tiles if each.key == content["open"]]
            self.frame = self._look((), f"{''.join(found)} are shown one by one")
        elif "open" in content:
            self._open(content["open"])

    def _open(self, key: str) -> None:
        with suppress(NotFound):  # the box went away while it was pressed
            found = self.lab.explain(key)
            facts = [[visible(each.name), visible(each.value), each.command] for each in found.facts]
            lines = [visible(each) for each in found.lines]
            self.send({"opened": {"key": key, "title": visible(found.title), "rows": facts, "lines": lines}})


def shown_event(event: PullEvent) -> list[object]:
    """Return a step of a transfer or a build as the page plays it, with what a terminal shows of it.

    >>> shown_event(PullEvent(1.5, "544ff12e028f", "Waiting"))
    [1.5, '544ff12e028f', 'Waiting', 0, 0, '544ff12e028f: Waiting ']
    """
    if isinstance(event, StepEvent):
        line = shown(event.text).rstrip("\n")
    else:
        line = progress_line(event.layer, event.state, event.current, event.total, _COLUMNS)
    return [event.at, event.layer, event.state, event.current, event.total, line]


def timed(events: Iterable[PullEvent]) -> Iterator[list[object]]:
    """Give the events as the page plays them: each transfer of a command begins at 0, and follows the last.

    >>> [each[0] for each in timed([PullEvent(2.0, "1", "Pull complete"), PullEvent(1.0, "2", "Waiting")])]
    [2.0, 3.0]
    """
    began = last = 0.0
    for event in events:
        if began + event.at < last:
            began = last
        last = began + event.at
        yield [last, *shown_event(event)[1:]]


def played(state: State, found: Scene, events: Sequence[PullEvent]) -> dict[str, Any]:
    """Return what the page plays: a scene, the events that led to it, and the tiles of each one's layer.

    >>> played(State(), Scene(), ())
    {'scene': {'tiles': [], 'columns': 0, 'rows': 0}, 'events': [], 'keys': {}}
    """
    about = {each.layer: each for each in events}
    return {
        "scene": as_json(found),
        "events": list(timed(events)),
        "keys": {layer: tiles_of(state, each) for layer, each in about.items()},
    }


def as_json(found: Scene) -> dict[str, Any]:
    """Return a scene as the page's script takes it, its texts fit to be shown.

    >>> as_json(Scene())
    {'tiles': [], 'columns': 0, 'rows': 0}
    """
    tiles = [
        {
            **asdict(each),
            "name": visible(each.name),
            "note": visible(each.note),
            "words": still.words(each),
            "label": visible(still.label(each)),
        }
        for each in found.tiles
    ]
    return {"tiles": tiles, "columns": found.columns, "rows": found.rows}


def said(before: Scene, after: Scene) -> str:
    """Return in a sentence what happened between two scenes.

    >>> said(Scene(), Scene())
    ''
    """
    events = change(before, after)
    told = [visible(f"{still.label(each.tile)} {each.what}") for each in events[:4]]
    more = len(events) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


_SHOWN: dict[str, list[tuple[str, Stage]]] = {}
"""What each cell of the notebook shows, with the request that ran it."""
