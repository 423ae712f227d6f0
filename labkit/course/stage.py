"""A slide's steps, run one after the other on a lab of their own."""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labkit.course.slides import Slide, commands
from labkit.lab import Lab


@dataclass(frozen=True, slots=True)
class Shown:
    """What a step shows: a terminal's text, and the value of Python's last expression."""

    step: str
    text: str
    value: Any = None


class Stage:
    """A fresh lab where a slide begins, and what its steps have shown so far.

    `names` are what Python steps may use beside `lab`: the functions that draw. A step runs once, when it is
    first asked for; to go back in a talk loses nothing.

    >>> from labkit.course.slides import SLIDES
    >>> print(Stage(SLIDES[3], {}).shown(0).text[:44])
    $ docker image history nginx
    IMAGE
    """

    def __init__(self, slide: Slide, names: Mapping[str, Any]) -> None:
        self.slide = slide
        self.lab = Lab(tty=True, online=False)
        self._names = {"Lab": Lab, **names, "lab": self.lab}
        self._shown: list[Shown] = []
        if slide.setup:
            self._python(slide.setup)

    def shown(self, place: int) -> Shown:
        """Return what a step shows, and run it and those before it if they have not run yet."""
        while len(self._shown) <= place:
            self._shown.append(self._run(self.slide.steps[len(self._shown)]))
        return self._shown[place]

    def _run(self, step: str) -> Shown:
        lines = commands(step)
        if not lines:
            text, value = self._python(step)
            return Shown(step, text, value)
        parts = []
        for line in lines:
            result = self.lab.shell(line)
            failed = f"[exit {result.exit_code}]\n" if result.exit_code else ""
            parts.append(f"$ {line}\n{result.text}{failed}")
        return Shown(step, "".join(parts))

    def _python(self, code: str) -> tuple[str, Any]:
        """Run Python as a cell does; return what it printed and the value of its last expression."""
        body = ast.parse(code).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        printed, value = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            exec(compile(ast.Module(body, []), "<slide>", "exec"), self._names)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<slide>", "eval"), self._names)
        return printed.getvalue(), value
