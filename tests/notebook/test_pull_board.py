"""The pull board: its state, playing in a loop, and its controls without a browser."""

from __future__ import annotations

import asyncio
from typing import Any

import ipywidgets
import pytest

from labkit.course.pulls import Playback, play_pull
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook import pull_board
from labkit.notebook.widgets.pull_board import LATER, PullBoard
from tests.notebook.shown import Handle, within


def mysql() -> Lab:
    """Give a lab that has the version before."""
    lab = Lab(online=False)
    lab.pull("mysql:8.0.15")
    return lab


MYSQL = play_pull(mysql(), "mysql")


def button(outputs: list[Handle], words: str) -> Any:
    """Give the button with these words."""
    (found,) = (b for b in within(outputs[0].data, ipywidgets.Button) if b.description == words)
    return found


def test_a_moment_shows_the_bars_of_the_client() -> None:
    lines = pull_board(mysql(), "mysql", at=3.5).lines
    assert lines[2] == "27833a3ba0a5: Already exists "
    assert lines[10] == f"4ebb5e7ad6ac: Downloading [===================>{31 * ' '}]   34.5MB/88.99MB"
    assert len(lines) == 14


def test_the_summary_says_what_was_saved() -> None:
    assert PullBoard(MYSQL, at=3.5).summary == [
        ["time", "3.5 of 12.3 s"],
        ["downloaded", "34.5MB of 88.99MB"],
        ["already here", "7 of 12 layers"],
        ["not downloaded", "40.4MB"],
        ["time saved", "4.0 s"],
    ]


def test_the_line_of_python_shows_the_same_in_a_lab_as_it_was() -> None:
    board = PullBoard(MYSQL, at=3.5)
    assert board.code == 'pull_board(lab, "mysql", at=3.5)'
    again = eval(board.code, {"pull_board": pull_board, "lab": mysql()})
    assert list(again.outputs()) == list(board.outputs())


def test_a_moment_stays_within_the_pull_in_tenths() -> None:
    board = PullBoard(MYSQL, at=99)
    assert board.at == MYSQL.end == 12.3
    board.at = -1
    assert board.at == 0
    board.at = 3.4801
    assert board.at == 3.5


@pytest.mark.parametrize(("speed", "at"), [("real time", 0.2), ("ten times", 2.5), ("at once", 12.3)])
def test_a_quarter_of_a_second_at_each_speed(speed: str, at: float) -> None:
    board = PullBoard(MYSQL, at=0, speed=speed)
    board.advance(0.25)
    assert board.at == at


def test_small_ticks_add_up() -> None:
    board = PullBoard(MYSQL, at=0)
    for _ in range(30):
        board.advance(0.05)
    assert board.at == 1.5


def test_steps_go_from_one_change_of_state_to_the_next_and_back() -> None:
    board = PullBoard(MYSQL, at=0)
    seen = [0.0]
    while board.at < MYSQL.end:
        board.step()
        seen.append(board.at)
    assert tuple(seen) == MYSQL.moments
    board.step(back=True)
    assert board.at == MYSQL.moments[-2]


def test_it_plays_in_the_loop_to_the_end_and_can_be_replayed() -> None:
    async def play() -> list[float]:
        board = PullBoard(MYSQL, at=12, speed="at once")
        board.playing = True
        await asyncio.wait_for(until(lambda: not board.playing), 30)
        ends = [board.at]
        board.replay()
        ends.append(board.at)
        await asyncio.wait_for(until(lambda: not board.playing), 30)
        return [*ends, board.at]

    assert asyncio.run(play()) == [12.3, 0.0, 12.3]


async def until(found: Any) -> None:
    """Let the loop go on until something is found."""
    while not found():
        await asyncio.sleep(0)


def test_a_pause_ends_the_task_and_a_second_board_pauses_the_first() -> None:
    async def play() -> tuple[bool, bool, int]:
        first, second = PullBoard(MYSQL, at=0), PullBoard(MYSQL, at=0)
        first.playing = True
        second.playing = True
        playing = first.playing, second.playing
        second.close()
        await asyncio.sleep(0)
        return *playing, len(asyncio.all_tasks())

    assert asyncio.run(play()) == (False, True, 1)


def test_without_a_loop_it_goes_to_the_end() -> None:
    board = PullBoard(MYSQL, at=0)
    board.playing = True
    assert (board.at, board.playing) == (12.3, False)


def test_controls_and_state_follow_each_other(outputs: list[Handle]) -> None:
    board = PullBoard(MYSQL, at=1)
    board._ipython_display_()
    (number,) = within(outputs[0].data, ipywidgets.BoundedFloatText)
    (speeds,) = within(outputs[0].data, ipywidgets.ToggleButtons)
    number.value = 2.5
    assert board.at == 2.5
    button(outputs, "Step").click()
    assert number.value == board.at > 2.5
    button(outputs, "Step back").click()
    assert board.at <= 2.5
    speeds.value = "at once"
    button(outputs, "Play").click()
    assert number.value == 12.3
    assert [line in outputs[1].data["text/plain"] for line in ("Digest: ", "at=12.3)")] == [True, True]


def test_the_play_button_says_what_it_does(outputs: list[Handle]) -> None:
    async def play() -> list[str]:
        board = PullBoard(MYSQL, at=1)
        board._ipython_display_()
        play = button(outputs, "Play")
        words = [play.description]
        for _ in range(2):
            play.click()
            words.append(play.description)
        return words

    assert asyncio.run(play()) == ["Play", "Pause", "Play"]


def test_every_control_has_words(outputs: list[Handle]) -> None:
    PullBoard(MYSQL, at=1)._ipython_display_()
    assert all(each.description for each in within(outputs[0].data, ipywidgets.Button))
    assert len(within(outputs[0].data, ipywidgets.Button)) == 4


def test_without_a_live_page_the_end_and_the_chart_stay(
    outputs: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    pull_board(mysql(), "mysql")._ipython_display_()
    board, chart = (handle.data["text/plain"] for handle in outputs)
    assert "Status: Downloaded newer image for mysql:latest" in board
    assert chart.startswith("Pull of mysql: 12 layers, 12.21 s")


def test_before_the_end_there_is_no_chart_yet() -> None:
    _, (chart, _) = PullBoard(MYSQL, at=3.5).outputs()
    assert chart == LATER


def test_an_image_that_is_there_needs_no_chart() -> None:
    lab = mysql()
    (output,) = pull_board(lab, "mysql:8.0.15").outputs()
    assert "Status: Image is up to date for mysql:8.0.15" in output[0]["text/plain"]


def test_hostile_names_are_shown_as_text() -> None:
    name = "<script>alert('x')</script>\u202e\x1b[31m"
    for pull in (play_pull(Lab(online=False), name), Playback(name, events=(PullEvent(0, name, name),))):
        data = next(PullBoard(pull).outputs())[0]
        assert "<script" not in data["text/html"]
        assert not set("\u202e\x1b") & set(data["text/html"] + data["text/plain"])
