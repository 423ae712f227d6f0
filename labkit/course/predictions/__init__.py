"""Questions to answer before a command runs, two or more for each lesson.

Each wrong answer is a mistake that people really make, with its own short reason. Each question has a
proof: a few commands on a fresh Lab, whose result tells the right answer from the others. The tests run
all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from labkit.course.predictions import containers, copy_on_write, documents, drivers, history, layers, since
from labkit.course.questions import Question
from labkit.errors import LabkitError

PREDICTIONS: Mapping[int, tuple[Question, ...]] = {
    1: layers.QUESTIONS,
    2: history.QUESTIONS,
    3: containers.QUESTIONS,
    4: copy_on_write.QUESTIONS,
    5: drivers.QUESTIONS,
    6: documents.QUESTIONS,
    7: since.QUESTIONS,
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
