"""The history explorer: the lines of `docker history` as buttons, beside them the chosen one explained."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import packaged, shown
from labkit.box import Box
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import WRAPPED, card, code_line, element, facts, html
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.views import ImageView, image_view, looked_up
from labkit.notebook.widgets.page import Explorer, Output, beside, line_button, rows
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image, Step

# A line of `docker history` explained: the whole command, its layer or why there is none, its changes.

CHANGES = 8
"""The most lines that are told of a layer's changes."""
_WORDS: dict[str, dict[str, str]] = tomllib.loads(
    packaged("labkit.notebook.widgets", "history_explorer.toml")
)


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line, 1 for the newest: its whole command, and names and values to show."""

    title: str
    command: str
    facts: tuple[tuple[str, str], ...]


def explained_view(image: Image, name: str = "") -> ImageView:
    """Return what the explanations and the picture of an image need, computed once."""
    return image_view(image, name, changes=CHANGES)


def history_line(image: Image, view: ImageView, number: int) -> HistoryLine:
    """Explain a line of an image's history.

    >>> from labkit import Lab
    >>> image = Lab().pull("nginx")
    >>> dict(history_line(image, explained_view(image), 3).facts)["made a layer"]
    'no'
    """
    place = len(image.history) - number
    step, layer = image.history[place], view.history[place].layer
    facts = [("made a layer", "no" if layer is None else f"yes, layer {layer + 1} of {len(view.layers)}")]
    if step.layer is not None:
        facts += [("DiffID", step.layer.diff_id), ("size", f"{human_size(step.size)}, {step.size:,} bytes")]
    words = _WORDS["image"]
    named = words["newest"].format(id=short(image.id)) if number == 1 else words["missing"]
    facts += [("why", _why(step)), ("IMAGE", named)]
    if image.recorded and step.layer is not None:
        facts.append(("note", words["record"]))
    if layer is not None and (changes := view.layers[layer].changes):
        facts.append(("changes", "\n".join(changes)))
    title = f"Line {number} of {len(image.history)}: {'0B' if not step.size else human_size(step.size)}"
    return HistoryLine(title, step.entry.created_by, tuple(facts))


def _why(step: Step) -> str:
    word = dockerfile_line(step.entry.created_by).partition(" ")[0]
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


def history_explorer(
    image: str | Image | Box, *, name: str = "", line: int = 1, layer: int = 0, lab: Lab | None = None
) -> HistoryExplorer:
    """Open the history of an image: choose a line, and see its whole command and the layer that it made.

    A name is looked up in `lab`, or else in the notebook's lab. `line` is 1 for the newest; `layer`, 1 for
    the base, chooses the line that made it. `name` is the name to show. Raises NotFound for a name that the
    lab has not, LabkitError for a line or a layer that there is not.

    >>> from labkit import Lab
    >>> history_explorer(Lab().pull("nginx"), layer=2).line
    5
    """
    of = looked_up(image, lab)
    found = of.container.image if isinstance(of, Box) else of
    called = of.container.image_name if isinstance(of, Box) else image if isinstance(image, str) else ""
    if layer:
        made = [n for n, step in enumerate(found.history) if step.layer is not None]
        if layer not in range(1, len(made) + 1):
            raise LabkitError(f"layer {layer}: no line of the history made it")
        line = len(found.history) - made[layer - 1]
    try:
        return HistoryExplorer(found, name or called, line=line if found.history else 0)
    except traitlets.TraitError as error:
        raise LabkitError(str(error)) from None


class HistoryExplorer(Explorer):
    """Which line of an image's history is chosen, 1 for the newest, as `docker history` lists them.

    >>> from labkit import Lab
    >>> HistoryExplorer(Lab().pull("nginx"), "nginx", line=3).code
    'history_explorer(lab.image("nginx"), name="nginx", line=3)'
    """

    line = traitlets.Int()

    def __init__(self, image: Image, name: str = "", **state: Any) -> None:
        self._image, self._name = image, name
        self._view = explained_view(image, name)
        super().__init__(**state)

    @traitlets.validate("line")
    def _is_there(self, proposal: Any) -> int:
        number: int = proposal["value"]
        last = len(self._view.history)
        if not min(1, last) <= number <= last:
            raise traitlets.TraitError(f"line {number}: there are lines 1 to {last}, 1 is the newest")
        return number

    @property
    def code(self) -> str:
        name = json.dumps(self._name or self._view.name)
        named = f", name={name}" if self._name else ""
        return f"history_explorer(lab.image({name}){named}, line={self.line})"

    def outputs(self) -> list[Output]:
        """Return the picture of lines and layers, and the chosen line explained."""
        picture = history_map(self._view, chosen=self.line)
        return [({"text/html": picture.html, "text/plain": picture.text}, {}), self._explained()]

    def page(self) -> str:
        """Return the lines as buttons, and the chosen one explained beside them."""
        lines = rows("Lines of the history, the newest first", map(self._row, range(1, self._last + 1)))
        return html(beside(lines, self._card())) if self._last else html(self._card())

    @property
    def _last(self) -> int:
        return len(self._view.history)

    def _row(self, number: int) -> etree.Element:
        step = self._view.history[self._last - number]
        size = 0 if step.layer is None else self._view.layers[step.layer].size
        return line_button(
            "line",
            number,
            chosen=number == self.line,
            number=str(number),
            size=human_size(size),
            made="no layer" if step.layer is None else f"layer {step.layer + 1}",
            words=dockerfile_line(step.created_by)[:200],
        )

    def _card(self) -> etree.Element:
        if not self._last:
            return card("This image has no history.")
        found = history_line(self._image, self._view, self.line)
        command = element("pre", found.command, class_="labkit-command", style=f"{WRAPPED}; padding: 6px 0")
        return card(element("b", found.title), command, facts(found.facts), code_line(self.code))

    def _explained(self) -> Output:
        if not self._last:
            return {"text/plain": "This image has no history."}, {}
        found = history_line(self._image, self._view, self.line)
        words = [f"{name}: {value}" for name, value in found.facts]
        text = "\n".join([found.title, found.command, "", *words, "", f"The same in Python: {self.code}"])
        return {"text/html": html(self._card()), "text/plain": shown(text)}, {}
