"""A scene without a browser's help: a picture for a saved notebook, a slide, a page, and the same in words.

`picture.js` has the same formula for what stands where, for a page whose width may change.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import drawsvg  # type: ignore[import-untyped]

from labkit.base.text import counted
from labkit.engine.scene import Scene, Tile
from labkit.go.units import human_size
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape
from labkit.notebook.pictures.text import MONO, SANS, cut, fit, indented, visible
from labkit.notebook.pictures.theme import (
    BLUE,
    CARD,
    CHANGES,
    INK,
    ORANGE,
    PADDING,
    PALE,
    PURPLE,
    QUIET,
    SIZE,
    SKY,
    TITLE,
    Hue,
)

WIDTH = 580
_ROW, _HEIGHT, _HEAD, _LINE = 34, 30, 26, 22
_BLOB, _VOLUME, _LEAST, _MOST = 128, 220, 204, 580
_INSET = 12
"""A file stands back from both edges of what it is in."""
_BAR = 232
"""Where a sum's bar begins."""
_HEADS = {"blob": "Registry", "cache": "Local cache and containers", "volume": "Volumes"}
_STATUS = {"running": "●", "created": "◌", "exited": "○"}
_HUES = {"blob": SKY, "layer": BLUE, "fold": BLUE, "container": ORANGE, "volume": PURPLE}
_GREY = Hue("#59636e", PALE, CARD)
_BOLD = ("image", "container", "head")


@dataclass(frozen=True, slots=True)
class Sum:
    """A line below a scene: words, and the bytes that make it up; those that are shared are hatched."""

    words: str
    parts: tuple[tuple[int, bool], ...]

    @property
    def size(self) -> int:
        """The bytes of all parts."""
        return sum(size for size, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Arrow:
    """What goes up from one tile to another, by their keys, and words for it."""

    start: str
    end: str
    words: str
    strong: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    width: float


def words(tile: Tile) -> str:
    """Return a tile's size as it stands on it.

    >>> words(Tile("layer:1", "27833a3ba0a5", 55_280_512))
    '55.3MB'
    >>> words(Tile("file:1:/etc/group", "/etc/group", 81, mark="D"))
    'hides 81B'
    """
    size = "" if tile.size is None else human_size(tile.size)
    return f"hides {size}" if size and tile.kind == "file" and tile.mark == "D" else size


def label(tile: Tile) -> str:
    """Return a tile in words, as a screen reader says it.

    >>> label(Tile("file:1:/etc/motd", "/etc/motd", 5, mark="C"))
    'changed file /etc/motd, 5B'
    """
    files = {"A": "new file", "C": "changed file", "D": "deleted file"}
    what = "folded:" if tile.kind == "fold" else files.get(tile.mark, tile.kind)
    state = tile.mark if tile.kind == "container" else ""
    return ", ".join(filter(None, [f"{what} {tile.name}", state, words(tile), tile.note]))


def lines(*sentences: str) -> list[str]:
    """Return sentences as the lines of a caption, each from a line of its own on.

    >>> lines("The layers never change.", "")
    ['The layers never change.']
    """
    width = int((WIDTH - 2 * PADDING) / (SIZE * 0.56))
    return [line for each in sentences for line in textwrap.wrap(visible(each), width)]


def still(
    scene: Scene,
    title: str = "",
    caption: Sequence[str] = (),
    *,
    sums: Sequence[Sum] = (),
    chosen: Collection[str] = (),
    arrows: Iterable[Arrow] = (),
) -> Picture:
    """Return a scene as a picture: below a title and the lines of a caption its tiles, then sums.

    Tiles whose keys are `chosen` have a strong line. Without a title it is the stage, with a heading for
    each of its shelves.
    """
    start = PADDING + TITLE + 14 + _LINE * len(caption)
    places, heads, width, end = _layout(scene, start, _HEAD * (not title))
    shapes = [
        svg.text(PADDING, PADDING + TITLE + 19 + _LINE * row, line, fill=QUIET if row else INK)
        for row, line in enumerate(caption)
    ]
    if not title:
        shapes += [svg.text(PADDING, y + 12, _HEADS[kind], bold=True, fill=QUIET) for kind, y in heads]
    for tile in scene.tiles:
        drawn = _drawn(tile, places[tile.key], tile.key in chosen)
        shapes.append(svg.group(drawn, f"tile {tile.kind}"))
    if not scene.tiles and not title:
        shapes.append(svg.text(PADDING, end - 14, "Nothing is here yet. Try: docker pull nginx"))
    shapes += [_arrow(each, places) for each in arrows]
    most = max((each.size for each in sums), default=0)
    shapes += [_bar(each, end + _ROW * row, width, most) for row, each in enumerate(sums)]
    height = end + _ROW * len(sums) + 6
    found = {kind: len(scene.of(kind)) for kind in ("layer", "image", "container", "volume")}
    every = ", ".join(counted(number, kind) for kind, number in found.items() if number)
    about = " ".join(filter(None, caption)) or every or "Nothing"
    told = "\n".join([cut(title, 110), *filter(None, caption)] * bool(title) + [twin(scene, sums, chosen)])
    return svg.paint(title or "The stage", about, told, int(width), height, shapes)


def twin(scene: Scene, sums: Sequence[Sum] = (), chosen: Collection[str] = ()) -> str:
    """Return a scene in words, as it is read from above: a line for each tile, and for each sum.

    What stands beside others on one layer is set in.

    >>> from labkit import Lab
    >>> from labkit.engine.scene import scene
    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> print(twin(scene(lab.engine.state)))
    registry: 6c712cb8ac58
      container running  box                0B  busybox
      image              busybox:latest  1.2MB  49bcf7e7e41c
      layer 1            6c712cb8ac58    1.2MB  ADD file:busybox.tar in /
    """
    blobs = ", ".join(tile.name for tile in scene.of("blob"))
    found = [visible(f"registry: {blobs}")] if blobs else []
    deep: dict[int, tuple[int, int]] = {}
    depth: dict[str, int] = {}
    for tile in (each for each in scene.tiles if each.kind not in ("blob", "volume")):
        above, span = deep.get(tile.row - 1, (0, tile.span))
        deep[tile.row] = depth[tile.key], _ = above + (tile.span < span), tile.span
    tiles = [*_from_above(scene), *scene.of("volume")]
    rows = [
        [
            "  " * depth.get(tile.key, 0) + ("> " if tile.key in chosen else "") + _said(tile),
            cut(tile.name, 50),
            words(tile),
            cut(tile.note, 60),
        ]
        for tile in tiles
    ]
    found += indented(rows, right=(2,))
    found += indented([[each.words, human_size(each.size)] for each in sums], right=(1,))
    return "\n".join(found) or "nothing is here yet"


def _said(tile: Tile) -> str:
    """Return what a tile is, in a word, with its letter, number or status."""
    kind = "" if tile.kind in ("file", "head") else tile.kind
    return f"{kind} {tile.mark}".strip()


def _from_above(scene: Scene) -> Iterator[Tile]:
    """Give the tiles of each stack from its top down, those further left first, then what they stand on."""
    below: list[Tile] = []
    for tile in (each for each in scene.tiles if each.kind not in ("blob", "volume")):
        while below and (below[-1].row >= tile.row or below[-1].column + below[-1].span <= tile.column):
            yield below.pop()
        below.append(tile)
    yield from reversed(below)


def _layout(
    scene: Scene, top: float, head: float
) -> tuple[dict[str, _Place], list[tuple[str, float]], float, float]:
    room = WIDTH - 2 * PADDING
    column = min(max(room / max(scene.columns, 1), _LEAST), _MOST)
    places: dict[str, _Place] = {}
    heads: list[tuple[str, float]] = []

    def line(kind: str, wide: float) -> float:
        tiles = scene.of(kind)
        if not tiles:
            return top
        across = int(max(room, scene.columns * column) // wide)
        heads.append((kind, top))
        for n, tile in enumerate(tiles):
            places[tile.key] = _Place(PADDING + n % across * wide, top + head + n // across * _ROW, wide - 4)
        return top + head + -(-len(tiles) // across) * _ROW + 8

    top = line("blob", _BLOB)
    heads.append(("cache", top))
    top += head + max(scene.rows, 1) * _ROW
    for tile in scene.tiles:
        if tile.kind not in ("blob", "volume"):
            x, y = PADDING + tile.column * column, top - (tile.row + 1) * _ROW
            inset = _INSET if tile.kind == "file" else 0
            places[tile.key] = _Place(x + inset, y, tile.span * column - 4 - 2 * inset)
    top = top + 8
    top = line("volume", _VOLUME)
    right = max((place.x + place.width for place in places.values()), default=0)
    return places, heads, max(WIDTH, right + PADDING), top + 4


def _drawn(tile: Tile, place: _Place, chosen: bool) -> Iterator[Shape]:
    hue = CHANGES.get(tile.mark, _GREY) if tile.kind == "file" else _HUES.get(tile.kind, _GREY)
    shared = tile.mark in ("W", "O") or (tile.kind in ("layer", "fold") and tile.span > 1)
    fill, middle = svg.hatch(hue) if shared else hue.tint, place.y + _HEIGHT / 2
    dash = tile.kind in ("container", "fold")
    frame = svg.box(
        place.x, place.y, place.width, _HEIGHT, fill=fill, line=INK if chosen else hue.line, dash=dash
    )
    if chosen:
        frame.args["stroke-width"] = 3
    yield frame
    x, right = place.x + 8, place.x + place.width - 8
    mark = _STATUS.get(tile.mark, tile.mark) if tile.kind == "container" else tile.mark
    if mark:
        yield svg.text(x, middle, mark, bold=True, halo=shared)
        x += max(16, 10 * len(mark) + 6)
    if size := words(tile):
        yield svg.text(right, middle, size, mono=True, anchor="end", halo=shared)
        right -= MONO * SIZE * len(size) + 8
    bold = tile.kind in _BOLD
    font = SANS + 0.06 if bold else MONO
    name = fit(tile.name, right - x, SIZE, font)
    yield svg.text(x, middle, name, mono=not bold, bold=bold, halo=shared)
    x += font * SIZE * len(name) + 8
    if tile.note and right - x > 60:
        yield svg.text(x, middle, fit(tile.note, right - x, SIZE, SANS), fill=QUIET, halo=shared)


def _arrow(arrow: Arrow, places: dict[str, _Place]) -> Shape:
    """Return an arrow from one tile to another above it, with its words on the way."""
    start, end = places[arrow.start], places[arrow.end]
    x, y, to_y = round(start.x + start.width - 20), round(start.y + 8), round(end.y + _HEIGHT - 8)
    ink = INK if arrow.strong else QUIET
    line = drawsvg.Line(x, y, x, to_y + 8, stroke=ink, stroke_width=4 if arrow.strong else 2)
    head = drawsvg.Lines(x - 7, to_y + 10, x + 7, to_y + 10, x, to_y - 2, close=True, fill=ink)
    middle = (y + to_y) / 2
    said = svg.text(x - 10, middle, arrow.words, mono=True, bold=arrow.strong, anchor="end", halo=True)
    return svg.group([line, head, said], "arrow")


def _bar(told: Sum, y: float, width: float, most: int) -> Shape:
    middle, x = y + _HEIGHT / 2, float(_BAR)
    scale = (width - PADDING - 4 - x) / max(most, 1)
    size = human_size(told.size)
    shapes = [
        svg.text(PADDING, middle, told.words, bold=True),
        svg.text(x - 10, middle, size, mono=True, bold=True, anchor="end"),
    ]
    for part, shared in told.parts:
        if part * scale >= 1:
            fill = svg.hatch(BLUE) if shared else BLUE.tint
            shapes.append(svg.box(x, y + 2, part * scale - 1, _HEIGHT - 4, fill=fill, line=BLUE.line))
        x += part * scale
    return svg.group(shapes, "bar")
