"""The slides' data and the lessons say, ask, run and draw the same: what one has, the other has too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

import nbformat
import pytest
from nbformat import NotebookNode

from labkit.course.lesson import all_questions
from labkit.course.slides import Slide, SlideRun, commands, read_slides
from labkit.lessons import LESSONS, SLIDES
from labkit.notebook.slide_html import names
from tests import notebooks
from tests.notebooks import ROOT

each_slide = pytest.mark.parametrize("slide", SLIDES, ids=lambda slide: slide.id)
MAGIC = "%docker "


def passage(slide: Slide) -> list[NotebookNode]:
    """Give the cells of a lesson from the one tagged `slide:ID` to the next slide's."""
    path = ROOT / "notebooks" / slide.lesson
    found: list[NotebookNode] = []
    inside = False
    for cell in nbformat.read(path, as_version=4).cells:
        tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("slide:")]
        inside = f"slide:{slide.id}" in tags if tags else inside
        if inside:
            found.append(cell)
    return found


def prose(text: str) -> str:
    """Give a text without its Markdown and its capitals, on one line."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)
    return " ".join(re.sub(r"[*`]", "", text).split()).casefold()


def code(cell: NotebookNode) -> tuple[list[str], str]:
    """Give the docker command lines of a code cell, and its Python."""
    if cell.source.startswith("%%docker"):
        return [line for line in cell.source.splitlines() if line.startswith("docker ")], ""
    lines = cell.source.splitlines()
    python = "\n".join(line for line in lines if not line.startswith("%"))
    return [*(line[1:] for line in lines if line.startswith(MAGIC)), *_in_python(python)], python


def statements(python: str) -> list[str]:
    """Give the statements of Python code, each in one spelling whatever its line breaks."""
    return [ast.unparse(each) for each in ast.parse(python).body]


def _in_python(python: str) -> Iterator[str]:
    """Give the command lines that Python passes to `lab.docker`."""
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lab.docker":
            yield f"docker {ast.literal_eval(node.args[0])}"


@each_slide
def test_each_sentence_and_the_question_stand_in_the_lesson(slide: Slide) -> None:
    cells = passage(slide)
    text = prose("\n".join(cell.source for cell in cells if cell.cell_type == "markdown"))
    card = any(f'predict("{slide.question.id}"' in cell.source for cell in cells)
    wanted = [*slide.sentences, *slide.conclusion, *([] if card else [slide.question.prompt])]
    assert [sentence for sentence in wanted if prose(sentence).rstrip(".?") not in text] == []


@each_slide
def test_each_step_and_the_setup_stand_in_the_lesson(slide: Slide) -> None:
    cells = [code(cell) for cell in passage(slide) if cell.cell_type == "code"]
    lines = [line for found, _ in cells for line in found]
    python = [each for _, source in cells for each in statements(source)]
    steps = [slide.setup, *slide.steps]
    assert [line for step in steps for line in commands(step) if line not in lines] == []
    wanted = [each for step in steps if not commands(step) for each in statements(step)]
    assert [each for each in wanted if each not in python] == []


@each_slide
def test_a_lesson_shows_what_the_slides_commands_print(slide: Slide) -> None:
    outputs = "\n".join(
        text.rstrip()
        for cell in passage(slide)
        for output in cell.get("outputs", [])
        for text in [output.get("text", "") or output.get("data", {}).get("text/plain", "")]
    )
    run = SlideRun(slide, names())
    for place, step in enumerate(slide.steps):
        printed = re.sub(r"^\$ docker .*\n", "\n", run.shown(place).text, flags=re.MULTILINE)
        for part in filter(None, (part.strip("\n").rstrip() for part in printed.split("\n\n"))):
            assert part in outputs, step


def test_slides_and_lessons_have_the_same_order() -> None:
    tags = [
        (path.name, tag)
        for path in notebooks.LESSONS
        for cell in nbformat.read(path, as_version=4).cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("slide:")
    ]
    assert tags == [(slide.lesson, f"slide:{slide.id}") for slide in SLIDES]


WHOLE = """
[[slide]]
id = "new"
title = "New"
lesson = "08-new.ipynb"
question = "pull-layers"
sentences = ["A sentence."]
steps = ["docker images"]
conclusion = ["So it is."]
notes = ["Wait."]
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"pull-layers"', '"pull-lairs"', "new: no such question: pull-lairs"),
        ('steps = ["docker images"]', "", "new: nothing in steps"),
        ('title = "New"', "", "new: .*'title'"),
        ('title = "New"', 'title = "New"\ncolour = "red"', "new: .*'colour'"),
    ],
)
def test_a_slide_that_is_not_whole_is_refused_by_its_name(old: str, new: str, words: str) -> None:
    questions = all_questions(LESSONS)
    assert [slide.id for slide in read_slides(WHOLE, questions)] == ["new"]
    with pytest.raises(ValueError, match=words):
        read_slides(WHOLE.replace(old, new), questions)


def test_there_are_twelve_slides_and_no_id_twice() -> None:
    assert len({slide.id for slide in SLIDES}) == len({slide.question.id for slide in SLIDES}) == 12


@each_slide
def test_a_slide_is_whole(slide: Slide) -> None:
    assert slide.question.right in slide.question.choices
    assert all((slide.sentences, slide.steps, slide.conclusion, slide.notes))
    assert len(slide.question.choices) >= 3


@each_slide
def test_each_step_succeeds_and_shows_something(slide: Slide) -> None:
    run = SlideRun(slide, names())
    for place, step in enumerate(slide.steps):
        shown = run.shown(place)
        assert "[exit " not in shown.text, step
        assert shown.text or shown.value is not None, step


def test_a_step_runs_once_however_often_it_is_shown() -> None:
    run = SlideRun(SLIDES[0], names())
    first = run.shown(0)
    run.shown(1)
    assert run.shown(0) is first


def test_a_step_that_fails_shows_its_exit_code() -> None:
    run = SlideRun(replace(SLIDES[0], setup="", steps=("docker rmi nothing",)), {})
    text = run.shown(0).text
    assert text.startswith("$ docker rmi nothing\nError: No such image: nothing")
    assert text.endswith("\n[exit 1]\n")


def test_a_slides_lab_asks_no_network() -> None:
    lab = SlideRun(SLIDES[0], {}).lab
    result = lab.docker("pull 127.0.0.1:1/nothing")
    assert result.exit_code == 1
    assert "labkit" in result.text or "refused" not in result.text
