"""A pull to look at again: its lines at any moment, and what the cache saved."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labkit.course.pulls import Playback, play_pull
from labkit.engine.schedule import Network, PullEvent
from labkit.lab import Lab


def played(name: str, *before: str) -> Playback:
    """Pull images, and then the one that is played."""
    lab = Lab(online=False)
    for each in before:
        lab.pull(each)
    return play_pull(lab, name)


MYSQL = played("mysql", "mysql:8.0.15")


def test_at_the_end_it_is_what_the_terminal_has() -> None:
    lab = Lab(tty=True, online=False)
    lab.pull("mysql:8.0.15")
    assert MYSQL.lines(MYSQL.end) == lab.docker("pull mysql").text.splitlines()


def test_at_the_beginning_each_layer_has_a_line() -> None:
    states = [line.split(": ", 1)[1].strip() for line in MYSQL.lines(0.0)[2:]]
    assert states == [*7 * ["Already exists"], *3 * ["Pulling fs layer"], *2 * ["Waiting"]]


def test_the_digest_comes_at_the_end_alone() -> None:
    assert not any(line.startswith("Digest") for line in MYSQL.lines(MYSQL.end - 0.1))


def test_the_pull_is_done_on_the_lab() -> None:
    lab = Lab(online=False)
    play_pull(lab, "nginx")
    assert len(lab.image("nginx").layers) == 3
    lab.undo()
    assert lab.images == []


def test_the_lab_s_terminal_stays_what_it_was() -> None:
    lab = Lab(online=False)
    play_pull(lab, "nginx")
    assert not lab.session.tty


def test_what_is_saved_is_the_difference_to_an_empty_cache() -> None:
    alone = played("mysql")
    size, seconds = MYSQL.saved or (0, 0.0)
    assert len(MYSQL.here) == 7
    assert MYSQL.size + size == alone.size
    assert round(seconds, 6) == round(alone.events[-1].at - MYSQL.events[-1].at, 6)
    assert alone.saved == (0, 0.0)


def test_an_image_that_is_there_saves_everything() -> None:
    again = played("nginx", "nginx")
    assert again.lines(0.0)[-2].startswith("Status: Image is up to date for nginx")
    assert (again.end, again.size, len(again.here), again.layers) == (0.0, 0, 3, 3)
    assert again.saved == (played("nginx").size, played("nginx").events[-1].at)


def test_a_name_that_is_not_there_gives_the_daemon_s_words() -> None:
    wrong = played("nosuch")
    assert wrong.events == ()
    assert any("pull access denied for nosuch" in line for line in wrong.lines(0.0))


def test_a_name_is_one_word_whatever_is_in_it() -> None:
    assert "invalid reference format" in played("nginx; docker rmi nginx").lines(0.0)[0]


def test_a_pull_that_breaks_off_keeps_its_lines_and_ends_in_its_error() -> None:
    lab = Lab(network=Network(failures=(("27833a3ba0a5", 9),)), online=False)
    broken = play_pull(lab, "nginx")
    assert broken.lines(broken.end)[3:] == [
        "ea005e36e544: Download complete ",
        "d172c7f0578d: Download complete ",
        "unexpected EOF",
    ]
    assert broken.saved is None


@given(st.lists(st.floats(0, 13), min_size=2, max_size=6))
def test_what_has_come_never_gets_less(moments: list[float]) -> None:
    come = [MYSQL.downloaded(at) for at in sorted(moments)]
    assert come == sorted(come)
    assert MYSQL.downloaded(MYSQL.end) == MYSQL.size


def test_a_moment_is_a_change_of_state_and_no_progress() -> None:
    events = (
        PullEvent(0.0, "a", "Downloading", 0, 20),
        PullEvent(0.1, "a", "Downloading", 10, 20),
        PullEvent(0.25, "a", "Pull complete"),
    )
    assert Playback("a", events=events).moments == (0.0, 0.3)
