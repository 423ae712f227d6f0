"""The pull board: a pull's lines as on a terminal, played again, and beside them what the cache saved.

`PullBoard` is the state, a traits object that needs no browser. It plays as a task of the kernel's own
loop, so a cell can run meanwhile. One board plays at a time: to run a cell again stops the board before.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit.base.text import shown
from labkit.course.pulls import Playback, play_pull, tenths
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.charts import Chart, pull_timeline
from labkit.notebook.html import card, code_line, element, facts, html
from labkit.notebook.magics import live
from labkit.notebook.output import block
from labkit.notebook.pictures.text import table
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.view import Explorer, Output, button, row, toggles

SPEEDS = {"real time": 1.0, "ten times": 10.0, "at once": 0.0}
TICK = 0.1
"""Seconds between two pictures of a pull that plays."""
LATER = {"text/plain": "The chart of the whole pull stands here at its end."}
FONT = "clamp(10px, 1.25vw, 13px)"
"""So that a bar with its bytes, 97 characters, can be seen whole on a narrow page too."""
BESIDE = "display: flex; flex-wrap: wrap; align-items: flex-start; column-gap: 12px"


@lab_first
def pull_board(name: str, at: float | None = None, *, lab: Lab | None = None) -> PullBoard:
    """Pull an image, and play what the terminal shows of it, with what the cache has saved beside it.

    The lab that pulls it is the notebook's where none is given. `at` shows one moment instead, in seconds
    since the pull began.

    >>> from labkit import Lab
    >>> board = pull_board("nginx", at=2, lab=Lab())
    >>> board.lines[3]
    'ea005e36e544: Downloading [=====================>                             ]   9.75MB/22.3MB'
    """
    return PullBoard(play_pull(needed_lab(lab), name_of(name)), **({} if at is None else {"at": at}))


class PullBoard(Explorer):
    """A pull and the moment of it that is shown, in seconds and tenths.

    >>> from labkit import Lab
    >>> from labkit.course.pulls import play_pull
    >>> board = PullBoard(play_pull(Lab(), "nginx"))
    >>> board.at = 3.5
    >>> board.lines[2]
    '27833a3ba0a5: Downloading [======================================>            ]  17.25MB/22.5MB'
    """

    at = traitlets.Float()
    speed = traitlets.Enum(list(SPEEDS), "real time")
    playing = traitlets.Bool()
    _now: ClassVar[PullBoard | None] = None

    def __init__(self, pull: Playback, **state: Any) -> None:
        self._pull, self._rest = pull, 0.0
        self._task: asyncio.Task[None] | None = None
        self._controls: Any = None
        self._begin = "at" not in state
        super().__init__(**state)

    @traitlets.validate("at")
    def _within(self, proposal: Any) -> float:
        """Keep the moment within the pull, in tenths."""
        return min(max(tenths(proposal["value"]), 0.0), self._pull.end)

    @property
    def code(self) -> str:
        """The line of Python that shows the same, in a lab as it was before the pull."""
        return f"pull_board(lab, {json.dumps(self._pull.name)}, at={self.at:g})"

    @property
    def lines(self) -> list[str]:
        """The terminal's lines at this moment."""
        return self._pull.lines(self.at)

    @property
    def summary(self) -> list[list[str]]:
        """What has come, and what layers that were there have saved: names and values."""
        pull = self._pull
        rows = [
            ["time", f"{self.at:.1f} of {pull.end:.1f} s"],
            ["downloaded", f"{human_size(pull.downloaded(self.at), 4)} of {human_size(pull.size, 4)}"],
        ]
        if pull.layers:
            rows.append(["already here", f"{len(pull.here)} of {pull.layers} layers"])
        if pull.saved is not None:
            size, seconds = pull.saved
            rows += [["not downloaded", human_size(size, 4)], ["time saved", f"{seconds:.1f} s"]]
        return rows

    def shown_traits(self) -> Sequence[str]:
        """Only the moment changes what is shown."""
        return ["at"]

    def outputs(self) -> Iterator[Output]:
        """Give the lines with the summary, and at the end the chart of the whole pull."""
        yield self._board()
        if self._pull.events:
            yield (dict(self._chart._repr_mimebundle_()) if self.at == self._pull.end else LATER), {}

    @cached_property
    def _chart(self) -> Chart:
        return pull_timeline(self._pull.events, name=self._pull.name)

    def _board(self) -> Output:
        lines = "\n".join(self.lines)
        screen = block(lines)
        screen.set("style", f"{screen.get('style')}; font-size: {FONT}")
        terminal = element("div", screen, style="flex: 1 1 24em; min-width: 0")
        both = element("div", terminal, card(facts(self.summary)), style=BESIDE)
        text = "\n\n".join([lines, table(self.summary), f"The same in Python: {self.code}"])
        board = {"text/html": html(both, card(code_line(self.code))), "text/plain": shown(text)}
        return board, {}

    def advance(self, seconds: float) -> None:
        """Let some seconds pass for whoever looks; at the end the play is over."""
        rate = SPEEDS[self.speed]
        self._rest += seconds * rate
        passed = int(round(self._rest * 10, 6)) / 10
        self._rest -= passed
        self.at = self.at + passed if rate else self._pull.end
        if self.at >= self._pull.end:
            self.playing = False

    def step(self, back: bool = False) -> None:
        """Go to the next moment at which a layer's state changes, or to the one before."""
        self.playing = False
        moments = self._pull.moments
        if back:
            self.at = max((each for each in moments if each < self.at), default=0.0)
        else:
            self.at = min((each for each in moments if each > self.at), default=self._pull.end)

    def toggle(self) -> None:
        """Play, or pause."""
        self.playing = not self.playing

    def replay(self) -> None:
        """Play from the beginning."""
        self.playing = False
        self.at = 0.0
        self.playing = True

    @traitlets.observe("playing")
    def _play_or_pause(self, change: Any) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if not self.playing:
            return
        other, PullBoard._now = PullBoard._now, self
        if other is not None and other is not self:
            other.playing = False
        if self.at >= self._pull.end:
            self.at = 0.0
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # outside a kernel nobody waits
            self.at, self.playing = self._pull.end, False
            return
        self._task = loop.create_task(self._play(loop))

    async def _play(self, loop: asyncio.AbstractEventLoop) -> None:
        before = loop.time()
        while self.playing:
            await asyncio.sleep(TICK if SPEEDS[self.speed] else 0)
            now = loop.time()
            self.advance(now - before)
            before = now

    def close(self) -> None:
        """Stop, and give the controls back."""
        self.playing = False
        if self._controls is not None:
            self._controls.close()

    def controls(self) -> Any:
        """Return the buttons that play, the moment as a number, and the speeds."""
        play = button("Play", self.toggle)
        steps = [button("Step back", self.step, True), button("Step", self.step)]
        number = widgets.BoundedFloatText(
            self.at,
            min=0.0,
            max=self._pull.end,
            step=0.1,
            description="Seconds",
            style={"description_width": "auto"},
            layout=widgets.Layout(width="10em"),
        )
        traitlets.link((self, "at"), (number, "value"))

        def follow(change: Any = None) -> None:
            play.description = "Pause" if self.playing else "Play"

        self.observe(follow, "playing")
        speeds = toggles(self, "speed", [(name, name) for name in SPEEDS])
        buttons = row("The pull, moment by moment", [play, *steps, button("Replay", self.replay), number])
        self._controls = widgets.VBox([buttons, row("Speed", [speeds])])
        return self._controls

    def _ipython_display_(self) -> None:
        """Show it; where a page can be alive, play from the beginning, else show the end."""
        if self._begin:
            self.at = 0.0 if live() else self._pull.end
        super()._ipython_display_()
        if self._begin and live():
            self.playing = True
