"""A comparison with the learner's Docker in a notebook: its table, and the magics that run on both."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as etree

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import labkit
from labkit import Lab
from labkit.cli.own_docker import Comparison, Pair
from labkit.notebook.comparison import compare, html
from tests.cli.own_dockers import OVERLAY2, docker_that, engine

ROWS = (Pair(" ", "a", "a"), Pair("~", "1 day", "2 days"), Pair("|", "<b>x", "y & z"), Pair(">", "", "new"))
NARROW = Comparison("docker info", ROWS, "29.0.1", ("a <note>",))
WIDE = Comparison("docker info", (Pair("|", "x" * 90, "y" * 90),), "29.0.1")


def cells(comparison: Comparison) -> list[list[str]]:
    table = etree.fromstring(html(comparison))
    return [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_each_line_has_its_mark_and_both_sides() -> None:
    assert cells(NARROW) == [
        ["", "labkit", "your Docker 29.0.1"],
        [" ", "a", "a"],
        ["~", "1 day", "2 days"],
        ["|", "<b>x", "y & z"],
        [">", "", "new"],
    ]


def test_long_lines_stand_one_under_the_other() -> None:
    assert cells(WIDE)[1:] == [["<", "x" * 90], [">", "y" * 90]]


def test_what_an_engine_answers_is_text() -> None:
    assert "<b>" not in html(NARROW)
    assert "<note>" not in html(NARROW)


def test_the_signs_are_explained() -> None:
    texts = [each.text for each in etree.fromstring(html(NARROW)).iter("p")]
    assert texts == [
        "docker info: 2 of 4 lines differ.",
        "| different; > your Docker alone",
        "a <note>",
    ]


def test_no_colour_of_ink_is_set_so_that_both_themes_read() -> None:
    styles = [each.get("style", "") for each in etree.fromstring(html(NARROW)).iter()]
    assert not [style for style in styles if "color:" in style.replace("background-color:", "")]


def test_without_docker_one_side_and_what_to_do() -> None:
    alone = Comparison("docker ps", (Pair(" ", "a", ""),), "", problem="start it")
    assert cells(alone) == [[" ", "a"]]
    assert "docker ps: labkit: start it" in html(alone)


def test_a_notebook_shows_a_table(
    shell: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "x\n")
    compared = labkit.compare("images")
    assert shell.display_formatter is not None
    shown, _ = shell.display_formatter.format(compared)
    assert shown["text/html"] == html(compared)
    assert shown["text/plain"] == compared.text.rstrip("\n")


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
    assert "<table" in captured.outputs[0].data["text/html"]
    assert captured.outputs[1].data["text/plain"].startswith("labkit: compare runs only what changes nothing")
    assert "[rmi]" not in said.read_text()
