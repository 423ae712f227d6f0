"""Containers side by side on one stack of layers, drawn once; each has a thin layer of its own."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from labkit.course.shared_stack import ContainerLayer, SharedStack, Standing, shared_stack
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, group, hatch, text
from labkit.notebook.pictures.text import MONO, count, cut, fit, indented
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, ORANGE, PADDING, PALE, QUIET, SIZE, TITLE
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.oci.image import Image

_WIDTH = 760
_ROOM = _WIDTH - 2 * PADDING
_ROW, _GAP = 30, 4
_TALL = 100
"""The height of a container."""
_COLUMNS = 6
"""The most containers, and images without one, that are drawn."""
_LAYERS = 5
"""The most shared layers that are drawn; of an image's own, two."""
_OWN = 2
_BAR, _BAR_LEFT = 26, PADDING + 250


@lab_first
def on_one_image(image: str | Image, *, lab: Lab | None = None) -> Picture:
    """Draw the containers that stand on an image, its layers below them and what is on the disk.

    The lab is the notebook's where none is given. Raises NotFound where neither the image nor a container
    of it is there.

    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> copied = box.write("/greeting", "hello")
    >>> print(on_one_image("busybox", lab=lab).text.splitlines()[1])
      box  running  5B  1 change
    """
    return draw(shared_stack(needed_lab(lab), name_of(image)))


def draw(whole: SharedStack, chosen: str = "") -> Picture:
    """Draw the containers on a stack; the chosen one has a strong line.

    >>> web = ContainerLayer("web", running=True, size=3, changes=1)
    >>> whole = SharedStack("app", (("5dacd731af1b", 55),), (Standing("app", (), (web,)),))
    >>> print(draw(whole).text)
    1 container on app · 55B shared
      web  running  3B  1 change
      layer 1  5dacd731af1b  55B  read-only, shared
      on disk now                          58B
      with a copy of the layers for each  113B
    """
    title = f"{count(len(whole.boxes), 'container')} on {whole.name} · {human_size(whole.shared)} shared"
    columns = _columns(whole)
    width = (_ROOM + _GAP) / max(len(columns), 3)
    extra = max((min(len(each.layers), _OWN) for each, _ in columns), default=0)
    top = PADDING + TITLE + 22
    base = top + _TALL + _GAP + extra * (_ROW + _GAP)
    shapes: list[Shape] = []
    for place, (standing, each) in enumerate(columns):
        shapes += _column(standing, each, PADDING + place * width, width - _GAP, base, chosen)
    shapes += _own_layers(columns, width, base)
    if not columns:
        shapes.append(text(PADDING + 12, top + _TALL / 2, "no container yet", fill=QUIET))
    stack, bottom = _stack(whole, base)
    shapes += stack
    hidden = len(whole.boxes) - sum(each is not None for _, each in columns)
    notes = [f"{count(hidden, 'more container')} not drawn"] * bool(hidden)
    notes += [f"{count(whole.others, 'container')} on other images"] * bool(whole.others)
    for note in notes:
        shapes.append(text(PADDING, bottom + 12, f"and {note}", fill=QUIET))
        bottom += 22
    bars, bottom = _bars(whole, bottom + 14)
    description = (
        f"The {count(len(whole.layers), 'read-only layer')} of {whole.name} at the bottom, drawn once; on "
        f"them {count(len(whole.boxes), 'container')}, each with a read-write layer of its own. On disk are "
        f"{human_size(whole.on_disk)}; with a copy for each there would be {human_size(whole.copied)}."
    )
    return svg.paint(title, description, _twin(title, whole), _WIDTH, bottom + PADDING - 8, [*shapes, *bars])


def _columns(whole: SharedStack) -> list[tuple[Standing, ContainerLayer | None]]:
    """Return what stands side by side: containers, and images of their own that have none."""
    found: list[tuple[Standing, ContainerLayer | None]] = []
    for standing in whole.standings:
        found += [(standing, each) for each in standing.boxes]
        if not standing.boxes and standing.layers:
            found.append((standing, None))
    return found[:_COLUMNS]


def _column(
    standing: Standing, each: ContainerLayer | None, x: float, width: float, base: float, chosen: str
) -> list[Shape]:
    if each is None:
        return []
    y = base - min(len(standing.layers), _OWN) * (_ROW + _GAP) - _TALL - _GAP
    fill, is_chosen = ORANGE.tint if each.running else PALE, each.name == chosen
    shapes = [box(x, y, width, _TALL, fill=fill, line=INK if is_chosen else ORANGE.line, dash=True)]
    if is_chosen:
        shapes.append(box(x + 4, y + 4, width - 8, _TALL - 8, fill="none", line=INK, kind="chosen"))
    state = "running" if each.running else "stopped"
    shapes += [
        svg.pencil(x + 12, y + 10),
        text(x + 36, y + 18, fit(each.name, width - 46, 15), size=15, mono=True, bold=True),
        *(
            text(x + 12, y + 40 + 21 * row, fit(words, width - 20, SIZE), mono=True)
            for row, words in enumerate((human_size(each.size), state, count(each.changes, "change")))
        ),
    ]
    return [group(shapes, f"container {state}")]


def _own_layers(
    columns: Sequence[tuple[Standing, ContainerLayer | None]], width: float, base: float
) -> list[Shape]:
    """Return the layers that images have on top of the shared ones, each as wide as its containers."""
    shapes: list[Shape] = []
    for standing in {id(each): each for each, _ in columns}.values():
        places = [place for place, (each, _) in enumerate(columns) if each is standing]
        x, room = PADDING + places[0] * width, len(places) * width - _GAP
        for height, (label, size) in enumerate(standing.layers[:_OWN]):
            y = base - (height + 1) * (_ROW + _GAP)
            words = standing.name if height == 0 else label
            if height == _OWN - 1 and len(standing.layers) > _OWN:
                words = f"… {len(standing.layers) - height} layers"
            shapes.append(_layer(x, y, room, words, size, GREEN.tint, GREEN.line))
    return shapes


def _layer(x: float, y: float, width: float, words: str, size: int, fill: object, line: str) -> Shape:
    middle, shown = y + _ROW / 2, human_size(size)
    room = width - 36 - MONO * SIZE * len(shown) - 22
    if room < 8 * MONO * SIZE:
        shown, room = "", width - 46
    shapes = [
        box(x, y, width, _ROW, fill=fill, line=line),
        svg.lock(x + 12, middle - 10, BLUE.line if line == BLUE.line else INK),
        text(x + 36, middle, fit(words, room, SIZE), mono=True, bold=True),
        text(x + width - 12, middle, shown, mono=True, bold=True, anchor="end"),
    ]
    return group(shapes, "layer")


def _stack(whole: SharedStack, top: float) -> tuple[list[Shape], float]:
    """Return the shared layers, the base at the bottom, and where they end."""
    shapes, y, layers = [], top + 2 * _GAP, whole.layers
    for place in range(len(layers) - 1, -1, -1):
        if len(layers) - 1 - place >= _LAYERS - 1 and place and len(layers) > _LAYERS:
            words = f"… {place + 1} layers"
            size = sum(size for _, size in layers[: place + 1])
            shapes.append(_layer(PADDING, y, _ROOM, words, size, BLUE.tint, BLUE.line))
            return shapes, y + _ROW + _GAP
        label, size = layers[place]
        shapes.append(_layer(PADDING, y, _ROOM, f"{place + 1}  {label}", size, BLUE.tint, BLUE.line))
        y += _ROW + _GAP
    return shapes, y


def _bars(whole: SharedStack, y: float) -> tuple[list[Shape], float]:
    """Return two bars, what is on disk and what it would be with copies, and where they end."""
    once = [whole.shared, whole.on_disk - whole.shared]
    copies = []
    for standing in whole.standings:
        image = whole.shared + sum(size for _, size in standing.layers)
        copies += [image, *(image + each.size for each in standing.boxes)]
    scale = (_WIDTH - PADDING - _BAR_LEFT) / max(whole.copied, 1)
    shapes = []
    bars = (("on disk now", whole.on_disk, once), ("a copy for each", whole.copied, copies))
    for words, size, parts in bars:
        middle = y + _BAR / 2
        shapes += [
            text(PADDING, middle, words, size=15, bold=True),
            text(_BAR_LEFT - 14, middle, human_size(size), size=15, mono=True, bold=True, anchor="end"),
        ]
        edges = [0.0, *(part * scale for part in accumulate(parts))]
        for number, (left, right) in enumerate(pairwise(edges)):
            if right - left >= 1:
                fill = hatch(BLUE) if number == 0 else BLUE.tint if parts is copies else ORANGE.tint
                shapes.append(box(_BAR_LEFT + left, y, right - left - 1, _BAR, fill=fill, line=BLUE.line))
        y += _BAR + 10
    return [group(shapes, "bars")], y


def _twin(title: str, whole: SharedStack) -> str:
    boxes = []
    for standing in whole.standings:
        on = f"on {cut(standing.name, 40)}" if standing.layers else ""
        for each in standing.boxes:
            state, changes = "running" if each.running else "stopped", count(each.changes, "change")
            boxes.append([cut(each.name, 40), state, human_size(each.size), changes, on])
    own = [
        [cut(standing.name, 40), cut(label, 24), human_size(size), "read-only"]
        for standing in whole.standings
        for label, size in reversed(standing.layers)
    ]
    layers = [
        [f"layer {number}", cut(label, 24), human_size(size), "read-only, shared"]
        for number, (label, size) in reversed([*enumerate(whole.layers, 1)])
    ]
    copied = ["with a copy of the layers for each", human_size(whole.copied)]
    sums = [["on disk now", human_size(whole.on_disk)], copied]
    lines = [cut(title, 110), *(indented(boxes, right=(2,)) or ["  no container yet"])]
    lines += [*indented(own, right=(2,)), *indented(layers, right=(2,))]
    lines += [f"  {count(whole.others, 'container')} on other images"] * bool(whole.others)
    return "\n".join([*lines, *indented(sums, right=(1,))])
