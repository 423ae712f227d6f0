"""One step of a change under overlay: the stack, how far the search is, what is copied up, what upper has."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import drawsvg  # type: ignore[import-untyped]

from labkit.course.copy_on_write import Story, StoryStep, path_of
from labkit.go.units import human_size
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, badge, box, group, hatch, text
from labkit.notebook.pictures.text import count, cut, fit, indented, visible
from labkit.notebook.pictures.theme import (
    BLUE,
    CARD,
    GREEN,
    INK,
    ORANGE,
    PADDING,
    PALE,
    QUIET,
    RED,
    RULE,
    SIZE,
    TITLE,
    Hue,
)
from labkit.oci import tree
from labkit.oci.tree import Dir, File, Node, Symlink, Whiteout, get
from labkit.storage.trace import Look

# The tree of a container's own layer, before and after a step, each line with a letter for what it is.

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


def lines_of(story: Story, upper: Dir, now: StoryStep) -> list[Line]:
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


_WIDTH = 760
_LEFT, _BLOCK = 58, 344
"""Where the layers begin, at the right of the search's arrow, and their width."""
_ROW, _GAP = 36, 4
_RIGHT = _LEFT + _BLOCK + 84
"""Where the two trees begin; between them and the layers the copy goes up."""
_ROWS = 8
"""The most layers below the container's own; more are drawn as one."""


def copy_up(story: Story, step: int = -1) -> Picture:
    """Draw a step of a story; below zero, steps are counted from the last one.

    >>> from labkit import Lab
    >>> from labkit.course.copy_on_write import story
    >>> lab = Lab()
    >>> image = lab.pull("busybox")
    >>> print(copy_up(story(lab, "busybox", "/etc/passwd", "delete")).text)  # doctest: +ELLIPSIS
    rm /etc/passwd · step 7 of 7
    The container sees no /etc/passwd
    ...
    R/W layer now
      C etc/
      W   passwd  whiteout
    """
    last = len(story.steps) - 1
    place = min(step, last) if step >= 0 else max(last + 1 + step, 0)
    now = story.steps[place]
    before, after = lines_of(story, story.before, now), lines_of(story, now.upper, now)
    told = [*_wrapped(now.title, 15, True), *_wrapped(now.why, SIZE, False)]
    head = PADDING + TITLE + 22
    top = head + 22 * _told_lines(story) + 14
    shapes = [
        text(
            PADDING, head + 22 * row, words, size=15 if bold else SIZE, bold=bold, fill=INK if bold else QUIET
        )
        for row, (words, bold) in enumerate(told)
    ]
    visited = {layer for each in story.steps[: place + 1] for layer in each.layers}
    stack, bottom = _stack(story, place, visited, top)
    trees, end = drawn_trees(story, before, after, _RIGHT, _WIDTH - PADDING, top)
    bottom = max(bottom, end)
    shapes += [*stack, *trees, text(PADDING, bottom + 18, LEGEND, fill=QUIET)]
    title = f"{visible(story.command)} · step {place} of {last}"
    description = (
        f"{now.title}. At the left the layers of {story.name}, top first; at the right what is in the "
        "container's own layer before and after the step."
    )
    twin = _twin(title, story, now, visited, before, after)
    return svg.paint(title, description, twin, _WIDTH, bottom + 18 + PADDING, shapes)


def _wrapped(words: str, size: int, bold: bool) -> list[tuple[str, bool]]:
    width = int((_WIDTH - 2 * PADDING) / (size * (0.6 if bold else 0.56)))
    lines = textwrap.wrap(visible(words), width) or [""]
    return [(line if len(lines) < 3 else cut(line, width), bold) for line in lines[:2]]


def _told_lines(story: Story) -> int:
    """Return how many lines the words of the longest step take, so that the stack stands still."""
    return max(len(_wrapped(s.title, 15, True)) + len(_wrapped(s.why, SIZE, False)) for s in story.steps)


# The stack


def _stack(story: Story, place: int, visited: set[int], top: float) -> tuple[list[Shape], float]:
    """Return the layers with what the search gave so far, and where they end."""
    now = story.steps[place]
    shapes: list[Shape] = []
    middles: dict[int, float] = {}
    y, shown = top, _shown_rows(story)
    for layer in range(len(story.rows)):
        if layer not in shown:
            if layer - 1 in shown:
                y += LINE
                run = next((n for n in range(layer, len(story.rows)) if n in shown), len(story.rows)) - layer
                shapes.append(text(_LEFT + 12, y - LINE / 2, f"… {count(run, 'layer')}", fill=QUIET))
            middles[layer] = y - LINE / 2
            continue
        y += 3 * _GAP if layer == 1 else 0
        middles[layer] = y + _ROW / 2
        shapes.append(_layer(story, now, layer, layer in visited, y))
        y += _ROW + _GAP
    if now.layers or visited:
        shapes.append(_arrow(middles[max(visited)], top, bool(now.layers)))
    shapes += _copy(story, place, middles)
    return shapes, y


def _shown_rows(story: Story) -> set[int]:
    """Return the layers that are drawn: the upper ones, and those that have something of the name."""
    every = range(len(story.rows))
    telling = [
        layer for layer in every if story.looks and story.looks[layer].kind not in ("absent", "unsearched")
    ]
    return {*every[: _ROWS + 1], *telling[:4]}


def _layer(story: Story, now: StoryStep, layer: int, visited: bool, y: float) -> Shape:
    row, hue = story.rows[layer], ORANGE if story.rows[layer].writable else BLUE
    active = layer in now.layers
    shapes = [box(_LEFT, y, _BLOCK, _ROW, fill=hue.tint, line=INK if active else hue.line, dash=row.writable)]
    if active:
        shapes.append(box(_LEFT - 3, y - 3, _BLOCK + 6, _ROW + 6, fill="none", line=INK, kind="active"))
    middle = y + _ROW / 2
    icon = (
        svg.pencil(_LEFT + 10, middle - 8) if row.writable else svg.lock(_LEFT + 11, middle - 10, BLUE.line)
    )
    shapes += [icon, badge(_LEFT + 56, middle, row.label, hue)]
    if row.writable:
        shapes += _upper_chip(story, now, middle)
    words, found = _mark(story.looks[layer], row.writable) if visited and story.looks else ("", False)
    if words and not (row.writable and _own(story, now) is not None):
        shapes.append(_chip(words, middle, CARD if found else "none", bold=found))
    elif not words:
        shapes.append(text(_LEFT + 88, middle, cut(row.words, 26), mono=True, fill=QUIET))
    return group(shapes, "layer looked into" if active else "layer")


def _own(story: Story, now: StoryStep) -> Node | None:
    """Return what upper has of the path that the step is about."""
    return get(now.upper, "/".join(now.names)) if now.names else None


def _upper_chip(story: Story, now: StoryStep, middle: float) -> list[Shape]:
    node = _own(story, now)
    if node is None:
        return []
    name = now.names[-1]
    if type(node) is Whiteout:
        return [_chip(f"W whiteout {name}", middle, hatch(RED), bold=True)]
    opaque = type(node) is Dir and node.opaque
    words = f"{'O opaque ' if opaque else ''}{name}{'/' if type(node) is Dir else ''} {size_of(node)}"
    return [_chip(words.strip(), middle, hatch(ORANGE) if opaque else CARD, bold=True)]


def _chip(words: str, middle: float, fill: object, bold: bool) -> Shape:
    x, width = _LEFT + 82, _BLOCK - 90
    shown = fit(words, width - 20, SIZE)
    shapes = [] if fill == "none" else [box(x, middle - 14, width, 28, fill=fill, line=RULE, kind="chip")]
    if fill not in ("none", CARD):
        shapes.append(
            box(x + 6, middle - 10, 8.6 * len(shown) + 10, 20, fill=CARD, line="none", kind="plate")
        )
    return group([*shapes, text(x + 10, middle, shown, mono=True, bold=bold)], "found" if bold else "mark")


def _mark(look: Look, own: bool) -> tuple[str, bool]:
    """Return what is written into a layer that was looked into, and whether something was there."""
    name = look.names[-1] if look.names else "/"
    if look.kind == "whiteout":
        return f"W whiteout {name}: end", True
    if look.kind in ("found", "merged"):
        end = " opaque: end" if look.opaque is not None else ""
        return f"{name}{'/' if type(look.node) is Dir else ''} {size_of(look.node)}{end}".strip(), True
    if look.kind == "covered":
        return f"{name} is no directory: end", True
    if look.opaque is not None:
        return f"{look.opaque[-1] if look.opaque else ''}/ is opaque: end", True
    return f"no {path_of(look.names)}", False


def _arrow(y: float, top: float, active: bool) -> Shape:
    """Return the search's arrow, from the top down to the last layer that was looked into."""
    x, colour = PADDING + 12, INK if active else QUIET
    line = drawsvg.Line(x, top, x, round(y - 8), stroke=colour, stroke_width=4 if active else 2)
    head = drawsvg.Lines(
        *(x - 7, round(y - 10), x + 7, round(y - 10), x, round(y + 2)), close=True, fill=colour
    )
    level = drawsvg.Line(x, round(y), _LEFT - 6, round(y), stroke=colour, stroke_width=2)
    return group([line, head, level], "search")


def _copy(story: Story, place: int, middles: dict[int, float]) -> list[Shape]:
    """Return the copy's way up, with its bytes, from the step on in which it is made."""
    source = next((layer for layer, look in enumerate(story.looks) if look.kind == "found"), None)
    copies = [number for number, step in enumerate(story.steps) if step.kind == "copy-up"]
    if not copies or source is None or place < copies[0]:
        return []
    step, active = story.steps[copies[0]], place == copies[0]
    x, y, to_y = _LEFT + _BLOCK + 4, middles[source], middles[0]
    path = drawsvg.Path(fill="none", stroke=INK if active else QUIET, stroke_width=4 if active else 2)
    path.M(x, round(y)).C(x + 30, round(y), x + 30, round(to_y), x + 8, round(to_y))
    points = (x + 12, round(to_y - 7), x + 12, round(to_y + 7), x, round(to_y))
    head = drawsvg.Lines(*points, close=True, fill=INK if active else QUIET)
    size = human_size(step.copied)
    plate = box(x + 8, (y + to_y) / 2 - 13, 66, 26, fill=CARD, line=INK if active else RULE, kind="plate")
    label = text(x + 41, (y + to_y) / 2, size, mono=True, bold=active, anchor="middle")
    return [group([path, head, plate, label], "copy")]


# The twin


def _twin(
    title: str, story: Story, now: StoryStep, visited: set[int], before: Sequence[Line], after: Sequence[Line]
) -> str:
    rows = []
    for layer, row in enumerate(story.rows):
        found = _mark(story.looks[layer], row.writable)[0] if layer in visited and story.looks else ""
        rows.append(["→" if layer in now.layers else "", row.label, cut(row.words, 30), cut(found, 50)])
    lines = [cut(title, 110), visible(now.title), visible(now.why), ""]
    lines += ["Layers, top first", *indented(rows, right=(1,))]
    for name, told in (("R/W layer before", before), ("R/W layer now", after)):
        lines += ["", name, *(["  empty"] if not told else [])]
        lines += [
            f"  {line.letter or ' '} {'  ' * line.depth}{cut(line.name, 50)}  {cut(line.words, 30)}".rstrip()
            for line in told
        ]
    return "\n".join(lines)
