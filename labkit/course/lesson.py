"""A lesson: what its module in `labkit.lessons` says, and what is looked up in all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from labkit.base.errors import LabkitError, NotFound
from labkit.course.exercise import Exercise
from labkit.course.questions import Question


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
    """Return the question with an id; raises LabkitError, naming the nearest.

    >>> from labkit.lessons import LESSONS
    >>> find_question(LESSONS, "pull-layers").right.text
    '3 files'
    """
    known = {question.id: question for question in all_questions(lessons)}
    if name not in known:
        near = get_close_matches(name, known, 3, 0.3)
        raise LabkitError(f"no such question: {name}; did you mean {', '.join(near or [*known][:3])}?")
    return known[name]


def find_exercise(lessons: Iterable[Lesson], name: str) -> Exercise:
    """Return the exercise of an id; raises NotFound, naming the nearest.

    >>> from labkit.lessons import LESSONS
    >>> find_exercise(LESSONS, "02-shared-base").title
    'Make two images share their base'
    """
    known = {exercise.id: exercise for exercise in all_exercises(lessons)}
    if name not in known:
        near = get_close_matches(name, known, 1, 0.4)
        text = f"did you mean {near[0]}?" if near else "python -m labkit exercises lists them"
        raise NotFound(f"there is no exercise {name}: {text}")
    return known[name]
