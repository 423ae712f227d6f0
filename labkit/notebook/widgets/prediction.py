"""The prediction card: a question whose answers are its buttons, its command, and the verdict beside that.

`Prediction` is the state, which needs no browser: a guess that the run locks, and what that showed. Before
the run neither the card nor what Jupyter keeps of it has the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_uppercase
from typing import Any

import traitlets
from IPython.core.getipython import get_ipython

from labkit import lessons
from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.course import progress
from labkit.course.lesson import all_questions, find_question
from labkit.course.questions import Choice, Question
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.html import card, element, html, note
from labkit.notebook.magics import live
from labkit.notebook.output import block
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.theme import BLUE, GREEN, ORANGE, RED, Hue
from labkit.notebook.widgets.page import ASLEEP
from labkit.notebook.widgets.stage import Stage, text_of

ELSEWHERE = "Your lab stood elsewhere, so this ran on a fresh one, which is the variable lab now."


def predict(question: Question | str, lab: Lab | None = None, *, answer: str = "") -> Prediction:
    """Ask a question; after the guess its commands run on a lab, and the card says what decides, and why.

    `question` is one of `labkit.lessons` by its id, or any other. Without a lab the question makes its own.
    In a notebook the lab on which they ran is then the variable `lab`, so that the cells below go on with
    it. With an answer, a choice's letter, it is guessed and run at once. Raises LabkitError where there is
    no such question or answer.

    >>> predict("pull-layers", answer="B").verdict.splitlines()[0]
    'Right. Your guess: B · 3 files'
    """
    asked = find_question(lessons.LESSONS, question) if isinstance(question, str) else question
    made = Prediction(asked, lab)
    if (shell := get_ipython()) is not None:
        made.hand_over = lambda lab: shell.user_ns.update(lab=lab)
    if answer:
        made.guess(answer.upper())
        if not made.chosen:
            raise LabkitError(f"no such answer: {shown(answer)}; there are {', '.join(made._letters)}")
        made.run()
    return made


def recall(lesson: int | str) -> None:
    """Show the cards of a lesson, by its number, that were guessed wrong and not yet right.

    >>> recall("01")
    Nothing to repeat: no card of lesson 1 waits for a better guess.
    """
    scores = progress.load().scores if live() else {}
    asked = [each for found in lessons.LESSONS if found.number == int(lesson) for each in found.questions]
    waiting = [each for each in asked if (score := scores.get(_kept(each))) and not score.done]
    for each in waiting:
        Prediction(each)._ipython_display_()
    if not waiting:
        print(f"Nothing to repeat: no card of lesson {int(lesson)} waits for a better guess.")


def _kept(question: Question) -> str:
    """Return the name of a question's guesses in the learner's progress, among the exercises'."""
    return f"guess:{question.id}"


class Prediction(Stage):
    """A question, the guess by its letter, which the run locks, and what that told.

    >>> card = Prediction(find_question(lessons.LESSONS, "pull-layers"))
    >>> card.guess("A")
    >>> card.verdict
    ''
    >>> card.run()
    >>> card.verdict.splitlines()[0]
    'Not this one. Your guess: A · 1 file'
    """

    hand_over: Callable[[Lab], None] = staticmethod(lambda lab: None)
    """What is done with the lab on which the commands ran."""
    _esm = text_of("live.js", "picture.js", "card.js")
    css = traitlets.Unicode(text_of("live.css", "stage.css", "card.css")).tag(sync=True)
    label = traitlets.Unicode("A question").tag(sync=True)
    asked: Any = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Unicode().tag(sync=True)
    told: Any = traitlets.Dict().tag(sync=True)
    fresh = traitlets.Bool(True).tag(sync=True)
    """Whether no page has shown it yet, so that it may take the focus."""

    def __init__(self, question: Question, lab: Lab | None = None) -> None:
        self.question = question
        self._letters = dict(zip(ascii_uppercase, question.choices, strict=False))
        self._own = lab is None
        self._kept_at_all = live()  # now: the page's message with the guess names no cell
        super().__init__(lab or Lab())
        self.lab.watchers.discard(self)  # it shows its own run, and not what is done later

    @traitlets.default("asked")
    def _shown_question(self) -> dict[str, Any]:
        choices = [[letter, visible(choice.text)] for letter, choice in self._letters.items()]
        return {
            "prompt": visible(self.question.prompt),
            "choices": choices,
            "commands": list(self.question.commands),
        }

    def guess(self, letter: str) -> None:
        """Choose an answer, until the run."""
        if not self.told and letter in self._letters:
            self.chosen = letter
            self._keep()

    def run(self) -> None:
        """Run the commands, once there is a guess; where the lab shows something else, on a fresh lab."""
        if not self.chosen or self.told:
            return
        lab = self.question.setup() if self._own else self.lab
        text, told = self._played(lab)
        marks, words = self.question.deciding(text), ""
        if not self._own:
            meant = self.question.deciding(self.question.play(self.question.setup()))
            if list(meant.values()) != list(marks.values()):
                (text, told), words = self._played(self.question.setup()), ELSEWHERE
                marks = self.question.deciding(text)
        lines = [[visible(line), n in marks] for n, line in enumerate(text.splitlines())]
        notes = [[kind, visible(line), visible(reason)] for kind, _, line, reason in self._notes()]
        self.told = {**told, "lines": lines, "elsewhere": words, "notes": notes}
        self.hand_over(self.lab)
        self._keep()

    def _played(self, lab: Lab) -> tuple[str, dict[str, Any]]:
        self.lab, events = lab, list[PullEvent]()
        with lab.alone():
            lab.session.tty = True
            before = self._look(())["scene"]
            text = self.question.play(lab, events.append)
            return text, {"before": before, **self._look(events)}

    def _keep(self) -> None:
        if self._handle is not None:
            self._handle.update(self.bundle(), raw=True)

    def _asked(self, _: object, content: dict[str, Any], buffers: object) -> None:
        if "guess" in content:
            self.guess(str(content["guess"]))
        elif "run" in content and self.chosen and not self.told:
            self.run()
            if self._kept_at_all and self.question in all_questions(lessons.LESSONS):
                right = self._letters[self.chosen].right
                progress.record(_kept(self.question), {"checks": True, "done": right})

    @property
    def verdict(self) -> str:
        """What is to be said of the guess, in words; "" before the run."""
        notes = self._notes() if self.told else []
        return "\n".join(words for _, _, line, reason in notes for words in (line, reason))

    def _notes(self) -> list[tuple[str, Hue, str, str]]:
        """Return the parts of the verdict: its kind, a hue, a line and its reason."""
        choice, right = self._letters[self.chosen], self.question.right
        kind, hue, words = _judged(choice)
        told = [(kind, hue, f"{words} Your guess: {self.chosen} · {choice.text}", choice.reason)]
        if not choice.right:
            (letter,) = (letter for letter, each in self._letters.items() if each is right)
            told.append(("correct", BLUE, f"The right answer: {letter} · {right.text}", right.reason))
        return told

    def bundle(self) -> dict[str, str]:
        """Return what Jupyter keeps: the question and its answers in words, and the verdict after the run."""
        asked, told = self.asked, self.told
        items = [element("div", element("b", letter), f"  {words}") for letter, words in asked["choices"]]
        lines = [asked["prompt"], *(f"  {letter}  {words}" for letter, words in asked["choices"])]
        parts = [element("p", element("b", asked["prompt"])), *items]
        if told:
            printed = "\n".join(f"{'▶' if mark else ' '} {line}" for line, mark in told["lines"])
            parts.append(block(printed))
            notes = self._notes()
            parts += [note(hue, element("b", line), element("div", why)) for _, hue, line, why in notes]
            lines += [printed, self.verdict]
        elif self.chosen:
            parts.append(element("p", f"Your guess: {self.chosen}"))
        parts.append(element("p", ASLEEP))
        page = element("labkit-live", card(*parts), data_mark=self.mark)
        return {"text/html": html(page), "text/plain": shown("\n".join([ASLEEP, *lines]))}


def _judged(choice: Choice) -> tuple[str, Hue, str]:
    if choice.right:
        return "right", GREEN, "Right."
    return ("almost", ORANGE, "Almost.") if choice.almost else ("wrong", RED, "Not this one.")
