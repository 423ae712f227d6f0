"""A comparison with the learner's Docker in a notebook, and the magics that run on both."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import labkit
from labkit import Lab
from labkit.notebook.magics import compare
from labkit.notebook.output import bundle
from tests.cli.own_dockers import OVERLAY2, docker_that, engine


def test_a_notebook_shows_both_beside_each_other(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "x\n")
    compared = labkit.compare("images")
    assert shell.display_formatter is not None
    shown, _ = shell.display_formatter.format(compared)
    assert shown == bundle(compared.text)
    assert [line.split() for line in shown["text/plain"].splitlines()[1:3]] == [
        ["labkit", "your", "Docker", "20.10.24"],
        ["REPOSITORY", "TAG", "IMAGE", "ID", "CREATED", "SIZE", "|", "x"],
    ]


def test_the_notebooks_lab_is_compared(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "")
    lab = shell.user_ns["lab"]
    lab.pull("busybox")
    assert compare("images -q").rows[0].ours == lab.image("busybox").id[7:19]
    assert compare("images -q", Lab()).rows == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--real image ls", "[image][ls]\n"),
        ("--real rmi x", "[rmi][x]\n"),
        ("--real images --format '{{.ID}}'", "[images][--format][{{.ID}}]\n"),
    ],
)
def test_real_runs_what_was_typed(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    said = docker_that("echo answer", tmp_path, monkeypatch)
    with capture_output() as captured:
        shell.run_line_magic("docker", line)
    assert said.read_text() == words
    assert captured.outputs[0].data["text/plain"] == "answer"
    assert shell.user_ns["lab"].session.tty is False


def test_a_cell_of_real_lines(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_that("echo answer; exit 4", tmp_path, monkeypatch)
    with capture_output() as captured:
        shell.run_cell_magic("docker", "--real", "docker ps\nls\n")
    assert captured.outputs[0].data["text/plain"].splitlines() == [
        "$ docker ps",
        "answer",
        "[exit 4]",
        "$ ls",
        "labkit: on your Docker only docker's own commands run, not 'ls'",
        "[exit 2]",
    ]


def test_another_word_after_the_cell_s_magic_is_refused(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        shell.run_cell_magic("docker", "--reel", "docker ps\n")
    told = captured.outputs[0].data["text/plain"]
    assert told.startswith("labkit: %%docker takes --real or nothing: write docker --reel below it")


def test_compare_by_magic(shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "x\n")
    with capture_output() as captured:
        shell.run_line_magic("docker", "--compare images")
        shell.run_line_magic("docker", "--compare rmi x")
    assert captured.outputs[0].data["text/plain"].startswith("$ docker images\n")
    assert captured.outputs[1].data["text/plain"].startswith("labkit: compare runs only what changes nothing")
    assert "[rmi]" not in said.read_text()
