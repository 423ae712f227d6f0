"""The slides' data and the lessons say, ask, run and draw the same: what one has, the other has too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace

import nbformat
import pytest
from nbformat import NotebookNode

from labkit.base.errors import LabkitError
from labkit.course.lesson import all_questions
from labkit.course.slides import STAGE, Slide, SlideRun, cells, commands, read_slides
from labkit.lessons import LESSONS, SLIDES, deck
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


def code(cell: NotebookNode) -> list[str]:
    """Give the docker command lines of a code cell."""
    if cell.source.startswith("%%docker"):
        return [line for line in cell.source.splitlines() if line.startswith("docker ")]
    lines = cell.source.splitlines()
    python = "\n".join(line for line in lines if not line.startswith("%"))
    return [*(line[1:] for line in lines if line.startswith(MAGIC)), *_in_python(python)]


def _in_python(python: str) -> Iterator[str]:
    """Give the command lines that Python passes to `lab.docker`."""
    for node in ast.walk(ast.parse(python)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "lab.docker":
            yield f"docker {ast.literal_eval(node.args[0])}"


@each_slide
def test_the_first_command_of_a_slide_stands_in_its_lesson_which_shows_what_it_prints(slide: Slide) -> None:
    cells = [cell for cell in passage(slide) if cell.cell_type == "code"]
    lines = [line for cell in cells for line in code(cell)]
    outputs = "\n".join(
        text.rstrip()
        for cell in cells
        for output in cell.get("outputs", [])
        for text in [output.get("text", "") or output.get("data").get("text/plain", "")]
    )
    run, found = SlideRun(slide), 0
    for place in range(len(slide.steps)):
        parts = re.split(r"^\$ (.*)\n", run.shown(place).text, flags=re.MULTILINE)[1:]
        for line, printed in zip(parts[::2], parts[1::2], strict=True):
            if line in lines:
                assert printed.strip("\n").rstrip() in outputs or slide.id in OTHERWISE, line
                found += 1
            assert found or slide.id in OTHERWISE, line


OTHERWISE = {"image-layers-example", "image-history-2", "image-inspect-2"}
"""Their lessons build with `lab.build`, or give one name more than is shown to a class."""


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
        ('title = "New"', "", "new: nothing in title"),
        (
            '["docker images"]',
            '["docker images", "1 + 1"]',
            "new: no step: 1 \\+ 1; a step is lines that begin",
        ),
        ('title = "New"', 'title = "New"\ncolour = "red"', "new: colour is no part of a slide"),
    ],
)
def test_a_slide_that_is_not_whole_is_refused_by_its_name(old: str, new: str, words: str) -> None:
    questions = all_questions(LESSONS)
    assert [slide.id for slide in read_slides(WHOLE, questions)] == ["new"]
    with pytest.raises(LabkitError, match=words):
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
    run = SlideRun(slide)
    for place, step in enumerate(slide.steps):
        shown = run.shown(place)
        assert "[exit " not in shown.text, step
        assert shown.text or shown.shot or cells(step), step


def test_a_step_runs_once_however_often_it_is_shown() -> None:
    run = SlideRun(SLIDES[0])
    first = run.shown(0)
    run.shown(1)
    assert run.shown(0) is first


def test_a_step_that_fails_shows_its_exit_code() -> None:
    run = SlideRun(replace(SLIDES[0], setup="", steps=("docker rmi nothing",)))
    text = run.shown(0).text
    assert text.startswith("$ docker rmi nothing\nError: No such image: nothing")
    assert text.endswith("\n[exit 1]\n")


@pytest.mark.parametrize("setup", ["lab.pull('nothing')", "1 +", "print(name)"])
def test_a_set_up_that_fails_is_one_line(setup: str) -> None:
    with pytest.raises(LabkitError, match=r"^image-layers-1: setup: "):
        SlideRun(replace(SLIDES[0], setup=setup))


def test_a_slides_lab_asks_no_network() -> None:
    lab = SlideRun(SLIDES[0]).lab
    result = lab.docker("pull 127.0.0.1:1/nothing")
    assert result.exit_code == 1
    assert "labkit" in result.text or "refused" not in result.text


RECAP = deck("recap")


@pytest.mark.parametrize("slide", [*SLIDES, *RECAP], ids=lambda slide: slide.id)
def test_a_class_sees_dockers_commands_and_no_python(slide: Slide) -> None:
    assert [step for step in slide.steps if not (commands(step) or cells(step) or step == STAGE)] == []
    texts = (*slide.sentences, *slide.conclusion, *slide.notes, slide.question.prompt)
    reasons = [text for choice in slide.question.choices for text in (choice.text, choice.reason)]
    assert [text for text in (*texts, *reasons) if "the slide" in text.lower()] == []


def test_no_two_slides_show_the_same_and_the_recap_takes_ten_minutes() -> None:
    assert len({slide.steps for slide in SLIDES}) == len({slide.question.prompt for slide in SLIDES}) == 12
    assert sum(slide.minutes for slide in SLIDES) <= 60
    assert sum(slide.minutes for slide in RECAP) == 10


def test_the_table_of_the_last_slide_is_what_inspect_says() -> None:
    lab = SlideRun(SLIDES[11]).lab
    listed = lab.docker('image inspect --format "{{range .RootFS.Layers}}{{println .}}{{end}}" nginx').text
    diff_ids = [digest[7:19] for digest in listed.split()]
    rows = cells(SLIDES[11].steps[1])[1:4]
    assert [row[2] for row in rows] == diff_ids[::-1]
    assert [row[1] for row in rows] == ["22B", "54.1MB", "55.3MB"]


def test_the_lab_is_put_where_the_slide_stands_and_keeps_what_is_done_there() -> None:
    run = SlideRun(SLIDES[0])
    run.shown(2)
    assert run.stand(0).images == []
    run.stand(1).docker("tag nginx mine")
    assert len(run.stand(1).docker("images -q").text.split()) == 2
    run.keep(1)
    shot = run.shown(1).shot
    assert shot
    assert any("mine" in str(image) for image in shot.after.tags)
