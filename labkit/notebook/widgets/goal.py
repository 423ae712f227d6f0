"""An exercise's terminal: beside it the goal, which ticks as it is reached, and its lab as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import one_line
from labkit.course.exercise import Mark
from labkit.course.practice import Practice
from labkit.course.questions import letter
from labkit.engine.schedule import PullEvent
from labkit.notebook.html import card, element, html
from labkit.notebook.pictures.text import visible
from labkit.notebook.widgets.stage import text_of
from labkit.notebook.widgets.terminal import Terminal

SIGNS = {Mark.MET: "✓", Mark.OPEN: "·", Mark.LOST: "!"}
"""What stands before a statement."""


class Goal(Terminal):
    """Shows the lab of an exercise and its goal, follows both, and can be typed at."""

    _esm = text_of("live.js", "picture.js", "terminal.js", "buttons.js", "stage.js", "goal.js")
    css = traitlets.Unicode(text_of("live.css", "stage.css", "goal.css")).tag(sync=True)
    label = traitlets.Unicode("The lab and the goal").tag(sync=True)

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        super().__init__(practice.lab)

    def see(self, events: Sequence[PullEvent]) -> None:
        """Show the lab and the goal as they are now."""
        super().see(events)
        if self._handle is not None:
            self._keep_soon()

    def _look(self, events: Sequence[PullEvent], words: str = "") -> dict[str, Any]:
        return {**super()._look(events, words), "goal": self._goal()}

    def _goal(self) -> dict[str, Any]:
        """Return what the page shows of the goal, as text; words between backticks are code."""
        practice, lab = self.practice, self.lab
        rows, solved = practice.seen()
        marks = {found for found, _ in rows}
        foot = ""
        if Mark.LOST in marks:
            foot = f"Lost. `{practice.called}.undo()` takes back `{one_line(lab.commands[lab.at - 1])}`."
        elif solved:
            foot = practice.praise if practice.took else "Solved."
        elif Mark.OPEN not in marks:
            foot = f"All is met: `{practice.called}.check()`."
        asks = practice.exercise.asks
        return {
            "rows": [[SIGNS[found], found.value[1], visible(text)] for found, text in rows],
            "foot": visible(foot),
            "solved": solved,
            "choices": [
                [each.name, [[letter(at), visible(one.text)] for at, one in enumerate(each.question.choices)]]
                for each in asks
                if each.question
            ],
            "chosen": {each.name: str(practice.answers.get(each.name, "")) for each in asks},
        }

    def _asked(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if "answer" not in content:
            super()._asked(_, content, buffers)
            return
        name, value = content["answer"]
        try:
            self.practice.answer(**{str(name): str(value)})
            self.practice.check()
        except LabkitError as error:
            self.frame = self._look((), str(error))

    def bundle(self) -> dict[str, Any]:
        """Return what Jupyter keeps: the goal in words above the still picture."""
        kept, goal = super().bundle(), self.frame["goal"]
        lines = [f"{sign} {text}".replace("`", "") for sign, _, text in goal["rows"]] + [goal["foot"]]
        shown = html(card(*(element("div", line) for line in lines if line), kind="goal"))
        plain = "\n".join(["The goal:", *filter(None, lines), "", kept["text/plain"]])
        begin, end = kept["text/html"].split(">", 1)
        return {**kept, "text/html": f"{begin}>{shown}{end}", "text/plain": plain}
