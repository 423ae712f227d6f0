"""What comes before lesson 1: how a command is given. It has no questions and no exercises."""

from __future__ import annotations

from labkit.course.lesson import Lesson

LESSON = Lesson(
    number=0,
    title="Start here",
    notebook="00-start-here",
    answers="How do I give a command, and take it back?",
)
