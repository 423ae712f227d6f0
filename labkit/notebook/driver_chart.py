"""What the same work costs under each storage driver, measured in a lab and drawn as a chart.

An image holds one large file. A container is created and writes to the file, a little and then a little more
in ten places; it deletes the file; a hundred containers are created. What a step costs is the disk that it
takes or gives back, as the drivers say it (labkit.storage.drivers has the same work as a table).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from labkit.base.errors import LabkitError
from labkit.engine.state import COURSE_TIME
from labkit.go.units import human_size
from labkit.notebook.charts import Chart, make_chart, new_figure
from labkit.notebook.pictures.text import table
from labkit.notebook.pictures.theme import BLUE, GREEN, ORANGE, QUIET, RULE, Hue
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File
from labkit.storage.driver import Snapshot, StorageDriver
from labkit.storage.drivers import BIG, BIG_SIZE, DRIVERS, IMAGE, create, driver_named
from labkit.storage.posix import NO_COST, Cost

OPERATIONS: Mapping[str, str] = {
    "create": "create a container",
    "first write": "first write, 2 bytes",
    "small writes": "ten more, 2 bytes each",
    "delete": "delete the file",
    "hundred": "create 100 containers",
}
"""The steps by name, in the order in which they are done."""

KINDS: Mapping[str, str] = {
    "overlay2": "files",
    "fuse-overlayfs": "files",
    "aufs": "files",
    "btrfs": "blocks",
    "zfs": "blocks",
    "devicemapper": "blocks",
    "vfs": "everything",
}
"""What each driver copies when something changes; the order is the charts'."""
_STYLES: Mapping[str, tuple[Hue, str, str]] = {
    "files": (BLUE, "", "copies whole files"),
    "blocks": (GREEN, "...", "copies blocks"),
    "everything": (ORANGE, "///", "copies everything at once"),
}
_WRITES = 10
_COLUMNS = 3


@lru_cache(maxsize=64)
def costs(driver: str, size: int = BIG_SIZE) -> Mapping[str, Cost]:
    """Return what each step but the last costs under a driver, with a file of `size` bytes.

    Raises LabkitError for a driver that there is not, and for a size below 1,000 bytes.

    >>> {step: cost.allocated for step, cost in costs("vfs").items()}["create"]
    138616832
    """
    if size < 1000:
        raise LabkitError(f"{size} bytes: the file needs at least 1000")
    chosen, image = _stored(driver, size)
    active, made = create(chosen, image)
    mount = chosen.mount(active, lambda: COURSE_TIME)
    first = mount.append(BIG, b"x\n")
    places = [size * number // _WRITES for number in range(_WRITES)]
    more = sum((mount.pwrite(BIG, place, b"x\n") for place in places), NO_COST)
    gone = mount.unlink(BIG)
    return dict(zip(OPERATIONS, (made, first, more, gone), strict=False))


def _stored(driver: str, size: int) -> tuple[StorageDriver, Snapshot]:
    """Return a driver, and the image as it keeps it."""
    chosen = driver_named(driver)
    return chosen, chosen.commit(None, Dir({**IMAGE.children, BIG[1:]: File(Content.filler(size, BIG[1:]))}))


@lru_cache(maxsize=64)
def _hundred(driver: str, size: int) -> Cost:
    """Return what a hundred containers cost."""
    chosen, image = _stored(driver, size)
    return sum((create(chosen, image)[1] for _ in range(100)), NO_COST)


def cost(driver: str, step: str, size: int = BIG_SIZE) -> Cost:
    """Return what one step costs under a driver, as `costs` does of the first four; the fifth takes longer.

    >>> cost("overlay2", "hundred").allocated
    8192000
    """
    return _hundred(driver, size) if step == "hundred" else costs(driver, size)[step]


def driver_costs(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> Chart:
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
def _chart(names: tuple[str, ...], chosen: tuple[str, ...], size: int) -> Chart:
    found = {name: {step: cost(name, step, size).allocated for step in chosen} for name in names}
    title = f"Disk that each step takes, with a file of {human_size(size)}"
    return make_chart(title, _twin(title, found, chosen), lambda: _figure(title, found, chosen))


def choice(drivers: Iterable[str], steps: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of drivers and of steps, each once, all where none is given.

    Raises LabkitError for a name that there is not.

    >>> choice(["vfs", "vfs"], ["create"])
    (('vfs',), ('create',))
    """
    names = tuple(dict.fromkeys(drivers)) or tuple(KINDS)
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
        rest = [KINDS[name], "modelled" if modelled(name) else "measured"]
        rows.append([name, *(signed(sizes[step]) for step in steps), *rest])
    numbers = range(1, len(steps) + 1)
    return "\n".join([title, *("  " + line for line in table(rows, right=numbers).split("\n"))])


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
    figure.legend(
        handles=_handles(found),
        loc="outside lower left",
        ncols=3,
        frameon=False,
        handlelength=2.4,
        handleheight=1.2,
        title=" ".join(notes) or None,
        alignment="left",
        title_fontsize=10,
    )
    return figure


def _handles(names: Iterable[str]) -> list[Any]:
    from matplotlib.patches import Patch

    kinds = dict.fromkeys(KINDS[name] for name in names)
    styles = [_STYLES[kind] for kind in kinds]
    return [
        Patch(facecolor=hue.tint, edgecolor=hue.line, hatch=way, label=words) for hue, way, words in styles
    ]


def _panel(axes: Any, title: str, sizes: Mapping[str, int]) -> None:
    low, high = min(0, *sizes.values()), max(0, *sizes.values())
    for row, (name, size) in enumerate(sizes.items()):
        hue, pattern, _ = _STYLES[KINDS[name]]
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
