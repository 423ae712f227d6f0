"""The terminal in a notebook, with the stage beside it, and buttons for those who do not type.

A command is computed at once and played in the page. What takes longer than a moment, a pull from a real
registry, goes on in a thread, so that Ctrl-C is heard; where there are no threads it is waited for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import Event, Lock, Thread, current_thread
from typing import Any

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.cli.completion import completions, split_word
from labkit.cli.session import CTRL_C
from labkit.engine.schedule import PullEvent
from labkit.engine.state import State, still
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.console import own_word
from labkit.notebook.widgets.stage import Stage, shown_event, text_of

_MOMENT = 0.3
"""Seconds that a command is waited for before it goes on beside the page."""
_KEPT = 50_000
_CLEAR = "\x1b[H\x1b[J"


class Terminal(Stage):
    """A stage that can be typed at; see `live.terminal`."""

    _esm = text_of("live.js", "picture.js", "terminal.js", "buttons.js", "stage.js")
    typing = traitlets.Bool(True).tag(sync=True)
    offers: Any = traitlets.List().tag(sync=True)
    """What buttons say, with the lines that they type, "" where none can be typed now."""
    told = traitlets.Unicode().tag(sync=True)
    """What the last pull found in the cache, where there are buttons."""

    def __init__(self, lab: Lab, buttons: Mapping[str, str] | None = None) -> None:
        self._screen = ""
        self._typed: list[str] = []
        self._bars: dict[str, str] = {}
        self._stopped = Event()
        self._worker: Thread | None = None
        self._late = self._streamed = self._busy = False
        self._answering = Lock()
        self._led: State | None = None
        super().__init__(lab, offers=list((buttons or {}).items()))

    def see(self, events: Sequence[PullEvent]) -> None:
        """Show the lab, and its prompt, which time or another terminal may have changed."""
        super().see(() if self._streamed and current_thread() is self._worker else events)
        self.send({"prompt": self.lab.prompt})
        if self.offers:
            self.told = saved(self.lab, events)

    def _asked(self, widget: object, content: dict[str, Any], buffers: object) -> None:
        if "line" in content:
            self._take(str(content["line"]))
        elif "cancel" in content:
            self._cancel()
        elif "complete" in content:
            text = str(content["complete"])
            found = completions(self.lab.session, text)
            self.send({"completions": found, "word": split_word(text)[1], "asked": text})
        elif "clear" in content:
            self._screen = ""
        elif "hello" in content:
            self._greet()
        else:
            super()._asked(widget, content, buffers)

    def _greet(self) -> None:
        """Tell a page that was loaded again what was shown, and of the command that still runs."""
        with self._answering:
            past, busy = self._typed, self._busy
            self.send({"screen": self._screen, "prompt": self.lab.prompt, "past": past, "busy": busy})
            for layer, words in list(self._bars.items()) if busy else ():
                self.send({"bar": [layer, words]})

    def _take(self, line: str) -> None:
        """Run a line, for a moment here and then beside the page."""
        self._stopped.clear()
        self._late = self._streamed = False
        if line.isprintable() and line.strip():
            self._typed.append(line)
        worker = Thread(target=self._run, args=(line, self.lab.prompt), daemon=True, name="labkit-terminal")
        try:
            worker.start()
        except RuntimeError:  # Pyodide has no threads
            self._run(line, self.lab.prompt)
            return
        self._worker = worker
        worker.join(_MOMENT)
        self._late = True

    def _run(self, line: str, prompt: str) -> None:
        self.lab.session.tty = True
        with self._answering:
            self._busy = True
            self._bars.clear()
            self._screen += shown(f"{prompt}{line}\n") if line.isprintable() else ""
        with self.lab.alone():
            before, own = self.lab.engine.state, ""
            try:
                if self._stopped.is_set():  # while another cell had the lab
                    raise KeyboardInterrupt
                own = own_word(self.lab, line.strip())
                text = own or self.lab.type(line, watch=self._watch).text
            except (
                KeyboardInterrupt,
                LabkitError,
            ) as error:  # without an answer the page would wait for ever
                text = f"{str(error) or '^C'}\n"
            now = self.lab.engine.state
            self._led = None if own or still(before) == still(now) else now
        _, clear, after = text.rpartition(_CLEAR)
        text = shown(after.replace("\r\n", "\n"))
        with self._answering:
            self._busy = False
            self._screen = (("" if clear else self._screen) + text)[-_KEPT:]
            self.send({"ran": text, "clear": bool(clear), "prompt": self.lab.prompt})

    def _watch(self, event: PullEvent) -> None:
        if self._stopped.is_set():
            raise KeyboardInterrupt
        self._bars[event.layer] = str(shown_event(event)[-1])
        if self._late:
            self._streamed = True
            self.send({"bar": [event.layer, self._bars[event.layer]]})

    def _cancel(self) -> None:
        """Stop what runs; what is only being played is taken back."""
        if self._worker and self._worker.is_alive():
            self._stopped.set()
            return
        text, place = "^C\n", self.lab.session.place
        if place.unread or place.again:
            self.lab.type(CTRL_C)
        elif self.lab.engine.state is self._led:  # else it changed nothing, or another command came after it
            text += f"labkit: took back: {shown(self.lab.undo())}\n"
        self._screen += text
        self.send({"ran": text, "prompt": self.lab.prompt})


def saved(lab: Lab, events: Sequence[PullEvent]) -> str:
    """Return in a sentence what the lab's last command, a pull, had not to download; "" where it is none.

    >>> lab, events = Lab(), []
    >>> image = lab.pull("nginx")
    >>> result = lab.docker("pull mysql", watch=events.append)
    >>> saved(lab, events)
    '1 of 12 layers was here already: 22.5MB (compressed) and 2.2 seconds saved.'
    """
    line = lab.commands[-1] if lab.commands else ""
    every = {each.layer for each in events if each.state in ("Pulling fs layer", "Already exists")}
    here = {each.layer for each in events if each.state == "Already exists"}
    alone: list[PullEvent] = []
    with suppress(LabkitError):  # a registry of one's own
        if events and line.startswith("docker pull "):
            Lab(network=lab.network).pull(line.split()[-1], events=alone)
    if not alone:
        return ""
    if not here:
        return f"{len(every)} layers came, none was here before." if every else "Nothing came: all is here."
    size = sum({each.layer: each.total for each in alone if each.layer in here and each.total}.values())
    words = f"{len(here)} of {len(every)} layers {'was' if len(here) == 1 else 'were'} here already"
    time = alone[-1].at - events[-1].at
    return f"{words}: {human_size(size)} (compressed) and {time:.1f} seconds saved."
