"""Images that stand on the same layers: what they share is drawn once, as it is on disk once.

Layers are shared from the base up, as long as all below is the same (a ChainID names them so): the same
files on another base are another layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, group, hatch, text
from labkit.notebook.pictures.text import MONO, SANS, cells, count, cut, fit, indented
from labkit.notebook.pictures.theme import BLUE, CARD, OWN, PADDING, SIZE, TITLE, Hue
from labkit.notebook.pictures.views import ImageView, LayerView, Pictured, image_view

_WIDTH = 760
_COLUMN = 210
"""The least width of an image; more images make a wider picture."""
_ROW = 34
_GAP = 4
_BAR = 26
_BAR_LEFT = PADDING + 190


@dataclass(slots=True)
class Place:
    """A layer on those below it, the images that have it, and what stands on it."""

    layer: LayerView
    height: int
    users: list[int] = field(default_factory=list)
    above: dict[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sharing:
    """What images share: bytes of each image that others have too, of all added up, and on disk."""

    views: tuple[ImageView, ...]
    roots: Mapping[str, Place]
    shared: tuple[int, ...]
    added: int
    on_disk: int


Several: TypeAlias = Pictured | Mapping[str, Pictured] | Sequence[Pictured]
"""An image, images by the names to show, or images one after the other."""


def sharing(images: Iterable[Several], lab: Lab | None = None) -> Sharing:
    """Return which layers images share, as `shared` takes them."""
    found: list[ImageView] = []
    for each in images:
        if isinstance(each, Mapping):
            found += [image_view(image, name, lab=lab) for name, image in each.items()]
        else:
            several = each if isinstance(each, list | tuple) else [cast("Pictured", each)]
            found += [image_view(image, lab=lab) for image in several]
    views = tuple(found)
    roots = _forest(views)
    both = [0] * len(views)
    for place in _all(roots):
        for image in place.users if len(place.users) > 1 else ():
            both[image] += place.layer.size
    on_disk = sum(place.layer.size for place in _all(roots))
    return Sharing(views, roots, tuple(both), sum(view.size for view in views), on_disk)


def shared(*images: Several, lab: Lab | None = None) -> Picture:
    """Draw images side by side, the layers that they share once, below them all.

    Each is given as `stack` takes it: `shared("nginx", "mysql")`; or in a list, or in a dict by the names to
    show.

    >>> lab = Lab()
    >>> image = lab.build("web", ["FROM busybox", "RUN echo hello > /greeting"])
    >>> print(shared("web", "busybox", lab=lab).text)
    web and busybox · 2 layers on disk
      web           2  5d47e6d87531     6B  RUN echo hello > /greeting
      web, busybox  1  764e737332f4  1.2MB  shared by 2
      web       1.2MB
      busybox   1.2MB
      added up  2.4MB
      on disk   1.2MB  what is shared counts once: 1.2MB less
    """
    found = sharing(images, lab)
    views, roots = found.views, found.roots
    order = _order(roots, len(views))
    hues = {image: OWN[place % len(OWN)] for place, image in enumerate(order)}
    width = max(_WIDTH, 2 * PADDING + _COLUMN * len(views))
    column = (width - 2 * PADDING + 2 * _GAP) / max(len(views), 1)
    head = PADDING + TITLE + 24
    base = head + 26 + max((len(view.layers) for view in views), default=0) * _ROW
    common = hatch(BLUE)
    shapes = [svg.rule(PADDING, base + 2, width - PADDING)]
    for place, image in enumerate(order):
        shapes.append(_name(views[image], PADDING + place * column, column, base))
    for root in roots.values():
        shapes += _blocks(root, order, column, base, hues, common)
    bars, bottom = _bars(found, hues, common, width, base + 30)
    title = f"{_names(views)} · {count(len(_all(roots)), 'layer')} on disk"
    words, shapes = _twin(title, found), [*shapes, *bars]
    return svg.paint(title, _description(found), words, width, bottom + PADDING - 8, shapes)


def _forest(views: Sequence[ImageView]) -> dict[str, Place]:
    roots: dict[str, Place] = {}
    for image, view in enumerate(views):
        above = roots
        for height, layer in enumerate(view.layers):
            place = above.setdefault(layer.label, Place(layer, height))
            place.users.append(image)
            above = place.above
    return roots


def _all(roots: Mapping[str, Place]) -> list[Place]:
    """Return every layer once, those below first."""
    found = []
    for place in roots.values():
        found += [place, *_all(place.above)]
    return found


def _order(roots: Mapping[str, Place], images: int) -> list[int]:
    """Return the images in an order that puts those next to each other that share the most."""
    order = list(dict.fromkeys(image for place in reversed(_all(roots)) for image in reversed(place.users)))
    order.reverse()
    return [*order, *(image for image in range(images) if image not in order)]


def _name(view: ImageView, x: float, column: float, base: float) -> Shape:
    y = base - len(view.layers) * _ROW - 14
    size = human_size(view.size)
    name = fit(view.name, column - 2 * _GAP - 10 * (len(size) + 2), 15, SANS + 0.06)
    end = text(x + column - 2 * _GAP - 2, y, size, size=15, mono=True, bold=True, anchor="end")
    return group([text(x + 2, y, name, size=15, bold=True), end], "image")


def _blocks(
    place: Place, order: Sequence[int], column: float, base: float, hues: Mapping[int, Hue], common: Shape
) -> list[Shape]:
    """Return a layer as wide as the images that have it, and what stands on it."""
    first = min(order.index(image) for image in place.users)
    x, width = PADDING + first * column, len(place.users) * column - 2 * _GAP
    y, is_shared = base - (place.height + 1) * _ROW, len(place.users) > 1
    hue = BLUE if is_shared else hues[place.users[0]]
    size = human_size(place.layer.size)
    shapes = [box(x, y, width, _ROW - _GAP, fill=common if is_shared else hue.tint, line=hue.line)]
    if is_shared:
        end = MONO * SIZE * len(size) + 12
        shapes += [_plate(x + 6, y + 4, 12 * MONO * SIZE + 12), _plate(x + width - 6 - end, y + 4, end)]
    middle, label = y + (_ROW - _GAP) / 2, cut(place.layer.label, 13)
    shapes += [
        text(x + 12, middle, label, mono=True, bold=True),
        text(x + width - 12, middle, size, mono=True, bold=True, anchor="end"),
    ]
    words = f"shared by {len(place.users)}" if is_shared else place.layer.instruction
    start = 24 + MONO * SIZE * cells(label)
    room = width - start - MONO * SIZE * len(size) - 24
    if is_shared:
        shapes += _shared_words(x + width / 2, y + 4, words) if room > 130 else []
    elif room > 12 * MONO * SIZE:
        shapes.append(text(x + start, middle, fit(words, room, SIZE), mono=True))
    drawn = [group(shapes, "shared layer" if is_shared else "own layer")]
    for child in place.above.values():
        drawn += _blocks(child, order, column, base, hues, common)
    return drawn


def _plate(x: float, y: float, width: float) -> Shape:
    """Return a plain plate, so that text on hatching reads well."""
    return box(x, y, width, _ROW - _GAP - 8, fill=CARD, line="none", kind="plate")


def _shared_words(middle: float, y: float, words: str) -> list[Shape]:
    width = SANS * SIZE * len(words) + 12
    written = text(middle, y + (_ROW - _GAP) / 2 - 4, words, anchor="middle")
    return [_plate(middle - width / 2, y, width), written]


def _bars(
    found: Sharing, hues: Mapping[int, Hue], common: Shape, width: float, y: float
) -> tuple[list[Shape], float]:
    """Return two bars, the images' sizes added up and what is on disk, and where they end."""
    every: list[_Part] = []
    own = []
    for image, hue in hues.items():
        view, both = found.views[image], found.shared[image]
        own.append(_Part(view.name, view.size - both, hue))
        every += [_Part("shared", both), own[-1]]
    each_once = [_Part("shared", found.on_disk - sum(part.size for part in own)), *own]
    scale = (width - PADDING - _BAR_LEFT) / max(found.added, 1)
    shapes = [
        _bar("added up", found.added, every, scale, common, y),
        _bar("on disk", found.on_disk, each_once, scale, common, y + _BAR + 10),
    ]
    return shapes, y + 2 * (_BAR + 10)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a bar: an image's own layers, or without a hue what is shared."""

    words: str
    size: int
    hue: Hue | None = None


def _bar(words: str, size: int, parts: Sequence[_Part], scale: float, common: Shape, y: float) -> Shape:
    middle = y + _BAR / 2
    shapes = [
        text(PADDING, middle, words, size=15, bold=True),
        text(_BAR_LEFT - 14, middle, human_size(size), size=15, mono=True, bold=True, anchor="end"),
    ]
    x: float = _BAR_LEFT
    for part in parts:
        width = part.size * scale
        fill, line = (common, BLUE.line) if part.hue is None else (part.hue.tint, part.hue.line)
        if width >= 1:
            shapes.append(box(x, y, width - 1, _BAR, fill=fill, line=line))
        plate = SANS * SIZE * cells(part.words) + 8
        if width > plate + 10:
            if part.hue is None:
                shapes.append(_plate(x + (width - plate) / 2, y + 2, plate))
            shapes.append(text(x + width / 2, middle, part.words, anchor="middle"))
        x += width
    return group(shapes, "bar")


def _names(views: Sequence[ImageView]) -> str:
    names = [view.name for view in views]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _description(found: Sharing) -> str:
    once = sum(len(place.users) > 1 for place in _all(found.roots))
    return (
        f"The images side by side, their bases at the bottom; {count(once, 'layer')}, hatched, "
        f"{'is' if once == 1 else 'are'} shared and drawn once. The sizes add up to "
        f"{human_size(found.added)}; on disk are {human_size(found.on_disk)}."
    )


def _twin(title: str, found: Sharing) -> str:
    rows = []
    for place in reversed(_all(found.roots)):
        layer, users = place.layer, place.users
        names = cut(", ".join(found.views[image].name for image in users), 40)
        made = f"shared by {len(users)}" if len(users) > 1 else cut(layer.instruction, 50)
        rows.append([names, str(place.height + 1), cut(layer.label, 24), human_size(layer.size), made])
    less = found.added - found.on_disk
    saved = f"what is shared counts once: {human_size(less)} less" if less else ""
    sums = [[cut(view.name, 40), human_size(view.size), ""] for view in found.views]
    sums += [["added up", human_size(found.added), ""], ["on disk", human_size(found.on_disk), saved]]
    return "\n".join([cut(title, 110), *indented(rows, right=(1, 3)), *indented(sums, right=(1,))])
