"""An exercise as data, the check that compares an attempt with its goal, and the card that says the outcome.

A card is a plain value of lines, which the notebook shows in colour. A script is what a learner would type
into a notebook's cell, run without a notebook: a line that begins with `%docker` is a command, the rest is
Python.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from labkit.base.errors import LabkitError
from labkit.base.text import one_line, shown
from labkit.course.questions import Ask
from labkit.course.statements import Attempt, Hint, Seen, Statement
from labkit.lab import Lab


class Outcome(Enum):
    """The outcomes of a check, in the words that a learner reads."""

    NOT_ATTEMPTED = "not attempted"
    NOT_DEFINED = "not defined"
    KEEP_WORKING = "keep working"
    LOST = "lost"
    ALMOST = "almost"
    CORRECT = "correct"


class Mark(Enum):
    """What stands before a line: a sign in text, and a word where there is colour."""

    MET = ("[x]", "met")
    OPEN = ("[ ]", "open")
    LOST = ("[!]", "lost")
    SOLVED = ("[x]", "solved")
    TO_DO = ("[ ]", "to do")
    CODE = ("   ", "")
    PROSE = ("", "prose")
    NONE = ("", "")


EMPHASIS = re.compile(r"`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*")
"""What a prompt may have in its text; the name of each is that of an element of HTML."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a card. `text` is plain text; words between backticks are names or code, and in prose those
    between asterisks are bold or italic.

    `link` is the notebook that it is about, as seen from the lessons' folder.
    """

    text: str
    mark: Mark = Mark.NONE
    link: str = ""

    def __str__(self) -> str:
        sign, text = self.mark.value[0], self.text
        if self.mark is Mark.PROSE:
            text = EMPHASIS.sub(lambda found: found[0] if found["code"] else found[0].strip("*"), text)
        return f"{sign} {text}" if sign else text


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """A title, lines, and what to do next. A check's card has an outcome.

    >>> Card("02-shared-base", (Line("Nothing has changed yet."),), outcome=Outcome.NOT_ATTEMPTED)
    02-shared-base: NOT ATTEMPTED
    Nothing has changed yet.
    """

    title: str
    lines: tuple[Line, ...] = ()
    foot: str = ""
    outcome: Outcome | None = None

    @property
    def correct(self) -> bool:
        """Tell whether this is a check whose outcome is "correct"."""
        return self.outcome is Outcome.CORRECT

    @property
    def head(self) -> str:
        """The title, and the outcome in capitals."""
        return f"{self.title}: {self.outcome.value.upper()}" if self.outcome else self.title

    @property
    def text(self) -> str:
        """The whole card as text, fit to be shown."""
        lines = [self.head, *map(str, self.lines), *([self.foot] if self.foot else [])]
        return shown("\n".join(lines))

    def __repr__(self) -> str:
        return self.text


GOAL = "`ex.goal()` says what is to be reached."

FORM = "form"
"""The key of the hint that is about an answer's form."""

_CALL = re.compile(r"\bex\.(?=(?:answer|check|goal|hint|lab|reset|show|solution|undo)\b)")


def calling(name: str, text: str) -> str:
    """Return a text that calls the exercise by its variable.

    >>> calling("ex_rescue", "`ex.hint()` helps.")
    '`ex_rescue.hint()` helps.'
    """
    return _CALL.sub(f"{name}.", text)


_COMMAND = re.compile(r"^(\s*)%docker +(.*)$", re.MULTILINE)


def as_python(script: str) -> str:
    """Return a script as Python: a `%docker` line becomes a call.

    >>> as_python("%docker pull nginx")
    "_docker('pull nginx')"
    """
    return _COMMAND.sub(lambda match: f"{match[1]}_docker({match[2]!r})", script)


def steps(script: str) -> list[str]:
    """Return the steps of a script, each a statement of Python in one spelling.

    >>> steps("%docker pull nginx\\nx =  1")
    ["_docker('pull nginx')", 'x = 1']
    """
    return [ast.unparse(each) for each in ast.parse(as_python(script)).body]


def run_script(script: str, lab: Lab, **names: Any) -> list[str]:
    """Run a script with `lab` and the given names; return what failed, one line for each.

    >>> run_script("%docker rm nobody", Lab())
    ['docker rm nobody: Error: No such container: nobody']
    """
    failed: list[str] = []

    def docker(line: str) -> None:
        result = lab.docker(line)
        if result.exit_code:
            first = (result.text.splitlines() or [f"exit {result.exit_code}"])[0]
            failed.append(f"docker {line}: {first}")

    try:
        exec(compile(as_python(script), "<script>", "exec"), {"lab": lab, "_docker": docker, **names})
    except LabkitError as error:
        failed.append(f"{type(error).__name__}: {error}")
    return failed


@dataclass(frozen=True, slots=True)
class Wrong:
    """A typical wrong answer: a script, and the key of the first hint that it must get."""

    script: str
    hint: str


@dataclass(frozen=True, slots=True)
class Way:
    """Another solution that is worth reading, and what it costs: disk, time, or what it gives up."""

    script: str
    costs: str


@dataclass(frozen=True, slots=True, eq=False)
class Exercise:
    """An exercise: where it starts, what is to be reached, hints, a solution, wrong answers and other ways.

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
    ways: tuple[str, ...] = ()
    """Other scripts that reach the goal."""
    minutes: int = 5
    level: str = "middle"
    """How hard it is: "easy", "middle", or "open" where there are many ways."""
    costs: str = ""
    """What the solution costs."""
    proof: str = ""
    """A line for the lab's prompt whose output shows that the goal is reached, apart from the check."""
    others: tuple[Way, ...] = ()
    """Other solutions, to be compared with it."""
    start: str = ""
    asks: tuple[Ask, ...] = ()
    make: Callable[[], Lab] = Lab
    why: str = ""
    """What is worth knowing once it is solved."""

    @property
    def variable(self) -> str:
        """The name that the exercise has in a notebook: `ex_rescue` for `03-rescue`."""
        return f"ex_{self.id[3:].replace('-', '_')}"

    @property
    def heading(self) -> str:
        """The title, and what to expect."""
        return f"{self.title} ({self.level}, {self.minutes} min)"

    @property
    def right(self) -> tuple[str, ...]:
        """All scripts that are known to reach the goal, the solution first."""
        return (self.solution, *(way.script for way in self.others), *self.ways)

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


def check(exercise: Exercise, attempt: Attempt, *, hint: bool = False) -> Card:
    """Compare an attempt with the goal; return a card with one of the outcomes, which may promise a hint.

    "almost" means: all statements but one are met, and at least one of these was not met at the start.
    "not defined" means: something that the goal names, or an answer that it asks for and that can be read, is
    not there yet. "lost" means: a statement cannot be met any more, unless what was done is taken back.
    """
    seen = [statement(attempt) for statement in statements(exercise)]
    outcome = _outcome(exercise, attempt, seen)
    if outcome is Outcome.NOT_ATTEMPTED:
        lines: tuple[Line, ...] = (Line("Nothing has been done yet: the lab is as it was at the start."),)
    else:
        # Statements about one thing that is not there all say so: once is enough.
        lines = tuple(dict.fromkeys(Line(each.text, mark(each)) for each in seen))
    lab = attempt.lab
    last = f"`{one_line(lab.commands[lab.at - 1])}`" if lab.at else "the last command"
    foot = {
        Outcome.NOT_ATTEMPTED: GOAL,
        Outcome.LOST: f"`ex.undo()` takes back {last}, `ex.undo(2)` the one before it, too; "
        "`ex.reset()` begins anew.",
        Outcome.CORRECT: exercise.why,
    }.get(outcome, f"{GOAL[:-1]}, `ex.hint()` helps." if hint else GOAL)
    return Card(exercise.id, lines, foot, outcome)


def mark(seen: Seen) -> Mark:
    """Return what stands before a line that says what was seen."""
    return Mark.MET if seen.met else Mark.LOST if seen.lost else Mark.OPEN


def _outcome(exercise: Exercise, attempt: Attempt, seen: Sequence[Seen]) -> Outcome:
    if all(each.met for each in seen):
        return Outcome.CORRECT
    if attempt.untouched:
        return Outcome.NOT_ATTEMPTED
    if any(each.lost for each in seen if not each.met):
        return Outcome.LOST
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
    """Return the first hint that fits what is seen and was not given before, or None.

    Before all others comes a word about the form of an answer that cannot be read: of its content nothing
    is known.
    """
    for ask in exercise.asks:
        if words := ask.unread(attempt):
            return Hint(FORM, words)
    for hint in exercise.hints:
        if hint.key not in given and hint.when(attempt).met:
            return hint
    return None
