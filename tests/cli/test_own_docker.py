"""A line on the learner's own Docker: what is run, what is said when it fails, and that it never raises."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from labkit.__main__ import main
from labkit.base.errors import LabkitError
from labkit.cli.own_docker import run, words_of
from tests.cli.own_dockers import docker_that

PERMISSION = (
    "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"
)


def test_the_words_arrive_as_they_were_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = docker_that("echo out; echo err >&2; exit 3", tmp_path, monkeypatch)
    result = run("docker images --format '{{.ID}} $HOME *' \"a  b\" c\\ d")
    assert said.read_text() == "[images][--format][{{.ID}} $HOME *][a  b][c d]\n"
    assert (result.stdout, result.stderr, result.exit_code, result.hint) == ("out\n", "err\n", 3, "")


def test_nothing_but_what_was_typed_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = docker_that("", tmp_path, monkeypatch)
    run("docker rmi nginx")
    assert said.read_text() == "[rmi][nginx]\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ls", "labkit: on your Docker only docker's own commands run, not 'ls'"),
        ("", "labkit: on your Docker only docker's own commands run"),
        ("/bin/docker ps", "labkit: on your Docker only docker's own commands run, not '/bin/docker'"),
        ("docker ps | wc", "labkit: on your Docker a line runs without a shell, which '|' is for"),
        ("docker ps; rm -r x", "labkit: on your Docker a line runs without a shell, which ';' is for"),
        ("docker ps && ls", "labkit: on your Docker a line runs without a shell, which '&&' is for"),
        ("docker save x > y", "labkit: on your Docker a line runs without a shell, which '>' is for"),
        ("docker rm $(docker ps)", "labkit: on your Docker a line runs without a shell, which '$(' is for"),
        ("docker rm `x`", "labkit: on your Docker a line runs without a shell, which '`' is for"),
        ("docker rm \"$HOME\"", "labkit: on your Docker a line runs without a shell, which '$H' is for"),
        ("docker run 'x", "labkit: no closing quotation: docker run 'x"),
        ("docker run \0", "labkit: a line cannot hold a zero byte"),
    ],
)  # fmt: skip
def test_what_is_not_run(line: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = docker_that("", tmp_path, monkeypatch)
    result = run(line)
    assert (result.text, result.exit_code, said.exists()) == (f"{words}\n", 2, False)


@pytest.mark.parametrize(
    "line", ["docker ps -f '|'", 'docker ps -f "a;b"', "docker ps -f a\\|b", "docker x $"]
)
def test_signs_that_mean_nothing_here_are_words(line: str) -> None:
    assert words_of(line)[0] == "docker"


def test_without_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("docker ps")
    assert result.exit_code == 127
    assert result.text == (
        "labkit: there is no docker program here: install Docker Engine or Docker Desktop, and start it\n"
    )


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
         "labkit: your Docker does not run: start Docker Desktop, or the service with: "
         "sudo systemctl start docker"),
        (PERMISSION, "labkit: your user may not use the engine: join the group docker and log in again, or "
         "start this with sudo"),
        ("error during connect: Get \"http://%2F%2F.%2Fpipe%2Fdocker_engine/v1.24/info\": x", "labkit: your "
         "Docker does not run, or DOCKER_HOST names another machine: start it"),
        ("Error: No such image: x", ""),
    ],
)  # fmt: skip
def test_what_docker_says_gets_a_hint(
    told: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_that(f"echo '{told}' >&2; exit 1", tmp_path, monkeypatch)
    result = run("docker ps")
    assert (result.stderr, result.hint, result.exit_code) == (f"{told}\n", hint, 1)


def test_a_program_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that("", tmp_path, monkeypatch)
    program = tmp_path / "bin/docker"
    program.write_bytes(b"\x7fELF")
    result = run("docker ps")
    assert result.text == f"labkit: {program} cannot be started: exec format error\n"
    assert result.exit_code == 126


def test_a_docker_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(f"echo begun; echo $$ > {tmp_path}/pid; while :; do :; done", tmp_path, monkeypatch)
    result = run("docker pull x", seconds=0.5)
    assert result.text == "begun\nlabkit: docker gave no answer in 0.5 seconds, so it was stopped\n"
    assert result.exit_code == 124
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


INTERRUPTED = """
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from labkit.cli import own_docker
if {early}:  # the signal comes when the process runs, and before anybody knows it
    class Popen(subprocess.Popen):
        def __init__(self, *words, **flags):
            super().__init__(*words, **flags)
            print("started", flush=True)
            time.sleep(0.5)
    subprocess.Popen = Popen
result = own_docker.run('docker pull x', seconds=60)
print(result.text, result.exit_code)
"""


@pytest.mark.parametrize("early", [True, False], ids=["as it starts", "later"])
def test_an_interrupt_stops_it(early: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, which takes Ctrl-C even where the tests' own process was told to ignore it."""
    pid = tmp_path / "pid"
    docker_that(
        f"echo begun; echo $$ > {pid}.new; /bin/mv {pid}.new {pid}; while :; do :; done",
        tmp_path,
        monkeypatch,
    )
    program = INTERRUPTED.format(early=early)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if early:
            assert process.stdout.readline() == "started\n"
        while not pid.exists() and process.poll() is None:
            time.sleep(0.02)
        docker = int(pid.read_text())
        try:
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
            assert said == "begun\nlabkit: interrupted\n 130\n"
            with pytest.raises(ProcessLookupError):
                os.kill(docker, 0)
        finally:
            process.kill()
            with suppress(ProcessLookupError):
                os.kill(docker, signal.SIGKILL)


def test_more_than_can_be_read_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that(
        "while :; do echo 0123456789012345678901234567890123456789 || exit; done", tmp_path, monkeypatch
    )
    result = run("docker save x", seconds=1.5)
    assert result.stdout.endswith("labkit: the rest is not shown\n")
    assert len(result.stdout) < (1 << 20) + 100


def test_bytes_that_are_no_text_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that("printf '\\377\\n'", tmp_path, monkeypatch)
    assert run("docker ps").stdout == "\ufffd\n"


def test_a_docker_that_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docker_that("kill -9 $$", tmp_path, monkeypatch)
    assert run("docker ps").exit_code == 137


def test_in_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = docker_that('[ "$1" = ps ] && echo "a table" && exit; exit 4', tmp_path, monkeypatch)
    lines = tmp_path / "lines"
    lines.write_text("$ docker ps\nls\ndocker images\n")
    assert main(["shell", "--real", str(lines)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "$ docker ps",
        "a table",
        "$ ls",
        "labkit: on your Docker only docker's own commands run, not 'ls'",
        "[exit 2]",
        "$ docker images",
        "[exit 4]",
    ]
    assert said.read_text() == "[ps]\n[images]\n"


def test_words_of_a_prompt_are_taken() -> None:
    assert words_of("$ docker ps") == ["docker", "ps"]
    with pytest.raises(LabkitError):
        words_of("# docker ps")
