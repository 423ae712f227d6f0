"""The catalogue of exercises: every start, every solution and every wrong answer is replayed."""

from __future__ import annotations

import re

import pytest

from labkit.base.errors import NotFound
from labkit.course.exercise import FORM, Exercise, run_script, statements
from labkit.course.lesson import all_exercises, find_exercise
from labkit.course.practice import Practice
from labkit.course.verify import Replay, replays, summary
from labkit.lessons import LESSONS
from tests.notebooks.test_notebooks import SLIDES

EXERCISES = all_exercises(LESSONS)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)


@each_exercise
def test_its_start_and_wrong_answers_do_not_pass_and_its_solution_does(exercise: Exercise) -> None:
    assert [each for each in replays(exercise) if each.problem] == []


@each_exercise
def test_its_texts_are_whole(exercise: Exercise) -> None:
    texts = [exercise.prompt, exercise.title, exercise.why, *(hint.text for hint in exercise.hints)]
    texts += [statement.says for statement in statements(exercise)]
    assert all(texts)
    assert [text for text in texts if text.count("`") % 2] == []
    assert exercise.slide in SLIDES
    assert len(exercise.wrong) >= 2


@each_exercise
def test_its_hints_have_names_of_their_own_and_each_wrong_answer_names_one(exercise: Exercise) -> None:
    keys = [hint.key for hint in exercise.hints]
    assert len(set(keys)) == len(keys)
    assert FORM not in keys
    assert {wrong.hint for wrong in exercise.wrong} <= {FORM, *keys}


@each_exercise
def test_its_wrong_answers_and_ways_run(exercise: Exercise) -> None:
    """A script that stops on the way would be refused, or reach its hint, for another reason."""
    for script in (*exercise.ways, *(wrong.script for wrong in exercise.wrong)):
        practice = Practice(exercise)
        assert run_script(script, practice.lab, ex=practice) == []


@each_exercise
def test_its_check_never_says_the_answer(exercise: Exercise) -> None:
    """What a check says of a start or a wrong answer holds no answer that the solution gives."""
    solved = Practice(exercise)
    run_script(exercise.solution, solved.lab, ex=solved)
    answers = [str(value) for value in solved.answers.values() if len(str(value)) > 2]
    for script in ("", *(wrong.script for wrong in exercise.wrong)):
        practice = Practice(exercise)
        run_script(script, practice.lab, ex=practice)
        given = " ".join(map(str, practice.answers.values()))
        said = practice.check().text
        assert [each for each in answers if each in said and each not in given] == []


def test_there_are_enough_of_them_for_every_lesson() -> None:
    assert 30 <= len(EXERCISES) <= 33
    assert [each.id for each in EXERCISES if each.level not in ("easy", "middle", "open")] == []
    assert [lesson.notebook for lesson in LESSONS[1:] if len(lesson.exercises) < 2] == []
    assert len({each.id for each in EXERCISES}) == len(EXERCISES)


# What verifying finds


def test_what_fails_is_named() -> None:
    found = [Replay("a", "start"), Replay("a", "solution", "%docker images", "its check says almost")]
    line, problems = summary(found)
    assert re.match(r"1 exercises: 0 solutions", line)
    assert problems == ["a: solution (%docker images): its check says almost"]


def test_an_unknown_exercise_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 02-shared-base"):
        find_exercise(LESSONS, "02-shared-bass")
    with pytest.raises(NotFound, match=r"there is no exercise \?: did you mean 01-"):
        find_exercise(LESSONS, "?")
