"""The figures of one run: labkit beside a peer that was measured in the same run, as a table."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HEADINGS = ("what", "labkit", "peer", "takes", "ratio", "limit", "ok")


@dataclass(frozen=True)
class Figure:
    """What was measured: seconds ("s") or bytes ("B") of labkit and of a peer, and what they may be.

    `theirs` is None where the machine does not have the peer.
    """

    what: str
    labkit: float
    peer: str
    theirs: float | None
    unit: str = "s"
    most: float | None = None
    """The most that labkit may take, or None."""
    most_times: float | None = None
    """The most that labkit may take, in times of the peer, or None."""

    @property
    def ratio(self) -> float | None:
        """How many times the peer's figure labkit's is, or None without a peer."""
        return None if self.theirs is None else self.labkit / self.theirs

    @property
    def ok(self) -> bool:
        """Tell whether both limits are kept."""
        within = self.most is None or self.labkit <= self.most
        return within and (self.most_times is None or self.ratio is None or self.ratio <= self.most_times)

    @property
    def row(self) -> tuple[str, ...]:
        """The table's row."""
        limits = [] if self.most is None else [quantity(self.most, self.unit)]
        limits += [] if self.most_times is None else [times(self.most_times)]
        return (
            self.what,
            quantity(self.labkit, self.unit),
            self.peer,
            "not here" if self.theirs is None else quantity(self.theirs, self.unit),
            "-" if self.ratio is None else times(self.ratio),
            ", ".join(limits) or "-",
            ("yes" if self.ok else "NO") if limits else "-",
        )


@dataclass
class Figures:
    """The figures of a run, in the order in which they were measured."""

    rows: list[Figure] = field(default_factory=list)

    def check(self, figure: Figure) -> None:
        """Keep a figure for the table and assert its limits."""
        self.rows.append(figure)
        assert figure.ok, " | ".join(figure.row)


@dataclass
class Timed:
    """Work that is timed each time it is called; it gives nothing, as pytest-benchmark asks of a setup."""

    work: Callable[[], object]
    times: list[float] = field(default_factory=list)

    def __call__(self) -> None:
        begin = time.perf_counter()
        self.work()
        self.times.append(time.perf_counter() - begin)

    @property
    def best(self) -> float:
        """The time of the round that was disturbed least."""
        return min(self.times)


def quantity(value: float, unit: str) -> str:
    """Return a number of seconds or bytes with three digits.

    >>> quantity(0.0000123, "s"), quantity(223_000_000, "B")
    ('12.3 µs', '223 MB')
    """
    steps = {"s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")), "B": ((1e6, "MB"), (1e3, "kB"), (1.0, "B"))}
    size, name = next((step for step in steps[unit] if value >= step[0]), steps[unit][-1])
    return f"{value / size:#.3g}".rstrip(".") + f" {name}"


def times(ratio: float) -> str:
    """Return a ratio in words that are short enough for a table.

    >>> times(1.2), times(0.0001)
    ('1.2 x', '1/10000 x')
    """
    return f"{ratio:.3g} x" if ratio >= 0.01 else f"1/{1 / ratio:.0f} x"


def table(rows: Sequence[Figure]) -> list[str]:
    """Return the lines of a table that reads as plain text and as Markdown."""
    cells = [HEADINGS, *(figure.row for figure in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def machine() -> str:
    """Describe what the run ran on, and whether it was busy with other work."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    return (
        f"Python {platform.python_version()}, {platform.system()} {platform.release().split('-')[0]} "
        f"{platform.machine()}, {cores} cores, load {load:.1f}{' (busy)' if load > cores else ''}"
    )
