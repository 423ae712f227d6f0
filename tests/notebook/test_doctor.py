"""`python -m labkit doctor` and `check()`: one list of checks, one line each, and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from labkit.notebook import doctor
from labkit.notebook.doctor import Check
from tests.test_project import PYPROJECT, requirement


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with arguments, without any package but labkit itself where `-S` is among them."""
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, env=environment or None
    )


def test_here_nothing_is_missing_that_the_lessons_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.report() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("missing")] == []
    project = PYPROJECT["project"]
    for name in [*project["dependencies"], *project["optional-dependencies"]["course"]]:
        package = requirement(name)[0]
        assert any(line.startswith(f"ok        the package {package}: ") for line in lines), package


def test_the_notebook_shows_the_same_list_without_what_depends_on_the_machine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    doctor.check()
    shown = capsys.readouterr().out.splitlines()
    assert shown == [each.line(versions=False) for each in doctor.doctor() if not each.optional]
    assert all(line.startswith("ok ") for line in shown)


def test_what_is_missing_makes_the_exit_code_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "1.0" if name == "httpx" else "99.0")
    assert doctor.report() == 1
    out = capsys.readouterr().out
    assert 'missing   the package httpx: 1.0: pip install "httpx<1,>=0.28"\n' in out


def test_what_is_optional_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda name: None)
    assert doctor.report() == 0
    out = capsys.readouterr().out
    assert "optional  Chromium, for slides, PDF and tests in a browser: apt-get install chromium\n" in out
    assert "optional  Docker Engine 20.10, for a comparison with a real engine: apt-get" in out


def test_a_front_end_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(doctor.site, "getuserbase", lambda: str(tmp_path))
    told = [each.line() for each in doctor.doctor(optional=False) if not each.ok]
    assert [line[:59] for line in told] == [
        "missing   the front end of ipywidgets in JupyterLab: pip in",
        "missing   the front end of anywidget in JupyterLab: pip ins",
    ]


def test_in_a_browser_nothing_is_looked_for_that_cannot_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_IN_A_BROWSER", True)
    monkeypatch.setattr(doctor.site, "getuserbase", lambda: None)
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "1.0")
    lines = [each.line() for each in doctor.doctor()]
    assert [line for line in lines if "JupyterLab" in line or "Docker" in line or "Chromium" in line] == []
    assert "missing   the package httpx: 1.0: this page was made without it" in lines
    assert "pip" not in "".join(lines)


def test_a_docker_that_does_not_answer_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*arguments: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("docker", 10)

    monkeypatch.setattr(doctor.shutil, "which", lambda name: "/usr/bin/docker")
    monkeypatch.setattr(doctor.subprocess, "run", late)
    (docker,) = (each for each in doctor.doctor() if each.what.startswith("Docker"))
    assert (docker.do, docker.found) == ("start the engine", "its program does not answer")


def test_without_any_package_it_says_so_and_fails_without_a_traceback(tmp_path: Path) -> None:
    root = Path(doctor.__file__).parents[2]
    done = run("-S", "-m", "labkit", "doctor", PYTHONPATH=str(root), HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == ""
    assert "missing   a container runs and keeps its changes: pip install pyrsistent\n" in done.stdout


@pytest.mark.parametrize(
    ("check", "line"),
    [
        (Check("a"), "ok        a"),
        (Check("a", "1.0"), "ok        a: 1.0"),
        (Check("a", "1.0", "do this"), "missing   a: 1.0: do this"),
        (Check("a", "", "do this", "tests"), "optional  a, for tests: do this"),
    ],
)
def test_a_check_is_one_line(check: Check, line: str) -> None:
    assert check.line() == line
