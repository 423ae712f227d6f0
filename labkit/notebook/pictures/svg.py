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
from labkit.notebook.pictures.text import fit_title, visible
from labkit.notebook.pictures.theme import CARD, INK, PADDING, QUIET, RULE, SIZE, TITLE, Hue

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
) -> Shape:
    """Return a line of text whose middle is at the height `y`."""
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
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    *,
    fill: Any,
    line: str,
    dash: bool = False,
    kind: str = "",
) -> Shape:
    """Return a rectangle with round corners; `fill` is a colour or a `hatch`, `kind` its class."""
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
        class_=kind or None,
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


def brace(x: float, top: float, bottom: float) -> Shape:
    """Return a brace that opens to the left, from `top` to `bottom`, its tip 14 to the right of `x`."""
    middle, bend = (top + bottom) / 2, min(7.0, (bottom - top) / 4)
    path = drawsvg.Path(fill="none", stroke=QUIET, stroke_width=2, stroke_linecap="round")
    path.M(_number(x), _number(top)).Q(x + 7, _number(top), x + 7, _number(top + bend))
    path.V(_number(middle - bend)).Q(x + 7, _number(middle), x + 14, _number(middle))
    path.Q(x + 7, _number(middle), x + 7, _number(middle + bend)).V(_number(bottom - bend))
    return path.Q(x + 7, _number(bottom), _number(x), _number(bottom))


def lock(x: float, y: float, colour: str = INK) -> Shape:
    """Return a padlock 14 wide and 18 high, its left upper corner at (x, y)."""
    shackle = drawsvg.Path(fill="none", stroke=colour, stroke_width=2)
    shackle.M(x + 3, y + 8).V(y + 5).A(4, 4, 0, False, True, x + 11, y + 5).V(y + 8)
    return drawsvg.Group([shackle, drawsvg.Rectangle(x, y + 8, 14, 10, rx=2, fill=colour)])


def pencil(x: float, y: float) -> Shape:
    """Return a pencil 16 wide and 16 high, its left upper corner at (x, y)."""
    points = (x, y + 16, x + 1, y + 11, x + 11, y + 1, x + 15, y + 5, x + 5, y + 15)
    style = {"fill": "none", "stroke": INK, "stroke_width": 2, "stroke_linejoin": "round"}
    return drawsvg.Lines(*points, close=True, **style)


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
    title, description, height = fit_title(title, width), visible(description), int(height)
    mark = "p" + hashlib.sha256("\n".join([title, description, twin]).encode()).hexdigest()[:10]
    drawing = drawsvg.Drawing(
        width,
        height,
        id_prefix=f"{mark}-",
        role="img",
        aria_labelledby=f"{mark}-title {mark}-description",
        style="max-width: 100%; height: auto",
    )
    described = drawsvg.Title(description, id=f"{mark}-description")
    described.TAG_NAME = "desc"
    drawing.extend([drawsvg.Title(title, id=f"{mark}-title"), described])
    drawing.append(
        drawsvg.Rectangle(0.5, 0.5, width - 1, height - 1, rx=12, fill=CARD, stroke=RULE, class_="card")
    )
    drawing.append(text(PADDING, PADDING + 8, title, size=TITLE, bold=True))
    drawing.extend(shapes)
    return Picture(title, description, str(drawing.as_svg(header="")), twin, width)


def labelled(icon: Shape, x: float, y: float, word: str, lines: Sequence[str]) -> Shape:
    """Return an icon and a word, with lines of explanation below, beside the height `y`."""
    below = [text(x, y + 22 + 19 * place, line, fill=QUIET) for place, line in enumerate(lines)]
    return drawsvg.Group([icon, text(x + 24, y, word, bold=True), *below])


def _number(value: float) -> float:
    """Drop what no eye can see, so that every machine writes the same digits."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
