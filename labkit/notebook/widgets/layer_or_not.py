"""Layer or no layer: the lines of a history, each to be decided; then compared with what is so, and why."""

from __future__ import annotations

import tomllib
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.text import counted, packaged, shown
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import card, element, html, note
from labkit.notebook.output import bundle
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.theme import GREEN, ORANGE
from labkit.notebook.pictures.views import Pictured, history_lines, named
from labkit.notebook.widgets.page import Explorer, Output, button, line_button, rows
from labkit.oci.config import dockerfile_line
from labkit.oci.image import Step

_WORDS: dict[str, dict[str, str]] = tomllib.loads(packaged("labkit.notebook.widgets", "layer_or_not.toml"))


def layer_or_not(image: Pictured, *, name: str = "", lab: Lab | None = None) -> LayerOrNot:
    """Ask of each line of an image's history whether it made a layer; *Compare* says what is so, and why.

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
        """The picture and the reasons stand below the verdict once they are earned."""
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
        """Return the lines alone; once they are compared the picture, and of each line why it is so."""
        if not self.compared:
            lines = [f"{n:2}  {_line(step)[:70]}" for n, step in self._steps]
            return [bundle("\n".join([f"{self._name}: layer or no layer?", *lines]))]
        picture = history_map(self._image, name=self._name)
        told = [(n, self._judged(n, step), _line(step), _why(step)) for n, step in self._steps]
        wrong, right = ([each for each in told if (str(each[0]) in self.wrong) is so] for so in (True, False))
        summary = element("summary", f"The {counted(len(right), 'line')} that you had right")
        page = card(*_reasons(wrong), element("details", summary, *_reasons(right)))
        plain = "\n".join(f"{n:>2}. {judged}: {line}\n      {why}" for n, judged, line, why in told)
        reasons = {"text/html": html(page), "text/plain": shown(plain)}
        return [reasons, {"text/html": picture.html, "text/plain": picture.text}]

    def controls(self) -> list[etree.Element]:
        """Return a switch for each line, and what compares them; then the verdict."""
        if not self.compared:
            lines = rows("Which lines made a layer?", (self._row(*each) for each in self._steps), "switches")
            compare = button("Compare", "compared", "yes", able=bool(self.layers))
            return [lines, element("p", compare, " Press the lines that made a layer, then Compare.")]
        words = "" if not self.wrong else f" Not so: line {', '.join(self.wrong)}."
        words += " To try once more, run the cell again."
        return [note(ORANGE if self.wrong else GREEN, element("b", self.verdict), words)]

    def _row(self, n: int, step: Step) -> etree.Element:
        said = str(n) in self.layers
        made = f"{'☑' if said else '☐'} layer"
        return line_button("layers", n, chosen=said, number=str(n), made=made, words=_line(step)[:200])

    def _judged(self, n: int, step: Step) -> str:
        made = "no layer" if step.layer is None else f"a layer of {human_size(step.size)}"
        if str(n) not in self.wrong:
            return f"✓ {made}"
        return f"✗ {made}, and you {'pressed' if step.layer is None else 'did not press'} it"


def _reasons(told: list[tuple[int, str, str, str]]) -> list[etree.Element]:
    items = [
        element("li", element("b", judged), " ", element("code", line), element("br"), why, value=str(n))
        for n, judged, line, why in told
    ]
    return [element("ol", *items, style="overflow-wrap: anywhere")] if items else []


def _line(step: Step) -> str:
    return dockerfile_line(step.entry.created_by)


def _why(step: Step) -> str:
    """Say why a line made a layer, or none."""
    word = _line(step).partition(" ")[0]
    notes = _WORDS["notes"].get(word)
    if step.layer is None:
        case = "noted" if notes else "no layer"
    elif step.size:
        case = "files"
    elif step.layer.changes.children:
        case = "no bytes"
    else:
        case = "noted in a layer" if notes else "empty layer"
    return _WORDS["why"][case].format(word=word, notes=notes)
