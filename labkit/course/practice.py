"""Working on an exercise: its lab, the answers given, the hints shown, and what is written down of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from warnings import catch_warnings

from labkit.base.errors import LabkitError
from labkit.base.text import counted, one_line
from labkit.course import work
from labkit.course.exercise import (
    FORM,
    GOAL,
    Card,
    Exercise,
    Line,
    Mark,
    Outcome,
    calling,
    check,
    mark,
    next_hint,
    run_script,
    statements,
    steps,
)
from labkit.course.progress import Score
from labkit.course.questions import Question, letter, told
from labkit.course.statements import Attempt, Hint
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab

_STEP = "step"

Keep = Callable[[str, Mapping[str, object]], str]
"""Writes down what happened in an exercise; returns a message where that failed, else ""."""


def forget(exercise_id: str, event: Mapping[str, object]) -> str:
    """Keep nothing."""
    return ""


class Practice:
    """One learner's work on one exercise. `lab` is the lab to work in.

    Everything that it says is a Card, in which the exercise is `called` by its variable. `keep` writes the
    progress down, and the work as it goes on; without it nothing is kept, and the lab is a fresh one, else
    as it was left. `notice` may say that commands go to another lab. `score` is what is known from before.
    """

    def __init__(
        self,
        exercise: Exercise,
        keep: Keep = forget,
        notice: Callable[[Lab], str] = lambda lab: "",
        score: Score = Score(),  # noqa: B008 (a frozen value)
        called: str = "ex",
    ) -> None:
        self.exercise = exercise
        self.called = called
        self._origin: Lab | None = None
        self._keep = keep
        before = work.Work() if keep is forget else work.kept(exercise.id)
        found = work.again(exercise, before) if before.commands else None
        self.lab: Lab = found or exercise.fresh_lab()
        self.answers: dict[str, object] = dict(before.answers)
        self.again: tuple[str, ...] = tuple(before.commands) if found else ()
        """The commands that were given again, until something else is done."""
        self._lost = bool(before.commands) and found is None
        self._counted: set[str] = set()
        self._refused: set[str] = set()
        self._checked: dict[str, object] = {}
        self._reached = False
        self.lab.watchers.add(self)
        self._notice = notice
        self._given: list[str] = []
        self._shown = score.shown
        self._solved = score.solved

    def __repr__(self) -> str:
        return self.prompt.text

    def see(self, events: Sequence[PullEvent]) -> None:
        """Keep what was done: a command of the lab has ended."""
        self.again = ()
        self._keep_work()

    def _keep_work(self) -> None:
        if self._keep is not forget:
            work.keep(self.exercise.id, work.done(self.lab, self.answers))

    @property
    def prompt(self) -> Card:
        """What is to be done."""
        asked = [line for ask in self.exercise.asks for line in _asked(ask.prompt, ask.name, ask.question)]
        paragraphs = self.exercise.prompt.strip().split("\n\n")
        lines = [Line(" ".join(each.split()), Mark.PROSE) for each in paragraphs]
        title = f"{self.exercise.id} · {self.exercise.heading}"
        return self._named(Card(title, (*lines, *asked, *self._left()), self._how_to_answer()))

    def _left(self) -> list[Line]:
        if self._lost:
            return [Line("What you did in Python cannot be given again: run the cells with it once more.")]
        if not self.again and not self.answers:
            return []
        given = [counted(len(self.again), "command")] * bool(self.again)
        given += [counted(len(self.answers), "answer")] * bool(self.answers)
        were = "was" if len(self.again) + len(self.answers) == 1 else "were"
        return [Line(f"Your {' and '.join(given)} {were} given again; `ex.reset()` begins anew.")]

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
        self._keep_work()
        self._tell()
        lines = [Line(f"{name}: {told(value)}") for name, value in self.answers.items()]
        lines += [Line(words) for ask in self.exercise.asks if (words := ask.unread(self.attempt))]
        return self._named(Card("Answers", tuple(lines), "`ex.check()` tells whether they are right."))

    def check(self) -> Card:
        """Compare what was reached with the goal, and say what is seen."""
        card = check(self.exercise, self.attempt, hint=self._more() is not None)
        self._checked = dict(self.answers)
        self._reached = self._reached or card.correct
        self._note_choices(self.attempt)
        self._tell()
        if not card.correct:
            card = self._noticed(card)
        if card.outcome is Outcome.NOT_ATTEMPTED:
            return self._named(card)
        if card.correct and not self._solved and (why := self._not_solved()):
            card = replace(card, lines=(*card.lines, Line(why)))
        if card.correct and self.took:
            card = replace(card, lines=(*card.lines, Line(self.praise)))
        self._solved = self._solved or (card.correct and not self._not_solved())
        return self._kept(card, checks=1, done=card.correct, tried=self._tried)

    def _tell(self) -> None:
        """Let those who show the exercise look again."""
        for each in self.lab.watchers - {self}:
            each.see(())

    @property
    def _tried(self) -> bool:
        """Whether choices were tried one after the other: one that was refused may be a mistake."""
        return len(self._refused) > 1

    def _not_solved(self) -> str:
        """Say why a right end does not count as solved; "" where it does."""
        if self._shown:
            return "You read the solution, so this counts as done with its solution, not as solved."
        at = len(self._refused) + 1
        return f"This was choice {at}, so it counts as done by trying, not as solved." * self._tried

    def _note_choices(self, attempt: Attempt) -> None:
        """Note the choices that were refused."""
        for ask in self.exercise.asks:
            seen = ask.statement(attempt)
            if ask.question and seen.defined and not seen.met:
                self._refused.add(seen.text)

    def hint(self) -> Card:
        """Give the next hint that fits what the lab shows now; the last is a step that leads on from here.

        Each is counted once, and none that is asked for after it is solved.
        """
        if check(self.exercise, self.attempt).correct:
            return self._named(Card("Hint", (Line("The goal is reached."),), "`ex.solution()` compares."))
        found = self._more()
        if found is None:
            text = "There is no further hint for what the lab shows now."
            return self._noticed(Card("Hint", (Line(text),), GOAL))
        if found.key == FORM:
            return self._named(Card("Hint", (Line(found.text),), "Answer anew, then call `ex.check()`."))
        if found.key != _STEP:
            self._given.append(found.key)
        more = found.key != _STEP and self._more() is not None
        foot = "For another hint, call `ex.hint()` again." if more else "This was the last hint for now."
        number = len(self._given) + (found.key == _STEP)
        card = self._noticed(Card(f"Hint {number}", (Line(found.text),), foot))
        if self._solved or found.text in self._counted:
            return card
        self._counted.add(found.text)
        return self._kept(card, hints=1)

    def _more(self) -> Hint | None:
        return self.next_hint() or self._step()

    def _step(self) -> Hint | None:
        if all(each(self.attempt).met for each in self.exercise.goal):
            return None
        step = next_step(self.exercise, self.lab)
        return Hint(_STEP, f"From here this leads on, and was tried: `{one_line(step)}`") if step else None

    def next_hint(self) -> Hint | None:
        """Return the hint that `hint` would give next, without giving it."""
        return next_hint(self.exercise, self.attempt, self._given)

    def goal(self) -> Card:
        """List the statements that are to be true, each with what is seen now."""
        attempt = self.attempt
        lines = [Line(each.says, mark(each(attempt))) for each in statements(self.exercise)]
        return self._noticed(Card(f"Goal of {self.exercise.id}", tuple(lines)))

    def undo(self, times: int = 1) -> Card:
        """Take back the last commands that changed something; those that only looked are passed over."""
        taken = [one_line(self.lab.undo()) for _ in range(min(times, self.lab.at) or 1)]
        return self._noticed(Card("Undone", tuple(Line(f"Taken back: `{each}`.") for each in taken)))

    def reset(self) -> Card:
        """Put the lab and the answers back to the start of the exercise."""
        self.answers.clear()
        self._given.clear()
        self._lost = self._reached = False
        self.lab.reset()
        self._keep_work()
        return Card("Reset", (Line("The lab is as it was at the start of the exercise."),))

    def solution(self, show: bool = False) -> Card:
        """Say what reading the solution costs; with `show=True`, or once it is solved, show it."""
        name = self.exercise.id
        if not show and not self._solved:
            lines = (
                Line(f"If you read the solution, {name} no longer counts as solved by you."),
                Line("`ex.hint()` gives hints one at a time, and these are free."),
            )
            foot = "To read it all the same: `ex.solution(show=True)`."
            return self._named(Card(f"Solution of {name}", lines, foot))
        foot = "Yours reached the goal too." if self._solved else "Reading it does not count as solving."
        card = Card(f"Solution of {name}", tuple(self._solutions()), f"There are other ways. {foot}")
        self._shown = self._shown or not self._solved
        return self._named(card) if self._solved else self._kept(card, shown=True)

    def _solutions(self) -> Iterator[Line]:
        exercise = self.exercise
        ways = [(exercise.solution, exercise.costs), *((way.script, way.costs) for way in exercise.others)]
        for script, costs in ways:
            yield from (Line(line, Mark.CODE) for line in script.strip().split("\n"))
            if costs:
                yield Line(costs)

    @property
    def took(self) -> int:
        """How many commands that changed something were given since the start."""
        return _commands(work.done(self.lab, {}).commands)

    @property
    def praise(self) -> str:
        """What is said of the way by which it was solved."""
        best = shortest(self.exercise)  # none where answers are all that is asked for
        known = f"; the shortest way that is known takes {best}" if best else ""
        return f"Solved in {counted(self.took, 'command')}{known}."

    def seen(self) -> tuple[list[tuple[Mark, str]], bool]:
        """Return each statement with its mark as of now, and whether it is solved.

        Whether an answer is right is seen only once it was checked.
        """
        attempt, checked = self.attempt, self._checked
        rows = [(mark(each(attempt)), each.says) for each in self.exercise.goal]
        for ask in self.exercise.asks:
            was_checked = ask.name in checked and checked[ask.name] == self.answers.get(ask.name)
            rows.append((mark(ask.statement(attempt)) if was_checked else Mark.OPEN, ask.statement.says))
        return rows, self._reached and {found for found, _ in rows} == {Mark.MET}

    @property
    def attempt(self) -> Attempt:
        """What the statements look at."""
        if self._origin is None:
            self._origin = self.exercise.fresh_lab()
        return Attempt(self.lab, self._origin, dict(self.answers))

    def _noticed(self, card: Card) -> Card:
        notice = self._notice(self.lab)
        return self._named(replace(card, lines=(*card.lines, Line(notice))) if notice else card)

    def _named(self, card: Card) -> Card:
        """Return a card that calls the exercise by its variable."""
        lines = tuple(replace(line, text=calling(self.called, line.text)) for line in card.lines)
        return replace(card, lines=lines, foot=calling(self.called, card.foot))

    def _kept(self, card: Card, **event: object) -> Card:
        message = self._keep(self.exercise.id, event)
        return self._named(replace(card, lines=(*card.lines, Line(message))) if message else card)


STOPS = (NameError, SyntaxError, TypeError, ValueError, LookupError, AttributeError, StopIteration, OSError)
"""What a part of a script may end in, which has done what stands before."""


def played(exercise: Exercise, script: str, lab: Lab | None = None) -> Practice:
    """Return the work of a script, on a fresh lab or one like another; it may stop on its way."""
    practice = Practice(exercise)
    if lab:
        practice.lab.begin_here(lab)
    with suppress(*STOPS), catch_warnings(action="ignore"):  # half a script may be odd Python
        run_script(script, practice.lab, ex=practice)
    return practice


@cache
def shortest(exercise: Exercise) -> int:
    """Return how many commands that change something the shortest known solution takes."""
    return min(_commands(played(exercise, script).lab.commands) for script in exercise.right)


_PYTHONS_BUILD = re.compile(r"docker build -t \S+")


def _commands(given: Sequence[str]) -> int:
    """Count commands; a build in Python is two, as it writes the Dockerfile, too."""
    return sum(2 if _PYTHONS_BUILD.fullmatch(each) else 1 for each in given)


def next_step(exercise: Exercise, lab: Lab) -> str:
    """Return the first step that is left of a known solution and leads to the goal from here, or "".

    It was tried on a copy of the lab. A step that gives an answer is none: it would say it.
    """
    for script in exercise.right if exercise.goal else ():
        left = steps(script)
        for at in range(len(left) - 1, -1, -1):
            if "ex." in left[at]:
                continue
            attempt = played(exercise, "\n".join(left[at:]), lab).attempt
            if all(each(attempt).met for each in exercise.goal):
                found = re.fullmatch(r"_docker\((.*)\)", left[at])
                return f"%docker {ast.literal_eval(found[1])}" if found else left[at]
    return ""


def _asked(prompt: str, name: str, question: Question | None) -> Sequence[Line]:
    if question is None:
        return [Line(f"`{name}`: {prompt}")]
    choices = [Line(f"{letter(at)}) {each.text}") for at, each in enumerate(question.choices)]
    return [Line(prompt), *choices]
