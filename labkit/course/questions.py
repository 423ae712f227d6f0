"""Questions with answers to choose from, and what an exercise asks for in words or numbers.

Prediction cards, exercises and slides share the questions. A right word or number is computed from the lab as
it was at the start, so that none is written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from labkit.cli.formats import ellipsis
from labkit.course.statements import Attempt, Hint, Seen, Statement
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


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: its name, what it asks, and what tells whether an answer is right.

    `right` takes the lab of the start and the answer in its plain form: see `plain`. `kind` says what an
    answer looks like.
    """

    name: str
    prompt: str
    kind: str
    right: Callable[[Lab, object], bool]
    says: Callable[[Lab, object], str] | None = None
    """What is seen of an answer, where that is more than the answer itself."""
    question: Question | None = None
    """The question, where there are choices."""

    @property
    def statement(self) -> Statement:
        """The statement that the answer is right."""

        def look(attempt: Attempt) -> Seen:
            if self.name not in attempt.answers:
                return Seen(False, f"There is no answer for `{self.name}` yet.", defined=False)
            answer = attempt.answers[self.name]
            text = f"`{self.name}`: you answered {told(answer)}."
            if self.says:
                text = self.says(attempt.origin, answer)
            return Seen(self.right(attempt.origin, answer), text)

        return Statement(f"`{self.name}`: {self.prompt} ({self.kind})", look)


def told(answer: object) -> str:
    """Return an answer as it is told back: a list's parts, and the beginning of what is long.

    >>> told([3, "x"]), told([]), len(told("x" * 1000))
    ('3, x', 'nothing', 120)
    """
    text = ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer)
    return ellipsis(text, 120) or "nothing"


def plain(answer: object) -> object:
    """Return an answer in its plain form: text without outer spaces and case, a list as a list of these.

    >>> plain(" B "), plain((1, "X")), plain("10"), plain(3.0)
    ('b', [1, 'x'], 10, 3)
    """
    if isinstance(answer, list | tuple):
        return [plain(each) for each in answer]
    if isinstance(answer, float) and answer.is_integer():
        return int(answer)
    if isinstance(answer, str):
        text = " ".join(answer.split()).lower()
        return int(text) if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") else text
    return answer


def number(name: str, prompt: str, right: Callable[[Lab], int]) -> Ask:
    """Ask for a number."""
    return Ask(name, prompt, "a number", lambda lab, answer: plain(answer) == right(lab))


def numbers(name: str, prompt: str, right: Callable[[Lab], Sequence[int]]) -> Ask:
    """Ask for several numbers; their order does not count."""
    return Ask(name, prompt, "a list of numbers", lambda lab, answer: _numbers(answer) == set(right(lab)))


def _numbers(answer: object) -> set[object]:
    found = plain(answer)
    each_one = found if isinstance(found, list) else [found]
    return {each if isinstance(each, int) else str(each) for each in each_one}


def words(name: str, prompt: str, right: Callable[[Lab], str | Sequence[str]], kind: str = "text") -> Ask:
    """Ask for a word, a name or a line; several forms of the right answer may count, the case does not."""

    def compare(lab: Lab, answer: object) -> bool:
        wanted = right(lab)
        forms = [wanted] if isinstance(wanted, str) else list(wanted)
        given = plain(" ".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer))
        return given in [plain(form) for form in forms]

    return Ask(name, prompt, kind, compare)


def letter(place: int) -> str:
    """Return the letter of a choice by its place from 0 on.

    >>> letter(1)
    'b'
    """
    return "abcdefghij"[place]


def chosen(question: Question, answer: object) -> int | None:
    """Return the place of the choice that an answer names, by its letter or its text, or None."""
    given = plain(answer)
    for place, choice in enumerate(question.choices):
        if given in (letter(place), plain(choice.text)):
            return place
    return None


def choice(question: Question) -> Ask:
    """Ask to choose one of a question's choices, by its letter."""

    def right(lab: Lab, answer: object) -> bool:
        place = chosen(question, answer)
        return place is not None and question.choices[place].right

    def says(lab: Lab, answer: object) -> str:
        place = chosen(question, answer)
        if place is None:
            letters = ", ".join(letter(each) for each in range(len(question.choices)))
            return f"`{question.id}`: you answered {told(answer)}, which is none of {letters}."
        return f"`{question.id}`: you chose {letter(place)}) {question.choices[place].text}"

    return Ask(question.id, question.prompt, "a letter", right, says, question)


def reasons(question: Question) -> tuple[Hint, ...]:
    """Return a hint for each wrong choice: what is mistaken about it, once it was chosen."""
    return tuple(
        Hint(letter(place), each.reason, _chose(question, place))
        for place, each in enumerate(question.choices)
        if not each.right
    )


def _chose(question: Question, place: int) -> Statement:
    def look(attempt: Attempt) -> Seen:
        return Seen(chosen(question, attempt.answers.get(question.id)) == place, "")

    return Statement(f"The answer is {letter(place)}.", look)


def answered(name: str, *values: object) -> Statement:
    """The answer is one of these: for a hint that fits it."""
    forms = [plain(value) for value in values]

    def look(attempt: Attempt) -> Seen:
        given = attempt.answers.get(name)
        return Seen(name in attempt.answers and plain(given) in forms, "")

    return Statement(f"`{name}` is answered so.", look)
