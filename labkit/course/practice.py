"""Working on an exercise: its lab, the answers given, the hints shown, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from labkit.base.errors import LabkitError
from labkit.base.text import one_line
from labkit.course.exercise import (
    FORM,
    Card,
    Exercise,
    Line,
    Mark,
    Outcome,
    check,
    mark,
    next_hint,
    statements,
)
from labkit.course.progress import Score
from labkit.course.questions import Question, letter, told
from labkit.course.statements import Attempt, Hint, still
from labkit.lab import Lab

Keep = Callable[[str, Mapping[str, object]], str]
"""Writes down what happened in an exercise; returns a message where that failed, else ""."""


def forget(exercise_id: str, event: Mapping[str, object]) -> str:
    """Keep nothing."""
    return ""


class Practice:
    """One learner's work on one exercise. `lab` is the lab to work in.

    Everything that it says is a Card. `keep` writes the progress down; without it nothing is kept. `notice`
    may say that commands go to another lab. `score` is what is known of the exercise from before.
    """

    def __init__(
        self,
        exercise: Exercise,
        keep: Keep = forget,
        notice: Callable[[Lab], str] = lambda lab: "",
        score: Score = Score(),  # noqa: B008 (a frozen value)
    ) -> None:
        self.exercise = exercise
        self.lab: Lab = exercise.fresh_lab()
        self.answers: dict[str, object] = {}
        self._origin: Lab | None = None
        self._keep = keep
        self._notice = notice
        self._given: list[str] = []
        self._shown = score.shown
        self._solved = score.solved

    def __repr__(self) -> str:
        return self.prompt.text

    @property
    def prompt(self) -> Card:
        """What is to be done."""
        asked = [line for ask in self.exercise.asks for line in _asked(ask.prompt, ask.name, ask.question)]
        lines = [Line(text) for text in self.exercise.prompt.strip().split("\n")]
        return Card(f"{self.exercise.id} · {self.exercise.title}", (*lines, *asked), self._how_to_answer())

    def _how_to_answer(self) -> str:
        asks = self.exercise.asks
        if not asks:
            return ""
        if len(asks) == 1:
            return f"Answer with `ex.answer(…)`: {asks[0].kind}."
        names = ", ".join(f"{ask.name}=…" for ask in asks)
        return f"Answer with `ex.answer({names})`."

    def answer(self, *values: object, **named: object) -> Card:
        """Give answers, by name or, where one is asked for, alone; later ones replace earlier ones."""
        names = [ask.name for ask in self.exercise.asks]
        if not names:
            raise LabkitError(f"{self.exercise.id} asks for no answer: its check looks at the lab")
        if values and (len(values) > 1 or len(names) > 1):
            raise LabkitError(f"give each answer its name: ex.answer({', '.join(f'{n}=…' for n in names)})")
        given = {names[0]: values[0]} if values else dict(named)
        unknown = [name for name in given if name not in names]
        if unknown or (values and named) or not given:
            what = f"not for {unknown[0]}" if unknown else "each once"
            raise LabkitError(f"{self.exercise.id} asks for {', '.join(names)}, {what}")
        self.answers |= {
            name: list(value) if isinstance(value, Iterator) else value for name, value in given.items()
        }
        lines = [Line(f"{name}: {told(value)}") for name, value in self.answers.items()]
        lines += [Line(words) for ask in self.exercise.asks if (words := ask.unread(self._attempt))]
        return Card("Answers", tuple(lines), "`ex.check()` tells whether they are right.")

    def check(self) -> Card:
        """Compare what was reached with the goal, and say what is seen."""
        card = check(self.exercise, self._attempt)
        if not card.correct:
            card = self._noticed(card)
        if card.outcome is Outcome.NOT_ATTEMPTED:
            return card
        if card.correct and self._shown and not self._solved:
            line = Line("You read the solution, so this counts as done with its solution, not as solved.")
            card = replace(card, lines=(*card.lines, line))
        self._solved = self._solved or (card.correct and not self._shown)
        return self._kept(card, checks=1, done=card.correct)

    def hint(self) -> Card:
        """Give the next hint that fits what the lab shows now."""
        found = self.next_hint()
        if found is None:
            text = "There is no further hint for what the lab shows now."
            return self._noticed(Card("Hint", (Line(text),), "`ex.goal()` says what is to be reached."))
        if found.key == FORM:
            return Card("Hint", (Line(found.text),), "Answer anew, then call `ex.check()`.")
        self._given.append(found.key)
        more = self.next_hint() is not None
        foot = "For another hint, call `ex.hint()` again." if more else "This was the last hint for now."
        card = Card(f"Hint {len(self._given)}", (Line(found.text),), foot)
        return self._kept(self._noticed(card), hints=1)

    def next_hint(self) -> Hint | None:
        """Return the hint that `hint` would give next, without giving it."""
        return next_hint(self.exercise, self._attempt, self._given)

    def goal(self) -> Card:
        """List the statements that are to be true, each with what is seen now."""
        attempt = self._attempt
        lines = [Line(each.says, mark(each(attempt))) for each in statements(self.exercise)]
        return self._noticed(Card(f"Goal of {self.exercise.id}", tuple(lines)))

    def undo(self) -> Card:
        """Take the last command back that changed something; those that only looked are passed over."""
        before, taken = self._state, self.lab.undo()
        while self._state == before:
            taken = self.lab.undo()
        return self._noticed(Card("Undone", (Line(f"Taken back: `{one_line(taken)}`."),)))

    def reset(self) -> Card:
        """Put the lab and the answers back to the start of the exercise."""
        self.lab.reset()
        self.answers.clear()
        self._given.clear()
        return Card("Reset", (Line("The lab is as it was at the start of the exercise."),))

    def solution(self, show: bool = False) -> Card:
        """Say what reading the solution costs; with `show=True`, or once it is solved, show it."""
        name = self.exercise.id
        code = tuple(Line(line, Mark.CODE) for line in self.exercise.solution.strip().split("\n"))
        if self._solved:
            return Card(
                f"Solution of {name}", code, "This is one way of several; yours reached the goal too."
            )
        if not show:
            lines = (
                Line(f"If you read the solution, {name} no longer counts as solved by you."),
                Line("`ex.hint()` gives hints one at a time, and these are free."),
            )
            return Card(f"Solution of {name}", lines, "To read it all the same: `ex.solution(show=True)`.")
        self._shown = True
        foot = "This is one way of several. Reading it does not count as solving."
        return self._kept(Card(f"Solution of {name}", code, foot), shown=True)

    @property
    def _attempt(self) -> Attempt:
        if self._origin is None:
            self._origin = self.exercise.fresh_lab()
        return Attempt(self.lab, self._origin, dict(self.answers))

    @property
    def _state(self) -> object:
        return still(self.lab.engine.state), self.lab.session.place.lasting

    def _noticed(self, card: Card) -> Card:
        notice = self._notice(self.lab)
        return replace(card, lines=(*card.lines, Line(notice))) if notice else card

    def _kept(self, card: Card, **event: object) -> Card:
        message = self._keep(self.exercise.id, event)
        if not message:
            return card
        return replace(card, lines=(*card.lines, Line(message)))


def _asked(prompt: str, name: str, question: Question | None) -> Sequence[Line]:
    if question is None:
        return [Line(f"`{name}`: {prompt}")]
    choices = [Line(f"{letter(at)}) {each.text}") for at, each in enumerate(question.choices)]
    return [Line(prompt), *choices]
