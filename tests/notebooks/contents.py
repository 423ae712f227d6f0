"""Write what the lessons say of themselves into their notebooks and the README.

    python -m tests.notebooks.contents

A lesson's first cell begins with its title and, in bold, the question that it answers. Its last cell ends
with the links to the lesson before it, to its exercises and to the lesson after it. The README has a table of
all lessons. Titles, questions and order are those of `labkit.lessons`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from labkit import lessons
from labkit.course.lesson import Lesson
from tests.notebooks import ROOT
from tests.notebooks.refresh import as_text

README = ROOT / "README.md"
_HEAD = re.compile(r"# .+\n\n\*\*.+\*\*(?=\n|$)")
_TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=   <!-- /lessons -->)", re.DOTALL)
_NEXT = re.compile(r"(?<=## Where next\n\n).*", re.DOTALL)


def path_of(lesson: Lesson) -> Path:
    """Return where a lesson's notebook is."""
    return ROOT / "notebooks" / f"{lesson.notebook}.ipynb"


def links(lesson: Lesson) -> str:
    """Return the last lines of a lesson: where to go next."""
    place = lessons.LESSONS.index(lesson)
    before = lessons.LESSONS[:place][-1:]
    after = lessons.LESSONS[place + 1 :][:1] or lessons.LESSONS[:1]
    found = [f"← [{each.heading}]({each.notebook}.ipynb)" for each in before]
    found += [f"[{each.heading}]({each.notebook}.ipynb) →" for each in after]
    practice = (
        f"[Exercises](exercises/{lesson.notebook}.ipynb) on this lesson\n\n" if lesson.exercises else ""
    )
    return practice + " · ".join(found)


def with_contents(lesson: Lesson, text: str) -> str:
    """Return the text of a lesson's notebook with its head and its links as they should be.

    Raises ValueError where the first cell has no title with a question in bold.
    """
    notebook = nbformat.reads(text, as_version=4)
    first, last = notebook.cells[0], notebook.cells[-1]
    head = f"# {lesson.heading}\n\n**{lesson.answers}**"
    first.source, found = _HEAD.subn(lambda _: head, first.source, count=1)
    if not found:
        raise ValueError(f"{lesson.notebook}: the first cell needs a title and a question in bold")
    last.source = _NEXT.sub(lambda _: links(lesson), last.source)
    return as_text(notebook)


def readme() -> str:
    """Return the README with its table of lessons as it should be."""
    rows = ["| lesson | what it answers | practice |", "|---|---|---|"]
    for lesson in lessons.LESSONS:
        file = f"{lesson.notebook}.ipynb"
        practice = f"[exercises](notebooks/exercises/{file})" if lesson.exercises else ""
        rows.append(f"| [{lesson.heading}](notebooks/{file}) | {lesson.answers} | {practice} |")
    table = "".join(f"   {row}\n" for row in rows)
    return _TABLE.sub(lambda _: f"\n{table}\n", README.read_text("utf-8"))


def wanted() -> dict[Path, str]:
    """Return the text that each of these files should have."""
    notebooks = {path_of(lesson): lesson for lesson in lessons.LESSONS}
    made = {path: with_contents(lesson, path.read_text("utf-8")) for path, lesson in notebooks.items()}
    return {**made, README: readme()}


def main() -> int:
    """Write every file that is stale, and name it."""
    for path, text in wanted().items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{path.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
