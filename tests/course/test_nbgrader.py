"""The export for graders, judged by nbgrader itself: its format, its validation and its autograding.

nbgrader has an environment of its own, made here: in the project's it would add its buttons to every
learner's JupyterLab (docs/decisions/0014-graders-get-nbgraders-source-format.md).
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from labkit.__main__ import main
from labkit.course.exercise import Exercise, calling
from labkit.lessons import LESSONS, image_history
from tests.conftest import need
from tests.notebooks import ROOT

NAME = image_history.LESSON.notebook
NOTEBOOK = f"{NAME}.ipynb"
POINTS = float(len(image_history.EXERCISES))


def run(folder: Path, *command: str) -> str:
    """Run a program of nbgrader's environment in a course's folder; give what it prints."""
    programs = folder.parent / "environment" / "bin"
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environment["PATH"] = (
        f"{programs}{os.pathsep}{environment['PATH']}"  # nbgrader starts alembic by its name
    )
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(folder.parent / name)
    environment["LABKIT_DATA"] = str(folder.parent / "data")
    done = subprocess.run(
        [str(programs / "python"), *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    return output


def nbgrader(folder: Path, *arguments: str) -> str:
    """Run one of nbgrader's commands."""
    return run(folder, "-m", "nbgrader", *arguments)


def make_environment(path: Path) -> None:
    """Make an environment with labkit and nbgrader, or skip the tests where that cannot be done."""
    uv = shutil.which("uv")
    need("" if uv else "uv is not installed here: no environment for nbgrader")
    assert uv
    python = str(path / "bin" / "python")
    for command in (
        [uv, "venv", "-q", "--python", sys.executable, str(path)],
        [uv, "pip", "install", "-q", "--python", python, "-e", f"{ROOT}[grading]"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        need(f"nbgrader cannot be installed: {done.stderr.strip()[-200:]}" if done.returncode else "")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a course in which one assignment was released, handed in solved and unsolved, and autograded."""
    folder = tmp_path_factory.mktemp("grading") / "course"
    make_environment(folder.parent / "environment")
    assert main(["exercises", "--nbgrader", str(folder)]) == 0
    nbgrader(folder, "generate_assignment", NAME)
    released = folder / "release" / NAME
    for student in ("unsolved", "solved"):
        shutil.copytree(released, folder / "submitted" / student / NAME)
    solve(folder / "submitted" / "solved" / NAME / NOTEBOOK)
    nbgrader(folder, "autograde", NAME)
    nbgrader(folder, "export", "--to", "grades.csv")
    return folder


def work(exercise: Exercise, script: str) -> str:
    """Return a script as a student types it into the cell of an exercise."""
    return f"lab = {exercise.variable}.lab\n{calling(exercise.variable, script.strip())}"


def solve(path: Path) -> None:
    """Write the catalogue's solutions into the cells that a released notebook leaves to the student."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        for exercise in image_history.EXERCISES:
            if name == f"work-{exercise.id}":
                assert "NotImplementedError" in cell.source
                cell.source = work(exercise, exercise.solution)
    nbformat.write(notebook, path)


def test_nbgrader_accepts_every_assignment(graded: Path) -> None:
    code = "import sys, nbgrader.nbgraderformat as f; [f.read(p, as_version=4) for p in sys.argv[1:]]"
    paths = sorted(map(str, (graded / "source").rglob("*.ipynb")))
    assert len(paths) == sum(bool(lesson.exercises) for lesson in LESSONS)
    run(graded, "-c", code, *paths)


def test_the_released_notebook_holds_no_solution(graded: Path) -> None:
    text = (graded / "release" / NAME / NOTEBOOK).read_text("utf-8")
    assert "SOLUTION" not in text
    assert re.search(r"ex_\w+\.answer\(|lab\.build\(.data", text) is None


@pytest.mark.parametrize(("student", "score"), [("solved", POINTS), ("unsolved", 0.0)])
def test_autograding_gives_each_copy_its_points(graded: Path, student: str, score: float) -> None:
    rows = list(csv.DictReader((graded / "grades.csv").read_text("utf-8").splitlines()))
    found = {row["student_id"]: (float(row["raw_score"]), float(row["max_score"])) for row in rows}
    assert found[student] == (score, POINTS)


@pytest.mark.parametrize(
    ("student", "says"),
    [("solved", "passes all the tests"), ("unsolved", f"VALIDATION FAILED ON {POINTS:.0f} CELL(S)")],
)
def test_validating_tells_a_solved_copy_from_an_unsolved_one(graded: Path, student: str, says: str) -> None:
    path = graded / "submitted" / student / NAME / NOTEBOOK
    assert says in nbgrader(graded, "validate", str(path))


@pytest.mark.skipif("LABKIT_LONG" not in os.environ, reason="LABKIT_LONG: a class of thirty takes minutes")
def test_a_class_of_thirty_gets_the_points_of_what_each_has_solved(graded: Path) -> None:
    """Each student solves some exercises, gives a wrong answer to the next, and leaves the others."""
    wanted = {}
    for at in range(30):
        right = at % (len(image_history.EXERCISES) + 1)
        folder = graded / "submitted" / f"student{at:02}" / NAME
        shutil.copytree(graded / "release" / NAME, folder)
        notebook = nbformat.read(folder / NOTEBOOK, as_version=4)
        cells = {each.metadata.get("nbgrader", {}).get("grade_id"): each for each in notebook.cells}
        for place, exercise in enumerate(image_history.EXERCISES[: right + 1]):
            chosen = (
                exercise.right[at % len(exercise.right)] if place < right else exercise.wrong[at % 2].script
            )
            cells[f"work-{exercise.id}"].source = work(exercise, chosen)
        nbformat.write(notebook, folder / NOTEBOOK)
        wanted[f"student{at:02}"] = float(right)
    nbgrader(graded, "autograde", NAME)
    nbgrader(graded, "export", "--to", "class.csv")
    rows = csv.DictReader((graded / "class.csv").read_text("utf-8").splitlines())
    found = {row["student_id"]: float(row["raw_score"]) for row in rows if row["student_id"] in wanted}
    assert found == wanted
    nbgrader(graded, "generate_feedback", NAME)
    page = (graded / "feedback" / "student00" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "says what is to be reached" in page
    assert page.count("NOT ATTEMPTED") >= len(image_history.EXERCISES) - 1


def test_grading_leaves_no_trace_in_the_grader_s_progress(graded: Path) -> None:
    assert not (graded.parent / "data").exists()
