"""Exercises in JupyterLab: read, tried in vain, helped by a hint, solved, and kept.

The normal run solves one exercise of each lesson; LABKIT_ALL=1 solves all, in minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from typing import Any

import pytest

from labkit.course.exercise import Exercise, calling
from labkit.course.lesson import Lesson, find_exercise
from labkit.lessons import LESSONS, container_layer
from tests.browser import jupyter
from tests.browser.conftest import Opener
from tests.notebooks import ROOT

ONE_EACH = (
    "01-one-layer 02-shared-base 03-free-space 04-empty-log 05-choose-a-driver 06-metadata-only 07-image-id"
)
LESSON_OF: dict[str, Lesson] = {each.id: lesson for lesson in LESSONS for each in lesson.exercises}
CHOSEN = [
    find_exercise(LESSONS, name) for name in (LESSON_OF if os.environ.get("LABKIT_ALL") else ONE_EACH.split())
]
PLAYGROUND = "from labkit.notebook import playground; playground(lab, 'busybox')"
SHOW = "import labkit; labkit.progress()"


@pytest.fixture
def files(server: jupyter.Server) -> str:
    """Lay the notebooks of exercises before the server; return their folder."""
    shutil.copytree(ROOT / "notebooks/exercises", server.work / "exercises", dirs_exist_ok=True)
    return "exercises"


def begin(page: jupyter.Notebook, exercise: Exercise) -> int:
    """Run the first cells as far as an exercise's; return the place of the cell to work in."""
    work = 2 + 4 * LESSON_OF[exercise.id].exercises.index(exercise)
    for place in (0, work - 1):
        page.cell(place).click()
        page.press("Shift+Enter")
    page.output(work - 1).get_by_text(exercise.title).wait_for()
    return work


def enter(page: jupyter.Notebook, source: str, work: int) -> None:
    """Write into the cell to work in, run it, and then the cell below, which checks."""
    page.fill(source, work)
    page.press("Shift+Enter", "Shift+Enter")


def says(page: jupyter.Notebook, place: int, words: str) -> None:
    """Wait until a cell's output has a text, whatever part of it is code."""
    page.output(place).filter(has_text=words.replace("`", "")).wait_for()


def kept(server: jupyter.Server) -> dict[str, Any]:
    """Return the exercises in the file of the learner's progress."""
    (file,) = (server.work.parent / "LABKIT_DATA").glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text())["exercises"]
    return found


@pytest.mark.parametrize("stem", [lesson.notebook for lesson in LESSONS if lesson.exercises])
def test_a_notebook_of_exercises_runs_and_nothing_is_cut_off(stem: str, files: str, notebook: Opener) -> None:
    with notebook(name=f"{files}/{stem}.ipynb") as page:
        page.run()
        page.readable(f"exercises-{stem}")


@pytest.mark.parametrize("exercise", CHOSEN, ids=lambda exercise: exercise.id)
def test_a_wrong_answer_gets_its_hint_and_the_solution_is_correct(
    exercise: Exercise, files: str, server: jupyter.Server, notebook: Opener
) -> None:
    wrong, hints = exercise.wrong[0], {hint.key: hint.text for hint in exercise.hints}
    with notebook(name=f"{files}/{LESSON_OF[exercise.id].notebook}.ipynb") as page:
        work = begin(page, exercise)
        lab = f"lab = {exercise.variable}.lab\n"
        enter(page, lab + calling(exercise.variable, wrong.script), work)
        page.output(work + 1).get_by_text(re.compile(r"helps\.|begins anew")).first.wait_for()
        assert page.output(work + 1).get_by_text("correct", exact=True).count() == 0
        page.cell(work + 2).click()
        page.press("Home", "Delete", "Shift+Enter")
        says(page, work + 2, calling(exercise.variable, hints[wrong.hint]))
        enter(page, f"{exercise.variable}.reset()", work)
        enter(page, lab + calling(exercise.variable, exercise.solution.strip()), work)
        page.output(work + 1).get_by_text("correct", exact=True).wait_for()
        page.page.screenshot(path=jupyter.shots() / f"solved-{exercise.id}.png")
        metadata = [cell.metadata for cell in page.reopen().cells]
    assert kept(server)[exercise.id]["solved"]
    assert not any(set(each) - {"tags", "trusted"} for each in metadata)


def test_buttons_of_the_playground_solve_an_exercise(files: str, notebook: Opener) -> None:
    exercise = find_exercise(LESSONS, "03-rescue")
    with notebook(name=f"{files}/{container_layer.LESSON.notebook}.ipynb") as page:
        work = begin(page, exercise)
        page.fill(f"lab = ex_rescue.lab\n{PLAYGROUND}", work)
        page.press("Shift+Enter")
        page.output(work).get_by_role("button", name="Commit").click()
        says(page, work, "docker commit writer app:1")
        page.output(work).get_by_role("button", name="Remove").click()
        says(page, work, "docker rm writer")
        page.cell(work + 1).click()
        page.press("Shift+Enter")
        page.output(work + 1).get_by_text("correct", exact=True).wait_for()


def test_the_learner_s_progress_is_readable(notebook: Opener) -> None:
    with notebook(SHOW) as page:
        page.run()
        page.sees("07-wrong-statement")
        page.readable("progress")
