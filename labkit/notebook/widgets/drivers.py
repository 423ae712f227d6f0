"""The widget of the storage drivers: choose drivers, steps and a file's size; a chart follows.

`DriverExplorer` is the state, a traits object that needs no browser. `_View` is the controls, all of them
check boxes and buttons that the Tab key reaches and the space bar presses, and the outputs below them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets
from IPython import display

from labkit.cli.formats import human_size
from labkit.engine.drivers import BIG_SIZE
from labkit.notebook.charts import MISSING, Chart
from labkit.notebook.driver_chart import KINDS, OPERATIONS, driver_costs, modelled
from labkit.notebook.magics import live
from labkit.notebook.terminal import bundle

SIZES = (1_000_000, 10_000_000, BIG_SIZE, 1_000_000_000)
"""The sizes that the controls offer, in bytes."""
NOTHING = "Choose at least one driver and one step."


class DriverExplorer(traitlets.HasTraits):
    """What is chosen, and the chart of it.

    >>> explorer = DriverExplorer(drivers=("vfs",), steps=("create",))
    >>> explorer.size = 1_000_000
    >>> explorer.code
    'driver_costs("vfs", steps=["create"], size=1000000)'
    """

    drivers = traitlets.Tuple(tuple(KINDS))
    steps = traitlets.Tuple(tuple(OPERATIONS))
    size = traitlets.Int(BIG_SIZE)

    @traitlets.validate("drivers", "steps")
    def _in_order(self, proposal: Any) -> tuple[str, ...]:
        """Keep the charts' order, whatever the order of the clicks."""
        known = KINDS if proposal["trait"].name == "drivers" else OPERATIONS
        for name in proposal["value"]:
            if name not in known:
                raise traitlets.TraitError(f"{name}: there are {', '.join(known)}")
        return tuple(name for name in known if name in proposal["value"])

    @property
    def code(self) -> str:
        """The line of Python that shows the same; a comment while too little is chosen."""
        if not self.drivers or not self.steps:
            return f"# {NOTHING}"
        drivers = [] if self.drivers == tuple(KINDS) else [json.dumps(name) for name in self.drivers]
        steps = [] if self.steps == tuple(OPERATIONS) else [f"steps={json.dumps(self.steps)}"]
        size = [] if self.size == BIG_SIZE else [f"size={self.size}"]
        return f"driver_costs({', '.join([*drivers, *steps, *size])})"

    @property
    def chart(self) -> Chart:
        """The chart of what is chosen."""
        if not self.drivers or not self.steps:
            return Chart(NOTHING, NOTHING, b"")
        return driver_costs(*self.drivers, steps=self.steps, size=self.size)

    def _ipython_display_(self) -> None:
        """Show the controls, where a page can be alive, and the chart and its words."""
        _View(self).show(controls=live())


class _View:
    """The controls of one explorer, and its outputs."""

    def __init__(self, explorer: DriverExplorer) -> None:
        self._explorer = explorer
        self._handles: list[Any] = []
        names = {name: f"{name} *" if modelled(name) else name for name in KINDS}
        sizes = widgets.ToggleButtons(
            options=[(human_size(size), size) for size in sorted({*SIZES, explorer.size})],
            value=explorer.size,
            style=widgets.ToggleButtonsStyle(button_width="5.5em"),
        )
        traitlets.link((explorer, "size"), (sizes, "value"))
        self.controls = widgets.VBox(
            [
                _row("Drivers", self._boxes("drivers", names)),
                _row("Steps", self._boxes("steps", OPERATIONS)),
                _row("Size of the file", [sizes]),
            ]
        )
        explorer.observe(self._update, ["drivers", "steps", "size"])

    def _boxes(self, trait: str, names: Mapping[str, str]) -> list[Any]:
        """Return a check box for each name, which adds it to a trait or takes it away."""
        return [self._box(trait, name, words) for name, words in names.items()]

    def _box(self, trait: str, name: str, words: str) -> Any:
        explorer = self._explorer
        width = widgets.Layout(width="auto", margin="0 1.2em 0 0")
        box = widgets.Checkbox(
            name in getattr(explorer, trait), description=words, indent=False, layout=width
        )

        def chosen(change: Any) -> None:
            others = [each for each in getattr(explorer, trait) if each != name]
            setattr(explorer, trait, (*others, name) if change["new"] else tuple(others))

        def follow(change: Any) -> None:
            box.value = name in change["new"]

        box.observe(chosen, "value")
        explorer.observe(follow, trait)
        return box

    def show(self, *, controls: bool) -> None:
        """Show everything below a cell; without `controls`, what a reader without a kernel sees."""
        show: Callable[..., Any] = display.display
        if controls:
            show(self.controls)
        self._handles = [
            show(data, metadata=metadata, raw=True, display_id=True) for data, metadata in self._outputs()
        ]

    def _update(self, change: Any) -> None:
        for handle, (data, metadata) in zip(self._handles, self._outputs(), strict=False):
            handle.update(data, metadata=metadata, raw=True)

    def _outputs(self) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
        """Give the chart and the words: two outputs, as a chart's bytes vary and words do not."""
        chart = self._explorer.chart
        if chart.png:
            size = {"width": chart.width, "height": chart.height}
            yield {"image/png": chart.png, "text/plain": chart.title}, {"image/png": size}
        else:
            words = NOTHING if chart.text == NOTHING else MISSING
            yield {"text/plain": words}, {}
        text = chart.text if chart.text != NOTHING else ""
        yield bundle(f"{text}\n\nThe same in Python: {self._explorer.code}".strip()), {}


def _row(title: str, children: Sequence[Any]) -> Any:
    label = widgets.HTML(f"<b>{title}</b>")
    return widgets.VBox([label, widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap"))])
