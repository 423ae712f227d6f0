"""Write what is derived from the notebooks' files: their links to each other, and the README's table.

    python -m tests.notebooks.contents

A lesson's first cell begins with its title and, in bold, the question that it answers. Its last cell ends
with the links to the lesson before it, to its exercises and to the lesson after it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from tests.notebooks import LESSONS, ROOT
from tests.notebooks.refresh import as_text

README = ROOT / "README.md"
_HEAD = re.compile(r"# (?P<title>.+)\n\n\*\*(?P<question>.+)\*\*(?:\n|$)")
_TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=   <!-- /lessons -->)", re.DOTALL)
_NEXT = re.compile(r"(?<=## Where next\n\n).*", re.DOTALL)


def head(path: Path) -> tuple[str, str]:
    """Return a notebook's title and its question; raises ValueError where its first cell has none."""
    match = _HEAD.match(nbformat.read(path, as_version=4).cells[0].source)
    if match is None:
        raise ValueError(f"{path.name}: the first cell needs a title and a question in bold")
    return match["title"], match["question"]


def exercises_of(path: Path) -> Path | None:
    """Return the notebook with a lesson's exercises, if there is one."""
    return next(iter(sorted((path.parent / "exercises").glob(f"{path.name[:2]}-*.ipynb"))), None)


def links(path: Path) -> str:
    """Return the last lines of a lesson: where to go next."""
    place = LESSONS.index(path)
    before = [LESSONS[place - 1]] if place else []
    after = LESSONS[place + 1 : place + 2] or LESSONS[:1]
    found = [f"← [{head(each)[0]}]({each.name})" for each in before]
    found += [f"[{head(each)[0]}]({each.name}) →" for each in after]
    line = " · ".join(found)
    exercises = exercises_of(path)
    return line if exercises is None else f"[Exercises](exercises/{exercises.name}) on this lesson\n\n{line}"


def with_links(path: Path) -> str:
    """Return a lesson's file with its links as they should be."""
    notebook = nbformat.read(path, as_version=4)
    last = notebook.cells[-1]
    last.source = _NEXT.sub(lambda _: links(path), last.source)
    return as_text(notebook)


def readme() -> str:
    """Return the README with its table of lessons as it should be."""
    rows = ["| lesson | what it answers | practice |", "|---|---|---|"]
    for path in LESSONS:
        title, question = head(path)
        exercises = exercises_of(path)
        practice = f"[exercises](notebooks/exercises/{exercises.name})" if exercises else ""
        rows.append(f"| [{title}](notebooks/{path.name}) | {question} | {practice} |")
    table = "".join(f"   {row}\n" for row in rows)
    return _TABLE.sub(lambda _: f"\n{table}\n", README.read_text("utf-8"))


def main() -> int:
    """Write every file that is stale, and name it."""
    wanted = {path: with_links(path) for path in LESSONS} | {README: readme()}
    for path, text in wanted.items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{path.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
