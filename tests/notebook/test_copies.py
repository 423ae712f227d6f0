"""The learner's copies: `labkit lessons` and `labkit start` lay them, and never over somebody's work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from labkit.__main__ import main
from labkit.base.errors import LabkitError
from labkit.notebook import copies
from tests.notebooks import ROOT

ONE = "02-image-history.ipynb"
OTHER = "exercises/01-image-layers.ipynb"


def states(laid: list[copies.Laid]) -> dict[str, str]:
    """Give what became of each file that is not as it was."""
    return {each.name: each.state for each in laid if each.state != "same"}


def change(path: Path, edit: Callable[[Any], None]) -> bytes:
    """Change a notebook as an editor does; return its file."""
    notebook = json.loads(path.read_bytes())
    edit(notebook)
    path.write_text(json.dumps(notebook, indent=2))
    return path.read_bytes()


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Give what makes the course another one: a cell more in each notebook, and a notebook more."""

    def begin() -> None:
        made = tmp_path / "newer"
        for name, file in copies.course().items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(file.read_bytes())
            if name.endswith(".ipynb"):
                change(made / name, lambda each: each["cells"].append(each["cells"][0] | {"id": "more"}))
        (made / "08-volumes.ipynb").write_bytes((made / ONE).read_bytes())
        found = {path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()}
        monkeypatch.setattr(copies, "course", lambda: found)

    return begin


def test_the_course_is_all_that_stands_in_notebooks() -> None:
    kept = {
        path.relative_to(ROOT / "notebooks").as_posix()
        for path in (ROOT / "notebooks").rglob("*")
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    }
    assert set(copies.course()) == kept


def test_copies_have_no_outputs_and_git_does_not_see_them(tmp_path: Path) -> None:
    laid = copies.lay(tmp_path / "mine")
    assert {each.state for each in laid} == {"new"}
    assert (tmp_path / "mine/.gitignore").read_text().splitlines()[-1] == "*"
    for each in laid:
        if each.path.suffix == ".ipynb":
            notebook = nbformat.read(each.path, as_version=4)
            nbformat.validate(notebook)
            code = [cell for cell in notebook.cells if cell.cell_type == "code"]
            assert code
            assert not any(cell.outputs or cell.execution_count for cell in code)


def test_laid_again_everything_is_as_it_was(tmp_path: Path) -> None:
    copies.lay(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert states(copies.lay(tmp_path)) == {}
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_in_a_folder_of_somebody_s_only_the_course_is_added(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    copies.lay(tmp_path)
    assert not (tmp_path / ".gitignore").exists()
    assert (tmp_path / "thesis.txt").read_text() == "mine"


EDITS: dict[str, Callable[[Any], None]] = {
    "a cell was changed": lambda each: each["cells"][0].update(source="mine"),
    "a cell was added": lambda each: each["cells"].append({"cell_type": "code", "source": [], "outputs": []}),
    "a cell was removed": lambda each: each["cells"].pop(),
    "a cell ran": lambda each: each["cells"][-1].update(outputs=[{"output_type": "stream", "text": "1"}]),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_what_was_worked_in_stays_byte_for_byte(tmp_path: Path, edit: Callable[[Any], None]) -> None:
    copies.lay(tmp_path)
    mine = change(tmp_path / ONE, edit)
    assert states(copies.lay(tmp_path)) == {ONE: "kept"}
    assert (tmp_path / ONE).read_bytes() == mine


def test_what_is_no_notebook_any_more_stays_too(tmp_path: Path) -> None:
    copies.lay(tmp_path)
    for content in ("", "[]", '{"cells": [1]}', '{"cells": {}}', '{"cells": [{"cell_type": 1}]}'):
        (tmp_path / ONE).write_text(content)
        assert states(copies.lay(tmp_path)) == {ONE: "kept"}
        assert (tmp_path / ONE).read_text() == content


def test_a_list_that_is_lost_costs_nobody_his_work(tmp_path: Path) -> None:
    copies.lay(tmp_path)
    change(tmp_path / ONE, EDITS["a cell was changed"])
    for damage in ("", "[]", '{"a": 1}', None):
        (tmp_path / copies.LIST).unlink() if damage is None else (tmp_path / copies.LIST).write_text(damage)
        assert states(copies.lay(tmp_path)) == {ONE: "kept"}


def test_a_newer_course_takes_the_place_of_what_nobody_worked_in(
    tmp_path: Path, newer: Callable[[], None]
) -> None:
    copies.lay(tmp_path)
    mine = change(tmp_path / ONE, EDITS["a cell was changed"])
    change(tmp_path / OTHER, lambda each: each["metadata"].update(language_info={"name": "python"}))
    newer()
    first = states(copies.lay(tmp_path))
    assert first.pop(ONE) == "outdated"
    assert first.pop("08-volumes.ipynb") == "new"
    assert first[OTHER] == "renewed"  # opened in JupyterLab, which wrote what is nobody's work
    assert set(first.values()) == {"renewed"}
    assert (tmp_path / ONE).read_bytes() == mine
    assert states(copies.lay(tmp_path)) == {ONE: "outdated"}  # said again, until a new one was laid
    assert states(copies.lay(tmp_path, fresh="02")) == {ONE: "new"}
    assert states(copies.lay(tmp_path)) == {ONE: "kept"}
    assert (tmp_path / ONE).read_bytes() == mine


def test_a_fresh_copy_lies_beside_the_other(tmp_path: Path) -> None:
    copies.lay(tmp_path)
    change(tmp_path / ONE, EDITS["a cell ran"])
    for number in (2, 3):
        (found,) = [each for each in copies.lay(tmp_path, fresh="2") if each.state == "new"]
        assert found.path == tmp_path / f"02-image-history-{number}.ipynb"
    (found,) = [each for each in copies.lay(tmp_path, fresh="exercises/01") if each.state == "new"]
    assert found.path == tmp_path / "exercises/01-image-layers-2.ipynb"


def test_a_name_that_no_notebook_has_is_refused_in_one_line_and_nothing_is_laid(tmp_path: Path) -> None:
    with pytest.raises(LabkitError, match=r"no notebook begins with 09; there are 00-start-here\.ipynb, "):
        copies.lay(tmp_path / "new", fresh="9")
    assert not (tmp_path / "new").exists()


def test_what_the_command_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], newer: Callable[[], None]
) -> None:
    def says(*arguments: str) -> list[str]:
        assert main(["lessons", str(tmp_path / "mine"), *arguments]) == 0
        return [line.replace(f"{tmp_path}/", "") for line in capsys.readouterr().out.splitlines()]

    assert says() == ["mine: the course's 21 files; work in them as you like"]
    assert says() == ["mine: your copies of the course"]
    change(tmp_path / "mine" / ONE, EDITS["a cell ran"])
    assert says() == ["mine: your copies of the course", f"  yours, as you left them: {ONE}"]
    assert says("--fresh", "02")[1] == "  new in the course: 02-image-history-2.ipynb"
    newer()
    lines = says()
    assert "  new in the course: 08-volumes.ipynb" in lines
    assert lines[-1] == f"  yours stay, and there are newer ones (--fresh lays one beside yours): {ONE}"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["lessons", str(tmp_path / "file")]) == 2
    assert capsys.readouterr() == ("", f"labkit lessons: {tmp_path}/file: file exists\n")
    assert main(["lessons", str(tmp_path), "--fresh", "nine"]) == 2
    assert capsys.readouterr().err.startswith("labkit: no notebook begins with nine; there are ")
