"""Charts: bars in SVG, drawn as all pictures are, and a pull's timeline.

Colours do not tell bars apart alone: one is hatched, one dotted, one plain, one full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from labkit.base.errors import LabkitError
from labkit.base.text import one_line
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, hatch, text
from labkit.notebook.pictures.text import MONO, SANS, cells, count, cut, indented
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, PADDING, PALE, QUIET, RED, SIZE, TITLE, Hue
from labkit.notebook.pictures.views import name_of, notebook_lab

WIDTH = 800
_ROW = 30
Style: TypeAlias = tuple[Hue, str, str]
"""A bar's hue, its hatching as `svg.hatch` takes it, and its words in the legend."""


def legend(styles: Iterable[Style], y: float) -> Iterator[Shape]:
    """Give the shapes that say in a line what bars mean."""
    x = float(PADDING)
    for hue, way, words in styles:
        yield box(x, y - 8, 28, 16, fill=hatch(hue, way), line=hue.line)
        yield text(x + 36, y, words)
        x += 58 + SANS * SIZE * len(words)


def beside(names: Iterable[str]) -> float:
    """Return where bars begin that have their names at the left."""
    return PADDING + MONO * SIZE * max(map(cells, names), default=0) + 16


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
_STYLES: Mapping[str, Style] = {
    "waiting": (Hue(QUIET, PALE, INK), "", "waiting"),
    "download": (BLUE, "/", "download"),
    "pause": (RED, "full", "pause before another try"),
    "extraction": (GREEN, ".", "extraction"),
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
) -> Picture:
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
    title = f"{what}: {count(len(layers), 'layer')}, {end:.2f} s"
    return _timeline(title, layers, end)


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


def _timeline(title: str, layers: Mapping[str, Sequence[Span]], end: float) -> Picture:
    names = [cut(layer, 24) for layer in layers]
    left, top = beside(names), PADDING + TITLE + 20
    below, scale = top + _ROW * len(names), (WIDTH - 2 * PADDING - beside(names)) / (end or 1)
    shapes = list(_axis(left, top, below, scale, end))
    fills = {kind: hatch(hue, way) for kind, (hue, way, _) in _STYLES.items()}
    for row, (name, told) in enumerate(zip(names, layers.values(), strict=True)):
        y = top + _ROW * (row + 0.5)
        shapes.append(text(PADDING, y, name, mono=True))
        shapes += [] if told else [text(left - 6, y, f"◆ {HERE}")]
        for span in sorted(told, key=lambda span: span.kind != "waiting"):
            x, high = left + span.start * scale, 8 if span.kind == "waiting" else 20
            wide, line = (span.end - span.start) * scale, _STYLES[span.kind][0].line
            fill = fills[span.kind]
            shapes.append(box(x, y - high / 2, wide, high, fill=fill, line=line, corner=1, kind="bar"))
    there = {span.kind for told in layers.values() for span in told}
    shapes += legend([style for kind, style in _STYLES.items() if kind in there], below + 64)
    about = "A row for each layer, and in it a bar for each time of waiting, download and extraction."
    return svg.paint(title, about, _timeline_twin(title, layers), WIDTH, below + 84, shapes)


def _axis(left: float, top: float, below: float, scale: float, end: float) -> Iterator[Shape]:
    """Give a line for each round number of seconds, at most eight, and what they are."""
    steps = (first * 10**power for power in range(-3, 9) for first in (1, 2, 5))
    step = next(step for step in steps if end <= 8 * step)
    for number in range(int(end / step) + 1):
        x = left + number * step * scale
        yield svg.rule(x, top, x, below)
        yield text(x, below + 14, f"{number * step:g}", fill=QUIET, anchor="middle")
    yield text((left + WIDTH - PADDING) / 2, below + 36, "seconds since the pull began", anchor="middle")
