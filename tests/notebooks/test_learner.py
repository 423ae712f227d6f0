"""The learner's copies: nothing on the page tells before the guess, and nothing of the lesson is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labkit.course.lesson import find_question
from labkit.course.questions import Question
from labkit.lessons import LESSONS
from labkit.notebook.copies import learners_copy
from tests.course.test_slides import code
from tests.notebooks import LESSONS as FILES

each_lesson = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
_CARD = re.compile(r'predict\("([\w-]+)"')
_TEXT = re.compile(r"[`*]|\s+")


@cache
def notebook(path: Path) -> dict[str, Any]:
    """Read a lesson."""
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return read


def visible(cell: dict[str, Any]) -> str:
    """Give what a learner reads of a cell of the copy before he opens or runs anything."""
    text = "".join(cell["source"])
    hidden = cell["metadata"].get("jupyter", {}).get("source_hidden")
    return "" if hidden else re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)


def cards(cells: list[dict[str, Any]]) -> Iterator[tuple[int, Question]]:
    """Give the cards with the places of their cells."""
    for place, cell in enumerate(cells):
        if found := _CARD.search("".join(cell["source"])):
            yield place, find_question(LESSONS, found[1])


def around(cells: list[dict[str, Any]], place: int) -> list[dict[str, Any]]:
    """Give the cells before a card, and those after it up to the next heading."""
    after = []
    for cell in cells[place + 1 :]:
        if cell["cell_type"] == "markdown" and re.search(r"^## ", "".join(cell["source"]), re.MULTILINE):
            break
        after.append(cell)
    return cells[:place] + after


def plain(text: str) -> str:
    """Give a text without marks, on one line."""
    return _TEXT.sub(" ", text).casefold()


def telling(question: Question) -> list[str]:
    """Give what tells: the lines that decide, and the right answer's text where it is more than a word."""
    text = question.play(question.setup())
    lines = [text.splitlines()[number] for number in question.deciding(text)]
    words = [question.right.text] if len(question.right.text.split()) > 1 else []
    return [plain(each).strip() for each in (*lines, *words) if not each.startswith("$ ")]


@each_lesson
def test_nothing_that_can_be_seen_tells_before_the_guess(path: Path) -> None:
    cells = learners_copy(notebook(path))["cells"]
    found = []
    for place, question in cards(cells):
        seen = " ".join(plain(visible(each)) for each in around(cells, place))
        found += [(question.id, words) for words in telling(question) if len(words) > 5 and words in seen]
        assert plain(visible(cells[place])).count(question.id), "the card itself is to be seen"
    assert found == []


@each_lesson
def test_a_lesson_asks_often_enough(path: Path) -> None:
    """But for the first, which takes five minutes, and the last, whose questions are its tickets."""
    least = {FILES[0]: 1, FILES[-1]: 0}.get(path, 5)
    assert len(list(cards(notebook(path)["cells"]))) >= least


@each_lesson
def test_each_command_of_a_card_stands_below_it_as_a_cell_of_its_own(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    for place, question in cards(cells):
        after = [cell for cell in cells[place:] if "after" in cell.metadata.get("tags", [])]
        lines = [line for cell in after if cell.cell_type == "code" for line in code(cell)]
        wanted = [line for line in question.commands if line.startswith("docker ")]
        assert [line for line in wanted if line.strip() not in lines] == [], question.id


@each_lesson
def test_no_text_asks_before_a_run_without_a_card(path: Path) -> None:
    source = "".join("".join(cell["source"]) for cell in notebook(path)["cells"])
    assert "Before you run it" not in source
    assert "heck your guess" not in source


@each_lesson
def test_a_copy_has_no_outputs_and_the_lesson_keeps_its_own(path: Path) -> None:
    before = json.dumps(notebook(path))
    made = learners_copy(notebook(path))
    assert json.dumps(notebook(path)) == before
    nbformat.validate(nbformat.from_dict(made))
    code_cells = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert not any(cell["outputs"] or cell["execution_count"] for cell in code_cells)
    assert [cell["id"] for cell in made["cells"][1:]] == [cell["id"] for cell in notebook(path)["cells"]]
    assert "our copy" in made["cells"][0]["source"]
    assert made["metadata"]["language_info"]["name"] == "python"


@each_lesson
def test_no_stored_output_of_a_card_has_the_answer(path: Path) -> None:
    for place, question in cards(notebook(path)["cells"]):
        stored = json.dumps(notebook(path)["cells"][place]["outputs"])
        assert "buttons appear" in stored
        assert not any(json.dumps(each.reason)[1:-1] in stored for each in question.choices if each.reason)


def test_a_text_below_a_run_is_folded_with_its_markdown_alive() -> None:
    cell = {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["after"]}, "source": ["**So** it is."]}
    folded = learners_copy({"cells": [cell], "metadata": {}})["cells"][1]["source"].split("\n")
    assert folded[1:4] == ["", "**So** it is.", ""]
    assert "After the run" in folded[0]
