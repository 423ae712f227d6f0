"""The predictions: each right answer is what a fresh Lab shows, and no wrong one is."""

from __future__ import annotations

import pytest

from labkit.base.errors import LabkitError
from labkit.course.lesson import all_questions, find_question
from labkit.course.questions import Question
from labkit.lab import Lab
from labkit.lessons import LESSONS

ALL = all_questions(LESSONS)


def proven(question: Question) -> str:
    """Give what shows the answer: the proof's word, or what the pattern takes of the real output."""
    if question.proof:
        return question.proof(Lab(online=False))
    return " ".join(question.deciding(question.play(question.setup())).values())


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_a_lab_shows_the_right_answer(question: Question) -> None:
    assert proven(question) == question.right.shows


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_its_command_prints_the_line_that_decides(question: Question) -> None:
    text = question.play(question.setup())
    found = question.deciding(text)
    assert found, text
    assert "\x1b" not in text
    assert len(found) < len(text.splitlines())


@pytest.mark.parametrize("question", ALL, ids=lambda question: question.id)
def test_a_proof_tells_the_answers_apart(question: Question) -> None:
    shown = [choice.shows for choice in question.choices]
    assert len(set(shown)) == len(shown) >= 2


def test_every_lesson_has_two_questions_or_more() -> None:
    """But for the last, whose questions are its tickets."""
    assert [lesson.notebook for lesson in LESSONS[1:-1] if len(lesson.questions) < 2] == []


def test_ids_are_unique() -> None:
    assert len({question.id for question in ALL}) == len(ALL)


def test_every_choice_has_its_own_reason() -> None:
    for question in ALL:
        assert len({choice.reason for choice in question.choices}) == len(question.choices)
        assert not any(choice.right and choice.almost for choice in question.choices)


def test_the_right_answer_is_not_always_at_the_same_place() -> None:
    places = [question.choices.index(question.right) for question in ALL]
    assert max(map(places.count, places)) < len(ALL) * 0.6


def test_an_unknown_question_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LabkitError, match="there is no question pull: did you mean pull-"):
        find_question(LESSONS, "pull")
