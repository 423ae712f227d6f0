"""The learner's own Docker, where it is a real engine: lines run there, and compared with labkit's."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import Lab
from labkit.cli.own_docker import run
from tests.cli import sessions
from tests.real.engine import DOCKER, RealEngine

pytestmark = pytest.mark.real


@pytest.fixture
def lab(fresh_engine: RealEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Give a lab that holds what the engine holds, which is the one that `docker` means."""
    for name, value in fresh_engine.environment().items():
        monkeypatch.setenv(name, value)
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "docker").symlink_to(DOCKER)
    monkeypatch.setenv("PATH", str(programs))
    lab = sessions.loaded_lab(tmp_path)
    sessions.empty(fresh_engine, tmp_path)
    assert run(f"docker load -q -i {tmp_path}/app.tar").exit_code == 0
    return lab


def both(lab: Lab, line: str) -> None:
    assert run(f"docker {line}").exit_code == 0
    assert lab.docker(line).exit_code == 0


def test_what_reads_is_equal_but_for_what_each_makes_up(lab: Lab) -> None:
    both(lab, "run -d --network none --name box app:1 sleep 1000")
    both(lab, "exec box sh -c 'echo x >> /app/index.html; rm /etc/passwd'")
    both(lab, "create --network none base:1 ls")
    for line in (
        "images --no-trunc",
        "image history app:1",
        "image inspect app:1",
        "ps -as",
        "container ls -a --no-trunc",
        "logs box",
        "system df",
        "image history nope",
    ):
        compared = lab.compare(line)
        assert compared.equal, compared.text


def test_a_difference_is_marked(lab: Lab) -> None:
    lab.docker("rmi tool:1")
    run("docker tag base:1 more")
    assert [row.mark for row in lab.compare("images").rows].count(">") == 2


def test_a_line_that_changes_something_runs_as_typed(lab: Lab) -> None:
    assert run("docker rmi tool:1").stdout.startswith("Untagged: tool:1\n")
    assert "tool" not in run("docker images").stdout


def test_a_daemon_that_does_not_run_is_told_in_docker_s_words(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    result = run("docker ps")
    assert result.stderr == (
        f"Cannot connect to the Docker daemon at unix://{tmp_path}/none.sock. Is the docker daemon running?\n"
    )
    assert result.hint.startswith("labkit: your Docker does not run: start")
    assert lab.compare("ps").verdict.startswith("labkit: nothing to compare with: your Docker does not run")
