"""When the layers of a pull arrive: what holds for every pull, and arithmetic done by hand."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.base.errors import LabkitError
from labkit.engine.schedule import SPEEDS, Item, Network, PullEvent, network, schedule

MB = 1_000_000
sizes = st.integers(0, 50 * MB)


@st.composite
def pulls(draw: st.DrawFn) -> tuple[list[Item], Network]:
    items = [
        Item(f"layer{number:07}", *pair)
        for number, pair in enumerate(draw(st.lists(st.tuples(sizes, sizes), max_size=9)))
    ]
    names = [item.layer for item in items]
    failures = draw(st.dictionaries(st.sampled_from(names), st.integers(0, 5), max_size=3)) if names else {}
    line = Network(
        bandwidth=draw(st.sampled_from([200_000.0, 1e6, 1e7, 3.3e8])),
        latency=draw(st.sampled_from([0.0, 0.05, 0.7])),
        extraction=draw(st.sampled_from([1e6, 1e8, 1e11])),
        failures=tuple(sorted(failures.items())),
    )
    return items, line


def states(events: list[PullEvent], layer: str) -> list[str]:
    return [event.state for event in events if event.layer == layer]


def at(events: list[PullEvent], layer: str, state: str) -> float:
    return next(event.at for event in events if (event.layer, event.state) == (layer, state))


@settings(max_examples=60)
@given(pulls())
def test_what_holds_for_every_pull(pull: tuple[list[Item], Network]) -> None:
    items, line = pull
    events = list(schedule(items, line))
    times = [event.at for event in events]
    assert times == sorted(times)
    ends = [event.layer for event in events if event.state == "Pull complete"]
    assert ends == [item.layer for item in items]
    for item in items:
        own = states(events, item.layer)
        counted = Counter(own)
        for once in ("Verifying Checksum", "Download complete", "Extracting", "Pull complete"):
            assert counted[once] == 1
        moved = [
            event.current for event in events if (event.layer, event.state) == (item.layer, "Downloading")
        ]
        assert moved == sorted(moved)
        assert all(0 <= current <= item.compressed for current in moved)
        assert own.index("Download complete") < own.index("Extracting") < own.index("Pull complete")
        done = at(events, item.layer, "Extracting"), at(events, item.layer, "Pull complete")
        assert done[1] - done[0] == pytest.approx(item.extracted / line.extraction, abs=1e-6)


@settings(max_examples=60)
@given(pulls())
def test_never_more_than_three_at_once_and_bottom_up(pull: tuple[list[Item], Network]) -> None:
    items, line = pull
    under_way: set[str] = set()
    begun: list[str] = []
    for event in schedule(items, line):
        if event.state == "Downloading" and event.layer not in begun:
            begun.append(event.layer)
            under_way.add(event.layer)
        elif event.state == "Download complete":
            under_way.discard(event.layer)
        assert len(under_way) <= 3
    assert begun == [item.layer for item in items]


@settings(max_examples=60)
@given(pulls())
def test_the_line_carries_each_byte_once_and_no_faster_than_it_can(pull: tuple[list[Item], Network]) -> None:
    items, line = pull
    if not items:
        return
    events = list(schedule(items, line))
    total = sum(item.compressed for item in items)
    last = max(at(events, item.layer, "Download complete") for item in items)
    assert last >= total / line.bandwidth - 1e-6
    pauses = sum(5 * (n * (n + 1) // 2) for _, n in line.failures)
    requests = len(items) + sum(n for _, n in line.failures)
    assert last <= total / line.bandwidth + pauses + requests * line.latency + 1e-3


def test_three_equal_layers_share_the_line() -> None:
    items = [Item(f"layer{number}", 10 * MB, 0) for number in range(3)]
    events = list(schedule(items, Network(bandwidth=10 * MB, latency=0)))
    for item in items:
        assert at(events, item.layer, "Download complete") == pytest.approx(3.0)


def test_a_layer_that_ends_leaves_its_share_to_the_others() -> None:
    items = [Item("small", 1 * MB, 0), Item("large", 9 * MB, 0)]
    events = list(schedule(items, Network(bandwidth=1 * MB, latency=0)))
    assert at(events, "small", "Download complete") == pytest.approx(2.0)
    assert at(events, "large", "Download complete") == pytest.approx(10.0)


def test_the_fourth_waits_for_a_place() -> None:
    items = [Item("a", 3 * MB, 0), Item("b", 6 * MB, 0), Item("c", 6 * MB, 0), Item("d", 1 * MB, 0)]
    events = list(schedule(items, Network(bandwidth=3 * MB, latency=0.5)))
    assert events[0] == PullEvent(0.0, "d", "Waiting")
    assert at(events, "a", "Download complete") == pytest.approx(3.5)
    assert at(events, "d", "Downloading") == pytest.approx(4.0)
    assert sum(event.state == "Waiting" for event in events) == 1


def test_layers_are_extracted_one_after_the_other() -> None:
    items = [Item("a", 2 * MB, 4 * MB), Item("b", 1, 2 * MB)]
    events = list(schedule(items, Network(bandwidth=1 * MB, latency=0, extraction=1 * MB)))
    assert at(events, "b", "Download complete") < at(events, "a", "Download complete")
    assert at(events, "a", "Extracting") == pytest.approx(2.0, abs=0.01)
    assert at(events, "a", "Pull complete") == pytest.approx(6.0, abs=0.01)
    assert at(events, "b", "Pull complete") == pytest.approx(8.0, abs=0.01)


def test_the_slides_pull_takes_its_bytes_over_the_line() -> None:
    """nginx 1.15.12: 44.8 MB at 10 MB a second, then its last layers are extracted."""
    items = [
        Item("27833a3ba0a5", 22_496_048, 55_280_512),
        Item("ea005e36e544", 22_297_356, 54_082_116),
        Item("d172c7f0578d", 204, 22),
    ]
    events = list(schedule(items, SPEEDS["classroom"]))
    end = max(at(events, item.layer, "Download complete") for item in items)
    assert end == pytest.approx((22_496_048 + 22_297_356 + 204) / 10e6 + 0.05, abs=0.01)
    assert events[-1].at == pytest.approx(end + (54_082_116 + 55_280_512) / 100e6, abs=0.02)


def test_a_download_that_breaks_off_goes_on_where_it_stopped() -> None:
    line = Network(bandwidth=1 * MB, latency=0, failures=(("a", 2),))
    events = list(schedule([Item("a", 4 * MB, 0)], line))
    retries = [(event.at, event.state) for event in events if event.state.startswith("Retrying")]
    first = [(2.0 + n, f"Retrying in {5 - n} second{'s' if n < 4 else ''}") for n in range(5)]
    second = [(8.0 + n, f"Retrying in {10 - n} second{'s' if n < 9 else ''}") for n in range(10)]
    assert retries == [(pytest.approx(time), words) for time, words in first + second]
    assert at(events, "a", "Download complete") == pytest.approx(2 + 5 + 1 + 10 + 1)


def test_others_go_on_while_one_pauses() -> None:
    line = Network(bandwidth=1 * MB, latency=0, failures=(("a", 1),))
    events = list(schedule([Item("a", 2 * MB, 0), Item("b", 4 * MB, 0)], line))
    assert at(events, "b", "Download complete") == pytest.approx(2 + 3)
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_the_sixth_failure_is_the_last() -> None:
    line = Network(latency=0, failures=(("a", 6),))
    seen: list[PullEvent] = []
    with pytest.raises(LabkitError) as caught:
        seen.extend(schedule([Item("a", 4 * MB, 0)], line))
    assert str(caught.value) == "unexpected EOF"
    assert sum(event.state.startswith("Retrying") for event in seen) == 5 + 10 + 15 + 20 + 25
    line = Network(latency=0, failures=(("a", 5),))
    assert list(schedule([Item("a", 4 * MB, 0)], line))[-1].state == "Pull complete"


def test_nothing_to_bring() -> None:
    assert list(schedule([], Network())) == []


def test_a_very_slow_line_is_not_reported_on_forever() -> None:
    events = list(schedule([Item("a", 100 * MB, 0)], Network(bandwidth=1)))
    assert len(events) < 2100
    assert at(events, "a", "Download complete") == pytest.approx(100 * MB, rel=0.01)


@pytest.mark.parametrize("wrong", [{"bandwidth": 0}, {"extraction": -1}, {"latency": -0.1}])
def test_a_network_that_cannot_be(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        Network(**wrong)


def test_networks_by_name() -> None:
    assert network("fast").bandwidth > network("classroom").bandwidth > network("slow").bandwidth
    with pytest.raises(ValueError, match="there are fast, classroom, slow"):
        network("none")
