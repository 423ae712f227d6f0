"""Write what the lessons say of themselves into their notebooks and the README.

    python -m tests.notebooks.contents

A lesson's first cell begins with its title and, in bold, the question that it answers, and says how long the
lesson takes, which is counted here. Its last cell ends with the links to the lesson before it, to its
exercises and to the lesson after it. A word that leads to the glossary says on the way what it means, and the
glossary leads back. The README has a table of all lessons. Titles, questions and order are those of
`labkit.lessons`.
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
GLOSSARY = ROOT / "notebooks" / "glossary.md"
_HEAD = re.compile(r"# .+\n\n\*\*.+\*\*(?:\n\nAbout \d+ minutes\.)?(?=\n|$)")
_SCREEN = re.compile(r"```.*?```", re.DOTALL)
_WORD = re.compile(r"[\w'-]+")
TOYS = re.compile(
    r"\b(?:terminal|playground|layer_or_not|copy_or_not|sheets|cow_stepper|dockerfile_board|\w+_explorer)\("
)
_WORDS = 130
"""Read in a minute, folded texts too, by those whose first language is another one."""
_TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=   <!-- /lessons -->)", re.DOTALL)
_WORD_OF = re.compile(r'\(glossary\.md#([\w-]+)(?: "[^"]*")?\)')
_MEANING = re.compile(r"^## (.+)\n((?:.|\n(?!\n))+)", re.MULTILINE)
_BACK = re.compile(r"^Back to .+$", re.MULTILINE)
_TARGET = re.compile(r"\]\([^)]*\)")
_NEXT = re.compile(r"(?<=## Where next).*", re.DOTALL)


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


def minutes(notebook: nbformat.NotebookNode) -> int:
    """Return how long a lesson takes.

    A card takes a minute, with its run; what is taken in the hand and what is tried by oneself two; any
    other run half a minute. A cell tagged `after` is the card's run once more.
    """
    taken = 0.0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", ())
        if cell.cell_type == "markdown":
            taken += len(_WORD.findall(_TARGET.sub("]", _SCREEN.sub("", cell.source)))) / _WORDS
        elif "predict(" in cell.source:
            taken += 1
        elif TOYS.search(cell.source) or cell.source.endswith("# your commands"):
            taken += 2
        elif "setup" not in tags and "after" not in tags:
            taken += 0.5
    return round(taken)


def meanings() -> dict[str, str]:
    """Return the first sentence that the glossary says of each word, by the word's place in it."""
    found = _MEANING.findall(GLOSSARY.read_text("utf-8"))
    plain = {
        name: re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", "").split(". ")[0]
        for name, text in found
    }
    # JupyterLab's anchors keep a heading's letters as they are.
    return {name.replace(" ", "-"): f"{text.rstrip('.')}." for name, text in plain.items()}


def glossary() -> str:
    """Return the glossary with the links that lead back."""
    back = " | ".join(f"[{each.heading}]({each.notebook}.ipynb)" for each in lessons.LESSONS)
    return _BACK.sub(lambda _: f"Back to {back}", GLOSSARY.read_text("utf-8"))


def with_contents(lesson: Lesson, text: str) -> str:
    """Return the text of a lesson's notebook with its head and its links as they should be.

    Raises ValueError where the first cell has no title with a question in bold.
    """
    notebook = nbformat.reads(text, as_version=4)
    first, last = notebook.cells[0], notebook.cells[-1]
    head = f"# {lesson.heading}\n\n**{lesson.answers}**\n\nAbout {minutes(notebook)} minutes."
    first.source, found = _HEAD.subn(lambda _: head, first.source, count=1)
    if not found:
        raise ValueError(f"{lesson.notebook}: the first cell needs a title and a question in bold")
    known = meanings()
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _WORD_OF.sub(lambda at: f'(glossary.md#{at[1]} "{known[at[1]]}")', cell.source)
    last.source = _NEXT.sub(lambda _: f"\n\n{links(lesson)}", last.source)
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
    return {**made, README: readme(), GLOSSARY: glossary()}


def main() -> int:
    """Write every file that is stale, and name it."""
    for path, text in wanted().items():
        if path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"{path.name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
