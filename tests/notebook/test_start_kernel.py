"""A kernel that `labkit start` opens says that a first cell was not run."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from labkit.notebook import start

KERNEL = Path(start.__file__).parent / "jupyterlab/kernels/python3/kernel.json"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("lab = Lab()", "Lab is not there yet: run the first cell of this notebook"),
        ('predict("pull-layers")', "predict is not there yet: run the first cell of this notebook"),
        ("%%docker\ndocker ps", "%docker is not there yet: run the first cell of this notebook"),
        ("1 + nothing", "NameError: name 'nothing' is not defined"),
        ("%%nonsense\n1", "Cell magic `%%nonsense` not found"),
    ],
)
def test_a_name_that_a_first_cell_makes(
    source: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels/first-cell"
    folder.mkdir(parents=True)
    spec = json.loads(KERNEL.read_text("utf-8"))
    folder.joinpath("kernel.json").write_text(
        json.dumps(spec | {"argv": [sys.executable, *spec["argv"][1:]]})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=60, kernel_name="first-cell").execute()
    outputs = notebook.cells[0].outputs
    text = "".join(each.get("text", "") + "".join(each.get("traceback", ())) for each in outputs)
    assert says in re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert ("Traceback" in text) == says.startswith("NameError")
