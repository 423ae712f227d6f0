"""The notebooks of exercises: in the form of lessons, made of the lessons, and honest while unsolved."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.notebooks import test_notebooks as lessons
from tests.notebooks.refresh import FOLDER, worksheets

EXERCISES = sorted(FOLDER.glob("*.ipynb"))
FORM = [
    lessons.test_the_file_is_in_the_form_that_refresh_writes,
    lessons.test_each_cell_has_an_id_of_its_own_and_each_text_is_closed,
    lessons.test_there_is_one_set_up_cell_and_it_comes_first,
    lessons.test_no_output_names_an_address_in_memory_or_a_traceback,
    lessons.test_each_passage_shows_the_same_alone_after_a_restart_and_twice,
]

each_notebook = pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)


@each_notebook
@pytest.mark.parametrize("test", FORM, ids=lambda test: test.__name__.removeprefix("test_"))
def test_it_has_the_form_of_a_lesson(path: Path, test: Callable[[Path], None]) -> None:
    test(path)


def test_each_lesson_has_its_notebook_of_exercises() -> None:
    assert list(worksheets()) == EXERCISES


@each_notebook
def test_its_cells_are_those_that_its_lesson_makes(path: Path) -> None:
    made = worksheets()[path]
    cells = [(cell["id"], cell["source"], cell["metadata"]) for cell in made["cells"]]
    found = [(cell.id, cell.source, cell.metadata) for cell in lessons.read(path).cells]
    assert found == cells, f"run: python -m tests.notebooks.refresh {path}"


@each_notebook
def test_unsolved_it_says_that_nothing_is_done_yet(path: Path) -> None:
    checks = [cell for cell in lessons.read(path).cells if re.fullmatch(r"ex_\w+\.check\(\)", cell.source)]
    said = [cell.outputs[0].data["text/plain"].partition("\n")[0] for cell in checks]
    assert said
    assert all(line.endswith(": NOT ATTEMPTED") for line in said)


@each_notebook
def test_it_holds_no_learner_s_progress(path: Path) -> None:
    (shown,) = (cell for cell in lessons.read(path).cells if cell.source == "labkit.progress()")
    text = shown.outputs[0].data["text/plain"]
    assert text.startswith("Progress: 0 of ")
    assert "solved (" not in text
