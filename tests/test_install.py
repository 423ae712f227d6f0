"""`pip install labkit` in an empty environment: labkit and pyrsistent alone, and an image can be pulled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.notebooks import ROOT

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


def test_the_engine_needs_one_package_and_no_network(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    run("uv", "venv", "--python", sys.executable, environment)
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    install = ["uv", "pip", "install", "--python", str(python), str(wheel)]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode and "pyrsistent" in done.stderr:
        pytest.skip("pyrsistent is not in uv's cache, and no package index answers")
    assert done.returncode == 0, done.stderr
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
