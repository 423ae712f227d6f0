"""What is missing, a library of an extra or a terminal, is said in one line where it is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks import ROOT

WITHOUT = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in sys.argv[1].split():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""
TERMINAL = "termios tty pty fcntl curses readline pwd grp resource msvcrt winreg"
COURSE = "matplotlib httpx prompt_toolkit filelock platformdirs zstandard numpy"
IMPORT_ALL = """
import importlib, pkgutil, labkit
for each in pkgutil.walk_packages(labkit.__path__, "labkit."):
    if each.name not in ("labkit.__main__", "labkit.store.remote"):
        importlib.import_module(each.name)
import labkit.__main__
print("all imported")
"""


def run(missing: str, code: str, **environment: str) -> list[str]:
    """Run code where some modules are missing; give what it prints, warnings being errors."""
    command = [sys.executable, "-W", "error", "-c", WITHOUT + code, missing]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_every_module_can_be_imported() -> None:
    assert run(COURSE, IMPORT_ALL) == ["all imported"]


def test_no_module_of_the_engine_asks_for_a_terminal() -> None:
    """Jupyter's own kernel does, so only what runs without one is looked at, as on Windows."""
    code = """
import importlib, pkgutil, labkit
for each in pkgutil.walk_packages(labkit.__path__, "labkit."):
    if not each.name.startswith(("labkit.notebook", "labkit.__main__", "labkit.store.remote")):
        importlib.import_module(each.name)
import labkit.__main__
sys.exit(labkit.__main__.main(["shell", "-"]))
"""
    command = [sys.executable, "-W", "error", "-c", WITHOUT + code, f"{TERMINAL} IPython {COURSE}"]
    done = subprocess.run(
        command, input="docker images -q; echo on\n", capture_output=True, text=True, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == ("$ docker images -q; echo on\non\n", "")


FEATURES = {
    "a chart": (
        "print(labkit.pull_timeline('nginx')._repr_mimebundle_()['text/plain'])",
        "no chart: matplotlib is not installed here (pip install 'labkit[course]'); in words:",
    ),
    "a registry": (
        "print(labkit.Lab().docker('pull registry.example.com/app').text.splitlines()[-1])",
        "labkit: httpx is not installed: pip install 'labkit[registry]'",
    ),
    "a hub": (
        "print(labkit.Lab(hub='registry.example.com').docker('pull nginx').text.splitlines()[-1])",
        "labkit: httpx is not installed: pip install 'labkit[registry]'",
    ),
    "a push": (
        "lab = labkit.Lab(); lab.pull('busybox'); lab.docker('tag busybox registry.example.com/b');"
        "print(lab.docker('push registry.example.com/b').text.splitlines()[-1])",
        "labkit: httpx is not installed: pip install 'labkit[registry]'",
    ),
    "the progress": (
        "from labkit.base.errors import LabkitError\n"
        "try: labkit.progress()\nexcept LabkitError as error: print(error)",
        "labkit: filelock is not installed: pip install 'labkit[course]'",
    ),
    "the terminal": (
        "from labkit.notebook import console; print(console._reader(labkit.Lab()) is input)",
        "Without arrow keys and Tab: prompt_toolkit is not installed (pip install 'labkit[course]').",
    ),
}


@pytest.mark.parametrize(("code", "line"), FEATURES.values(), ids=FEATURES)
def test_what_is_missing_is_one_line(code: str, line: str, tmp_path: Path) -> None:
    said = run(COURSE, f"import labkit\n{code}", LABKIT_DATA=str(tmp_path))
    assert said[0] == line


@pytest.mark.parametrize(("code", "line"), FEATURES.values(), ids=FEATURES)
def test_in_a_browser_nothing_is_to_be_installed(code: str, line: str, tmp_path: Path) -> None:
    browser = "import pathlib, labkit.notebook, threading\nsys.platform = 'emscripten'\nimport labkit\n"
    if "filelock" in line:  # no lock there, and none is needed
        assert run(COURSE, f"{browser}{code}\nprint('kept')", LABKIT_DATA=str(tmp_path)) == ["kept"]
        return
    said = run(COURSE, browser + code, LABKIT_DATA=str(tmp_path))
    assert said[0].endswith(("this page was made without it", "made without it); in words:", "without it)."))
    assert "pip" not in "\n".join(said)
