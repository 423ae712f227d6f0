"""The wheel: alone with pyrsistent it pulls an image; with its extra `course`, `labkit start` has lessons."""

from __future__ import annotations

import email
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from labkit.notebook import copies
from tests.browser import jupyter
from tests.notebooks import ROOT
from tests.real import host

PULL = """
import sys, labkit
print(labkit.Lab().pull("nginx"))
print(labkit.Lab().docker("pull registry.example.com/app").text.splitlines()[-1])
for name in labkit.__all__:
    getattr(labkit, name)
for name, asked in (("stack", "nginx"), ("exercise", "01-one-layer"), ("predict", "pull-layers")):
    try:
        getattr(labkit, name)(asked)
    except labkit.MissingExtra as error:
        print(error)
"""
GUARD = """
import socket
def refuse(*arguments, **options): raise AssertionError("the network was asked")
socket.socket.connect = socket.getaddrinfo = refuse
"""


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command; it must succeed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build labkit's wheel; skips where uv, or what it needs for that, is not on this machine."""
    uv, directory = shutil.which("uv"), tmp_path_factory.mktemp("wheel")
    if uv is None:
        pytest.skip("there is no uv to build a wheel with: pip install uv")
    build = [uv, "build", "--wheel", "--out-dir", str(directory), str(ROOT)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr for word in ("Failed to fetch", "not found in the cache")):
        pytest.skip("hatchling is not in uv's cache, and no package index answers")
    assert done.returncode == 0, done.stderr
    return next(directory.glob("*.whl"))


def installed(folder: Path, python: str, *wanted: str) -> Path:
    """Install what is wanted into a new environment of a Python; return the environment's own Python.

    Skips where a package is missing that no index gives.
    """
    environment = folder / "environment"
    run("uv", "venv", "--python", python, environment)
    own = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = ["uv", "pip", "install", "--python", str(own), *wanted]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and any(word in done.stderr for word in ("Failed to fetch", "not found in the cache")):
        pytest.skip("a package is not in uv's cache, and no package index answers")
    assert done.returncode == 0, done.stderr
    return own


def pythons() -> list[str]:
    """Give this Python alone; with LABKIT_LONG the newest of each version that is on this machine."""
    if not os.environ.get("LABKIT_LONG") or not shutil.which("uv"):
        return [sys.executable]
    found = {}
    for minor in range(11, 20):
        asked = ["uv", "python", "find", "--no-python-downloads", f"3.{minor}"]
        path = subprocess.run(
            asked, capture_output=True, text=True, check=False, cwd=Path.home()
        ).stdout.strip()
        kept = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        found[minor] = path or "".join(map(str, kept[-1:]))
    return [path for path in found.values() if path]


def test_the_wheel_has_the_types_and_the_data(wheel: Path) -> None:
    files = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "labkit"
    kept = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {"labkit/py.typed", "labkit/__init__.pyi"} <= files
    assert kept - files == set()
    assert {f"labkit/notebooks/{name}" for name in copies.course()} <= files
    assert {name.split("/")[0] for name in files} == {"labkit", wheel.name.rsplit("-", 3)[0] + ".dist-info"}


def test_an_index_shows_the_readme_without_what_leads_nowhere_there(wheel: Path) -> None:
    (name,) = [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA")]
    page = email.message_from_bytes(zipfile.ZipFile(wheel).read(name))
    assert page["Description-Content-Type"] == "text/markdown"
    assert page["Requires-Python"] == ">=3.11"
    text = page.get_payload()
    links = re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text)
    assert [each for each in links if "://" not in "".join(each)] == []
    assert "<img" not in text
    assert "<!--" not in text
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.findall("^#+ .*$", text, re.MULTILINE) == re.findall("^#+ .*$", readme, re.MULTILINE)
    assert re.findall("^```", text, re.MULTILINE) == re.findall("^ {0,3}```", readme, re.MULTILINE)


def test_the_engine_needs_one_package_and_no_network(wheel: Path, tmp_path: Path) -> None:
    python = installed(tmp_path, sys.executable, str(wheel))
    listed = run("uv", "pip", "list", "--python", python, cwd=tmp_path).stdout.splitlines()[2:]
    assert [line.split()[0] for line in listed] == ["labkit", "pyrsistent"]
    cut_off = (
        ["unshare", "-n"] if shutil.which("unshare") and hasattr(os, "geteuid") and not os.geteuid() else []
    )
    program = PULL if cut_off else GUARD + PULL
    lines = run(*cut_off, python, "-W", "error", "-c", program, cwd=tmp_path).stdout.splitlines()
    assert lines[:2] == [
        "<Image nginx:latest sha256:27a188018e18: 3 layers, 109MB>",
        "labkit: httpx is not installed: pip install 'labkit[registry]'",
    ]
    laid = run(python, "-m", "labkit", "lessons", tmp_path / "mine", cwd=tmp_path).stdout
    assert laid.startswith(f"{tmp_path}/mine: the course's ")
    for command in ("start", "present", "progress"):
        done = subprocess.run([python, "-m", "labkit", command], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert re.fullmatch(r"labkit: \w+ is not installed: pip install 'labkit\[course\]'\n", done.stderr)
    assert len(lines) == 5
    assert all(line.endswith(" is not installed: pip install 'labkit[course]'") for line in lines[2:])
    typed = subprocess.run(
        [python, "-m", "labkit", "shell", "-"], input="docker pull -q nginx\n", capture_output=True, text=True
    )
    assert (typed.stdout, typed.stderr) == ("$ docker pull -q nginx\ndocker.io/library/nginx:latest\n", "")
    handout = subprocess.run(
        [python, "-m", "labkit", "handout"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (handout.returncode, handout.stdout) == (2, "")
    assert handout.stderr == "labkit: nbformat is not installed: pip install 'labkit[course]'\n"


@pytest.mark.parametrize("python_here", pythons())
def test_what_a_learner_types_opens_the_first_lesson(wheel: Path, tmp_path: Path, python_here: str) -> None:
    """In an empty folder, with an empty home: `pip install 'labkit[course]'`, then `labkit start`."""
    python = installed(tmp_path, python_here, f"labkit[course] @ {wheel.as_uri()}")
    learner, home = tmp_path / "learner", tmp_path / "home"
    learner.mkdir()
    home.mkdir()
    own = ("LABKIT_", "JUPYTER", "IPYTHON", "PYTHON", "MPL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environment |= {"HOME": str(home), "USERPROFILE": str(home)}
    command, port = python.with_name("labkit"), host.free_port()
    options = f"--no-browser --allow-root --port {port} --IdentityProvider.token="
    log = tmp_path / "log"
    process = host.start([str(command), "start", *options.split()], log, env=environment, cwd=learner)
    try:
        address = f"http://127.0.0.1:{port}"
        host.wait_until(lambda: jupyter.answers(f"{address}/api"), process, log, 120)
        assert "labkit-course: the course's " in log.read_text()
        assert jupyter.answers(f"{address}/doc/tree/00-start-here.ipynb")
        assert jupyter.answers(f"{address}/api/contents/01-image-layers.ipynb")
    finally:
        host.stop(process)
    assert (learner / "labkit-course/exercises/01-image-layers.ipynb").exists()
    runs = [python, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    lesson = learner / "labkit-course/more.ipynb"
    done = subprocess.run([*runs, str(lesson)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    text = lesson.read_text("utf-8")
    assert "ok        an image can be pulled and every byte verified" in text
    assert "missing   " not in text
    again = run(command, "lessons", "labkit-course", cwd=learner).stdout.splitlines()
    assert again[1:] == ["  yours, as you left them: more.ipynb"]
