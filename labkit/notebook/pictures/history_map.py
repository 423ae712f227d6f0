"""The history's lines beside the layers: which build step made a layer, and which none."""

from __future__ import annotations

from labkit.base.text import counted
from labkit.cli.formats import ellipsis
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, badge, box, curve, group, text
from labkit.notebook.pictures.text import cut, fit, indented, visible
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, PADDING, QUIET, RED, TITLE, Hue
from labkit.notebook.pictures.views import Pictured, history_lines, named
from labkit.oci.digest import short
from labkit.oci.image import Image, Step
from labkit.oci.layer import Layer

_WIDTH = 860
_ROW = 34
_STEP = 570
"""The width of a history line: 45 characters, a size, and a badge or the word metadata."""
_LAYER = 168
_HEIGHT = 58
_SIZE_END = PADDING + 482
_HUES = (BLUE, RED, GREEN)
_CREATED_BY = 45
"""Where `docker history` cuts."""


def history_map(image: Pictured, *, name: str = "", lab: Lab | None = None) -> Picture:
    """Draw the lines of `docker history`, newest first, each that made a layer joined to its layer.

    A line that made an empty layer, 0B and yet a layer, is joined as well. The image is given as to `stack`.

    >>> lab = Lab()
    >>> image = lab.build("app", ["FROM busybox", "RUN echo hello > /greeting", "ENV A=b"])
    >>> print("\\n".join(history_map("app", lab=lab).text.splitlines()[:3]))
    app · 4 history lines · 2 layers
      /bin/sh -c #(nop)  ENV A=b                       0B  metadata
      /bin/sh -c echo hello > /greeting                6B  layer 2   5d47e6d87531
    """
    name, found = named(image, name, lab)
    lines, layers = history_lines(found), len(found.layers)
    rows, joined = len(lines), sum(number > 0 for _, number in lines)
    title = f"{name} · {counted(rows, 'history line')} · {counted(layers, 'layer')}"
    head = PADDING + TITLE + 24
    top = head + 30
    space = max(rows * _ROW, layers * (_HEIGHT + 4) - 4)
    steps_top = top + (space - rows * _ROW) / 2
    tops = _layer_tops(found, steps_top, top, space)
    shapes = _heads(head)
    for number, layer in enumerate(found.layers, 1):
        shapes.append(_layer(layer, number, tops[number - 1]))
    for row, (step, number) in enumerate(lines):
        y = steps_top + row * _ROW
        shapes.append(_step(step, number, y))
        if number:
            to_x, to_y = _WIDTH - PADDING - _LAYER, tops[number - 1] + _HEIGHT / 2
            shapes.append(curve(PADDING + _STEP, y + _ROW / 2, to_x, to_y, _hue(number), "join"))
    description = (
        f"At the left the lines of docker history, newest first; at the right the layers, the base at the "
        f"bottom. {counted(joined, 'line')} made a layer and {'is' if joined == 1 else 'are'} joined to it; "
        f"{counted(rows - joined, 'line')} changed metadata alone."
    )
    words = _twin(title, found)
    return svg.paint(title, description, words, _WIDTH, top + space + PADDING, shapes)


def _hue(number: int) -> Hue:
    return _HUES[(number - 1) % len(_HUES)]


def _layer_tops(image: Image, steps_top: float, top: float, space: float) -> list[float]:
    """Return the height of each layer in a stack that stands in the middle of the lines it is joined to."""
    layers, pitch = len(image.layers), _HEIGHT + 4
    rows = [row for row, (_, number) in enumerate(history_lines(image)) if number] or [0]
    middle = steps_top + (sum(rows) / len(rows) + 0.5) * _ROW
    height = layers * pitch - 4
    first = max(top, min(middle - height / 2, top + space - height))
    return [first + (layers - 1 - place) * pitch for place in range(layers)]


def _heads(y: float) -> list[Shape]:
    words = "docker history: a line for each build step"
    return [
        text(PADDING, y + 8, words, fill=QUIET),
        text(_SIZE_END, y + 8, "SIZE", fill=QUIET, anchor="end"),
        text(_WIDTH - PADDING - _LAYER, y + 8, "layers", fill=QUIET),
        svg.rule(PADDING, y + 22, PADDING + _STEP),
        svg.rule(_WIDTH - PADDING - _LAYER, y + 22, _WIDTH - PADDING),
    ]


def _created_by(step: Step) -> str:
    return visible(ellipsis(step.entry.created_by.replace("\t", " "), _CREATED_BY))


def _step(step: Step, number: int, y: float) -> Shape:
    x, middle, ink = PADDING, y + _ROW / 2, INK if number else QUIET
    shapes = [
        text(x + 10, middle, fit(_created_by(step), 400, 14), mono=True, fill=ink),
        text(_SIZE_END, middle, human_size(step.size), mono=True, bold=number > 0, fill=ink, anchor="end"),
    ]
    if not number:
        return group([*shapes, text(_SIZE_END + 16, middle, "metadata", fill=QUIET)], "metadata")
    hue = _hue(number)
    frame = box(x, y + 2, _STEP, _ROW - 4, fill=hue.tint, line=hue.line)
    return group([frame, *shapes, badge(_SIZE_END + 30, middle, str(number), hue)], "step")


def _layer(layer: Layer, number: int, y: float) -> Shape:
    x, hue = _WIDTH - PADDING - _LAYER, _hue(number)
    shapes = [
        box(x, y, _LAYER, _HEIGHT, fill=hue.tint, line=hue.line),
        badge(x + 24, y + _HEIGHT / 2, str(number), hue),
        text(x + 48, y + 20, short(layer.diff_id), mono=True, bold=True),
        text(x + 48, y + 41, human_size(layer.size), mono=True),
    ]
    return group(shapes, "layer")


def _twin(title: str, image: Image) -> str:
    rows = []
    for step, number in history_lines(image):
        told = ["metadata", ""] if step.layer is None else [f"layer {number}", short(step.layer.diff_id)]
        rows.append([_created_by(step), human_size(step.size), *told])
    return "\n".join([cut(title, 110), *indented(rows, right=(1,))])
