"""A slide of the course, and its run: its steps one after the other on a lab of their own."""

from __future__ import annotations

import ast
import contextlib
import io
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.course.questions import Question
from labkit.lab import Lab


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide: what is said, asked, run and concluded. Texts are plain text, not markup.

    `sentences` are seen from the beginning, `conclusion` when the answer is revealed. `setup` is Python that
    brings a fresh `lab` to where the slide begins. Each of `steps` is a part of a cell: lines of docker
    commands, or Python, whose last expression may be a picture. All of them stand in the passage of the
    notebook `lesson` that is tagged `slide:ID`; tests/course/test_slides.py compares the two.
    """

    id: str
    title: str
    lesson: str
    sentences: tuple[str, ...]
    question: Question
    steps: tuple[str, ...]
    conclusion: tuple[str, ...]
    notes: tuple[str, ...]
    setup: str = ""


def commands(step: str) -> tuple[str, ...]:
    r"""Return the docker command lines of a step; none where it is Python.

    >>> commands("docker images\ndocker system df"), commands("lab.images")
    (('docker images', 'docker system df'), ())
    """
    lines = tuple(step.splitlines())
    return lines if all(line.startswith("docker ") for line in lines) else ()


_PARTS = ("sentences", "steps", "conclusion", "notes")


def read_slides(text: str, questions: Iterable[Question]) -> tuple[Slide, ...]:
    """Return the slides of a TOML document: `[[slide]]` has the parts of a Slide, its question by the ID.

    Raises ValueError, which names the slide, where a part is missing or not known, or no such question is.
    """
    asked = {question.id: question for question in questions}
    return tuple(_slide(each, asked) for each in tomllib.loads(text)["slide"])


def _slide(data: Mapping[str, Any], asked: Mapping[str, Question]) -> Slide:
    name, question = data.get("id", "a slide"), asked.get(data.get("question", ""))
    if question is None:
        raise ValueError(f"{name}: no such question: {data.get('question')}")
    lists = {part: tuple(each.strip() for each in data.get(part, ())) for part in _PARTS}
    if missing := [part for part, lines in lists.items() if not lines]:
        raise ValueError(f"{name}: nothing in {', '.join(missing)}")
    try:
        return Slide(**{**data, **lists, "question": question, "setup": data.get("setup", "").strip()})
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a step shows: a terminal's text, and the value of Python's last expression."""

    step: str
    text: str
    value: Any = None


class SlideRun:
    """The run of a slide: a fresh lab where it begins, and what its steps have shown so far.

    `names` are what Python steps may use beside `lab`: the functions that draw. A step runs once, when it is
    first asked for; to go back in a talk loses nothing.

    >>> from labkit.lessons import SLIDES
    >>> print(SlideRun(SLIDES[3], {}).shown(0).text[:44])
    $ docker image history nginx
    IMAGE
    """

    def __init__(self, slide: Slide, names: Mapping[str, Any]) -> None:
        self.slide = slide
        self.lab = Lab(tty=True, online=False)
        self._names = {"Lab": Lab, **names, "lab": self.lab}
        self._shown: list[StepOutput] = []
        if slide.setup:
            self._python(slide.setup)

    def shown(self, place: int) -> StepOutput:
        """Return what a step shows, and run it and those before it if they have not run yet."""
        while len(self._shown) <= place:
            self._shown.append(self._run(self.slide.steps[len(self._shown)]))
        return self._shown[place]

    def _run(self, step: str) -> StepOutput:
        lines = commands(step)
        if not lines:
            text, value = self._python(step)
            return StepOutput(step, text, value)
        parts = []
        for line in lines:
            result = self.lab.shell(line)
            failed = f"[exit {result.exit_code}]\n" if result.exit_code else ""
            parts.append(f"$ {line}\n{result.text}{failed}")
        return StepOutput(step, "".join(parts))

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
