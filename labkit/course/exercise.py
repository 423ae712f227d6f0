"""An exercise as data, and the check that compares an attempt with its goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from labkit.course.asks import Ask
from labkit.course.cards import Card, Line, Mark, Outcome
from labkit.course.script import run_script
from labkit.course.statements import Attempt, Hint, Seen, Statement
from labkit.errors import LabkitError
from labkit.lab import Lab

LESSONS = {
    1: "Image layers",
    2: "docker image history",
    3: "The container's own layer",
    4: "Copy-on-write",
    5: "Storage drivers",
    6: "docker image inspect",
    7: "What has changed since",
}
"""The lessons by number; an exercise's id begins with its lesson's."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A typical wrong answer: a script, and the key of the first hint that it must get."""

    script: str
    hint: str


@dataclass(frozen=True, slots=True, eq=False)
class Exercise:
    """An exercise: where it starts, what is to be reached, hints, a solution and wrong answers.

    Scripts are written as in a notebook's cell: `%docker` lines and Python, with `lab` and `ex`. Texts
    are plain text; words between backticks are names or code.
    """

    id: str
    title: str
    slide: str
    prompt: str
    goal: tuple[Statement, ...]
    hints: tuple[Hint, ...]
    solution: str
    wrong: tuple[Wrong, ...]
    start: str = ""
    asks: tuple[Ask, ...] = ()
    make: Callable[[], Lab] = Lab
    why: str = ""
    """What is worth knowing once it is solved."""

    @property
    def lesson(self) -> int:
        """The number of its lesson."""
        return int(self.id[:2])

    def fresh_lab(self) -> Lab:
        """Return a lab at the start of the exercise; `reset` goes back to this point."""
        lab = self.make()
        lab.session.tty = True
        lab.begin_here(_begun(self))
        return lab


@cache
def _begun(exercise: Exercise) -> Lab:
    """Return a lab in which the start was run: its state is a value that fresh labs share."""
    lab = exercise.make()
    failed = run_script(exercise.start, lab)
    if failed:
        raise LabkitError(f"the start of {exercise.id} fails: {failed[0]}")
    return lab


def statements(exercise: Exercise) -> tuple[Statement, ...]:
    """Return the whole goal: what is to be true of the lab, then of the answers."""
    return (*exercise.goal, *(ask.statement for ask in exercise.asks))


def check(exercise: Exercise, attempt: Attempt) -> Card:
    """Compare an attempt with the goal; return a card with one of the five outcomes.

    "almost" means: all statements but one are met, and at least one of these was not met at the start.
    "not defined" means: something that the goal names, or an answer that it asks for, is not there.
    """
    seen = [statement(attempt) for statement in statements(exercise)]
    outcome = _outcome(exercise, attempt, seen)
    if outcome is Outcome.NOT_ATTEMPTED:
        lines: tuple[Line, ...] = (Line("Nothing has been done yet: the lab is as it was at the start."),)
    else:
        lines = tuple(Line(each.text, Mark.MET if each.met else Mark.OPEN) for each in seen)
    foot = {
        Outcome.NOT_ATTEMPTED: "`ex.goal()` says what is to be reached.",
        Outcome.CORRECT: exercise.why,
    }.get(outcome, "`ex.goal()` says what is to be reached, `ex.hint()` helps.")
    return Card(exercise.id, lines, foot, outcome)


def _outcome(exercise: Exercise, attempt: Attempt, seen: Sequence[Seen]) -> Outcome:
    if all(each.met for each in seen):
        return Outcome.CORRECT
    if attempt.untouched:
        return Outcome.NOT_ATTEMPTED
    if not all(each.defined for each in seen):
        return Outcome.NOT_DEFINED
    before = Attempt(attempt.origin, attempt.origin)
    gained = any(
        now.met and not statement(before).met
        for now, statement in zip(seen, statements(exercise), strict=True)
    )
    if gained and [each.met for each in seen].count(False) == 1:
        return Outcome.ALMOST
    return Outcome.KEEP_WORKING


def next_hint(exercise: Exercise, attempt: Attempt, given: Sequence[str] = ()) -> Hint | None:
    """Return the first hint that fits what is seen and was not given before, or None."""
    for hint in exercise.hints:
        if hint.key not in given and hint.when(attempt).met:
            return hint
    return None
