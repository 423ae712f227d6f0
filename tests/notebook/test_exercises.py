"""Exercises in a notebook: what is shown, and that hostile text stays text."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import labkit
from labkit.course.exercise import Card, Line, Mark, Outcome, run_script
from labkit.notebook.exercises import html
from labkit.notebook.widgets.goal import Goal


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data folder of its own to the test."""
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def shell(shell: InteractiveShell, data: Path) -> InteractiveShell:
    """Give the shell labkit, and a data folder of its own."""
    shell.run_cell("import labkit")
    return shell


def run(shell: InteractiveShell, code: str) -> list[dict[str, str]]:
    with capture_output() as captured:
        result = shell.run_cell(code)
    assert result.success, result
    return [output.data for output in captured.outputs]


def test_beginning_shows_the_prompt_and_docker_acts_on_the_exercise_s_lab(shell: InteractiveShell) -> None:
    shown, goal = run(shell, "ex_rescue = labkit.exercise('03-rescue')\nlab = ex_rescue.lab")
    assert "Rescue the data" in shown["text/html"]
    assert "· The container writer is removed." in goal["text/plain"]
    assert "<svg" not in goal["text/html"]
    assert "The container writer is removed." in goal["text/html"]
    (names,) = run(shell, "%docker ps -a --format {{.Names}}")
    assert names["text/plain"] == "writer"


def test_a_check_is_shown_in_colour_and_in_words(shell: InteractiveShell) -> None:
    run(shell, "ex = labkit.exercise('03-rescue')\nlab = ex.lab")
    run(shell, "%docker commit writer letters")
    (shown,) = run(shell, "display(ex.check())")
    assert ">almost</span>" in shown["text/html"]
    assert shown["text/plain"].splitlines()[0] == "03-rescue: ALMOST"


def test_docker_on_another_lab_is_noticed(shell: InteractiveShell) -> None:
    run(shell, "lab = labkit.Lab()\nex = labkit.exercise('03-rescue')")
    run(shell, "%docker run busybox true")
    assert "run `lab = ex_rescue.lab` first" in shell.user_ns["ex"].check().text
    run(shell, "lab = ex.lab")
    assert "first" not in shell.user_ns["ex"].check().text


@pytest.mark.parametrize("done", ["", "%docker start writer"])
def test_another_lab_by_habit_is_told_at_once_and_once(shell: InteractiveShell, done: str) -> None:
    run(shell, "ex = labkit.exercise('03-rescue')\nlab = ex.lab")
    run(shell, done)
    said = []
    for code in ("lab = labkit.Lab()", "lab.images", "lab = ex.lab", "lab = labkit.Lab()"):
        with capture_output() as captured:
            shell.run_cell(code)
        said.append("run `lab = ex_rescue.lab` first" in captured.stdout)
    assert said == [True, False, False, True]
    assert "run `lab = ex_rescue.lab` first" in shell.user_ns["ex"].check().text


def test_each_exercise_has_its_own_lab_and_run_all_twice_does_no_harm(shell: InteractiveShell) -> None:
    cells = [
        "ex_rescue = labkit.exercise('03-rescue')",
        "lab = ex_rescue.lab\n%docker commit writer letters\n%docker rm writer",
        "ex_free_space = labkit.exercise('03-free-space')",
        "lab = ex_free_space.lab\n%docker container prune -f\n%docker image prune -a -f",
    ]
    for _ in range(2):
        for cell in cells:
            shown = run(shell, cell)
            assert "Error" not in "".join(each.get("text/plain", "") for each in shown)
        assert shell.user_ns["ex_rescue"].check().correct
        assert shell.user_ns["ex_free_space"].check().correct
    assert (
        "which is the lab of 03-free-space now: run `lab = ex_rescue.lab`"
        in shell.user_ns["ex_rescue"].goal().text
    )


def test_a_cell_that_gives_the_first_command_again_begins_anew_and_undo_brings_it_back(
    shell: InteractiveShell,
) -> None:
    run(shell, "ex_rescue = labkit.exercise('03-rescue')\nlab = ex_rescue.lab\n%docker rm writer")
    run(shell, "ex_rescue = labkit.exercise('03-rescue')\nlab = ex_rescue.lab")
    with capture_output() as captured:
        shell.run_cell("%docker rm writer")
    assert "03-rescue begins anew here" in captured.stdout
    assert captured.outputs[0].data["text/plain"].strip() == "writer"
    ex = shell.user_ns["ex_rescue"]
    ex.undo()
    ex.undo()
    assert ex.lab.commands[: ex.lab.at] == ["docker rm writer"]


def test_the_goal_ticks_as_it_is_reached_says_what_is_lost_and_takes_choices(shell: InteractiveShell) -> None:
    run(shell, "ex_rescue = labkit.exercise('03-rescue', keep=False)")
    ex = shell.user_ns["ex_rescue"]
    goal = Goal(ex)
    signs = lambda: [row[0] for row in goal.frame["goal"]["rows"]]  # noqa: E731
    assert signs() == ["·", "·"]
    ex.lab.docker("rm writer")
    assert (signs(), goal.frame["goal"]["foot"]) == (
        ["!", "✓"],
        "Lost. `ex_rescue.undo()` takes back `docker rm writer`.",
    )
    ex.undo()
    run_script(ex.exercise.solution, ex.lab)
    assert (signs(), goal.frame["goal"]["foot"]) == (["✓", "✓"], "All is met: `ex_rescue.check()`.")
    ex.check()
    assert goal.frame["goal"]["foot"] == "Solved in 2 commands; the shortest way that is known takes 2."


def test_a_prompt_s_emphasis_is_elements_and_what_looks_like_markup_is_text() -> None:
    card = Card("t", (Line("**Ticket.** It says *2*: `a * b` <b>x</b>", Mark.PROSE), Line("**a** *b*")))
    assert "<strong>Ticket.</strong> It says <em>2</em>: <code>a * b</code> &lt;b&gt;x" in html(card)
    assert "**a** *b*" in html(card)
    assert "Ticket. It says 2: `a * b`" in card.text


def test_the_goal_has_a_terminal(shell: InteractiveShell) -> None:
    run(shell, "ex_rescue = labkit.exercise('03-rescue', keep=False)")
    goal = Goal(shell.user_ns["ex_rescue"])
    goal._take("docker commit writer letters")
    if goal._worker:
        goal._worker.join()
    assert [row[0] for row in goal.frame["goal"]["rows"]] == ["✓", "·"]


def test_a_choice_is_a_button(shell: InteractiveShell) -> None:
    run(shell, "ex_wrong_statement = labkit.exercise('07-wrong-statement', keep=False)")
    goal = Goal(shell.user_ns["ex_wrong_statement"])
    ((name, choices),) = goal.frame["goal"]["choices"]
    assert [letter for letter, _ in choices] == ["a", "b", "c", "d"]
    for letter, solved in (("a", False), ("?", False), ("c", True)):
        goal._asked(None, {"answer": [name, letter]}, ())
        assert goal.frame["goal"]["solved"] is solved
    goal._asked(None, {"answer": ["nobody", "c"]}, ())


def test_what_is_solved_is_in_the_progress_and_in_no_other_place(shell: InteractiveShell, data: Path) -> None:
    run(shell, "ex = labkit.exercise('07-wrong-statement')")
    run(shell, "ex.answer('c')\nex.check()")
    assert "07-wrong-statement: Spot the wrong statement: solved (1 check, 0 hints)" in repr(
        labkit.progress()
    )
    assert "Progress: 1 of" in labkit.progress()._repr_html_()
    kept = json.loads((data / "progress.json").read_text("utf-8"))
    assert kept["exercises"]["07-wrong-statement"]["solved"] is True


def test_nothing_is_kept_without_keep(shell: InteractiveShell, data: Path) -> None:
    run(shell, "ex = labkit.exercise('07-wrong-statement', keep=False)")
    run(shell, "ex.answer('c')\nex.check()")
    assert not (data / "progress.json").exists()


def test_progress_goes_to_a_file_and_comes_back(data: Path, tmp_path: Path) -> None:
    file = str(tmp_path / "mine.json")
    labkit.exercise("07-wrong-statement").hint()
    labkit.progress().export(file)
    (data / "progress.json").unlink()
    assert "07-wrong-statement: Spot the wrong statement: begun (0 checks, 1 hint)" in repr(
        labkit.progress().restore(file)
    )


def test_an_error_is_one_line(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        shell.run_cell("labkit.exercise('02-shared-bass')")
    assert "Traceback" not in captured.stdout
    assert "NotFound: there is no exercise 02-shared-bass: did you mean 02-shared-base" in captured.stdout


@given(st.text(), st.sampled_from(Mark), st.sampled_from([None, *Outcome]))
def test_any_text_is_shown_as_text(text: str, mark: Mark, outcome: Outcome | None) -> None:
    root = etree.fromstring(html(Card(text, (Line(text, mark),), text, outcome)))
    assert {each.tag for each in root.iter()} <= {"div", "span", "strong", "code", "pre"}
    assert text.count("<") * 3 == "".join(root.itertext()).count("<")


def test_what_stands_between_backticks_is_code() -> None:
    assert "run <code>a &lt;b&gt;</code> now" in html(Card("", (Line("run `a <b>` now"),)))
    assert "one ` only" in html(Card("", (Line("one ` only"),)))
