"""The tree of a container's own layer, before and after a step, each line with a letter for what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import drawsvg  # type: ignore[import-untyped]

from labkit.cli.formats import human_size
from labkit.course.copy_on_write import Story
from labkit.course.copy_search import Step
from labkit.notebook.pictures.svg import Shape, box, group, hatch, text
from labkit.notebook.pictures.text import fit
from labkit.notebook.pictures.theme import CARD, GREEN, ORANGE, PALE, QUIET, RED, RULE, SIZE, Hue
from labkit.oci import tree
from labkit.oci.tree import Dir, File, Node, Symlink, Whiteout, get

LINE = 22
MOST = 8
"""The most lines of a tree."""
LETTERS = {"A": GREEN, "C": ORANGE, "O": ORANGE, "W": RED}
LEGEND = "A: new   C: copied up or changed   W: whiteout   O: opaque"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a tree: how deep, a letter for what it is, its name, and its size or what stands for it."""

    depth: int
    letter: str
    name: str
    words: str = ""


def lines_of(story: Story, upper: Dir, now: Step) -> list[Line]:
    """Return the lines of an upper directory at a step; of too many, those near the step's path."""
    every = list(tree.walk(upper))
    kept = every
    if len(every) > MOST:
        focus = "/".join(now.names)
        near = [pair for pair in every if f"{focus}/".startswith(f"{pair[0]}/") or pair[0].startswith(focus)]
        kept = near[: MOST - 1]
    lines = [_line(path, node, story.lower) for path, node in kept]
    left = len(every) - len(kept)
    return [*lines, Line(0, "", f"… {left:,} more")] if left else lines


def _line(path: str, node: Node, lower: Dir) -> Line:
    depth, name = path.count("/"), path.rpartition("/")[2]
    if type(node) is Whiteout:
        return Line(depth, "W", name, "whiteout")
    letter = "C" if get(lower, path) is not None else "A"
    if type(node) is Dir:
        return Line(depth, "O" if node.opaque else letter, f"{name}/", "opaque" if node.opaque else "")
    return Line(depth, letter, name, size_of(node))


def size_of(node: Node | None) -> str:
    """Return a file's size, or where a symbolic link leads.

    >>> size_of(Symlink("dash"))
    '→ dash'
    """
    if type(node) is File:
        return human_size(node.content.size)
    return f"→ {node.target}" if type(node) is Symlink else ""


def drawn_trees(
    story: Story, before: Sequence[Line], after: Sequence[Line], left: float, right: float, top: float
) -> tuple[list[Shape], float]:
    """Return both trees between `left` and `right`, as high as in any other step, and where they end."""
    most = max(len(lines_of(story, step.upper, step)) for step in story.steps)
    shapes: list[Shape] = []
    y = top + 2
    for title, lines, rows in (
        ("R/W layer before", before, max(len(lines_of(story, story.before, s)) for s in story.steps)),
        ("R/W layer now", after, most),
    ):
        height = 34 + LINE * max(rows, 1) + 6
        changed = set(lines) - set(before) if lines is after else set()
        inner = [
            _drawn(line, left + 12, right - left - 24, y + 42 + LINE * row, line in changed)
            for row, line in enumerate(lines)
        ]
        if not lines:
            inner = [text(left + 12, y + 42, "empty", fill=QUIET)]
        frame = box(left, y, right - left, height, fill=PALE, line=RULE)
        shapes.append(group([frame, text(left + 12, y + 17, title, bold=True), *inner], "tree"))
        y += height + 10
    return shapes, y - 10


def _drawn(line: Line, x: float, room: float, y: float, changed: bool) -> Shape:
    shapes = []
    if hue := LETTERS.get(line.letter):
        fill = hatch(hue) if line.letter in "WO" else CARD
        shapes = [
            box(x, y - 9, 18, 18, fill=fill, line=hue.line, kind="change"),
            _letter(x, y, line.letter, hue),
        ]
    start = 26 + 12 * min(line.depth, 6)
    words = fit(line.words, 90, SIZE)
    name = fit(line.name, room - start - (8.6 * len(words) + 10 if words else 0), SIZE)
    shapes.append(text(x + start, y, name, mono=True, bold=changed))
    if words:
        shapes.append(text(x + room, y, words, mono=True, bold=changed, anchor="end"))
    return group(shapes, "line")


def _letter(x: float, y: float, letter: str, hue: Hue) -> Shape:
    plate = box(x + 4, y - 8, 10, 16, fill=CARD, line="none", kind="plate")
    return drawsvg.Group([plate, text(x + 9, y, letter, bold=True, anchor="middle")])
