"""The widget of the storage drivers: choose drivers, steps and a file's size; a chart follows."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.go.units import human_size
from labkit.notebook.charts import MISSING, Chart
from labkit.notebook.driver_chart import OPERATIONS, choice, driver_costs, modelled
from labkit.notebook.output import bundle
from labkit.notebook.widgets.page import Explorer, Output, buttons
from labkit.storage.drivers import BIG_SIZE, DRIVERS

SIZES = (4_096, 1_000_000, 10_000_000, BIG_SIZE, 1_000_000_000)
"""The sizes that the controls offer, in bytes."""


def driver_explorer(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> DriverExplorer:
    """Open controls to choose storage drivers, steps and a file's size, with the chart of what they cost.

    It begins with what is given, as `driver_costs` takes it. Raises LabkitError as that does.

    >>> driver_explorer("overlay2", "btrfs", steps=["first write"]).code
    'driver_costs("overlay2", "btrfs", steps=["first write"])'
    """
    names, chosen = choice(drivers, steps)
    return DriverExplorer(drivers=names, steps=chosen, size=size)


class DriverExplorer(Explorer):
    """What is chosen, and the chart of it; where the last of a kind is taken away, all are chosen again.

    >>> explorer = driver_explorer("vfs", steps=["create"])
    >>> explorer.size = 1_000_000
    >>> explorer.code
    'driver_costs("vfs", steps=["create"], size=1000000)'
    """

    drivers = traitlets.Tuple()
    steps = traitlets.Tuple()
    size = traitlets.Int()

    @traitlets.validate("drivers", "steps")
    def _in_order(self, proposal: Any) -> tuple[str, ...]:
        """Keep the charts' order, whatever the order of the clicks; nothing is all, as in `driver_costs`."""
        known: Collection[str] = DRIVERS if proposal["trait"].name == "drivers" else OPERATIONS
        for name in proposal["value"]:
            if name not in known:
                raise traitlets.TraitError(f"{name}: there are {', '.join(known)}")
        return tuple(name for name in known if name in proposal["value"]) or tuple(known)

    @property
    def code(self) -> str:
        """The line of Python that shows the same."""
        drivers = [] if self.drivers == tuple(DRIVERS) else [json.dumps(name) for name in self.drivers]
        steps = [] if self.steps == tuple(OPERATIONS) else [f"steps={json.dumps(self.steps)}"]
        size = [] if self.size == BIG_SIZE else [f"size={self.size}"]
        return f"driver_costs({', '.join([*drivers, *steps, *size])})"

    @property
    def chart(self) -> Chart:
        """The chart of what is chosen."""
        return driver_costs(*self.drivers, steps=self.steps, size=self.size)

    def outputs(self) -> list[Output]:
        """Return the chart and the words: two outputs."""
        chart = self.chart
        picture = (
            {"text/html": chart.html, "text/plain": chart.title} if chart.png else {"text/plain": MISSING}
        )
        return [picture, bundle(f"{chart.text}\n\nThe same in Python: {self.code}")]

    def controls(self) -> list[etree.Element]:
        """Return the buttons of drivers, of steps and of sizes."""
        names = {name: f"{name} *" if modelled(name) else name for name in DRIVERS}
        sizes = {size: human_size(size) for size in sorted({*SIZES, self.size})}
        return [
            buttons("Drivers", "drivers", names, self.drivers),
            buttons("Steps", "steps", OPERATIONS, self.steps),
            buttons("Size of the file", "size", sizes, [self.size]),
        ]
