"""A stack of layers with one chosen: what lies below it counts, what lies above is not laid yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import drawsvg  # type: ignore[import-untyped]

from labkit.cli.formats import human_size
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, badge, box, group, text
from labkit.notebook.pictures.text import SANS, count, cut, fit, table
from labkit.notebook.pictures.theme import (
    BLUE,
    CARD,
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
    shown = fit(heading, _WIDTH - 2 * PADDING, TITLE, SANS + 0.06)
    return svg.paint(
        shown,
        _chosen_description(levels, chosen),
        _chosen_twin(heading, levels, chosen),
        _WIDTH,
        height,
        shapes,
    )


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
    """Return an arrow head that points right at the chosen layer."""
    return drawsvg.Lines(x, y - 8, x + 14, y, x, y + 8, close=True, fill=INK)


def _wasted(x: float, y: float, size: str) -> Shape:
    """Return a hatched chip beside a layer: how many of its bytes are wasted."""
    words = f"{size} wasted"
    width = 9.4 * len(words) + 16
    return group(
        [
            box(x, y, width, 26, fill=svg.hatch(RED), line=RED.line),
            box(x + 4, y + 4, width - 8, 18, fill=CARD, line=CARD),
            text(x + width / 2, y + 13, words, bold=True, anchor="middle"),
        ],
        "wasted",
    )


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
    lines = table(rows, right=(3,)).split("\n") if rows else []
    return "\n".join([cut(heading, 110), *(f"  {line}" for line in lines)])
