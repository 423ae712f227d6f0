"""The lessons' form, and that each passage runs alone. nbval compares whole notebooks; this is the rest."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks import LESSONS, NOTEBOOKS, ROOT, contents
from tests.notebooks.refresh import as_text, execute, normal

# The slides of the course section, in its order.
SLIDES = [
    "image-layers-1", "image-layers-2", "image-layers-example", "image-history-1", "image-history-2",
    "image-layers-recap", "container-rw-layer-1", "container-rw-layer-2", "storage-drivers",
    "image-inspect-1", "image-inspect-2", "image-inspect-3",
]  # fmt: skip
FRAME = ["What you will learn", "Try it", "What to remember", "Where next"]
NOT_COMPARED = ("application/vnd.jupyter.widget-view+json",)
TIMES = ("", "-again")
"""How the ids of cells end that run for the first and for the second time."""
CHART = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*")
"""Its bytes vary with the version of matplotlib; so in tests/sanitize.cfg, for nbval."""

each_lesson = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> NotebookNode:
    """Read and validate a notebook."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def tags(cell: NotebookNode) -> list[str]:
    """Give a cell's tags."""
    return list(cell.metadata.get("tags", []))


def passages(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """Give the code cells of each passage; one begins at a text cell tagged `passage` or `slide:ID`."""
    found: list[list[NotebookNode]] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and any(tag.startswith(("slide:", "passage")) for tag in tags(cell)):
            found.append([])
        elif cell.cell_type == "code" and "setup" not in tags(cell):
            assert found, f"before the first passage: {cell.source}"
            found[-1].append(cell)
    return found


def shown(cell: NotebookNode) -> list[Any]:
    """Give what a cell shows, in a form that can be compared."""
    streams: dict[str, str] = {}
    rest: list[Any] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
        elif output.output_type == "error":
            rest.append((output.ename, output.evalue))
        else:
            rest.append(
                {
                    kind: CHART.sub("PNG", data)
                    for kind, data in output.data.items()
                    if kind not in NOT_COMPARED
                }
            )
    return [streams, *rest]


@each_lesson
def test_the_file_is_in_the_form_that_refresh_writes(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text == as_text(normal(nbformat.reads(text, as_version=4))), (
        f"run: python -m tests.notebooks.refresh {path.name}"
    )


@each_lesson
def test_each_cell_has_an_id_of_its_own_and_each_text_is_closed(path: Path) -> None:
    cells = read(path).cells
    assert len({cell.id for cell in cells}) == len(cells)
    assert [cell.source for cell in cells if cell.source != cell.source.strip() or not cell.source] == []


@each_lesson
def test_there_is_one_set_up_cell_and_it_comes_first(path: Path) -> None:
    code = [cell for cell in read(path).cells if cell.cell_type == "code"]
    assert [index for index, cell in enumerate(code) if "setup" in tags(cell)] == [0]


@each_lesson
def test_no_output_names_an_address_in_memory_or_a_traceback(path: Path) -> None:
    outputs = str([cell.outputs for cell in read(path).cells if cell.cell_type == "code"])
    assert " at 0x" not in outputs
    assert "Traceback" not in outputs


@each_lesson
def test_each_passage_shows_the_same_alone_after_a_restart_and_twice(path: Path) -> None:
    """From the last passage to the first, each after the set-up cell in an empty namespace, and once more."""
    notebook = read(path)
    setup = next(cell.source for cell in notebook.cells if "setup" in tags(cell))
    stored = {cell.id: shown(cell) for passage in passages(notebook) for cell in passage}
    cells: list[NotebookNode] = []
    for passage in reversed(passages(notebook)):
        cells += [nbformat.v4.new_code_cell(source) for source in ("%reset -f", setup)]
        cells += [NotebookNode({**deepcopy(cell), "id": cell.id + end}) for end in TIMES for cell in passage]
    ran = execute(nbformat.v4.new_notebook(cells=cells), path.parent)
    found = {cell.id: shown(cell) for cell in ran.cells}
    wanted = {each + end: words for end in TIMES for each, words in stored.items()}
    assert {each: found[each] for each in wanted if found[each] != wanted[each]} == {}


@each_lesson
def test_what_is_not_folded_needs_nothing_that_is(path: Path) -> None:
    """A learner answers the cards, runs what is to be seen, and leaves the folded cells as they are."""
    cells = [deepcopy(cell) for cell in read(path).cells if cell.cell_type == "code"]
    seen = [cell for cell in cells if "after" not in tags(cell)]
    stored = {cell.id: shown(cell) for cell in seen if "predict(" not in cell.source}
    for cell in seen:
        cell.source = re.sub(r"^(predict\(.*)\)$", r'\1, answer="A")', cell.source, flags=re.M)
    ran = execute(nbformat.v4.new_notebook(cells=seen), path.parent)
    found = {cell.id: shown(cell) for cell in ran.cells}
    assert {each: found[each] for each in stored if found[each] != stored[each]} == {}


def test_the_slides_are_covered_in_their_order() -> None:
    found = [tag for path in LESSONS for cell in read(path).cells for tag in tags(cell)]
    assert [tag for tag in found if tag.startswith("slide:")] == [f"slide:{each}" for each in SLIDES]


@pytest.mark.parametrize("path", LESSONS[1:], ids=lambda path: path.stem)
def test_a_lesson_keeps_its_frame(path: Path) -> None:
    """What you will learn, set-up, passages, try it, what to remember, where next."""
    text = [
        line for cell in read(path).cells if cell.cell_type == "markdown" for line in cell.source.split("\n")
    ]
    headings = [line.removeprefix("## ") for line in text if line.startswith("## ")]
    assert [headings[0], *headings[-3:]] == FRAME


@pytest.mark.parametrize("path", LESSONS[1:], ids=lambda path: path.stem)
def test_a_question_stands_in_each_passage_that_runs_something(path: Path) -> None:
    found: list[str] = []
    for cell in read(path).cells:
        if any(tag.startswith(("slide:", "passage")) for tag in tags(cell)):
            found.append("")
        if found:
            found[-1] += f"\n{'[run]' if cell.cell_type == 'code' else ''} {cell.source}"
    asking = ("**Decide first:**", "**Before you go on:**", "predict(", "recall(", "## Try it")
    running = [passage for passage in found if "[run]" in passage]
    assert [passage[:80] for passage in running if not any(words in passage for words in asking)] == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_fits_into_its_time(path: Path) -> None:
    """The first takes five minutes; the last has its time in its exercises, the tickets."""
    least, most = {LESSONS[0]: (5, 5), LESSONS[-1]: (5, 12)}.get(path, (20, 25))
    assert least <= contents.minutes(read(path)) <= most


@pytest.mark.parametrize("path", LESSONS[:-1], ids=lambda path: path.stem)
def test_a_lesson_begins_with_something_to_take_in_the_hand_or_to_see(path: Path) -> None:
    first = passages(read(path))[0][0].source
    assert contents.TOYS.search(first) or "file_blocks(" in first
    assert "predict(" not in first


def test_the_numbered_notebooks_are_the_lessons() -> None:
    assert sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb")) == LESSONS


def test_heads_links_and_the_table_of_lessons_are_as_the_lessons_say() -> None:
    for path, text in contents.wanted().items():
        assert path.read_text("utf-8") == text, "run: python -m tests.notebooks.contents"
