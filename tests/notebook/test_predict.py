"""The prediction card: its state, its controls without a browser, and what it tells before and after."""

from __future__ import annotations

import re
from typing import Any

import ipywidgets
import pytest
import traitlets

from labkit.base.errors import LabkitError
from labkit.course.lesson import find_question
from labkit.course.questions import Choice, Question
from labkit.lessons import LESSONS
from labkit.notebook import predict
from labkit.notebook.widgets.prediction import FIRST, Prediction
from tests.notebook.shown import Handle, within

HOSTILE = "<script>alert('x')</script> \u202e \x1b[31m \"&"
ODD = Question(HOSTILE, HOSTILE, (Choice(HOSTILE, HOSTILE, right=True), Choice("no", "no reason")))


def words(handle: Handle) -> str:
    """Give an output's text."""
    text: str = handle.data["text/plain"]
    return text


def opened(outputs: list[Handle], card: Prediction) -> tuple[Any, Any]:
    """Show a card; give its letters and its button."""
    card._ipython_display_()
    controls = outputs[1].data
    (letters,) = within(controls, ipywidgets.ToggleButtons)
    (check,) = within(controls, ipywidgets.Button)
    return letters, check


def test_nothing_is_told_before_a_guess(outputs: list[Handle]) -> None:
    question = find_question(LESSONS, "pull-layers")
    letters, check = opened(outputs, predict("pull-layers"))
    assert (letters.options, letters.value) == (("A", "B", "C", "D"), None)
    assert check.disabled
    assert words(outputs[2]) == FIRST
    for handle in (outputs[0], outputs[2]):
        assert not any(choice.reason in str(handle.data) for choice in question.choices)


def test_a_guess_that_is_not_checked_tells_nothing(outputs: list[Handle]) -> None:
    letters, check = opened(outputs, predict("pull-layers"))
    letters.value = "A"
    assert not check.disabled
    assert words(outputs[2]) == "Your guess: A · 1 file"


@pytest.mark.parametrize(
    ("name", "letter", "first"),
    [
        ("pull-layers", "A", "Not this one. Your guess: A · 1 file"),
        ("pull-layers", "B", "Right. Your guess: B · 3 files"),
        ("pull-shared", "C", "Almost. Your guess: C · 3"),
    ],
)
def test_a_checked_guess_is_judged_in_words(
    name: str, letter: str, first: str, outputs: list[Handle]
) -> None:
    letters, check = opened(outputs, predict(name))
    letters.value = letter
    check.click()
    told = words(outputs[2]).splitlines()
    assert told[0] == first
    assert told[-1] == f'The same in Python: predict("{name}", answer="{letter}")'


def test_a_wrong_guess_gets_its_own_reason_and_then_the_right_one() -> None:
    question = find_question(LESSONS, "pull-layers")
    told = predict("pull-layers", answer="A").verdict.splitlines()
    assert told[1:] == [question.choices[0].reason, "The right answer: B · 3 files", question.right.reason]


def test_a_right_guess_is_not_told_twice() -> None:
    assert len(predict("pull-layers", answer="B").verdict.splitlines()) == 2


def test_another_choice_after_the_answer_tells_its_reason(outputs: list[Handle]) -> None:
    letters, _ = opened(outputs, predict("pull-layers", answer="B"))
    letters.value = "D"
    assert words(outputs[2]).startswith("Not this one. Your guess: D")


def test_a_guess_sends_the_question_no_second_time(outputs: list[Handle]) -> None:
    letters, _ = opened(outputs, predict("pull-layers"))
    question = outputs[0].data
    letters.value = "A"
    assert outputs[0].data is question


def test_reveal_after_the_run_needs_no_guess() -> None:
    card = predict("pull-layers")
    card.reveal()
    assert card.verdict.startswith("The right answer: B · 3 files")


def test_the_line_of_python_shows_the_same() -> None:
    for card in (predict("pull-layers"), predict("stop-data", answer="yes")):
        assert eval(card.code, {"predict": predict}).outputs() == card.outputs()


def test_the_buttons_follow_the_state(outputs: list[Handle]) -> None:
    card = predict("pull-layers")
    letters, check = opened(outputs, card)
    card.chosen = "D"
    assert (letters.value, check.disabled) == ("D", False)


def test_without_a_live_page_the_answer_is_folded(
    outputs: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    predict("pull-layers")._ipython_display_()
    question, answer = (handle.data for handle in outputs)
    assert question["text/plain"].splitlines()[1:3] == ["  A  1 file", "  B  3 files"]
    assert re.search(r"<details><summary>The answer</summary>.*B · 3 files.*</details>", answer["text/html"])
    assert "3 files" not in answer["text/plain"]


@pytest.mark.parametrize("answer", ["", "A"])
@pytest.mark.parametrize("progress", ["on", "off"])
def test_hostile_texts_are_shown_as_text(answer: str, progress: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", progress)
    for data, _ in predict(ODD, answer=answer).outputs():
        assert "<script" not in data["text/html"]
        assert not set("\u202e\x1b") & set(data["text/html"] + data["text/plain"])


def test_a_question_of_ones_own_is_named_by_its_variable() -> None:
    assert predict(ODD, answer="B").code == 'predict(question, answer="B")'


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match="no such question: pull;"):
        predict("pull")
    with pytest.raises(LabkitError, match="no such answer: E; there are A, B, C, D"):
        predict("pull-layers", answer="E")
    with pytest.raises(traitlets.TraitError, match="answer Z: there are A, B, C, D"):
        predict("pull-layers").chosen = "Z"
