"""Run notebooks and store their outputs in the form that git keeps and the tests compare with.

python -m tests.notebooks.refresh            all notebooks, the exercises as the lessons have them
python -m tests.notebooks.refresh FILE …     these notebooks
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from labkit import lessons
from labkit.course.worksheets import worksheet
from tests.notebooks import NOTEBOOKS, ROOT, prepare_kernels

FOLDER = ROOT / "notebooks" / "exercises"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def normal(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook without what depends on the day, the machine or the editor.

    What stays: the cells with their ids, their tags, counts from 1 on, and their outputs.
    """
    notebook = NotebookNode(notebook)
    notebook.metadata = NotebookNode(kernelspec=NotebookNode(KERNEL))
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    return notebook


def as_text(notebook: NotebookNode) -> str:
    """Return a notebook's file."""
    return f"{nbformat.writes(notebook).rstrip()}\n"


def execute(notebook: NotebookNode, directory: Path) -> NotebookNode:
    """Run a notebook's cells in a kernel of this Python, in a directory; raises CellExecutionError."""
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(directory)}},
    )
    return client.execute()


def worksheets() -> dict[Path, dict[str, Any]]:
    """Return the notebooks of exercises by their paths, as the lessons make them."""
    return {
        FOLDER / f"{lesson.notebook}.ipynb": worksheet(lesson, lessons.LESSONS)
        for lesson in lessons.LESSONS
        if lesson.exercises
    }


def refresh(path: Path) -> bool:
    """Run a notebook and write its outputs into it; tell whether its file is another one now."""
    before = path.read_text("utf-8") if path.exists() else ""
    made = worksheets().get(path.resolve())
    notebook = nbformat.from_dict(made) if made else nbformat.reads(before, as_version=4)
    after = as_text(normal(execute(notebook, path.parent)))
    if after != before:
        path.write_text(after, "utf-8")
    return after != before


def main(arguments: Sequence[str]) -> int:
    """Refresh the notebooks that are named, or all notebooks; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="labkit-ipython-") as directory:
        prepare_kernels(directory)
        for path in [Path(each) for each in arguments] or [*NOTEBOOKS, *worksheets()]:
            try:
                print(f"{path.name}: {'refreshed' if refresh(path) else 'as before'}")
            except CellExecutionError as error:
                reason = f"{error.ename}: {error.evalue}"
                print(f"{path.name}: left as it was, because a cell fails: {reason}", file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
