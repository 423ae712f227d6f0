"""Solutions with one thing changed: what is made of them, and that a check that looks too little is found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labkit.course.exercise import Exercise
from labkit.course.lesson import all_exercises, find_exercise
from labkit.course.statements import Statement, image_at_most, image_there, would_start
from labkit.course.verify import LEAST, MOST, escaped, mutants
from labkit.lessons import LESSONS

EXERCISES = all_exercises(LESSONS)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)


@each_exercise
def test_each_exercise_has_many_mutants_and_three_right_ways(exercise: Exercise) -> None:
    found = mutants(exercise)
    assert LEAST <= len(found) <= MOST
    assert len(set(found)) == len(found)
    assert not set(found) & set(exercise.right)
    assert len(set(exercise.right)) >= 3


BLIND = [
    ("08-too-big", (image_at_most("report:small", 100_000_000),)),
    ("08-too-big", (image_there("report:small"), would_start("report:small", "/srv/report --daily"))),
    ("06-metadata-only", (image_there("shop:debug"),)),
    ("01-three-layers", (image_there("my-python"),)),
]


@pytest.mark.parametrize(("name", "goal"), BLIND)
def test_a_check_that_looks_too_little_is_found(name: str, goal: tuple[Statement, ...]) -> None:
    exercise = replace(find_exercise(LESSONS, name), goal=goal)
    assert [mutant for mutant in mutants(exercise) if escaped(exercise, mutant)]


def test_a_mutant_that_stops_on_its_way_is_judged_by_what_it_did() -> None:
    exercise = find_exercise(LESSONS, "03-rescue")
    assert escaped(exercise, f"{exercise.solution}\nnobody") == ""
