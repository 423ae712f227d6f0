"""The prediction card: a question before a run, the answer after it, with the reason.

`Prediction` is the state, a traits object that needs no browser. Before a guess nothing is told but the
question and its choices; where no page can be alive the answer is folded below them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit import lessons
from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.course.lesson import all_questions, find_question
from labkit.course.questions import Choice, Question
from labkit.notebook.html import card, code_line, element, html, note
from labkit.notebook.magics import live
from labkit.notebook.pictures.text import cut
from labkit.notebook.pictures.theme import BLUE, GREEN, ORANGE, RED, Hue
from labkit.notebook.widgets.view import Explorer, Output, button, row

FIRST = "Choose an answer, then press “Check my guess”."


def predict(question: Question | str, answer: str = "") -> Prediction:
    """Ask a question before a run: its choices, a guess, and the reason why it is right or not.

    `question` is one of `labkit.lessons` by its id, or any other. With an answer, a choice's
    letter or its text, that guess is checked at once. Raises LabkitError where there is no such question
    or answer.

    >>> predict("pull-layers", answer="3 files").code
    'predict("pull-layers", answer="B")'
    """
    asked = find_question(lessons.LESSONS, question) if isinstance(question, str) else question
    return Prediction(asked, chosen=letter_of(asked, answer), checked=True) if answer else Prediction(asked)


class Prediction(Explorer):
    """A question, the answer that is chosen, by its letter, and whether it is checked.

    >>> card = Prediction(find_question(lessons.LESSONS, "pull-layers"))
    >>> card.chosen = "A"
    >>> card.verdict
    ''
    >>> card.checked = True
    >>> card.verdict.splitlines()[0]
    'Not this one. Your guess: A · 1 file'
    """

    chosen = traitlets.Unicode()
    checked = traitlets.Bool()
    above = 1

    def __init__(self, question: Question, **state: Any) -> None:
        self.question = question
        self._letters = dict(zip(ascii_uppercase, question.choices, strict=False))
        super().__init__(**state)

    @traitlets.validate("chosen")
    def _is_there(self, proposal: Any) -> str:
        letter: str = proposal["value"]
        if letter and letter not in self._letters:
            raise traitlets.TraitError(f"answer {letter}: there are {', '.join(self._letters)}")
        return letter

    def reveal(self) -> None:
        """Show the right answer with its reason, and what is to be said of the guess if there is one."""
        self.checked = True

    @property
    def code(self) -> str:
        return self._code(self.chosen)

    def _code(self, letter: str) -> str:
        known = self.question in all_questions(lessons.LESSONS)
        name = json.dumps(self.question.id) if known else "question"
        answer = f', answer="{letter}"' if letter else ""
        return f"predict({name}{answer})"

    @property
    def verdict(self) -> str:
        """What is to be said of the guess, in words; "" before it is checked."""
        return "\n".join(line for _, line, reason in self._told() for line in (line, reason))

    def _told(self) -> list[tuple[Hue, str, str]]:
        """Return the parts of the verdict: a hue, a line and its reason."""
        if not self.checked:
            return []
        right = next(letter for letter, choice in self._letters.items() if choice.right)
        told = []
        if self.chosen:
            choice = self._letters[self.chosen]
            hue, words = _judged(choice)
            told.append((hue, f"{words} Your guess: {self.chosen} · {choice.text}", choice.reason))
        if self.chosen != right:
            choice = self._letters[right]
            told.append((BLUE, f"The right answer: {right} · {choice.text}", choice.reason))
        return told

    def outputs(self) -> Sequence[Output]:
        """Return the question with its choices, and below them what there is to say of the guess."""
        return [self._asked(), self._answered()]

    def _asked(self) -> Output:
        before, line = "Before you run it: ", "white-space: pre-wrap; padding: 3px 0"
        choices = [(letter, choice.text) for letter, choice in self._letters.items()]
        items = [element("div", element("b", letter), f"  {words}", style=line) for letter, words in choices]
        prompt = element("p", element("b", before), self.question.prompt)
        lines = [f"  {letter}  {words}" for letter, words in choices]
        text = "\n".join([before + self.question.prompt, *lines])
        return {"text/html": html(card(prompt, *items)), "text/plain": shown(text)}, {}

    def _answered(self) -> Output:
        notes = [note(hue, element("b", line), element("div", reason)) for hue, line, reason in self._told()]
        if notes:
            text = f"{self.verdict}\nThe same in Python: {self.code}"
            verdict = card(*notes, code_line(self.code), kind="verdict")
            return {"text/html": html(verdict), "text/plain": shown(text)}, {}
        if self.chosen or live():
            words = f"Your guess: {self.chosen} · {self._letters[self.chosen].text}" if self.chosen else FIRST
            return {"text/html": html(card(words)), "text/plain": shown(words)}, {}
        told = Prediction(self.question, checked=True)._told()
        inside = [element("div", element("b", line), element("div", reason)) for _, line, reason in told]
        folded = element("details", element("summary", "The answer"), *inside)
        words = f"To check a guess: {self._code('A')}"
        return {"text/html": html(card(folded, code_line(self._code("A")))), "text/plain": words}, {}

    def controls(self) -> Any:
        """Return a button for each choice, of which one is pressed, and the one that checks the guess."""
        letters = widgets.ToggleButtons(
            options=list(self._letters),
            value=self.chosen or None,
            tooltips=[cut(choice.text, 100) for choice in self._letters.values()],
            style=widgets.ToggleButtonsStyle(button_width="3.5em"),
        )
        check = button("Check my guess", self.reveal)
        check.disabled = not self.chosen

        def choose(change: Any) -> None:
            if change["new"]:
                self.chosen = change["new"]

        def follow(change: Any) -> None:
            letters.value = self.chosen or None
            check.disabled = not self.chosen

        letters.observe(choose, "value")
        self.observe(follow, "chosen")
        return row("My guess", [letters, check])


def _judged(choice: Choice) -> tuple[Hue, str]:
    if choice.right:
        return GREEN, "Right."
    return (ORANGE, "Almost.") if choice.almost else (RED, "Not this one.")


def letter_of(question: Question, answer: str) -> str:
    """Return the letter of an answer that is given by its letter or its text; raises LabkitError.

    >>> letter_of(find_question(lessons.LESSONS, "pull-layers"), "3 files")
    'B'
    """
    letters = ascii_uppercase[: len(question.choices)]
    if len(answer) == 1 and answer.upper() in letters:
        return answer.upper()
    for letter, choice in zip(letters, question.choices, strict=True):
        if answer == choice.text:
            return letter
    raise LabkitError(f"no such answer: {shown(answer)}; there are {', '.join(letters)}")
