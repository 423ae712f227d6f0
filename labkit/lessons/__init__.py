"""Questions to answer before a command runs, two or more for each lesson.

Each wrong answer is a mistake that people really make, with its own short reason. Each question has a
proof: a few commands on a fresh Lab, whose result tells the right answer from the others. The tests run
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from labkit.base.errors import LabkitError, NotFound
from labkit.course.exercise import Exercise
from labkit.course.questions import Question
from labkit.lessons import (
    container_layer,
    copy_on_write,
    image_history,
    image_inspect,
    image_layers,
    since_then,
    storage_drivers,
)

# The exercises, one module a lesson. Nothing in them is a trick: each says what its check looks at.

_MODULES = (
    image_layers,
    image_history,
    container_layer,
    copy_on_write,
    storage_drivers,
    image_inspect,
    since_then,
)
EXERCISES: tuple[Exercise, ...] = tuple(each for module in _MODULES for each in module.EXERCISES)


def find_exercise(name: str) -> Exercise:
    """Return the exercise of an id; raises NotFound, naming the nearest.

    >>> find_exercise("02-shared-base").title
    'Make two images share their base'
    """
    for each in EXERCISES:
        if each.id == name:
            return each
    from difflib import get_close_matches

    near = get_close_matches(name, [each.id for each in EXERCISES], 1, 0.4)
    text = f"did you mean {near[0]}?" if near else "python -m labkit exercises lists them"
    raise NotFound(f"there is no exercise {name}: {text}")


PREDICTIONS: Mapping[int, tuple[Question, ...]] = {
    1: image_layers.QUESTIONS,
    2: image_history.QUESTIONS,
    3: container_layer.QUESTIONS,
    4: copy_on_write.QUESTIONS,
    5: storage_drivers.QUESTIONS,
    6: image_inspect.QUESTIONS,
    7: since_then.QUESTIONS,
}
"""The questions of each lesson, by its number."""


def prediction(name: str) -> Question:
    """Return the question with an id; raises LabkitError where there is none.

    >>> prediction("pull-layers").right.text
    '3 files'
    """
    known = {question.id: question for lesson in PREDICTIONS.values() for question in lesson}
    if name not in known:
        raise LabkitError(f"no such question: {name}; there are {', '.join(known)}")
    return known[name]
