"""The widget of the storage drivers: choose drivers, steps and a file's size; a chart follows.

`DriverExplorer` is the state, a traits object that needs no browser. Its controls are check boxes and
buttons, which the Tab key reaches and the space bar presses.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit.go.units import human_size
from labkit.notebook.charts import MISSING, Chart
from labkit.notebook.driver_chart import OPERATIONS, choice, driver_costs, modelled
from labkit.notebook.output import bundle
from labkit.notebook.widgets.view import Explorer, Output, row, toggles
from labkit.storage.drivers import BIG_SIZE, DRIVERS

SIZES = (4_096, 1_000_000, 10_000_000, BIG_SIZE, 1_000_000_000)
"""The sizes that the controls offer, in bytes."""
NOTHING = "Choose at least one driver and one step."


def driver_explorer(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> DriverExplorer:
    """Open controls to choose storage drivers, steps and a file's size, with the chart of what they cost.

    It begins with what is given, as `driver_costs` takes it. Raises LabkitError as that does.

    >>> driver_explorer("overlay2", "btrfs", steps=["first write"]).code
    'driver_costs("overlay2", "btrfs", steps=["first write"])'
    """
    names, chosen = choice(drivers, steps)
    return DriverExplorer(drivers=names, steps=chosen, size=size)


class DriverExplorer(Explorer):
    """What is chosen, and the chart of it.

    >>> explorer = DriverExplorer(drivers=("vfs",), steps=("create",))
    >>> explorer.size = 1_000_000
    >>> explorer.code
    'driver_costs("vfs", steps=["create"], size=1000000)'
    """

    drivers = traitlets.Tuple()
    steps = traitlets.Tuple(tuple(OPERATIONS))
    size = traitlets.Int(BIG_SIZE)

    @traitlets.default("drivers")
    def _all_drivers(self) -> tuple[str, ...]:
        return tuple(DRIVERS)

    @traitlets.validate("drivers", "steps")
    def _in_order(self, proposal: Any) -> tuple[str, ...]:
        """Keep the charts' order, whatever the order of the clicks."""
        known: Collection[str] = DRIVERS if proposal["trait"].name == "drivers" else OPERATIONS
        for name in proposal["value"]:
            if name not in known:
                raise traitlets.TraitError(f"{name}: there are {', '.join(known)}")
        return tuple(name for name in known if name in proposal["value"])

    @property
    def code(self) -> str:
        """The line of Python that shows the same; a comment while too little is chosen."""
        if not self.drivers or not self.steps:
            return f"# {NOTHING}"
        drivers = [] if self.drivers == tuple(DRIVERS) else [json.dumps(name) for name in self.drivers]
        steps = [] if self.steps == tuple(OPERATIONS) else [f"steps={json.dumps(self.steps)}"]
        size = [] if self.size == BIG_SIZE else [f"size={self.size}"]
        return f"driver_costs({', '.join([*drivers, *steps, *size])})"

    @property
    def chart(self) -> Chart:
        """The chart of what is chosen."""
        if not self.drivers or not self.steps:
            return Chart(NOTHING, NOTHING, b"")
        return driver_costs(*self.drivers, steps=self.steps, size=self.size)

    def outputs(self) -> list[Output]:
        """Return the chart and the words: two outputs."""
        chart = self.chart
        if chart.png:
            picture: Output = {"text/html": chart.html, "text/plain": chart.title}, {}
        else:
            picture = {"text/plain": NOTHING if chart.text == NOTHING else MISSING}, {}
        text = chart.text if chart.text != NOTHING else ""
        return [picture, (bundle(f"{text}\n\nThe same in Python: {self.code}".strip()), {})]

    def controls(self) -> Any:
        """Return the check boxes of drivers and steps, and the buttons of sizes."""
        names = {name: f"{name} *" if modelled(name) else name for name in DRIVERS}
        offered = [(human_size(size), size) for size in sorted({*SIZES, self.size})]
        drivers = [self._box("drivers", name, words) for name, words in names.items()]
        steps = [self._box("steps", name, words) for name, words in OPERATIONS.items()]
        size = toggles(self, "size", offered, width="5.5em")
        return widgets.VBox([row("Drivers", drivers), row("Steps", steps), row("Size of the file", [size])])

    def _box(self, trait: str, name: str, words: str) -> Any:
        """Return a check box for a name, which adds it to a trait or takes it away."""
        width = widgets.Layout(width="auto", margin="0 1.2em 0 0")
        box = widgets.Checkbox(name in getattr(self, trait), description=words, indent=False, layout=width)

        def chosen(change: Any) -> None:
            others = [each for each in getattr(self, trait) if each != name]
            setattr(self, trait, (*others, name) if change["new"] else tuple(others))

        def follow(change: Any) -> None:
            box.value = name in change["new"]

        box.observe(chosen, "value")
        self.observe(follow, trait)
        return box
