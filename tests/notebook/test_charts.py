"""Charts: what they draw, what they say, and what is left of them without matplotlib."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as etree

import pytest

from labkit.engine.schedule import Item, Network, PullEvent, schedule
from labkit.notebook import charts
from labkit.notebook.charts import Chart, Span, pull_timeline, spans

ITEMS = [Item("864c283b3c4b", 10_000_000, 20_000_000), Item("5479aaef3d30", 1_000, 1_000)]
HERE = PullEvent(0.0, "27833a3ba0a5", "Already exists")
EVENTS = [HERE, *schedule(ITEMS, Network(latency=0.5, failures=(("5479aaef3d30", 1),)))]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the figures that are drawn."""
    figures: list[Any] = []
    make = charts._axes

    def keep(title: str, rows: int) -> tuple[Any, Any]:
        figure, axes = make(title, rows)
        figures.append(figure)
        return figure, axes

    monkeypatch.setattr(charts, "_axes", keep)
    return figures


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


def test_timeline_has_a_row_for_each_layer_and_a_bar_for_each_span(drawn: list[Any]) -> None:
    chart = pull_timeline(EVENTS, name="mysql")
    (figure,) = drawn
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == list(spans(EVENTS))
    assert len(axes.patches) == sum(len(told) for told in spans(EVENTS).values())
    assert {bar.get_hatch() for bar in axes.patches} == {"///", "xx", "..."}
    assert [text.get_text() for text in axes.texts] == ["Already exists"]
    assert axes.get_xlabel() == "seconds since the pull began"
    assert len(figure.legends[0].get_texts()) == 3
    assert chart.png.startswith(b"\x89PNG")
    assert chart.width == figure.get_size_inches()[0] * 96 // 1


def test_nothing_to_draw_is_no_error() -> None:
    assert pull_timeline([]).text.startswith("A pull: 0 layers, 0.00 s")
    assert pull_timeline([HERE]).png


def test_a_name_is_only_text() -> None:
    chart = pull_timeline([HERE], name="$x^$\u202e\x1b<b>")
    assert "$x^$\\u202e\\x1b<b>" in chart.text
    assert chart.png


def test_the_same_chart_has_the_same_bytes_whatever_the_user_set() -> None:
    import matplotlib

    before = pull_timeline(EVENTS)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red"}):
        assert pull_timeline(EVENTS) == before
        assert matplotlib.rcParams["font.size"] == 30


def test_a_chart_is_an_image_with_a_text_alternative_and_its_twin() -> None:
    bundle = Chart("a < b", "one < two", b"png", 80, 60)._repr_mimebundle_()
    assert bundle["text/plain"] == "one < two"
    image, twin = bundle["text/html"].split(" /><details>")
    found = re.match(r'<img src="([^"]*)" alt="Chart: a &lt; b." width="80"', image)
    assert found
    address = found[1]
    kind, drawing = address.split(",", 1)
    assert kind == "data:image/svg+xml"
    held = etree.fromstring(unquote(drawing)).find("{http://www.w3.org/2000/svg}image")
    assert held is not None
    assert held.attrib == {"href": "data:image/png;base64,cG5n", "width": "80", "height": "60"}
    assert "data:image/png;base64,cG5n" in address  # as tests/sanitize.cfg looks for it
    assert twin == "<summary>In words</summary><pre>one &lt; two</pre></details>"


def test_without_matplotlib_there_is_one_line_and_the_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    chart = pull_timeline(EVENTS)
    assert chart.png == b""
    first, rest = chart._repr_mimebundle_()["text/plain"].split("\n", 1)
    assert first == "no chart: matplotlib is not installed here (pip install 'labkit[course]'); in words:"
    assert rest == chart.text


def test_importing_loads_neither_matplotlib_nor_ipython() -> None:
    program = (
        "import sys; sys.path.insert(0, '.'); import labkit.notebook.charts;"
        "from labkit.notebook.pictures.layer_stack import stack;"
        "from labkit import Lab; stack(Lab().pull('busybox'));"
        "print([m for m in ('matplotlib', 'numpy', 'IPython', 'ipywidgets') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=root, env=os.environ, capture_output=True, text=True
    )
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
