"""A lesson is one module and one notebook: put into the one list, everything that lists lessons knows it."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

import labkit
from labkit import lessons
from labkit.__main__ import main
from labkit.course.exercise import Exercise
from labkit.course.lesson import Lesson, all_exercises
from labkit.course.statements import image_kept
from labkit.lessons import image_layers
from labkit.notebook import predict
from tests.notebooks import ROOT, contents, refresh

NAME = "09-volumes"
HEADING = "9 · Volumes"
ANSWERS = "What outlives a container?"


def fake_module() -> ModuleType:
    """Make a lesson's module, as a file in labkit/lessons would be one."""
    module = ModuleType("labkit.lessons.volumes")
    exercise = Exercise(
        id="09-a-volume",
        title="Have an image",
        slide="image-layers-1",
        prompt="Pull `busybox`.",
        goal=(image_kept("busybox"),),
        proof="docker images -q busybox",
        hints=(),
        solution="%docker pull busybox",
        wrong=(),
    )
    question = replace(image_layers.QUESTIONS[0], id="volume-size")
    module.LESSON = Lesson(9, "Volumes", NAME, ANSWERS, (question,), (exercise,))  # type: ignore[attr-defined]
    return module


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lesson:
    """Add a lesson to the list, and its notebook to a copy of the notebooks; everything else is as it is."""
    lesson: Lesson = fake_module().LESSON
    monkeypatch.setattr(lessons, "LESSONS", (*lessons.LESSONS, lesson))
    folder = tmp_path / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns("data"))
    notebook = json.loads((folder / "07-since-then.ipynb").read_text("utf-8"))
    notebook["cells"] = [notebook["cells"][0], notebook["cells"][-1]]
    (folder / f"{NAME}.ipynb").write_text(json.dumps(notebook), "utf-8")
    shutil.copy(ROOT / "README.md", tmp_path)
    monkeypatch.setattr(contents, "ROOT", tmp_path)
    monkeypatch.setattr(contents, "README", tmp_path / "README.md")
    monkeypatch.setattr(contents, "GLOSSARY", folder / "glossary.md")
    monkeypatch.setattr(refresh, "FOLDER", folder / "exercises")
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
    return lesson


def test_contents_write_its_head_the_links_to_it_and_its_row(
    added: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    assert contents.main() == 0
    written = capsys.readouterr().out.splitlines()
    before = lessons.LESSONS[-2]
    files = (f"{before.notebook}.ipynb", f"{NAME}.ipynb", "README.md", "glossary.md")
    assert written == [f"{each}: written" for each in files]
    new, old = (json.loads(contents.path_of(each).read_text("utf-8")) for each in (added, before))
    assert f"[{HEADING}]({NAME}.ipynb) →" in "".join(old["cells"][-1]["source"])
    assert "".join(new["cells"][0]["source"]).startswith(f"# {HEADING}\n\n**{ANSWERS}**\n")
    assert f"(exercises/{NAME}.ipynb)" in "".join(new["cells"][-1]["source"])
    assert f"| [{HEADING}](notebooks/{NAME}.ipynb) | {ANSWERS} |" in contents.README.read_text("utf-8")


def test_the_list_of_exercises_has_it(added: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exercises"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        HEADING,
        "  09-a-volume           Have an image (middle, 5 min)",
    ]


def test_its_exercise_can_be_begun_and_its_progress_is_shown(added: Lesson) -> None:
    practice = labkit.exercise("09-a-volume")
    practice.lab.docker("pull busybox")
    assert practice.check().correct
    card = labkit.progress().card
    assert card.title == f"Progress: 1 of {len(all_exercises(lessons.LESSONS))} exercises solved"
    assert card.lines[-2].text == "09-a-volume: Have an image: solved (1 check, 0 hints)"


def test_its_question_is_asked_by_its_id(added: Lesson) -> None:
    assert predict("volume-size", answer="B").chosen == "B"


def test_verifying_replays_it(
    added: Lesson, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lessons, "LESSONS", (added,))
    assert main(["exercises", "--verify"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("1 exercises: 1 solutions reach their goal, no start does, 0 other ways pass")
    assert last.endswith(" mutants refused or equal to a known way")


def test_nbgrader_gets_its_assignment(added: Lesson, tmp_path: Path) -> None:
    assert main(["exercises", "--nbgrader", str(tmp_path)]) == 0
    assert "09-a-volume" in (tmp_path / "source" / NAME / f"{NAME}.ipynb").read_text("utf-8")


def test_refresh_makes_its_notebook_of_exercises(added: Lesson) -> None:
    made = refresh.worksheets()
    last = list(made)[-1]
    assert last == refresh.FOLDER / f"{NAME}.ipynb"
    assert f"# Exercises {HEADING}" in made[last]["cells"][0]["source"]
    before = made[refresh.FOLDER / "08-tickets.ipynb"]
    assert f"[Exercises 9]({NAME}.ipynb) →" in before["cells"][-1]["source"]


def test_the_slides_may_ask_its_question(added: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    text = lessons._text("slides.toml").replace('question = "pull-layers"', 'question = "volume-size"')
    monkeypatch.setattr(lessons, "_text", lambda file: text)
    monkeypatch.delitem(vars(lessons), "SLIDES", raising=False)
    assert lessons.SLIDES[0].question is added.questions[0]


# What the lessons are


def test_a_lesson_s_number_stands_before_its_notebook_s_name_and_its_exercises_ids() -> None:
    assert [lesson.number for lesson in lessons.LESSONS] == list(range(len(lessons.LESSONS)))
    for lesson in lessons.LESSONS:
        names = [lesson.notebook, *(exercise.id for exercise in lesson.exercises)]
        assert {name[:3] for name in names} == {f"{lesson.number:02}-"}, lesson.title


def test_slides_are_read_when_they_are_asked_for() -> None:
    code = "from labkit import lessons; print('SLIDES' in vars(lessons), len(lessons.SLIDES))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False 12\n"
    with pytest.raises(AttributeError, match="no attribute 'SLIDE'"):
        lessons.SLIDE  # noqa: B018


def test_lessons_hold_no_machinery() -> None:
    """Data, proofs and small functions: what needs a class belongs to labkit/course."""
    modules = sorted((ROOT / "labkit/lessons").glob("*.py"))
    assert len(modules) > len(lessons.LESSONS)
    found = {path.name for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8")))
             if isinstance(node, ast.ClassDef)}  # fmt: skip
    assert found == set()


def test_every_module_of_a_lesson_ends_in_its_lesson_and_is_in_the_list() -> None:
    ends = {}
    for path in sorted((ROOT / "labkit/lessons").glob("*.py")):
        last = ast.parse(path.read_text("utf-8")).body[-1]
        if isinstance(last, ast.Assign) and ast.unparse(last.targets[0]) == "LESSON":
            ends[path.stem] = getattr(lessons, path.stem).LESSON
    assert sorted(ends.values(), key=lambda lesson: lesson.number) == list(lessons.LESSONS)
