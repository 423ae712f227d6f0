"""The widget of copy-on-write: choose a file and an operation, then go through what happens step by step.

`CowStepper` is the state. It runs nothing in the lab: each story is told of a container that is not kept.
"""

from __future__ import annotations

import json
from contextlib import suppress
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.box import Box
from labkit.course.copy_on_write import OPERATIONS, Story, choices, operation_named, ready, story
from labkit.engine.state import State
from labkit.lab import Lab
from labkit.notebook.html import PAPER, card, code_line, element, html
from labkit.notebook.output import bundle
from labkit.notebook.pictures.copy_up import copy_up
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.page import Explorer, Output, button, buttons, choice, group, path_choice
from labkit.oci.image import Image

AT_START = 0


@lab_first
def cow_stepper(
    name: str | Image | Box,
    *,
    path: str = "/etc/passwd",
    operation: str = "append",
    after: str = "",
    step: int = 0,
    lab: Lab | None = None,
) -> CowStepper:
    """Open the steps of an operation on a file, for a new container of an image or a container of the lab.

    `operation` is "read", "append", "truncate", "chmod", "delete", "recreate" (delete and make again),
    "rename" or "link"; `after` is one that was done on the path before. Steps below zero are counted from
    the last one. The lab, the notebook's where none is given, is left as it is, but for an image that it
    pulls. Raises LabkitError for an operation or an image that there is not.

    >>> from labkit import Lab
    >>> cow_stepper("busybox", operation="read", step=2, lab=Lab()).code
    'cow_stepper(lab, "busybox", path="/etc/passwd", operation="read", step=2)'
    """
    for each in (operation, *([after] if after else [])):
        operation_named(each)
    return CowStepper(needed_lab(lab), name_of(name), path, operation, after, step)


class CowStepper(Explorer):
    """What is chosen, how far the steps are gone, and the story of it.

    >>> stepper = CowStepper(Lab(), "busybox", "/etc/passwd", "chmod", step=99)
    >>> stepper.code
    'cow_stepper(lab, "busybox", path="/etc/passwd", operation="chmod", step=8)'
    """

    path = traitlets.Unicode()
    operation = traitlets.Enum([*OPERATIONS])
    after = traitlets.Enum(["", *OPERATIONS])
    step = traitlets.Int(AT_START)

    def __init__(
        self, lab: Lab, name: str, path: str, operation: str, after: str = "", step: int = 0
    ) -> None:
        super().__init__(path=path, operation=operation, after=after, step=step)
        self._lab, self._name = lab, name
        self._told: tuple[State, tuple[str, ...], Story] | None = None
        ready(lab, name)

    def story(self) -> Story:
        """Return what happens, as the lab is now; raises LabkitError as `story` does."""
        state, chosen = self._lab.engine.state, (self.path, self.operation, self.after)
        if self._told is None or self._told[0] is not state or self._told[1] != chosen:
            self._told = state, chosen, story(self._lab, self._name, *chosen)
        return self._told[2]

    @property
    def code(self) -> str:
        given = (self._name, self.path, self.operation, self.after)
        name, path, operation, after = (json.dumps(each, ensure_ascii=False) for each in given)
        chosen = f"path={path}, operation={operation}" + f", after={after}" * bool(self.after)
        return f"cow_stepper(lab, {name}, {chosen}, step={self._place()[0]})"

    def go(self, to: str) -> None:
        """Go to the "first", "last", "next" or step before ("back")."""
        now, last = self._place()
        self.step = {"first": 0, "back": max(now - 1, 0), "next": min(now + 1, last), "last": last}[to]

    def _place(self) -> tuple[int, int]:
        """Return the step that is shown, and the last one there is; both 0 where there is no story."""
        with suppress(LabkitError):
            last = len(self.story().steps) - 1
            return min(self.step, last) if self.step >= 0 else max(last + 1 + self.step, 0), last
        return 0, 0

    def outputs(self) -> list[Output]:
        """Return the picture of the step, and the steps so far in words."""
        try:
            told = self.story()
        except LabkitError as error:
            return [{"text/plain": ""}, bundle(str(error))]
        place, _ = self._place()
        return [dict(copy_up(told, place)._repr_mimebundle_()), self._words(told, place)]

    def _words(self, told: Story, place: int) -> dict[str, str]:
        """Return the steps so far, as a list and as text, and the line of Python."""
        done, left = told.steps[: place + 1], len(told.steps) - 1 - place
        more = [f"… {left} more: press Next"] * (left > 0)
        lines = [f"{number:>3}. {step.title}\n     {step.why}" for number, step in enumerate(done)]
        lines += [f"     {each}" for each in more]
        plain = "\n".join([f"$ {told.command}", *lines, "", f"The same in Python: {self.code}"])
        items = [element("li", element("b", step.title), element("br"), step.why) for step in done]
        steps = element("ol", *items, start="0", style="margin: 4px 0; padding-left: 2.5em")
        command = element("code", f"$ {told.command}", style=PAPER)
        later = [element("div", each) for each in more]
        found = card(command, steps, *later, code_line(self.code), kind="steps")
        return {"text/html": html(found), "text/plain": shown(plain)}

    def controls(self) -> list[etree.Element]:
        """Return the choices of a file, an operation and what was done before, and the steps' buttons."""
        offered: list[str] = []
        with suppress(LabkitError):
            offered = choices(self._lab, self._name)
        labels = {name: each.label for name, each in OPERATIONS.items()}
        place, last = self._place()
        ends = {"First": 0, "Back": 0, "Next": last, "Last": last}
        steps = [button(word, "step", word.lower(), able=place != end) for word, end in ends.items()]
        before = choice("done before", "after", self.after, [("", "nothing"), *labels.items()])
        return [
            group("File", *path_choice(self.path, offered), before),
            buttons("Operation", "operation", labels, [self.operation]),
            group("Steps", *steps),
        ]

    def choose(self, name: str, value: str) -> None:
        """Do what a control asks for; another choice than a step begins at the first one."""
        if name == "step":
            self.go(value)
            return
        self.step = AT_START
        super().choose(name, value)
