"""The exercises of a lesson as a notebook: the learner's, and the grader's in nbgrader's source format.

A notebook is a plain value, the JSON of nbformat 4.5, so that this room needs no Jupyter. nbgrader's cell
metadata follow its schema 3 (nbgrader documentation, "Notebook metadata format").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.base.text import packaged
from labkit.course.exercise import Exercise, calling
from labkit.course.lesson import Lesson

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

_HOW = packaged("labkit.course", "worksheets.md").strip()
_SETUP = "%load_ext labkit\nimport labkit"
_WORK = "# the same here: %docker …, %%docker for several lines, or Python with lab"

Cell = dict[str, Any]


def worksheet(lesson: Lesson, lessons: Sequence[Lesson]) -> dict[str, Any]:
    """Return a lesson's exercises as the notebook that a learner works in; it leads to those beside it.

    >>> from labkit.lessons import LESSONS
    >>> worksheet(LESSONS[1], LESSONS)["cells"][2]["metadata"]
    {'tags': ['setup']}
    """
    where = f"*They go with [lesson {lesson.number}](../{lesson.notebook}.ipynb).*"
    intro = f"# Exercises {lesson.heading}\n\n{where}"
    cells = [_text(intro), _text(f"## How to work\n\n{_HOW}"), _code(_SETUP, tags=["setup"])]
    for each in lesson.exercises:
        name = each.variable
        hint = f"# {name}.hint()      # take the first # away for a hint"
        cells.append(_text(f"## {each.heading}", tags=["passage"]))
        cells += [_code(source) for source in (_begin(each), _work(each), f"{name}.check()", hint)]
    cells += [_text("## Where you are"), _code("labkit.progress()", tags=["progress"])]
    cells.append(_text(_where_next(lesson, lessons)))
    return _notebook(lesson, cells)


def _begin(exercise: Exercise, keep: bool = True) -> str:
    options = "" if keep else ", keep=False"
    return f'{exercise.variable} = labkit.exercise("{exercise.id}"{options})'


def _work(exercise: Exercise) -> str:
    name, asks = exercise.variable, exercise.asks
    answers = "…" if len(asks) == 1 else ", ".join(f"{ask.name}=…" for ask in asks)
    return f"lab = {name}.lab\n{_WORK}" + (f"\n# {name}.answer({answers})" if asks else "")


def _where_next(lesson: Lesson, lessons: Sequence[Lesson]) -> str:
    practised = [each for each in lessons if each.exercises]
    place = practised.index(lesson)
    links = [f"← [Exercises {each.number}]({each.notebook}.ipynb)" for each in practised[:place][-1:]]
    links += [f"[Exercises {each.number}]({each.notebook}.ipynb) →" for each in practised[place + 1 :][:1]]
    after = lessons[lessons.index(lesson) + 1 :][:1]
    links += [f"[Lesson {each.number}: {each.title}](../{each.notebook}.ipynb) →" for each in after]
    return f"## Where next\n\n{' · '.join(links)}"


def assignment(lesson: Lesson) -> dict[str, Any]:
    """Return a lesson's exercises in nbgrader's source format: solutions marked, checks as tests.

    >>> from labkit.lessons import LESSONS
    >>> assignment(LESSONS[1])["cells"][3]["metadata"]["nbgrader"]["locked"]
    True
    """
    head = _text(f"# Exercises {lesson.heading}\n\nEach exercise shows what to do when its cell runs.")
    cells = [head, _graded(_code(_SETUP), "setup", locked=True)]
    for each in lesson.exercises:
        name = each.variable
        work = calling(name, each.solution.strip())
        solution = f"lab = {name}.lab\n### BEGIN SOLUTION\n{work}\n### END SOLUTION"
        test = f'result = {name}.check()\nprint(result)\nassert {name}.exercise.id == "{each.id}"'
        cells += [
            _text(f"## {each.heading}"),
            _graded(_code(_begin(each, keep=False)), f"begin-{each.id}", locked=True),
            _graded(_code(solution), f"work-{each.id}", solution=True),
            _graded(
                _code(f"{test}\nassert result.correct, result.text"),
                f"check-{each.id}",
                locked=True,
                points=1,
            ),
        ]
    return _notebook(lesson, cells)


def _graded(cell: Cell, name: str, *, locked: bool = False, solution: bool = False, points: int = 0) -> Cell:
    known: dict[str, Any] = {
        "grade": points > 0,
        "grade_id": name,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points:
        known["points"] = points
    cell["metadata"]["nbgrader"] = known
    return cell


def _text(source: str, tags: Sequence[str] = ()) -> Cell:
    return {"cell_type": "markdown", "metadata": _tagged(tags), "source": source}


def _code(source: str, tags: Sequence[str] = ()) -> Cell:
    cell: Cell = {"cell_type": "code", "execution_count": None, "metadata": _tagged(tags), "outputs": []}
    return {**cell, "source": source}


def _tagged(tags: Sequence[str]) -> dict[str, Any]:
    return {"tags": list(tags)} if tags else {}


def _notebook(lesson: Lesson, cells: list[Cell]) -> dict[str, Any]:
    for place, cell in enumerate(cells, 1):
        cell["id"] = f"x{lesson.number:02}-{place:02}"
    metadata = {"kernelspec": dict(KERNEL)}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


_CONFIG = '''"""nbgrader's settings for this course: see nbgrader's documentation."""

c = get_config()
c.CourseDirectory.course_id = "labkit"
'''


def write_assignments(lessons: Sequence[Lesson], folder: Path) -> list[Path]:
    """Write the lessons' assignments into a folder as nbgrader expects them; return their paths.

    Each is `source/NAME/NAME.ipynb`; a lesson without exercises has none.

    A configuration that is there already is left alone.
    """
    written = []
    for lesson in lessons:
        if not lesson.exercises:
            continue
        path = folder / "source" / lesson.notebook / f"{lesson.notebook}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(assignment(lesson), indent=1, ensure_ascii=False) + "\n", "utf-8")
        written.append(path)
    config = folder / "nbgrader_config.py"
    if not config.exists():
        config.write_text(_CONFIG, "utf-8")
    return written
