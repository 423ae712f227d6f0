"""A slide of the course, and its run: its steps one after the other on a lab of their own."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from labkit.base.errors import LabkitError
from labkit.course.questions import Choice, Question, typed
from labkit.engine.schedule import PullEvent
from labkit.engine.state import State
from labkit.lab import Lab


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide: what is said, asked, run and concluded. Texts are plain text, not markup.

    `sentences` are seen from the beginning, `conclusion` when the answer is revealed; `minutes` are planned
    for all of it. `setup` is Python that brings a fresh `lab` to where the slide begins. Each of `steps` is
    lines for the lab's prompt, a table whose lines begin with `|`, or `stage(lab)`: the lab as it stands,
    which plays what the steps since the last one did.
    """

    id: str
    title: str
    question: Question
    sentences: tuple[str, ...]
    steps: tuple[str, ...]
    conclusion: tuple[str, ...]
    notes: tuple[str, ...]
    lesson: str = ""
    minutes: int = 4
    setup: str = ""


def commands(step: str) -> tuple[str, ...]:
    r"""Return the lines for the prompt of a step, docker's or after `$`; none where it is anything else.

    >>> commands("docker images\n$ cat Dockerfile"), commands("stage(lab)")
    (('docker images', 'cat Dockerfile'), ())
    """
    lines = step.splitlines()
    typed = all(line.startswith(("docker ", "$ ")) for line in lines)
    return tuple(line.removeprefix("$ ") for line in lines) if typed else ()


def cells(step: str) -> list[list[str]]:
    """Return the rows of a step that is a table, the first its heads; none where it is anything else.

    >>> cells("| driver | copies |")
    [['driver', 'copies']]
    """
    lines = step.splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    return rows if all(line.startswith("|") for line in lines) else []


STAGE = "stage(lab)"
"""The step that shows the lab as it stands."""
LETTERS = "ABCD"
"""Of the choices that a room can answer with."""
_MOST = 8
"""Mistakes that are told at once: an error's text is short."""
_STEPS = f"a step is lines that begin with docker or $, a table, or {STAGE}"
_PARTS = ("sentences", "steps", "conclusion", "notes")
_WORDS: dict[type, str] = {str: "text", int: "whole number", list: "list of texts"}
_KNOWN: dict[str, type] = {
    **dict.fromkeys(("id", "title", "lesson", "setup"), str),
    "minutes": int,
    **dict.fromkeys(_PARTS, list),
}


def read_slides(text: str, questions: Iterable[Question]) -> tuple[Slide, ...]:
    """Return the slides of a TOML document: `[[slide]]` has the parts of a Slide; docs/teaching.md has one.

    Its question is one of `questions`, by its ID, or a table of a `prompt` and `choices`, each with `text`,
    `reason` and, one of them, `right`. Raises LabkitError with a line for each of the first mistakes.
    """
    asked = {question.id: question for question in questions}
    try:
        slides = tomllib.loads(text).get("slide")
    except tomllib.TOMLDecodeError as error:
        raise LabkitError(f"not TOML: {error}") from None
    if not isinstance(slides, list) or not slides or not all(isinstance(each, dict) for each in slides):
        raise LabkitError("no slides: each begins with a line [[slide]]")
    wrong: list[str] = []
    ids = [each.get("id") for each in slides]
    for number, data in enumerate(slides, 1):
        name = data["id"] if isinstance(data.get("id"), str) else f"slide {number}"
        found = [*_mistakes(data, asked), *(["its id is another's too"] * (ids.count(data.get("id")) > 1))]
        wrong += [f"{name}: {mistake}" for mistake in found]
    if wrong:
        raise LabkitError("\n".join(wrong[:_MOST]))
    return tuple(_slide(each, asked) for each in slides)


def _mistakes(data: Mapping[str, Any], asked: Mapping[str, Question]) -> Iterator[str]:
    for name in sorted(data.keys() - _KNOWN.keys() - {"question"}):
        yield f"{name} is no part of a slide"
    for name, kind in _KNOWN.items():
        value: Any = data.get(name, kind())
        texts: list[Any] = value if isinstance(value, list) else [value]
        if type(value) is not kind or (kind is not int and not all(isinstance(each, str) for each in texts)):
            yield f"{name} is no {_WORDS[kind]}"
        elif name in ("id", "title", *_PARTS) and not all(each.strip() for each in texts or [""]):
            yield f"nothing in {name}"
        elif name == "steps":
            known = ((each, each == STAGE or commands(each) or cells(each)) for each in map(str.strip, texts))
            yield from (f"no step: {each}; {_STEPS}" for each, kind in known if not kind)
    if isinstance(wrong := _question(data, asked), str):
        yield wrong


def _question(slide: Mapping[str, Any], asked: Mapping[str, Question]) -> Question | str:
    """Return a slide's question, or what is wrong with it."""
    match given := slide.get("question"):
        case str() if given in asked:
            return asked[given]
        case {"prompt": str(prompt), "choices": [_, *_] as choices} if all(
            isinstance(each, dict) and {str} == {type(each.get(part)) for part in ("text", "reason")}
            for each in choices
        ):
            made = [Choice(each["text"], each["reason"], each.get("right") is True) for each in choices]
            if sum(each.right for each in made) == 1 and 2 <= len(made) <= len(LETTERS):
                return Question(str(slide.get("id")), prompt, tuple(made))
            return f"its question has not 2 to {len(LETTERS)} choices of which one is right = true"
        case {}:
            return "its question lacks a prompt, or choices that have a text and a reason each"
    return f"no such question: {given}; write a table [slide.question], or one of the course's IDs"


def _slide(data: Mapping[str, Any], asked: Mapping[str, Question]) -> Slide:
    lists = {part: tuple(each.strip() for each in data[part]) for part in _PARTS}
    own = {"question": _question(data, asked), "setup": data.get("setup", "").strip()}
    return Slide(**{**data, **lists, **own})


@dataclass(frozen=True, slots=True)
class Shot:
    """What the stage shows at a step: how the lab was when it was last seen, how it is, what led there."""

    before: State
    after: State
    events: tuple[PullEvent, ...]


@dataclass(frozen=True, slots=True)
class StepOutput:
    """What a step shows: a terminal's text, or the stage; of a table nothing but itself."""

    step: str
    text: str = ""
    shot: Shot | None = None


class SlideRun:
    """The run of a slide: a fresh lab where it begins, and what its steps have shown so far.

    A step runs once, when it is first asked for; to go back in a talk loses nothing. Raises LabkitError where
    the set-up fails.

    >>> from labkit.lessons import SLIDES
    >>> print(SlideRun(SLIDES[3]).shown(0).text[:44])
    $ docker image history nginx
    IMAGE
    """

    def __init__(self, slide: Slide) -> None:
        self.slide = slide
        self.lab = Lab(tty=True, online=False)
        self._events: list[PullEvent] = []
        self._shown: list[StepOutput] = []
        self._set_up()
        self._begun = self._seen = self.lab.engine.state
        self._at, self._stands = [self.lab.at], 0
        self.lab.watchers.add(self)

    def see(self, events: Iterable[PullEvent]) -> None:
        """Keep what the lab tells of transfers for the next picture of the stage."""
        self._events += events

    def shown(self, place: int) -> StepOutput:
        """Return what a step shows, and run it and those before it if they have not run yet."""
        while len(self._shown) <= place:
            self._shown.append(self._run(self.slide.steps[len(self._shown)]))
            self._at.append(self.lab.at)
            self._stands = len(self._shown)
        return self._shown[place]

    def stand(self, place: int) -> Lab:
        """Put the lab where it was after so many steps, and return it."""
        if place:
            self.shown(place - 1)
        if place != self._stands:  # else it has what was done in it since
            self.lab.go(self._at[place])
            self._stands = place
        return self.lab

    def keep(self, place: int) -> None:
        """Let the steps after a place be run on the lab as it is now, with all that was typed since."""
        del self._shown[place:], self._at[place:]
        shots = [each.shot.after for each in self._shown if each.shot]
        self._seen = [self._begun, *shots][-1]
        self._at.append(self.lab.at)
        self._stands = place

    def _run(self, step: str) -> StepOutput:
        if step == STAGE:
            before, self._seen = self._seen, self.lab.engine.state
            events, self._events = tuple(self._events), []
            return StepOutput(step, shot=Shot(before, self._seen, events))
        return StepOutput(step, "".join(typed(self.lab, line) for line in commands(step)))

    def _set_up(self) -> None:
        try:
            exec(compile(self.slide.setup, "<setup>", "exec"), {"Lab": Lab, "lab": self.lab})
        except Exception as error:  # a teacher's own lines may do anything
            raise LabkitError(f"{self.slide.id}: setup: {error}") from error
