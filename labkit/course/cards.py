"""What an exercise says: a card of lines, as a plain value; the notebook shows it in colour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from labkit.text import shown


class Outcome(Enum):
    """The five outcomes of a check, in the words that a learner reads."""

    NOT_ATTEMPTED = "not attempted"
    NOT_DEFINED = "not defined"
    KEEP_WORKING = "keep working"
    ALMOST = "almost"
    CORRECT = "correct"


class Mark(Enum):
    """What stands before a line: a sign in text, and a word where there is colour."""

    MET = ("[x]", "met")
    OPEN = ("[ ]", "open")
    SOLVED = ("[x]", "solved")
    TO_DO = ("[ ]", "to do")
    CODE = ("   ", "")
    NONE = ("", "")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a card. `text` is plain text; words between backticks are names or code."""

    text: str
    mark: Mark = Mark.NONE

    def __str__(self) -> str:
        return f"{self.mark.value[0]} {self.text}" if self.mark is not Mark.NONE else self.text


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
