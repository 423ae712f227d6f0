"""The bars of a pull: what they show of each event, and how long they take."""

from __future__ import annotations

from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.progress import LONGEST, PullBars


def watched(name: str, network: str = "classroom") -> tuple[PullBars, list[float]]:
    pauses: list[float] = []
    bars = PullBars(pause=pauses.append)
    events: list[PullEvent] = []
    lab = Lab(network=network)
    lab.pull("nginx")
    lab.pull(name, events=events)
    for event in events:
        bars.see(event)
    return bars, pauses


def test_every_layer_has_a_bar_that_ends_full() -> None:
    bars, _ = watched("mysql")
    rows = [row.children for row in bars._box.children]
    assert len(rows) == 12
    assert [label.value for _, _, label in rows] == ["Already exists"] + 11 * ["Pull complete"]
    assert all(bar.value == 1.0 for _, bar, _ in rows)
    assert next(name.value for name, _, _ in rows) == "27833a3ba0a5"


def test_a_download_shows_its_bytes() -> None:
    bars = PullBars(pause=lambda _: None)
    bars.see(PullEvent(1.0, "4ebb5e7ad6ac", "Downloading", 17_140_000, 88_990_000))
    _, bar, label = bars._box.children[0].children
    assert label.value == "Downloading 17.14MB / 88.99MB"
    assert round(bar.value, 3) == 0.193


def test_a_slow_pull_does_not_keep_the_learner_waiting() -> None:
    _, pauses = watched("mysql", "slow")
    assert 0 < sum(pauses) <= LONGEST + 1e-9


def test_what_was_shown_before_stands_above_the_bars() -> None:
    seen: list[str] = []
    bars = PullBars(lambda: seen.append("before"), pause=lambda _: None)
    assert not bars.shown
    bars.see(PullEvent(0.0, "27833a3ba0a5", "Pulling fs layer"))
    bars.see(PullEvent(0.0, "ea005e36e544", "Pulling fs layer"))
    assert seen == ["before"]
