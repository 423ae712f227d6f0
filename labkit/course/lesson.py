"""A lesson: what its module in `labkit.lessons` says, and what is looked up in all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from labkit.base.errors import NotFound
from labkit.course.exercise import Exercise
from labkit.course.questions import Question

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson: its number, its title, its notebook, the question that it answers, what it asks and sets.

    `notebook` is the file's name without `.ipynb`; that of the exercises has the same name in a folder beside
    it. `answers` is Markdown. The ids of its exercises begin with its number, in two digits.

    >>> Lesson(8, "Volumes", "08-volumes", "What outlives a container?").heading
    '8 · Volumes'
    """

    number: int
    title: str
    notebook: str
    answers: str
    questions: tuple[Question, ...] = ()
    exercises: tuple[Exercise, ...] = ()

    @property
    def heading(self) -> str:
        """The title with the number before it; what comes before the first lesson has none."""
        return f"{self.number} · {self.title}" if self.number else self.title


def all_questions(lessons: Iterable[Lesson]) -> tuple[Question, ...]:
    """Return the questions of all lessons, in their order."""
    return tuple(each for lesson in lessons for each in lesson.questions)


def all_exercises(lessons: Iterable[Lesson]) -> tuple[Exercise, ...]:
    """Return the exercises of all lessons, in their order."""
    return tuple(each for lesson in lessons for each in lesson.exercises)


def find_question(lessons: Iterable[Lesson], name: str) -> Question:
    """Return the question with an id; raises NotFound, naming the nearest.

    >>> from labkit.lessons import LESSONS
    >>> find_question(LESSONS, "pull-layers").right.text
    '3 files'
    """
    return _found("question", name, {each.id: each for each in all_questions(lessons)})


def find_exercise(lessons: Iterable[Lesson], name: str) -> Exercise:
    """Return the exercise with an id; raises NotFound, naming the nearest.

    >>> from labkit.lessons import LESSONS
    >>> find_exercise(LESSONS, "02-shared-base").title
    'Make two images share their base'
    """
    return _found("exercise", name, {each.id: each for each in all_exercises(lessons)})


def _found(what: str, name: str, known: Mapping[str, T]) -> T:
    if name in known:
        return known[name]
    near = get_close_matches(name, known, 3, 0.3) or [*known][:3]
    raise NotFound(f"there is no {what} {name}: did you mean {', '.join(near)}?")
