"""An image as a stack of layers, alone or under a container's own layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import drawsvg  # type: ignore[import-untyped]

from labkit.box import Box
from labkit.engine.state import Container
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, badge, box, brace, group, text
from labkit.notebook.pictures.text import count, cut, fit, indented
from labkit.notebook.pictures.theme import (
    BLUE,
    CARD,
    CHANGES,
    INK,
    ORANGE,
    PADDING,
    PALE,
    QUIET,
    RED,
    RULE,
    SIZE,
    TITLE,
)
from labkit.notebook.pictures.views import (
    ContainerView,
    ImageView,
    LayerView,
    Pictured,
    container_view,
    image_view,
    looked_up,
)

# A stack of layers with one chosen: what lies below it counts, what lies above is not laid yet.

_WIDTH = 736
_CHOSEN_BLOCK = 504
_ROW = 34
_GAP = 4


@dataclass(frozen=True, slots=True)
class Level:
    """A layer: its mark, identifier, bytes, what made it, and how many of its bytes are wasted."""

    mark: str
    label: str
    size: int
    made: str
    wasted: int = 0
    writable: bool = False


def chosen_layer(title: str, levels: Sequence[Level], chosen: int) -> Picture:
    """Draw layers, the base at the bottom, with the chosen one marked (1 is the bottom, 0 none).

    >>> levels = [Level("1", "5dacd731af1b", 55, "ADD", 50), Level("2", "", 0, "RM")]
    >>> print(chosen_layer("app", levels, 2).text)
    app · layer 2 of 2 chosen
      > 2                  0B  RM
        1  5dacd731af1b  55B  ADD  50B wasted
    """
    heading = f"{title} · {_which(levels, chosen)}"
    top = PADDING + TITLE + 20
    shapes: list[Shape] = []
    for row, place in enumerate(reversed(range(len(levels)))):
        shapes.append(_level(levels[place], top + row * (_ROW + _GAP), place + 1, chosen))
    height = top + len(levels) * (_ROW + _GAP) - _GAP + PADDING
    twin = _chosen_twin(heading, levels, chosen)
    return svg.paint(heading, _chosen_description(levels, chosen), twin, _WIDTH, height, shapes)


def _which(levels: Sequence[Level], chosen: int) -> str:
    if not chosen:
        return "no layers"
    mark = levels[chosen - 1].mark
    return f"layer {mark} of {len(levels)} chosen" if mark.isdigit() else f"its {mark} layer chosen"


def _level(level: Level, y: float, number: int, chosen: int) -> Shape:
    left, middle = PADDING + 20, y + _ROW / 2
    right, above, is_chosen = left + _CHOSEN_BLOCK - 14, number > chosen, number == chosen
    hue = ORANGE if level.writable else BLUE
    size, ink = human_size(level.size), QUIET if above else INK
    fill, line = (PALE, RULE) if above else (hue.tint, INK if is_chosen else hue.line)
    block = box(left, y, _CHOSEN_BLOCK, _ROW, fill=fill, line=line, dash=level.writable, kind="level")
    if is_chosen:
        block.args["stroke-width"] = 3
    x = left + 86 + (124 if level.label else 0)
    room = right - x - 9.2 * len(size) - 14
    shapes = [
        block,
        badge(left + 36, middle, level.mark, hue),
        text(left + 76, middle, cut(level.label, 12), mono=True, bold=True, fill=ink),
        text(x, middle, fit(level.made, room, SIZE), mono=True, fill=ink),
        text(right, middle, size, size=15, mono=True, bold=True, anchor="end", fill=ink),
    ]
    if is_chosen:
        shapes.append(_pointer(PADDING, middle))
    if level.wasted:
        shapes.append(_wasted(left + _CHOSEN_BLOCK + 10, y + 4, human_size(level.wasted)))
    return group(shapes, "chosen" if is_chosen else "layer")


def _pointer(x: float, y: float) -> Shape:
    return drawsvg.Lines(x, y - 8, x + 14, y, x, y + 8, close=True, fill=INK)


def _wasted(x: float, y: float, size: str) -> Shape:
    """Return a hatched chip beside a layer: how many of its bytes are wasted."""
    words = f"{size} wasted"
    width = 9.4 * len(words) + 16
    shapes = [
        box(x, y, width, 26, fill=svg.hatch(RED), line=RED.line),
        box(x + 4, y + 4, width - 8, 18, fill=CARD, line=CARD),
        text(x + width / 2, y + 13, words, bold=True, anchor="middle"),
    ]
    return group(shapes, "wasted")


def _chosen_description(levels: Sequence[Level], chosen: int) -> str:
    wasted = sum(level.wasted for level in levels)
    layers = count(len(levels), "layer")
    words = f"{layers}, the base at the bottom; {_which(levels, chosen)}, marked by an arrow."
    if chosen < len(levels):
        words += " Those above it are pale: they are left out."
    return f"{words} {human_size(wasted)} of the layers up to it are wasted." if wasted else words


def _chosen_twin(heading: str, levels: Sequence[Level], chosen: int) -> str:
    rows = []
    for place in reversed(range(len(levels))):
        level = levels[place]
        wasted = f"{human_size(level.wasted)} wasted" if level.wasted else ""
        pointer = ">" if place + 1 == chosen else " "
        label = cut(level.label, 12)
        rows.append([pointer, level.mark, label, human_size(level.size), cut(level.made, 50), wasted])
    return "\n".join([cut(heading, 110), *indented(rows, right=(3,))])


_BLOCK = 540
"""The width of a layer; what remains at its right is for the brace and its words."""
_TALL = 58
_FLAT = 36
_MANY = 6
"""With more layers than this each gets one line in place of two."""
_LINE = 22


def stack(
    image: Pictured,
    container: str | Box | Container | ContainerView | None = None,
    *,
    name: str = "",
    lab: Lab | None = None,
) -> Picture:
    """Draw the layers of an image, the base at the bottom, and a container's own layer on top.

    Both can be given by their names in `lab`, or else in the notebook's lab; a container alone brings its
    image. `name` is the name to show of the image. Raises NotFound for a name that the lab has not.

    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(stack("nginx", lab=lab).text.splitlines()[0])
    nginx · 3 layers · 109MB
    """
    if container is None and not isinstance(image, ImageView):
        found = looked_up(image, lab)
        container = found if isinstance(found, Box) else None
    view = image_view(image, name, lab=lab)
    return _draw(view, None if container is None else container_view(container, lab=lab))


def steps(image: Pictured, *, name: str = "", changes: int = 4, lab: Lab | None = None) -> Picture:
    """Draw a stack whose layers tell what they add (A), change (C) and delete (D).

    Each tells at most `changes` lines. The image is given as `stack` takes it.

    >>> lab = Lab()
    >>> image = lab.build("app", ["FROM busybox", "RUN echo hello > /greeting"])
    >>> print("\\n".join(steps("app", lab=lab).text.splitlines()[:3]))
    app · 2 layers · 1.2MB
      2  5d47e6d87531     6B  RUN echo hello > /greeting
           A /greeting
    """
    return _draw(image_view(image, name, changes=changes, lab=lab), None)


def _draw(image: ImageView, container: ContainerView | None) -> Picture:
    summary = f"{image.name} · {count(len(image.layers), 'layer')} · {human_size(image.size)}"
    title = summary if container is None else f"Container {container.name} on {summary}"
    y = PADDING + TITLE + 24
    shapes: list[Shape] = []
    if container is not None:
        height = _height(container.changes, tall=True)
        shapes += [_container(container, y, height), *_container_words(y, height)]
        y += height + 4 * _GAP
    top = y
    tall = len(image.layers) <= _MANY
    for place in reversed(range(len(image.layers))):
        layer = image.layers[place]
        height = _height(layer.changes, tall)
        shapes.append(_layer(layer, place + 1, y, height, tall))
        y += height + _GAP
    if image.layers:
        shapes += _image_words(top, y - _GAP)
    description, twin = _description(image, container), _twin(title, image, container)
    return svg.paint(title, description, twin, _WIDTH, y - _GAP + PADDING, shapes)


def _height(changes: Sequence[str], tall: bool) -> int:
    return (_TALL if tall else _FLAT) + _LINE * len(changes) + (6 if changes else 0)


def _layer(layer: LayerView, number: int, y: float, height: float, tall: bool) -> Shape:
    x, right, middle = PADDING, PADDING + _BLOCK - 16, y + (_TALL if tall else _FLAT) / 2
    first = y + 19 if tall else middle
    size = human_size(layer.size)
    shapes = [
        box(x, y, _BLOCK, height, fill=BLUE.tint, line=BLUE.line),
        badge(x + 26, middle, str(number), BLUE),
        text(x + 52, first, cut(layer.label, 24), size=15, mono=True, bold=True),
        text(right, first, size, size=15, mono=True, bold=True, anchor="end"),
    ]
    if tall:
        shapes.append(text(x + 52, y + 41, fit(layer.instruction, right - x - 52, SIZE), mono=True))
    else:
        room = right - x - 178 - 9.2 * len(size) - 12
        shapes.append(text(x + 178, first, fit(layer.instruction, room, SIZE), mono=True))
    return group([*shapes, *_changes(layer.changes, y + (_TALL if tall else _FLAT))], "layer")


def _container(container: ContainerView, y: float, height: float) -> Shape:
    x, right = PADDING, PADDING + _BLOCK - 16
    shapes = [
        box(x, y, _BLOCK, height, fill=ORANGE.tint, line=INK, dash=True),
        text(x + 52, y + 19, fit(f"container {container.name}", 330, 15), size=15, mono=True, bold=True),
        text(right, y + 19, human_size(container.size), size=15, mono=True, bold=True, anchor="end"),
        text(x + 52, y + 41, "all that the container writes goes here"),
        svg.pencil(x + 18, y + _TALL / 2 - 8),
    ]
    return group([*shapes, *_changes(container.changes, y + _TALL)], "container")


def _changes(lines: Sequence[str], y: float) -> list[Shape]:
    x = PADDING + 52
    shapes: list[Shape] = []
    for place, line in enumerate(lines):
        middle = y + _LINE * place + _LINE / 2 - 2
        letter, _, path = line.partition(" ")
        hue = CHANGES.get(letter)
        if hue is not None:
            shapes += [
                box(x, middle - 9, 18, 18, fill=CARD, line=hue.line, kind="change"),
                text(x + 9, middle, letter, bold=True, anchor="middle"),
            ]
        shown = fit(line if hue is None else path, _BLOCK - 52 - 28 - 16, SIZE)
        shapes.append(text(x + 28, middle, shown, mono=True, fill=QUIET if hue is None else INK))
    return shapes


def _container_words(y: float, height: float) -> list[Shape]:
    x, at = PADDING + _BLOCK + 40, y + height / 2 - 20
    lines = ("thin layer of", "the container")
    frame = brace(PADDING + _BLOCK + 10, y + 2, y + height - 2)
    return [frame, svg.labelled(svg.pencil(x, at - 9), x, at, "R/W", lines)]


def _image_words(top: float, bottom: float) -> list[Shape]:
    x, at, lines = PADDING + _BLOCK + 40, (top + bottom) / 2 - 10, ["image layers"]
    if bottom - top >= 100:
        at, lines = at - 20, ["image layers,", "never changed", "after the build"]
    frame = brace(PADDING + _BLOCK + 10, top + 2, bottom - 2)
    return [frame, svg.labelled(svg.lock(x, at - 10, BLUE.line), x, at, "R/O", lines)]


def _description(image: ImageView, container: ContainerView | None) -> str:
    layers = count(len(image.layers), "read-only layer")
    words = f"{layers}, the base at the bottom, {human_size(image.size)} together."
    if container is None:
        return words
    return f"{words} On top, dashed, the container's own read-write layer with {human_size(container.size)}."


def _twin(title: str, image: ImageView, container: ContainerView | None) -> str:
    rows, changes = [], []
    if container is not None:
        rows.append(["R/W", cut(f"container {container.name}", 40), human_size(container.size), ""])
        changes.append(container.changes)
    for place in reversed(range(len(image.layers))):
        layer = image.layers[place]
        label, made = cut(layer.label, 24), cut(layer.instruction, 60)
        rows.append([str(place + 1), label, human_size(layer.size), made])
        changes.append(layer.changes)
    lines = [cut(title, 110)]
    margin = " " * (max((len(row[0]) for row in rows), default=0) + 6)
    for line, told in zip(indented(rows, right=(0, 2)), changes, strict=True):
        lines += [line, *(margin + cut(change, 76) for change in told)]
    return "\n".join(lines)
