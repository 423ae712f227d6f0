"""The twelve slides of the course section: data in slides.toml, which the walkthrough and the lessons share.

>>> [slide.id for slide in SLIDES][:2], len(SLIDES)
(['image-layers-1', 'image-layers-2'], 12)
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from labkit.course.predictions import prediction
from labkit.course.questions import Question


@dataclass(frozen=True, slots=True)
class Slide:
    """A slide: what is said, asked, run and concluded. Texts are plain text, not markup.

    `sentences` are seen from the beginning, `conclusion` when the answer is revealed. `setup` is Python that
    brings a fresh `lab` to where the slide begins. Each of `steps` is a part of a cell: lines of docker
    commands, or Python, whose last expression may be a picture. All of them stand in the passage of the
    notebook `lesson` that is tagged `slide:ID`; tests/course/test_slides.py compares the two.
    """

    id: str
    title: str
    lesson: str
    sentences: tuple[str, ...]
    question: Question
    steps: tuple[str, ...]
    conclusion: tuple[str, ...]
    notes: tuple[str, ...]
    setup: str = ""


def commands(step: str) -> tuple[str, ...]:
    r"""Return the docker command lines of a step; none where it is Python.

    >>> commands("docker images\ndocker system df"), commands("lab.images")
    (('docker images', 'docker system df'), ())
    """
    lines = tuple(step.splitlines())
    return lines if all(line.startswith("docker ") for line in lines) else ()


def statements(code: str) -> tuple[str, ...]:
    r"""Return the statements of Python code, each in one spelling whatever its line breaks.

    >>> statements("stack(\n    image,\n    name='web',\n)")
    ("stack(image, name='web')",)
    """
    return tuple(ast.unparse(each) for each in ast.parse(code).body)


def _slide(data: Mapping[str, Any]) -> Slide:
    lists = ("sentences", "steps", "conclusion", "notes")
    parts = {name: tuple(each.strip() for each in data[name]) for name in lists}
    setup = data.get("setup", "").strip()
    rest: dict[str, Any] = {**data, **parts, "question": prediction(data["question"]), "setup": setup}
    return Slide(**rest)


def _read() -> tuple[Slide, ...]:
    text = resources.files("labkit.course").joinpath("slides.toml").read_text("utf-8")
    return tuple(_slide(each) for each in tomllib.loads(text)["slide"])


SLIDES = _read()
