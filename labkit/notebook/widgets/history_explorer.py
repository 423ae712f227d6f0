"""The history explorer: the lines of `docker history` as buttons, beside them the chosen one explained.

A line is told with its whole command, its layer or why there is none, and what the layer changes.
"""

from __future__ import annotations

import json
import tomllib
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
from labkit.notebook.pictures.views import history_lines, layer_changes, named
from labkit.notebook.widgets.page import Explorer, Output, beside, line_button, rows
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image, Step

_CHANGES = 8
"""The most lines that are told of a layer's changes."""
_NONE = "This image has no history."
_WORDS: dict[str, dict[str, str]] = tomllib.loads(
    packaged("labkit.notebook.widgets", "history_explorer.toml")
)


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
    name, found = named(image, name, lab)
    numbers = [number for _, number in history_lines(found)]
    if layer:
        if layer not in numbers:
            raise LabkitError(f"layer {layer}: no line of the history made it")
        line = numbers.index(layer) + 1
    return HistoryExplorer(found, name, line=line if numbers else 0)


class HistoryExplorer(Explorer):
    """Which line of an image's history is chosen, 1 for the newest, as `docker history` lists them.

    >>> from labkit import Lab
    >>> HistoryExplorer(Lab().pull("nginx"), "nginx", line=3).code
    'history_explorer(lab.image("nginx"), name="nginx", line=3)'
    """

    line = traitlets.Int()
    pictured = False

    def __init__(self, image: Image, name: str, **state: Any) -> None:
        self._image, self._name = image, name
        self._lines, self._changes = history_lines(image), layer_changes(image, _CHANGES)
        super().__init__(**state)

    @traitlets.validate("line")
    def _is_there(self, proposal: Any) -> int:
        number: int = proposal["value"]
        last = len(self._lines)
        if not min(1, last) <= number <= last:
            raise traitlets.TraitError(f"line {number}: there are lines 1 to {last}, 1 is the newest")
        return number

    @property
    def code(self) -> str:
        name = json.dumps(self._name)
        return f"history_explorer(lab.image({name}), name={name}, line={self.line})"

    @property
    def title(self) -> str:
        """The chosen line's number and size."""
        return f"Line {self.line} of {len(self._lines)}: {human_size(self._lines[self.line - 1][0].size)}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What is told of the chosen line: names and values."""
        (step, number), words = self._lines[self.line - 1], _WORDS["image"]
        told = [("made a layer", f"yes, layer {number} of {len(self._changes)}" if number else "no")]
        if step.layer is not None:
            size = f"{human_size(step.size)}, {step.size:,} bytes"
            told += [("DiffID", step.layer.diff_id), ("size", size)]
        newest = words["newest"].format(id=short(self._image.id))
        told += [("why", _why(step)), ("IMAGE", newest if self.line == 1 else words["missing"])]
        if self._image.recorded and number:
            told.append(("note", words["record"]))
        if number and (changes := self._changes[number - 1]):
            told.append(("changes", "\n".join(changes)))
        return told

    def outputs(self) -> list[Output]:
        """Return the picture of lines and layers, and the chosen line explained."""
        picture = history_map(self._image, name=self._name, chosen=self.line)
        text = _NONE
        if self._lines:
            told = [f"{name}: {value}" for name, value in self.facts]
            whole = self._lines[self.line - 1][0].entry.created_by
            text = "\n".join([self.title, whole, "", *told, "", f"The same in Python: {self.code}"])
        explained = {"text/html": html(self._card()), "text/plain": shown(text)}
        return [{"text/html": picture.html, "text/plain": picture.text}, explained]

    def controls(self) -> list[etree.Element]:
        """Return the lines as buttons, and the chosen one explained beside them."""
        lines = rows("Lines of the history, the newest first", map(self._row, range(1, len(self._lines) + 1)))
        return [beside(lines, self._card()) if self._lines else self._card()]

    def _row(self, number: int) -> etree.Element:
        step, layer = self._lines[number - 1]
        told = {"number": str(number), "size": human_size(step.size)}
        told |= {"made": f"layer {layer}" if layer else "no layer"}
        words = dockerfile_line(step.entry.created_by)[:200]
        return line_button("line", number, chosen=number == self.line, **told, words=words)

    def _card(self) -> etree.Element:
        if not self._lines:
            return card(_NONE)
        whole = self._lines[self.line - 1][0].entry.created_by
        command = element("pre", whole, class_="labkit-command", style=f"{WRAPPED}; padding: 6px 0")
        return card(element("b", self.title), command, facts(self.facts), code_line(self.code))


def _why(step: Step) -> str:
    """Say why a line made a layer, or none."""
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
