"""The card without a browser: a guess that the run locks, what is told before and after, what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.course import progress
from labkit.course.lesson import find_question
from labkit.course.questions import Choice, Question
from labkit.lessons import LESSONS
from labkit.notebook import predict, recall
from labkit.notebook.widgets.prediction import ASLEEP, ELSEWHERE, Prediction
from tests.notebook.shown import Handle

HOSTILE = "<script>alert('x')</script> \u202e \x1b[31m \"&"
ODD = Question(HOSTILE, HOSTILE, (Choice(HOSTILE, HOSTILE, right=True), Choice("no", "no reason")))


@pytest.fixture(autouse=True)
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))


def ask(card: Prediction, **content: object) -> None:
    """Send a message as the page does."""
    card._asked(card, content, [])


def answered(name: str, letter: str, lab: Lab | None = None) -> Prediction:
    card = predict(name, lab)
    ask(card, guess=letter)
    ask(card, run=True)
    return card


def everything(card: Prediction) -> str:
    """Give all that a page gets of a card."""
    state: dict[str, Any] = card.get_state()
    return json.dumps([{**state, "css": "", "_esm": ""}, card.bundle()], ensure_ascii=False)


def test_nothing_is_told_before_the_run() -> None:
    question = find_question(LESSONS, "pull-layers")
    card = predict("pull-layers")
    for guess in ("", "B"):
        ask(card, guess=guess)
        assert not any(choice.reason in everything(card) for choice in question.choices)
        assert "Pull complete" not in everything(card)
    assert card.chosen == "B"


def test_a_guess_can_be_changed_until_the_run_which_keeps_it(outputs: list[Handle]) -> None:
    card = predict("pull-layers")
    for guess in "ABZ":
        ask(card, guess=guess)
        assert progress.load().scores == {}
    ask(card, run=True)
    ask(card, guess="C")
    ask(card, run=True)
    assert card.chosen == "B"
    kept = progress.load().scores["guess:pull-layers"]
    assert (kept.checks, kept.done) == (1, True)


def test_there_is_no_run_without_a_guess() -> None:
    card = predict("pull-layers")
    ask(card, run=True)
    assert (card.told, card.verdict) == ({}, "")


@pytest.mark.parametrize(
    ("name", "letter", "first"),
    [
        ("pull-layers", "A", "Not this one. Your guess: A · 1 file"),
        ("pull-layers", "B", "Right. Your guess: B · 3 files"),
        ("pull-shared", "C", "Almost. Your guess: C · the first three"),
    ],
)
def test_a_guess_is_judged_in_words(name: str, letter: str, first: str) -> None:
    assert answered(name, letter).verdict.splitlines()[0] == first


def test_a_wrong_guess_gets_its_own_reason_and_then_the_right_one() -> None:
    question = find_question(LESSONS, "pull-layers")
    told = answered("pull-layers", "A").verdict.splitlines()
    assert told[1:] == [question.choices[0].reason, "The right answer: B · 3 files", question.right.reason]


def test_the_run_is_the_labs_and_the_line_that_decides_is_marked() -> None:
    lab = Lab()
    lab.pull("nginx")
    card = answered("pull-shared", "B", lab)
    assert [line for line, marked in card.told["lines"] if marked] == ["27833a3ba0a5: Already exists "]
    assert card.told["elsewhere"] == ""
    assert [image.name for image in lab.images] == ["mysql:latest", "nginx:latest"]
    assert lab.commands[-1] == "docker pull mysql"
    assert lab.undo() == "docker pull mysql"
    assert card.told["events"][-1][2] == "Pull complete"


def test_a_lab_that_stands_elsewhere_is_told_and_a_fresh_one_decides() -> None:
    card = answered("pull-shared", "B", Lab())
    assert card.told["elsewhere"] == ELSEWHERE
    assert [line for line, marked in card.told["lines"] if marked] == ["27833a3ba0a5: Already exists "]


def test_without_a_lab_the_question_makes_its_own() -> None:
    card = answered("same-name", "C")
    assert card.told["elsewhere"] == ""
    assert card.told["lines"][-2] == ["cat: can't open '/greeting': No such file or directory", True]


def test_what_is_done_on_the_lab_later_is_not_the_cards() -> None:
    lab = Lab()
    card = answered("pull-layers", "B", lab)
    told = card.told
    lab.pull("busybox")
    assert card.told == told


def test_a_question_without_commands_only_tells() -> None:
    card = predict(ODD, answer="B")
    assert card.told["lines"] == []
    assert card.verdict.startswith("Not this one. Your guess: B · no")


def test_what_jupyter_keeps_asks_and_after_the_run_tells(outputs: list[Handle]) -> None:
    card = predict("pull-layers")
    card._ipython_display_()
    assert outputs[0].data["text/plain"].splitlines()[0] == ASLEEP
    assert outputs[0].data["text/plain"].splitlines()[2:4] == ["  A  1 file", "  B  3 files"]
    ask(card, guess="A")
    ask(card, run=True)
    kept = outputs[0].data["text/plain"]
    assert kept.endswith(card.verdict)
    assert "▶ 27833a3ba0a5: Pull complete" in kept


@pytest.mark.parametrize("answer", ["", "A"])
def test_hostile_texts_are_shown_as_text(answer: str) -> None:
    card = predict(ODD, answer=answer)
    assert "<script" not in card.bundle()["text/html"]
    texts = str(card.bundle()) + str(card.asked) + str(card.told)
    assert not set("\u202e\x1b") & set(texts)


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match="there is no question pull: did you mean pull-"):
        predict("pull")
    with pytest.raises(LabkitError, match="no such answer: E; there are A, B, C, D"):
        predict("pull-layers", answer="E")


def test_a_wrong_guess_comes_back_until_it_is_right(
    outputs: list[Handle], capsys: pytest.CaptureFixture[str]
) -> None:
    answered("pull-layers", "A")
    answered("pull-shared", "B")
    answered("history-zero", "A")
    recall("01")
    assert [each.data["text/plain"].splitlines()[1][:17] for each in outputs] == ["docker pull nginx"]
    answered("pull-layers", "B")
    recall(1)
    assert len(outputs) == 1
    assert capsys.readouterr().out == "Nothing to repeat: no card of lesson 1 waits for a better guess.\n"


def test_guesses_do_not_count_as_exercises(outputs: list[Handle]) -> None:
    answered("pull-layers", "B")
    kept = progress.load().scores
    assert kept["guess:pull-layers"].done
    assert progress.from_json(progress.as_json(kept)) == kept


def test_where_no_page_follows_no_guess_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    answered("pull-layers", "A")
    assert progress.load().scores == {}
