"""The content of the course: a module a lesson, and the slides.

Each wrong answer to a question is a mistake that people really make, with its own short reason. Each question
has a proof: a few commands on a fresh Lab, whose result tells the right answer from the others; the tests run
all of them. Nothing in an exercise is a trick: it says what its check looks at.

`LESSONS` is the one list of the lessons. To add one: its module, its place in the list, its notebook.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from labkit.base.errors import LabkitError, go_words
from labkit.course.lesson import Lesson, all_questions
from labkit.course.slides import Slide, read_slides
from labkit.lessons import (
    container_layer,
    copy_on_write,
    image_history,
    image_inspect,
    image_layers,
    since_then,
    start,
    storage_drivers,
    tickets,
)

LESSONS: tuple[Lesson, ...] = (
    start.LESSON,
    image_layers.LESSON,
    image_history.LESSON,
    container_layer.LESSON,
    copy_on_write.LESSON,
    storage_drivers.LESSON,
    image_inspect.LESSON,
    since_then.LESSON,
    tickets.LESSON,
)

SLIDES: tuple[Slide, ...]
"""The twelve slides of the course section: slides.toml, which the walkthrough and the lessons share."""


def deck(file: str = "") -> tuple[Slide, ...]:
    """Return the slides of a deck: the twelve, "recap", or a teacher's own TOML file by its path.

    Raises LabkitError for a file that cannot be read or has mistakes, one a line.

    >>> len(deck()), len(deck("recap"))
    (12, 4)
    """
    if file in ("", "recap"):
        return __getattr__("SLIDES") if not file else read_slides(_text("recap.toml"), all_questions(LESSONS))
    try:
        return read_slides(Path(file).read_text("utf-8"), all_questions(LESSONS))
    except (OSError, UnicodeDecodeError) as error:
        words = go_words(error) if isinstance(error, OSError) else f"{file}: not UTF-8 text"
        raise LabkitError(words) from None
    except LabkitError as error:
        raise LabkitError("\n".join(f"{file}: {line}" for line in str(error).splitlines())) from None


def __getattr__(name: str) -> Any:
    # A question or an exercise needs no slides, so they are read when they are first asked for (PEP 562).
    if name != "SLIDES":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = read_slides(_text("slides.toml"), all_questions(LESSONS))
    return found


def _text(file: str) -> str:
    return resources.files(__name__).joinpath(file).read_text("utf-8")
