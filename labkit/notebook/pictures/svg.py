"""The shapes that pictures are made of, over drawsvg.

drawsvg escapes text but not attributes: what comes from an image, such as a name or a command, goes into
text alone, and only after `visible`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import drawsvg  # type: ignore[import-untyped]

from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.text import SANS, fit, visible
from labkit.notebook.pictures.theme import CARD, DARK, INK, PADDING, RULE, SIZE, TITLE, Hue

Shape: TypeAlias = Any
"""An element of drawsvg, which has no types."""


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = SIZE,
    mono: bool = False,
    bold: bool = False,
    fill: str = INK,
    anchor: str = "start",
    halo: bool = False,
) -> Shape:
    """Return a line of text whose middle is at the height `y`; a halo lets it read on hatching."""
    edge = {"stroke": CARD, "stroke_width": 5, "stroke_linejoin": "round", "paint_order": "stroke"}
    return drawsvg.Text(
        visible(words),
        size,
        _number(x),
        _number(y + 0.35 * size),
        fill=fill,
        font_family="monospace" if mono else "sans-serif",
        font_weight="bold" if bold else None,
        text_anchor=anchor if anchor != "start" else None,
        xml__space="preserve",
        **(edge if halo else {}),
    )


def box(
    x: float, y: float, width: float, height: float, *, fill: Any, line: str, dash: bool = False
) -> Shape:
    """Return a rectangle with round corners; `fill` is a colour or a `hatch`."""
    return drawsvg.Rectangle(
        _number(x),
        _number(y),
        _number(width),
        _number(height),
        rx=6,
        fill=fill,
        stroke=line,
        stroke_width=2 if dash else 1.5,
        stroke_dasharray="7 5" if dash else None,
    )


def badge(x: float, y: float, letters: str, hue: Hue) -> Shape:
    """Return a round badge with a number or a letter, its centre at (x, y)."""
    width = max(24, 10 * len(letters) + 6)
    pill = drawsvg.Rectangle(_number(x - width / 2), _number(y - 12), width, 24, rx=12, fill=hue.line)
    return drawsvg.Group([pill, text(x, y, letters, bold=True, fill=hue.ink, anchor="middle")])


def hatch(hue: Hue) -> Shape:
    """Return a fill of diagonal lines on a hue's tint."""
    pattern = drawsvg.Pattern(9, 9, patternTransform="rotate(45)")
    pattern.append(drawsvg.Rectangle(0, 0, 9, 9, fill=hue.tint))
    pattern.append(drawsvg.Rectangle(0, 0, 2, 9, fill=hue.line, fill_opacity=0.32))
    return pattern


def curve(x: float, y: float, to_x: float, to_y: float, hue: Hue, kind: str) -> Shape:
    """Return a line that leaves and arrives level."""
    middle = (x + to_x) / 2
    path = drawsvg.Path(fill="none", stroke=hue.line, stroke_width=2.5, class_=kind)
    return path.M(x, _number(y)).C(middle, _number(y), middle, _number(to_y), to_x, _number(to_y))


def rule(x: float, y: float, to_x: float) -> Shape:
    """Return a thin level line."""
    return drawsvg.Line(_number(x), _number(y), _number(to_x), _number(y), stroke=RULE, stroke_width=1)


def group(shapes: Iterable[Shape], kind: str) -> Shape:
    """Return shapes as one, under a class that names what they are together."""
    return drawsvg.Group(list(shapes), class_=kind)


def paint(
    title: str, description: str, twin: str, width: int, height: float, shapes: Sequence[Shape]
) -> Picture:
    """Return the picture of shapes on a card, its title on top.

    Its identifiers come from its words, so that they are the same on every run and pictures on one page
    keep theirs apart.
    """
    title, height = fit(title, width - 2 * PADDING, TITLE, SANS + 0.06), int(height)
    description = visible(description)
    mark = "p" + hashlib.sha256("\n".join([title, description, twin]).encode()).hexdigest()[:10]
    drawing = drawsvg.Drawing(
        width,
        height,
        id_prefix=f"{mark}-",
        role="img",
        aria_labelledby=f"{mark}-title {mark}-description",
        style="max-width: 100%; height: auto",
    )
    drawing.append_css(DARK)
    described = drawsvg.Title(description, id=f"{mark}-description")
    described.TAG_NAME = "desc"
    drawing.extend([drawsvg.Title(title, id=f"{mark}-title"), described])
    drawing.append(
        drawsvg.Rectangle(0.5, 0.5, width - 1, height - 1, rx=12, fill=CARD, stroke=RULE, class_="card")
    )
    drawing.append(text(PADDING, PADDING + 8, title, size=TITLE, bold=True))
    drawing.extend(shapes)
    return Picture(title, description, str(drawing.as_svg(header="")), twin, width)


def _number(value: float) -> float:
    """Drop what no eye can see, so that every machine writes the same digits."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
