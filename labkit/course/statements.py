"""Statements about the state that a learner has reached: what a goal is made of.

A statement looks at a lab's images, layers and containers, never at the words that were typed, so that
every way to the goal counts. It says what it sees, and never how to get further. `&` and `~` put
statements together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from labkit.engine.state import State
from labkit.lab import Lab


@dataclass(frozen=True, slots=True)
class Seen:
    """Whether a statement is met, and what was seen. `defined` is False where its object is not there."""

    met: bool
    text: str
    defined: bool = True


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a statement looks at: the lab, another lab as it was at the start, and the answers given."""

    lab: Lab
    origin: Lab
    answers: Mapping[str, object] = field(default_factory=dict)

    @property
    def untouched(self) -> bool:
        """Tell whether nothing was done: looking, and letting time pass, change nothing."""
        return not self.answers and _still(self.lab.engine.state) == _still(self.origin.engine.state)


def _still(state: State) -> State:
    return replace(state, now=0, created=0)


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that is true or not of an attempt, and the function that looks.

    >>> empty = Statement("The cache is empty.", lambda seen: Seen(not seen.lab.images, "I looked."))
    >>> attempt = Attempt(Lab(), Lab())
    >>> empty(attempt).met, (~empty)(attempt).met, (empty & ~empty)(attempt).met
    (True, False, False)
    """

    says: str
    look: Callable[[Attempt], Seen]

    def __call__(self, attempt: Attempt) -> Seen:
        return self.look(attempt)

    def __invert__(self) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return replace(seen, met=not seen.met)

        return Statement(f"Not so: {self.says}", look)

    def __and__(self, other: Statement) -> Statement:
        def look(attempt: Attempt) -> Seen:
            seen = self(attempt)
            return other(attempt) if seen.met else seen

        return Statement(f"{self.says} {other.says}", look)


ALWAYS = Statement("Always.", lambda attempt: Seen(True, ""))


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint, and what must be true of the attempt for it to help. `key` is the name that tests use."""

    key: str
    text: str
    when: Statement = ALWAYS
