"""Layer or no layer: the lines of a history, each to be decided, and then compared with what is so."""

from __future__ import annotations

from xml.etree import ElementTree as etree

import traitlets

from labkit.lab import Lab
from labkit.notebook.html import element, note
from labkit.notebook.output import bundle
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.theme import GREEN, ORANGE
from labkit.notebook.pictures.views import Pictured, history_lines, named
from labkit.notebook.widgets.page import Explorer, Output, button, line_button, rows
from labkit.oci.config import dockerfile_line


def layer_or_not(image: Pictured, *, name: str = "", lab: Lab | None = None) -> LayerOrNot:
    """Ask of each line of an image's history whether it made a layer; *Compare* then draws what is so.

    The image is given as `history_map` takes it.

    >>> asked = layer_or_not(Lab().pull("nginx"))
    >>> asked.choose("layers", "10")
    >>> asked.verdict
    '8 of 10 lines are right.'
    """
    return LayerOrNot(image, name, lab)


class LayerOrNot(Explorer):
    """The lines that were said to have made a layer, 1 for the newest, and whether they are compared."""

    layers = traitlets.Tuple()
    compared = traitlets.Bool()

    def __init__(self, image: Pictured, name: str, lab: Lab | None) -> None:
        super().__init__()
        self._name, self._image = named(image, name, lab)
        self._steps = [(n, step) for n, (step, _) in enumerate(history_lines(self._image), 1)]

    @property
    def pictured(self) -> bool:
        """The picture stands below the switches once it is earned."""
        return self.compared

    @property
    def wrong(self) -> list[str]:
        """The lines that were taken for something else."""
        return [str(n) for n, step in self._steps if (str(n) in self.layers) is (step.layer is None)]

    @property
    def verdict(self) -> str:
        """How many lines are right."""
        every = len(self._steps)
        return f"{every - len(self.wrong)} of {every} lines are right."

    def choose(self, name: str, value: str) -> None:
        """Turn a line's switch, until what was said is compared; with nothing said there is nothing to do."""
        if not self.compared and (self.layers or name != "compared"):
            super().choose(name, value)

    def outputs(self) -> list[Output]:
        """Return the lines alone, and what is so once they are compared."""
        if self.compared:
            picture = history_map(self._image, name=self._name)
            return [{"text/html": picture.html, "text/plain": picture.text}]
        lines = [f"{n:2}  {dockerfile_line(step.entry.created_by)[:70]}" for n, step in self._steps]
        return [bundle("\n".join(["Layer or no layer?", *lines]))]

    def controls(self) -> list[etree.Element]:
        """Return a switch for each line, and what compares them."""
        lines = rows("Which lines made a layer?", map(self._row, [n for n, _ in self._steps]), "switches")
        if not self.compared:
            compare = button("Compare", "compared", "yes", able=bool(self.layers))
            return [lines, element("p", compare, " Press the lines that made a layer, then Compare.")]
        words = "" if not self.wrong else f" Not so: line {', '.join(self.wrong)}."
        hue = ORANGE if self.wrong else GREEN
        return [lines, note(hue, element("b", self.verdict), words)]

    def _row(self, n: int) -> etree.Element:
        said, step = str(n) in self.layers, self._steps[n - 1][1]
        made = f"{'☑' if said else '☐'} layer"
        if self.compared:
            made = f"{'✗' if str(n) in self.wrong else '✓'} {'no layer' if step.layer is None else 'layer'}"
        words = dockerfile_line(step.entry.created_by)[:200]
        return line_button("layers", n, chosen=said, number=str(n), made=made, words=words)
