"""What the same work costs under each storage driver, measured in a lab and drawn as a chart.

The work is the workload of labkit.storage.drivers, with a large file of any size; what a step costs is the
disk that it takes or gives back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from labkit.base.errors import LabkitError
from labkit.go.units import human_size
from labkit.notebook.charts import WIDTH, Style, beside, legend
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, hatch, text
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.theme import BLUE, GREEN, ORANGE, PADDING, PURPLE, QUIET, TITLE
from labkit.storage.drivers import BIG_SIZE, DRIVERS, driver_named, image_layer, workload
from labkit.storage.posix import Cost

OPERATIONS: Mapping[str, str] = {
    "create": "create a container",
    "first write": "first write, 2 bytes",
    "small writes": "ten more, 2 bytes each",
    "delete": "delete the file",
    "hundred": "create 100 containers",
}
"""The workload's steps by name, in the order in which they are done; storing the image is not drawn."""

_STYLES: Mapping[str, Style] = {
    "files": (BLUE, "", "copies whole files"),
    "blocks": (GREEN, ".", "copies blocks"),
    "everything": (ORANGE, "/", "copies everything at once"),
}
_COLUMNS, _ROW = 3, 26
_FIGURE = 84
"""The room for a bar's figure."""


@lru_cache(maxsize=64)
def _costs(driver: str, size: int, containers: int) -> Mapping[str, Cost]:
    if size < 1000:
        raise LabkitError(f"{size} bytes: the file needs at least 1000")
    return workload(driver_named(driver), image_layer(size), containers=containers)


def cost(driver: str, step: str, size: int = BIG_SIZE) -> Cost:
    """Return what one step costs under a driver, with a file of `size` bytes.

    Raises LabkitError for a driver that there is not, and for a size below 1,000 bytes.

    >>> cost("overlay2", "hundred").allocated
    8192000
    """
    return _costs(driver, size, 100 if step == "hundred" else 0)[step]  # a hundred take longer than all else


def driver_costs(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> Picture:
    """Draw what each step costs under some drivers, all of them by default, with a file of `size` bytes.

    `steps` are names of OPERATIONS, all of them by default. Raises LabkitError for a name that there is not.

    >>> print(driver_costs("overlay2", "btrfs", steps=["first write", "delete"]).text)
    Disk that each step takes, with a file of 67.1MB
      DRIVER    FIRST WRITE   DELETE  COPIES  FIGURES ARE
      overlay2      +67.1MB  -67.1MB  files   measured
      btrfs          +4.1kB  -45.1kB  blocks  measured
    """
    return _chart(*choice(drivers, steps), size)


@lru_cache(maxsize=64)
def _chart(names: tuple[str, ...], chosen: tuple[str, ...], size: int) -> Picture:
    found = {name: {step: cost(name, step, size).allocated for step in chosen} for name in names}
    labels = [f"{name} *" if modelled(name) else name for name in names]
    columns, high = min(len(chosen), _COLUMNS), 40 + _ROW * len(names)
    left, top = beside(labels), PADDING + TITLE + 26
    wide = (WIDTH - PADDING - left) / columns
    shapes: list[Shape] = []
    for place, step in enumerate(chosen):
        x, y = left + place % columns * wide, top + place // columns * high
        if place % columns == 0:
            rows = enumerate(labels, 1)
            shapes += [text(PADDING, y + _ROW * row, label, mono=True) for row, label in rows]
        shapes += _panel(x, y, wide, OPERATIONS[step], {name: sizes[step] for name, sizes in found.items()})
    below = top + -(-len(chosen) // columns) * high
    notes = ["Each panel has its own scale."] * (len(chosen) > 1)
    notes += ["* modelled after the documentation, not measured"] * any(map(modelled, names))
    shapes.append(text(PADDING, below + 4, " ".join(notes)))
    shapes += legend(dict.fromkeys(map(_style, names)), below + 34)
    title = f"Disk that each step takes, with a file of {human_size(size)}"
    about = "A panel for each step, and in it a bar for each driver."
    return svg.paint(title, about, _twin(title, found, chosen), WIDTH, below + 56, shapes)


def choice(drivers: Iterable[str], steps: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of drivers and of steps, each once, all where none is given.

    Raises LabkitError for a name that there is not.

    >>> choice(["vfs", "vfs"], ["create"])
    (('vfs',), ('create',))
    """
    names = tuple(dict.fromkeys(drivers)) or tuple(DRIVERS)
    chosen = tuple(dict.fromkeys(steps)) or tuple(OPERATIONS)
    for name in names:
        driver_named(name)
    for step in chosen:
        if step not in OPERATIONS:
            raise LabkitError(f"{step}: no such step; there are {', '.join(OPERATIONS)}")
    return names, chosen


def signed(size: int) -> str:
    """Return a number of bytes with its sign, in decimal units.

    >>> signed(4096), signed(-67112960), signed(0)
    ('+4.1kB', '-67.1MB', '0B')
    """
    return human_size(size) if size == 0 else f"{'-' if size < 0 else '+'}{human_size(abs(size))}"


def modelled(driver: str) -> bool:
    """Tell whether a driver's figures follow its documentation and no real engine was measured.

    >>> modelled("overlay2"), modelled("aufs")
    (False, True)
    """
    return bool(DRIVERS[driver].source)


def _twin(title: str, found: Mapping[str, Mapping[str, int]], steps: Sequence[str]) -> str:
    rows = [["DRIVER", *(step.upper() for step in steps), "COPIES", "FIGURES ARE"]]
    for name, sizes in found.items():
        rest = [DRIVERS[name].copies, "modelled" if modelled(name) else "measured"]
        rows.append([name, *(signed(sizes[step]) for step in steps), *rest])
    numbers = range(1, len(steps) + 1)
    return "\n".join([title, *indented(rows, right=numbers)])


def _style(driver: str) -> Style:
    """Return hue, hatching and words for what a driver copies, which may be something of its own."""
    copies = DRIVERS[driver].copies
    return _STYLES.get(copies, (PURPLE, "full", f"copies {copies}"))


def _panel(x: float, y: float, width: float, title: str, sizes: Mapping[str, int]) -> Iterator[Shape]:
    """Give a step's bars, each with its figure at the end, from a line for 0 on."""
    low, high = min(0, *sizes.values()), max(0, *sizes.values())
    left = x + (_FIGURE if low < 0 else 0)
    right = x + width - (_FIGURE if high > 0 or low == 0 else 20)
    scale = (right - left) / (high - low or 1)
    zero = left - low * scale
    yield text(x, y, title, fill=QUIET)
    yield svg.rule(zero, y + 14, zero, y + 14 + _ROW * len(sizes))
    for row, (name, size) in enumerate(sizes.items(), 1):
        (hue, way, _), middle = _style(name), y + _ROW * row
        start, end = zero + min(size, 0) * scale, zero + max(size, 0) * scale
        if size:
            fill, wide = hatch(hue, way), end - start
            yield box(start, middle - 9, wide, 18, fill=fill, line=hue.line, corner=1, kind="bar")
        less = size < 0 or (size == 0 and high == 0 and low < 0)
        at, anchor = (start - 6, "end") if less else (end + 6, "start")
        yield text(at, middle, signed(size), anchor=anchor)
