"""A scene without a browser's help: the picture that a saved notebook keeps, and the same in words.

`picture.js` has the same formula for what stands where, for a page whose width may change.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labkit.engine.scene import Scene, Tile
from labkit.go.units import human_size
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape
from labkit.notebook.pictures.text import count, cut, visible
from labkit.notebook.pictures.theme import BLUE, CARD, CHANGES, ORANGE, PALE, PURPLE, QUIET, SKY, Hue

WIDTH = 960
_ROW, _HEIGHT, _MARGIN, _HEAD = 30, 26, 12, 24
_BLOB, _VOLUME, _LEAST, _MOST = 128, 220, 136, 420
_LETTER = 7.3
_HEADS = {"blob": "Registry", "cache": "Local cache and containers", "volume": "Volumes"}
_STATUS = {"running": "●", "created": "◌", "exited": "○"}
_HUES = {"blob": SKY, "layer": BLUE, "fold": BLUE, "container": ORANGE, "volume": PURPLE}
_GREY = Hue("#59636e", PALE, CARD)


@dataclass(frozen=True, slots=True)
class _Place:
    x: float
    y: float
    width: float


def words(tile: Tile) -> str:
    """Return a tile's size as it stands on it.

    >>> words(Tile("layer:1", "27833a3ba0a5", 55_280_512))
    '55.3MB'
    """
    return "" if tile.size is None else human_size(tile.size)


def label(tile: Tile) -> str:
    """Return a tile in words, as a screen reader says it.

    >>> label(Tile("file:1:/etc/motd", "/etc/motd", 5, mark="C"))
    'changed file /etc/motd, 5B'
    """
    files = {"A": "new file", "C": "changed file", "D": "deleted file"}
    what = "folded:" if tile.kind == "fold" else files.get(tile.mark, tile.kind)
    state = tile.mark if tile.kind == "container" else ""
    return ", ".join(filter(None, [f"{what} {tile.name}", state, words(tile), tile.note]))


def still(scene: Scene) -> Picture:
    """Return a scene as a picture."""
    places, heads, width, height = _layout(scene)
    shapes = [svg.text(_MARGIN, y + 12, _HEADS[kind], size=12, bold=True, fill=QUIET) for kind, y in heads]
    shapes += [shape for tile in scene.tiles for shape in _drawn(tile, places[tile.key])]
    if not scene.tiles:
        shapes.append(svg.text(_MARGIN, height - 14, "Nothing is here yet. Try: docker pull nginx"))
    return svg.paint("The stage", _description(scene), twin(scene), int(width), height, shapes)


def _description(scene: Scene) -> str:
    kinds = [("layer", "layer"), ("image", "image"), ("container", "container"), ("volume", "volume")]
    return ", ".join(count(len(scene.of(kind)), noun) for kind, noun in kinds)


def twin(scene: Scene) -> str:
    """Return a scene in words: a line for each tile, what stands higher further up and further right.

    >>> from labkit import Lab
    >>> from labkit.engine.scene import scene
    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> print(twin(scene(lab.engine.state)))
    registry: 6c712cb8ac58
    layer 6c712cb8ac58, 1.2MB, ADD file:busybox.tar in /
      image busybox:latest, 1.2MB, 49bcf7e7e41c
        container box, running, 0B, busybox
    """
    blobs = ", ".join(tile.name for tile in scene.of("blob"))
    lines = [f"registry: {blobs}"] if blobs else []
    standing = [tile for tile in scene.tiles if tile.kind not in ("blob", "volume")]
    lines += ["  " * tile.row + label(tile) for tile in standing]
    lines += [label(tile) for tile in scene.of("volume")]
    return "\n".join(map(visible, lines)) or "nothing is here yet"


def _layout(scene: Scene) -> tuple[dict[str, _Place], list[tuple[str, float]], float, float]:
    room = WIDTH - 2 * _MARGIN
    column = min(max(room / max(scene.columns, 1), _LEAST), _MOST)
    places: dict[str, _Place] = {}
    heads: list[tuple[str, float]] = []
    top = 40.0  # below the title

    def line(kind: str, wide: float) -> float:
        tiles = scene.of(kind)
        if not tiles:
            return top
        across = int(room // wide)
        heads.append((kind, top))
        for n, tile in enumerate(tiles):
            places[tile.key] = _Place(_MARGIN + n % across * wide, top + _HEAD + n // across * _ROW, wide - 4)
        return top + _HEAD + -(-len(tiles) // across) * _ROW + 8

    top = line("blob", _BLOB)
    heads.append(("cache", top))
    top += _HEAD + max(scene.rows, 1) * _ROW
    for tile in scene.tiles:
        if tile.kind not in ("blob", "volume"):
            x, y = _MARGIN + tile.column * column, top - (tile.row + 1) * _ROW
            places[tile.key] = _Place(x, y, tile.span * column - 4)
    top = top + 8
    top = line("volume", _VOLUME)
    right = max((place.x + place.width for place in places.values()), default=0)
    return places, heads, max(WIDTH, right + _MARGIN), top + 4


def _drawn(tile: Tile, place: _Place) -> Iterator[Shape]:
    hue = CHANGES.get(tile.mark, _GREY) if tile.kind == "file" else _HUES.get(tile.kind, _GREY)
    dash = tile.kind in ("container", "fold")
    middle = place.y + _HEIGHT / 2
    yield svg.box(place.x, place.y, place.width, _HEIGHT, fill=hue.tint, line=hue.line, dash=dash)
    mark = _STATUS.get(tile.mark, "") if tile.kind == "container" else tile.mark
    start = 24 if mark else 8
    if mark:
        yield svg.text(place.x + 8, middle, mark, size=12, bold=True)
    size = words(tile)
    room = place.width - start - 8 - (6.6 * len(size) + 8 if size else 0)
    name = cut(tile.name, int(room // _LETTER))
    mono = tile.kind in ("layer", "blob", "file")
    yield svg.text(
        place.x + start, middle, name, size=12, mono=mono, bold=tile.kind in ("image", "container")
    )
    taken = _LETTER * len(name) + 8
    if tile.note and room - taken > 40:
        note = cut(tile.note, int((room - taken) // 6.7))
        yield svg.text(place.x + start + taken, middle, note, size=11, fill=QUIET)
    if size:
        yield svg.text(place.x + place.width - 8, middle, size, size=11, anchor="end")
