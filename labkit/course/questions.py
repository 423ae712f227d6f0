"""Questions with answers to choose from: data that prediction cards, exercises and walkthroughs share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose. `reason` says why it is right, or what is mistaken about it."""

    text: str
    reason: str
    right: bool = False


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

    @property
    def right(self) -> Choice:
        """The right answer; raises ValueError where there is not exactly one."""
        (found,) = (choice for choice in self.choices if choice.right)
        return found
