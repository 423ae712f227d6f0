"""The history explorer: choose a line of `docker history`, or a layer, and see what made what.

`HistoryExplorer` is the state, a traits object that needs no browser.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from typing import Any

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import packaged, shown
from labkit.box import Box
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import WRAPPED, card, code_line, element, facts, html
from labkit.notebook.pictures.history_map import history_map
from labkit.notebook.pictures.text import cut, visible
from labkit.notebook.pictures.views import ImageView, image_view, looked_up
from labkit.notebook.widgets.view import Explorer, Output, button, dropdown, row
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
    """A line, 1 for the newest: names and values to show, and the lines of its layer's changes."""

    title: str
    command: str
    facts: tuple[tuple[str, str], ...]
    changes: tuple[str, ...] = ()


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
    changes = () if layer is None else view.layers[layer].changes
    title = f"Line {number} of {len(image.history)}: {'0B' if not step.size else human_size(step.size)}"
    return HistoryLine(title, step.entry.created_by, tuple(facts), changes)


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
    found = looked_up(image, lab)
    chosen = {"layer": layer} if layer else {"line": line}
    try:
        if isinstance(found, Box):
            return HistoryExplorer(found.container.image, name or found.container.image_name, **chosen)
        return HistoryExplorer(found, name or (image if isinstance(image, str) else ""), **chosen)
    except traitlets.TraitError as error:
        raise LabkitError(str(error)) from None


class HistoryExplorer(Explorer):
    """Which line of an image's history is chosen, 1 for the newest, as `docker history` lists them.

    >>> from labkit import Lab
    >>> explorer = HistoryExplorer(Lab().pull("nginx"), "nginx", line=3)
    >>> explorer.layer, explorer.code
    (0, 'history_explorer(lab.image("nginx"), name="nginx", line=3)')
    >>> explorer.layer = 1
    >>> explorer.line
    10
    """

    line = traitlets.Int()
    layer = traitlets.Int()

    def __init__(self, image: Image, name: str = "", **state: Any) -> None:
        self._image, self._name = image, name
        self._view = explained_view(image, name)
        lines = list(reversed(self._view.history))
        self._made = {n: 0 if step.layer is None else step.layer + 1 for n, step in enumerate(lines, 1)}
        super().__init__(**(state or {"line": 1} if lines else {"line": 0}))

    @traitlets.validate("line", "layer")
    def _is_there(self, proposal: Any) -> int:
        number: int = proposal["value"]
        if proposal["trait"].name == "line" and number not in (self._made or [0]):
            raise traitlets.TraitError(
                f"line {number}: there are lines 1 to {len(self._made)}, 1 is the newest"
            )
        if proposal["trait"].name == "layer" and number not in (0, *self._made.values()):
            raise traitlets.TraitError(f"layer {number}: no line of the history made it")
        return number

    @traitlets.observe("line")
    def _line_chosen(self, change: Any) -> None:
        self.layer = self._made.get(self.line, 0)

    @traitlets.observe("layer")
    def _layer_chosen(self, change: Any) -> None:
        """Go to the line that made the layer; for none, to the newest line that made none."""
        if self._made.get(self.line, -1) != self.layer:
            self.line = next((line for line, made in self._made.items() if made == self.layer), self.line)
            self.layer = self._made.get(self.line, 0)

    def shown_traits(self) -> list[str]:
        """Each line has one layer or none, so the line says all."""
        return ["line"]

    @property
    def code(self) -> str:
        name = json.dumps(self._name or self._view.name)
        named = f", name={name}" if self._name else ""
        return f"history_explorer(lab.image({name}){named}, line={self.line})"

    def outputs(self) -> list[Output]:
        """Return the picture of lines and layers, and the chosen line explained."""
        picture = history_map(self._view, chosen=self.line)
        return [({"text/html": picture.html, "text/plain": picture.text}, {}), self._explained()]

    def _explained(self) -> Output:
        if not self._made:
            return {"text/plain": "This image has no history."}, {}
        found = history_line(self._image, self._view, self.line)
        told = [*found.facts, *((("changes", "\n".join(found.changes)),) if found.changes else ())]
        command = element("pre", found.command, class_="labkit-command", style=f"{WRAPPED}; padding: 6px 0")
        content = card(element("b", found.title), command, facts(told), code_line(self.code))
        words = [f"{name}: {value}" for name, value in told]
        text = "\n".join([found.title, found.command, "", *words, "", f"The same in Python: {self.code}"])
        return {"text/html": html(content), "text/plain": shown(text)}, {}

    def controls(self) -> Any:
        """Return a list of the lines, one of the layers, and buttons to the line above and below."""
        lines = list(reversed(self._view.history))
        sizes = [0 if step.layer is None else self._view.layers[step.layer].size for step in lines]
        names = [
            (f"{n} · {human_size(size)} · {cut(dockerfile_line(step.created_by), 50)}", n)
            for n, (step, size) in enumerate(zip(lines, sizes, strict=True), 1)
        ]
        made = [number for number in self._made.values() if number]
        layers = [("none", 0), *((self._layer_name(number), number) for number in sorted(made, reverse=True))]
        choices = [
            dropdown(self, "line", "Line", lambda: names or [("none", 0)]),
            dropdown(self, "layer", "Layer", lambda: layers),
        ]
        buttons = [self._button("Newer line", -1), self._button("Older line", 1)]
        return row("Choose a line of the history, or a layer", [*choices, *buttons])

    def _layer_name(self, number: int) -> str:
        layer = self._view.layers[number - 1]
        return f"{number} · {visible(layer.label)} · {human_size(layer.size)}"

    def step(self, by: int) -> None:
        """Go to an older line, or to a newer one; beyond the ends there is none."""
        if self.line + by in self._made:
            self.line += by

    def _button(self, words: str, by: int) -> Any:
        made = button(words, self.step, by)

        def follow(change: Any = None) -> None:
            made.disabled = self.line + by not in self._made

        follow()
        self.observe(follow, "line")
        return made
