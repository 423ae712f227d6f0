"""What the same work costs under each storage driver, measured in a lab and drawn as a chart.

The work is the workload of labkit.storage.drivers, with a large file of any size; what a step costs is the
disk that it takes or gives back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from labkit.base.errors import LabkitError
from labkit.go.units import human_size
from labkit.notebook.charts import Chart, legend, make_chart, new_figure
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.theme import BLUE, GREEN, ORANGE, PURPLE, QUIET, RULE, Hue
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

_STYLES: Mapping[str, tuple[Hue, str, str]] = {
    "files": (BLUE, "", "copies whole files"),
    "blocks": (GREEN, "...", "copies blocks"),
    "everything": (ORANGE, "///", "copies everything at once"),
}
_COLUMNS = 3


@lru_cache(maxsize=64)
def costs(driver: str, size: int = BIG_SIZE, containers: int = 0) -> Mapping[str, Cost]:
    """Return what each step costs under a driver, with a file of `size` bytes.

    Raises LabkitError for a driver that there is not, and for a size below 1,000 bytes.

    >>> costs("overlay2")["create"].allocated
    81920
    """
    if size < 1000:
        raise LabkitError(f"{size} bytes: the file needs at least 1000")
    return workload(driver_named(driver), image_layer(size), containers=containers)


def driver_costs(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> Chart:
    """Draw what each step costs under some drivers, all of them by default, with a file of `size` bytes.

    `steps` are names of OPERATIONS, all of them by default. Raises LabkitError for a name that there is not.

    >>> print(driver_costs("overlay2", "btrfs", steps=["first write", "delete"]).text)
    Disk that each step takes, with a file of 67.1MB
      DRIVER    FIRST WRITE   DELETE  COPIES  FIGURES ARE
      overlay2      +67.1MB  -67.1MB  files   measured
      btrfs          +4.1kB  -45.1kB  blocks  measured
    """
    names, chosen = choice(drivers, steps)
    hundred = 100 if "hundred" in chosen else 0  # they take longer than all else
    each = {name: costs(name, size, hundred) for name in names}
    found = {name: {step: each[name][step].allocated for step in chosen} for name in names}
    title = f"Disk that each step takes, with a file of {human_size(size)}"
    return make_chart(title, _twin(title, found, chosen), lambda: _figure(title, found, chosen))


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


def _figure(title: str, found: Mapping[str, Mapping[str, int]], steps: Sequence[str]) -> Any:
    columns = min(len(steps), _COLUMNS)
    rows = -(-len(steps) // _COLUMNS)
    figure = new_figure(title, 1.1 + rows * (0.55 + 0.3 * len(found)))
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for place, panel in enumerate(grid.flat):
        if place < len(steps):
            step = steps[place]
            _panel(panel, OPERATIONS[step], {name: sizes[step] for name, sizes in found.items()})
        else:
            panel.set_visible(False)
    notes = ["Each panel has its own scale."] if len(steps) > 1 else []
    if any(map(modelled, found)):
        notes.append("* modelled after the documentation, not measured")
    title_style = {"title": " ".join(notes) or None, "alignment": "left", "title_fontsize": 10}
    legend(figure, handles=_handles(found), ncols=3, **title_style)
    return figure


def _handles(names: Iterable[str]) -> list[Any]:
    from matplotlib.patches import Patch

    styles = dict.fromkeys(map(_style, names))
    return [Patch(fc=hue.tint, ec=hue.line, hatch=way, label=words) for hue, way, words in styles]


def _style(driver: str) -> tuple[Hue, str, str]:
    """Return colour, hatching and words for what a driver copies, which may be something of its own."""
    copies = DRIVERS[driver].copies
    return _STYLES.get(copies, (PURPLE, "xx", f"copies {copies}"))


def _panel(axes: Any, title: str, sizes: Mapping[str, int]) -> None:
    low, high = min(0, *sizes.values()), max(0, *sizes.values())
    for row, (name, size) in enumerate(sizes.items()):
        hue, pattern, _ = _style(name)
        axes.barh(row, size, height=0.68, facecolor=hue.tint, edgecolor=hue.line, hatch=pattern, linewidth=1)
        less = size < 0 or (size == 0 and high == 0 and low < 0)
        axes.annotate(
            signed(size),
            (size, row),
            (-5 if less else 5, 0),
            textcoords="offset points",
            ha="right" if less else "left",
            va="center_baseline",
            size=10,
        )
    room = 0.6 * (high - low)
    axes.set_xlim(low - room if low < 0 else 0, (high + room or 1) if high > 0 or low == 0 else 0)
    axes.set_ylim(len(sizes) - 0.4, -0.6)
    axes.set_title(title, size=10.5, loc="left", color=QUIET)
    axes.set_yticks(range(len(sizes)), [f"{name} *" if modelled(name) else name for name in sizes])
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, pad=8)
    axes.axvline(0, color=RULE, linewidth=1)
    axes.spines[:].set_visible(False)
