"""The Dockerfile board: each change is a build of the lab, with Docker's cache and in Docker's words."""

from __future__ import annotations

import re

import nbformat
import pytest

from labkit.base.errors import DaemonError, LabkitError
from labkit.lab import Lab
from labkit.notebook import dockerfile_board
from labkit.notebook.widgets.dockerfile_board import DockerfileBoard
from tests.notebook.shown import asleep, offered, shown_text
from tests.notebooks import ROOT

HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202etxt"
BIG = ["FROM busybox", "RUN dd if=/dev/zero of=/big bs=1M count=64", "RUN rm /big"]
LADDER = ["FROM busybox", "COPY app.py /app/", "RUN echo 1 > /one", "RUN echo 2 > /two"]


def press(board: DockerfileBoard, *presses: tuple[str, str]) -> DockerfileBoard:
    """Do what a page asks for; the page can be drawn after each change."""
    board.observe(lambda change: board.page())
    for name, value in presses:
        board.choose(name, value)
    return board


def hows(board: DockerfileBoard) -> list[str]:
    """Give how each step was done."""
    return [how for how, _ in board.last.lines]


def test_rm_in_the_same_run_leaves_nothing_in_the_layer() -> None:
    lab = Lab()
    board = dockerfile_board(lab, BIG)
    assert [size for _, size in board.last.lines] == ["", "67.1MB", "0B"]
    assert lab.image("board").size == 1_200_029 + 67_108_864
    press(board, ("row", "3"), ("join", "2"))
    assert board.last.steps == (BIG[0], f"{BIG[1]} && rm /big")
    assert board.last.lines == (("base", ""), ("runs", "0B"))
    assert lab.image("board").size == 1_200_029
    assert board.row == 2


def test_a_file_that_changes_makes_all_below_its_copy_run_again() -> None:
    board = press(dockerfile_board(Lab(), LADDER, {"app.py": "print(1)\n"}), ("change", "app.py"))
    assert hows(board) == ["base", "runs", "runs", "runs"]
    press(board, ("row", "2"), ("move", "4"), ("change", "app.py"))
    assert hows(board) == ["base", "Using cache", "Using cache", "runs"]
    assert board.last.told.endswith("1 step ran, 2 came from the cache.")
    assert board.row == 4


def test_undo_builds_what_was_before_which_is_in_the_cache() -> None:
    board = press(dockerfile_board(Lab(), LADDER, {"app.py": b"print(1)\n"}), ("undo", ""))
    first = board.last
    press(board, ("change", "app.py"), ("row", "4"), ("join", "3"), ("undo", ""))
    assert board.last.steps == tuple(LADDER)
    press(board, ("undo", ""), ("undo", ""))
    assert (board.last.steps, board.last.files) == (first.steps, first.files)
    assert hows(board) == ["base", *["Using cache"] * 3]


def test_what_cannot_be_built_is_told_in_docker_s_words_and_the_steps_before_it_are_kept() -> None:
    lab = Lab()
    board = press(dockerfile_board(lab, [*BIG[:2], "RUN echo 1 > /one", BIG[2]]), ("row", "4"), ("move", "2"))
    assert hows(board) == ["base", "fails", "", ""]
    assert board.last.told == (
        "rm: can't remove '/big': No such file or directory\n"
        "The command '/bin/sh -c rm /big' returned a non-zero code: 1"
    )
    press(board, ("row", "1"), ("move", "2"))
    assert (board.last.told, board.last.failed) == ("no build stage in current context", True)
    press(board, ("undo", ""), ("undo", ""))
    assert hows(board) == ["base", *["Using cache"] * 3]


def test_a_failed_build_leaves_its_first_steps_in_the_cache() -> None:
    board = dockerfile_board(Lab(), ["FROM busybox", "RUN echo 1 > /one", "RUN rm /no", "RUN rm /one"])
    assert hows(board) == ["base", "runs", "fails", ""]
    press(board, ("row", "4"), ("move", "3"))
    assert hows(board) == ["base", "Using cache", "runs", "fails"]


def test_only_two_runs_with_a_shell_s_line_are_joined() -> None:
    steps = ["FROM busybox", "RUN echo 1", 'RUN ["echo", "2"]', "ENV A=1", "RUN echo 3"]
    for row, target in (("3", "2"), ("4", "2"), ("5", "3"), ("2", "1"), ("2", "5")):
        board = press(dockerfile_board(Lab(), steps), ("row", row), ("join", target))
        assert sorted(board.last.steps) == sorted(steps), "it takes the other's place"
    board = press(dockerfile_board(Lab(), steps), ("row", "5"), ("join", "2"))
    assert board.last.steps[1] == "RUN echo 1 && echo 3"


def test_what_does_nothing_now_says_so() -> None:
    page = dockerfile_board(Lab(), BIG).page()
    assert page.count('aria-disabled="true"') == 3, "up, join and undo of the first line"
    board = press(dockerfile_board(Lab(), BIG), ("row", "3"))
    assert offered(board, "row", "true") == ["3"]
    assert board.page().count('aria-disabled="true"') == 2


def test_what_a_page_sends_is_not_trusted() -> None:
    board = dockerfile_board(Lab(), BIG)
    before = board.last
    for name in ("row", "move", "join", "change", "undo", "last", "pictured"):
        for value in ("0", "9", "x", "²", "", "9" * 5000, "None"):
            board.choose(name, value)
    assert (board.last, board.row) == (before, 1)


def test_the_saved_form_lists_the_steps_and_tells_of_them_once_one_was_changed() -> None:
    board = dockerfile_board(Lab(), BIG)
    for words in (asleep(board), shown_text(board)):
        assert "rm /big" in words
        assert not any(each in words for each in ("67.1MB", "68.3MB", "0B", "runs"))
    press(board, ("row", "3"), ("join", "2"))
    assert "runs  0B" in shown_text(board)
    assert "Image board: 1.2MB." in asleep(board)


def test_the_line_of_python_shows_the_same() -> None:
    lab = Lab()
    board = dockerfile_board(lab, "FROM busybox\nRUN echo \\\n  it\nCOPY a /a\n", {"a": 7}, tag="my:1")
    press(board, ("change", "a"))
    again = eval(board.code, {"lab": lab, "dockerfile_board": dockerfile_board})
    assert (again.last.steps, again.last.files) == (board.last.steps, {"a": 8})
    assert lab.image("my:1").layers[-1].size == 8


def test_a_stage_s_layers_are_its_own() -> None:
    steps = ["FROM busybox AS one", "RUN echo 12 > /a", "FROM busybox", "COPY --from=one /a /a"]
    assert dockerfile_board(Lab(), steps).last.lines == (
        ("base", ""), ("runs", "3B"), ("base", ""), ("runs", "3B")
    )  # fmt: skip


def test_what_is_no_dockerfile_is_refused() -> None:
    with pytest.raises(DaemonError, match="file with no instructions"):
        dockerfile_board(Lab(), [])
    with pytest.raises(LabkitError, match="in which lab"):
        dockerfile_board(BIG)


def test_hostile_words_are_shown_as_text() -> None:
    board = dockerfile_board(Lab(), ["FROM busybox", f"RUN {HOSTILE}"], {HOSTILE: HOSTILE})
    press(board, ("change", HOSTILE))
    for words in (re.sub(' value="[^"]*"', "", board.page()), *board.bundle().values()):
        assert not {"\x1b", "\u202e"} & set(words)
        assert "<script" not in words or words == board.bundle()["text/plain"]


BETTER = {"01-image-layers": [("row", "3"), ("join", "2")], "02-image-history": [("row", "2"), ("move", "4")]}


@pytest.mark.parametrize("lesson", BETTER)
def test_the_board_of_a_lesson_is_built_and_can_be_made_better(lesson: str) -> None:
    cells = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4).cells
    (source,) = (cell.source for cell in cells if "\ndockerfile_board(" in cell.source)
    made: list[DockerfileBoard] = []
    exec(
        source, {"Lab": Lab, "dockerfile_board": lambda *given: made.append(dockerfile_board(Lab(), *given))}
    )
    (board,) = made
    assert "fails" not in hows(board)
    press(board, *BETTER[lesson], *[("change", name) for name in board.last.files])
    assert hows(board).count("runs") == 1
    assert not board.last.failed
