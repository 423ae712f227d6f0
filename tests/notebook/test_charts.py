"""Charts: what they draw, and what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from labkit.engine.schedule import Item, Network, PullEvent, schedule
from labkit.notebook.charts import Span, pull_timeline, spans
from labkit.notebook.pictures.picture import Picture

SVG = "{http://www.w3.org/2000/svg}"
ITEMS = [Item("864c283b3c4b", 10_000_000, 20_000_000), Item("5479aaef3d30", 1_000, 1_000)]
HERE = PullEvent(0.0, "27833a3ba0a5", "Already exists")
EVENTS = [HERE, *schedule(ITEMS, Network(latency=0.5, failures=(("5479aaef3d30", 1),)))]


def classes(picture: Picture, kind: str) -> list[etree.Element]:
    """Give the shapes of a class."""
    return [each for each in etree.fromstring(picture.svg).iter() if each.get("class") == kind]


def words(picture: Picture) -> list[str]:
    """Give the texts of a picture."""
    return ["".join(each.itertext()) for each in etree.fromstring(picture.svg).iter(f"{SVG}text")]


def test_spans_follow_the_events_of_a_pull() -> None:
    found = spans(EVENTS)
    assert list(found) == ["27833a3ba0a5", "864c283b3c4b", "5479aaef3d30"]
    assert found["27833a3ba0a5"] == ()
    assert [span.kind for span in found["864c283b3c4b"]] == ["download", "extraction"]
    assert [span.kind for span in found["5479aaef3d30"]] == ["download", "pause", "download", "extraction"]
    pause, again = found["5479aaef3d30"][1:3]
    assert pause.end - pause.start == pytest.approx(5.5)
    assert again.start == pause.end
    for told in found.values():
        assert all(one.end == other.start for one, other in pairwise(told))


def test_a_layer_waits_for_its_turn_and_for_the_one_below() -> None:
    events = [
        PullEvent(0, "a", "Pulling fs layer"),
        PullEvent(0, "a", "Waiting"),
        PullEvent(1, "a", "Downloading", 1, 2),
        PullEvent(2, "a", "Verifying Checksum"),
        PullEvent(2, "a", "Download complete"),
        PullEvent(4, "a", "Extracting", 2, 2),
        PullEvent(5, "a", "Pull complete"),
    ]
    wanted = (Span("waiting", 0, 1), Span("download", 1, 2), Span("waiting", 2, 4), Span("extraction", 4, 5))
    assert spans(events) == {"a": wanted}


def test_a_pull_that_breaks_off_ends_where_it_broke_off() -> None:
    events = [
        PullEvent(0, "a", "Downloading"),
        PullEvent(0, "b", "Waiting"),
        PullEvent(3, "a", "Downloading"),
    ]
    assert spans(events) == {"a": (Span("download", 0, 3),), "b": (Span("waiting", 0, 3),)}


def test_timeline_in_words() -> None:
    assert pull_timeline(EVENTS, name="mysql").text == (
        "Pull of mysql: 3 layers, 6.00 s\n"
        "  LAYER         DOWNLOAD               EXTRACTION\n"
        "  27833a3ba0a5  Already exists\n"
        "  864c283b3c4b  0.50-1.50 s            1.50-1.70 s\n"
        "  5479aaef3d30  0.50-6.00 s (2 tries)  6.00-6.00 s"
    )


def test_timeline_has_a_row_for_each_layer_and_a_bar_for_each_span() -> None:
    picture, found = pull_timeline(EVENTS, name="mysql"), spans(EVENTS)
    bars = classes(picture, "bar")
    assert len(bars) == sum(len(told) for told in found.values())
    assert [each for each in words(picture) if each in found] == list(found)
    assert "◆ Already exists" in words(picture)
    assert words(picture)[-3:] == ["download", "pause before another try", "extraction"]
    fills = [each.get("fill", "") for each in bars]
    assert sum(each.startswith("url(") for each in fills) == 5
    assert len(set(fills)) == 3
    assert [each for each in words(picture) if each.isdigit()] == [str(n) for n in range(7)]


def test_nothing_to_draw_is_no_error() -> None:
    assert pull_timeline([]).text.startswith("A pull: 0 layers, 0.00 s")
    assert "Already exists" in pull_timeline([HERE]).svg


def test_a_name_is_only_text() -> None:
    chart = pull_timeline([HERE], name="$x^$\u202e\x1b<b>")
    assert "$x^$\\u202e\\x1b<b>" in chart.text
    assert not {"\x1b", "\u202e"} & set(chart.svg)


def test_the_same_chart_has_the_same_bytes() -> None:
    assert pull_timeline(EVENTS) == pull_timeline(EVENTS)


def test_importing_loads_no_ipython() -> None:
    program = (
        "import sys; sys.path.insert(0, '.'); import labkit.notebook.charts;"
        "from labkit.notebook.pictures.layer_stack import stack;"
        "from labkit import Lab; stack(Lab().pull('busybox'));"
        "print([m for m in ('IPython', 'ipywidgets') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=os.environ, capture_output=True, text=True
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
