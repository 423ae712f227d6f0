"""The commands that an author types run the lessons, in a clone and beside the wheel alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks import NOTEBOOKS, ROOT

LONG = bool(os.environ.get("LABKIT_LONG"))
"""Then all notebooks run, else the first two."""
SHORT = [path.name for path in NOTEBOOKS[:2]]
OWN = ("PYTEST_", "LABKIT_", "IPYTHONDIR", "MPL", "JUPYTER", "COV_")
"""What this run of the tests adds to the environment, and an author's terminal has not."""


def passes(folder: Path, home: Path, *arguments: str) -> None:
    """Check that pytest, typed in a folder, passes: with nothing in the environment, nor in the home."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    if folder == ROOT:
        command += ["-n", "0"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment | {"HOME": str(home), "COLUMNS": "40"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


@pytest.mark.parametrize("option", [[], ["--nbval"]], ids=["pytest", "pytest --nbval"])
@pytest.mark.parametrize("asked", ["notebooks"] if LONG else [f"notebooks/{name}" for name in SHORT[1:]])
def test_in_a_clone_the_notebooks_pass_alone(asked: str, option: list[str], tmp_path: Path) -> None:
    passes(ROOT, tmp_path, *option, asked)


def test_without_the_projects_settings_the_notebooks_pass(tmp_path: Path) -> None:
    """So for who has installed the wheel: no conftest.py, no pyproject.toml, no sanitize.cfg."""
    folder, home = tmp_path / "lessons", tmp_path / "home"
    home.mkdir()
    shutil.copytree(ROOT / "notebooks", folder)
    (folder / "pytest.ini").write_text("[pytest]\n")  # so that no folder above is asked for settings
    passes(folder, home, "--nbval", *([] if LONG else SHORT))
