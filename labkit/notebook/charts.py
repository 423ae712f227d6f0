"""Charts, drawn by matplotlib: a pull's timeline.

matplotlib is imported when a chart is drawn. Where it is missing, as in a browser, a chart is one line that
says so and the twin in text. A chart is a PNG, whose bytes vary with the version of matplotlib, and a twin
that does not: docs/decisions/0007-pictures-are-images-with-a-twin.md.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as etree

from labkit.base.errors import LabkitError
from labkit.base.lazy import advice
from labkit.base.text import counted, one_line
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.pictures.picture import image, source, twin
from labkit.notebook.pictures.text import cut, indented, visible
from labkit.notebook.pictures.theme import BLUE, CARD, DARK, GREEN, INK, RED, RULE, Hue
from labkit.notebook.pictures.views import name_of, notebook_lab

MISSING = f"no chart: matplotlib is not installed here ({advice('course')}); in words:"
_DPI = 192
"""Twice what a page shows, so that a chart is sharp when it is projected."""
_WIDTH = 8.0
_PLAIN = " =:;,/+"
"""What base64 and a type need stays as it is in an address, where a comparison of notebooks finds it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: a PNG, empty where matplotlib is missing, and all that it shows in text."""

    title: str
    text: str = field(repr=False)
    png: bytes = field(repr=False)
    width: int = field(repr=False, default=0)
    height: int = field(repr=False, default=0)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, str]:
        """Return the image with, folded below it, the twin; both in text where nothing else can be shown."""
        if not self.png:
            return {"text/plain": f"{MISSING}\n{self.text}"}
        return {"text/html": self.html + twin(self.text), "text/plain": self.text}

    @property
    def html(self) -> str:
        """The image alone: a drawing that holds the PNG, for the sake of its style."""
        size = {"width": f"{self.width}", "height": f"{self.height}"}
        drawing = etree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
        etree.SubElement(drawing, "style").text = DARK
        etree.SubElement(drawing, "image", {"href": source("image/png", self.png), **size})
        address = f"data:image/svg+xml,{quote(etree.tostring(drawing), safe=_PLAIN)}"
        return image(address, f"Chart: {self.title}.", self.width)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a layer's pull: "waiting", "download", "pause" or "extraction", in seconds."""

    kind: str
    start: float
    end: float


_KINDS = {
    "Pulling fs layer": "waiting",
    "Waiting": "waiting",
    "Downloading": "download",
    "Retrying": "pause",
    "Verifying Checksum": "waiting",
    "Download complete": "waiting",
    "Extracting": "extraction",
}
_STYLES: Mapping[str, tuple[Hue, str, str]] = {
    "waiting": (Hue(RULE, "#f3f4f6", INK), "", "waiting"),
    "download": (BLUE, "///", "download"),
    "pause": (RED, "xx", "pause before another try"),
    "extraction": (GREEN, "...", "extraction"),
}
HERE = "Already exists"


def spans(events: Iterable[PullEvent]) -> dict[str, tuple[Span, ...]]:
    """Return what became of each layer of a pull, in the order in which the pull names them.

    A layer that was there already has no span.

    >>> spans([PullEvent(0, "a", "Downloading"), PullEvent(2, "a", "Pull complete")])
    {'a': (Span(kind='download', start=0, end=2),)}
    """
    lines: dict[str, list[PullEvent]] = {}
    last = 0.0
    for event in events:
        lines.setdefault(event.layer, []).append(event)
        last = max(last, event.at)
    return {layer: _spans(sorted(told, key=lambda event: event.at), last) for layer, told in lines.items()}


def _spans(events: Sequence[PullEvent], last: float) -> tuple[Span, ...]:
    found: list[Span] = []
    kind, start = "", 0.0
    for event in events:
        state = event.state.strip()
        then = "" if state == "Pull complete" else _KINDS.get(state.partition(" in ")[0], kind)
        if then == kind:
            continue
        if kind and event.at > start:
            found.append(Span(kind, start, event.at))
        kind, start = then, event.at
    if kind and last > start:
        found.append(Span(kind, start, last))
    return tuple(found)


def pull_timeline(
    pull: str | Iterable[PullEvent],
    *,
    after: str | Sequence[str] = (),
    name: str = "",
    lab: Lab | None = None,
) -> Chart:
    """Draw when each layer of a pull waited, was downloaded and extracted, in seconds.

    A pull is given by the events of one, as `Lab.pull` keeps them, or by an image's name: then it is a pull
    into a cache that has nothing, or the images `after` which it comes, over the network and from the
    registries of `lab`, or else of the notebook's lab. No lab is changed. `name` is the title's.

    >>> print(pull_timeline("mysql", after="nginx").text.splitlines()[0])
    Pull of mysql, after nginx: 12 layers, 14.00 s
    >>> layer = "27833a3ba0a5"
    >>> events = [PullEvent(0, layer, "Downloading"), PullEvent(2.5, layer, "Pull complete")]
    >>> print(pull_timeline(events, name="nginx").text)
    Pull of nginx: 1 layer, 2.50 s
      LAYER         DOWNLOAD     EXTRACTION
      27833a3ba0a5  0.00-2.50 s
    """
    events: object = pull
    if isinstance(pull, str):
        several = after if isinstance(after, list | tuple) else [after]
        before = [name_of(each) for each in several]
        name = name or (f"{pull}, after {' and '.join(before)}" if before else pull)
        events = _pulled(lab or notebook_lab() or Lab(), [*before, pull])
    layers = spans(_events(events))
    end = max((span.end for told in layers.values() for span in told), default=0.0)
    what = f"Pull of {cut(name, 60)}" if name else "A pull"
    title = f"{what}: {counted(len(layers), 'layer')}, {end:.2f} s"
    return make_chart(title, _timeline_twin(title, layers), lambda: _timeline(title, layers, end))


def _pulled(lab: Lab, names: Sequence[str]) -> list[PullEvent]:
    """Return the events of the last of some pulls over a lab's network, into a cache of their own."""
    empty = Lab(network=lab.network, online=False)
    empty.session.registries, empty.session.platform = lab.session.registries, lab.session.platform
    for name in names:
        events: list[PullEvent] = []
        empty.pull(name, events=events)
    return events


def _events(given: object) -> list[PullEvent]:
    """Return the events of a pull; raises LabkitError for anything else."""
    found = list(given) if isinstance(given, Iterable) else [given]
    events = [each for each in found if isinstance(each, PullEvent)]
    if len(events) < len(found):
        wrong = cut(one_line(repr(given)), 60)
        raise LabkitError(f"this takes the name of an image or the events of a pull, not {wrong}")
    return events


def _timeline_twin(title: str, layers: Mapping[str, Sequence[Span]]) -> str:
    rows = [["LAYER", "DOWNLOAD", "EXTRACTION"]]
    for layer, told in layers.items():
        cells = []
        for kind in ("download", "extraction"):
            parts = [span for span in told if span.kind == kind]
            tries = f" ({len(parts)} tries)" if len(parts) > 1 else ""
            cells.append(f"{parts[0].start:.2f}-{parts[-1].end:.2f} s{tries}" if parts else "")
        rows.append([cut(layer, 24), cells[0] if told else HERE, cells[1]])
    return "\n".join([title, *indented(rows)])


def _timeline(title: str, layers: Mapping[str, Sequence[Span]], end: float) -> Any:
    figure, axes = _axes(title, len(layers))
    shown = []
    for row, told in enumerate(layers.values()):
        for span in told:
            hue, pattern, words = _STYLES[span.kind]
            axes.barh(
                row,
                span.end - span.start,
                left=span.start,
                height=0.3 if span.kind == "waiting" else 0.7,
                facecolor=hue.tint,
                edgecolor=hue.line,
                hatch=pattern,
                linewidth=1,
                zorder=1.5 if span.kind == "waiting" else 2,
                label="_" if words in shown else words,
            )
            shown.append(words)
        if not told:
            axes.plot(0, row, marker="D", color=INK, markersize=6, clip_on=False)
            axes.annotate(
                HERE, (0, row), (12, 0), textcoords="offset points", va="center_baseline", color=INK
            )
    axes.set_yticks(range(len(layers)), [cut(layer, 24) for layer in layers], family="monospace")
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.set_xlim(0, end * 1.02 or 1)
    axes.set_xlabel("seconds since the pull began")
    if shown:
        legend(figure)
    return figure


def new_figure(title: str, height: float) -> Any:
    """Return an empty figure of the charts' width with its title; the height is in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    room = ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.12)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout=room, facecolor=CARD)
    figure.suptitle(visible(title), x=0.018, ha="left", weight="bold", size=13, parse_math=False)
    return figure


def _axes(title: str, rows: int) -> tuple[Any, Any]:
    figure = new_figure(title, 1.6 + 0.34 * max(rows, 2))
    axes = figure.add_subplot()
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0, pad=10)
    return figure, axes


def legend(figure: Any, **options: Any) -> None:
    """Put the legend below a figure; `options` are matplotlib's."""
    style = {"loc": "outside lower left", "ncols": 4, "frameon": False}
    figure.legend(handlelength=2.4, handleheight=1.2, **style | options)


def make_chart(title: str, text: str, draw: Callable[[], Any]) -> Chart:
    """Return the chart that `draw` makes a figure of, by matplotlib's own settings whatever a user's are."""
    try:
        import matplotlib
    except ImportError:
        return Chart(title, text, b"")
    data = io.BytesIO()
    # On a new machine it lists the fonts first, and says so in the cell's output where that takes long.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"font.size": 11, "hatch.linewidth": 0.8, "text.parse_math": False})
        figure = draw()
        figure.savefig(data, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 1})
    return Chart(title, text, _in_few_colours(data), *(int(96 * each) for each in figure.get_size_inches()))


def _in_few_colours(png: io.BytesIO) -> bytes:
    """Return a PNG with a palette: a third of the bytes for a notebook to keep, and no loss to see."""
    from PIL import Image as Picture

    smaller = io.BytesIO()
    few = Picture.open(png).convert("RGB").quantize(64, method=Picture.Quantize.FASTOCTREE)
    few.save(smaller, format="png")
    return smaller.getvalue()
