"""Questions with answers to choose from: data that prediction cards, exercises and walkthroughs share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from labkit.lab import Lab

    Proof: TypeAlias = Callable[[Lab], str]
    """What shows the right answer: it works on a fresh Lab and returns what was seen, as text."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose. `reason` says why it is right, or what is mistaken about it.

    `almost` marks a wrong answer whose idea is right. `shows` is what the question's proof would return if
    this answer were the right one.
    """

    text: str
    reason: str
    right: bool = False
    almost: bool = False
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with one right answer among its choices. Texts are plain text, not markup.

    >>> question = Question("sky", "What colour is it?", (Choice("blue", "Look up.", right=True),))
    >>> question.right.text
    'blue'
    """

    id: str
    prompt: str
    choices: tuple[Choice, ...]
    proof: Proof | None = None

    @property
    def right(self) -> Choice:
        """The right answer; raises ValueError where there is not exactly one."""
        (found,) = (choice for choice in self.choices if choice.right)
        return found
