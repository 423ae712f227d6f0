"""The moving lines of a pull: what they show of the events, and how long they take."""

from __future__ import annotations

from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.output import LONGEST, PullBars
from tests.notebook.shown import Handle


def watched(name: str, network: str = "classroom") -> tuple[PullBars, list[float]]:
    """Pull nginx, then another image before the bars; give them and the seconds of each pause."""
    pauses: list[float] = []
    bars = PullBars(pause=pauses.append)
    lab = Lab(network=network)
    lab.pull("nginx")
    lab.docker(f"pull {name}", watch=bars.see)
    return bars, pauses


def test_every_layer_has_its_line(outputs: list[Handle]) -> None:
    bars, _ = watched("mysql")
    assert [line.split(": ")[1].strip() for line in bars.lines.values()] == [
        "Already exists",
        *11 * ["Pull complete"],
    ]


def test_a_download_shows_its_bar_as_the_client_prints_it(outputs: list[Handle]) -> None:
    bars = PullBars(pause=lambda _: None)
    bars.see(PullEvent(1.0, "4ebb5e7ad6ac", "Downloading", 17_140_000, 88_990_000))
    bar = f"[=========>{41 * ' '}]  17.14MB/88.99MB"
    assert outputs[0].data["text/plain"] == f"4ebb5e7ad6ac: Downloading {bar}"


def test_events_of_one_moment_are_drawn_together(outputs: list[Handle]) -> None:
    bars = PullBars(pause=lambda _: None)
    for layer in ("27833a3ba0a5", "ea005e36e544"):
        bars.see(PullEvent(0.0, layer, "Pulling fs layer"))
    bars.see(PullEvent(0.1, "27833a3ba0a5", "Pull complete"))
    assert outputs[0].data["text/plain"].split("\n") == [
        "27833a3ba0a5: Pulling fs layer ",
        "ea005e36e544: Pulling fs layer ",
    ]


def test_all_is_one_output(outputs: list[Handle]) -> None:
    watched("mysql")
    assert len(outputs) == 1


def test_a_slow_pull_does_not_keep_the_learner_waiting(outputs: list[Handle]) -> None:
    _, pauses = watched("mysql", "slow")
    assert 0 < sum(pauses) <= LONGEST + 1e-9


def test_what_was_shown_before_stands_above_the_bars(outputs: list[Handle]) -> None:
    seen: list[str] = []
    bars = PullBars(lambda: seen.append("before"), pause=lambda _: None)
    assert not bars.shown
    bars.see(PullEvent(0.0, "27833a3ba0a5", "Pulling fs layer"))
    bars.see(PullEvent(0.0, "ea005e36e544", "Pulling fs layer"))
    assert seen == ["before"]
