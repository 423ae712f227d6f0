"""The layer explorer: a stack to choose from; its changes, the merged tree and the waste follow.

`LayerExplorer` is the state, a traits object that needs no browser. What it tells is computed in
`labkit.notebook.stacked`.
"""

from __future__ import annotations

import json
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit.box import Box
from labkit.cli.formats import human_size
from labkit.errors import LabkitError
from labkit.notebook.pictures.chosen import Level, chosen_layer
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.text import cut
from labkit.notebook.stacked import VIEWS, LayerName, Stacked, Table, stacked, view_table
from labkit.notebook.tables import bundle
from labkit.notebook.widgets.view import Explorer, Output, button, row, text_field, toggles
from labkit.oci.image import Image


def layer_explorer(
    image: Image | Box,
    *,
    layer: int | None = None,
    path: str = "",
    filter: str = "",
    view: str = "changes",
    name: str = "",
) -> LayerExplorer:
    """Open a stack of layers to choose from: a layer's changes, the merged tree, or the wasted bytes.

    Layers are numbered from 1, the base; without a number the top one is chosen. Of a container, the top
    is its own read-write layer. `path` is a directory, `filter` letters of the paths to show, `view`
    "changes", "merged" or "waste", `name` the image's name to show. Raises LabkitError for a layer or a view
    that there is not.

    >>> from labkit import Lab
    >>> layer_explorer(Lab().pull("nginx"), layer=2, view="waste").table.rows[0].cells[:2]
    ('78,112', '/var/lib/dpkg/status')
    """
    if view not in VIEWS:
        raise LabkitError(f"{view}: no such view; there are {', '.join(VIEWS)}")
    chosen = {} if layer is None else {"layer": layer}
    try:
        return LayerExplorer(stacked(image, name), path=path, filter=filter, view=view, **chosen)
    except traitlets.TraitError as error:
        raise LabkitError(str(error)) from None


class LayerExplorer(Explorer):
    """Which layer of a stack is chosen, what is told of it, and of which paths.

    >>> from labkit import Lab
    >>> from labkit.notebook.stacked import stacked
    >>> explorer = LayerExplorer(stacked(Lab().pull("nginx"), "nginx"))
    >>> explorer.layer = 2
    >>> explorer.code
    'layer_explorer(lab.image("nginx"), name="nginx", layer=2)'
    """

    layer = traitlets.Int()
    view = traitlets.Enum(list(VIEWS), "changes")
    path = traitlets.Unicode()
    filter = traitlets.Unicode()

    def __init__(self, stack: Stacked, **state: Any) -> None:
        self._stack, self._top = stack, len(stack.layers)
        super().__init__(**{"layer": self._top, **state})

    @traitlets.validate("layer")
    def _is_there(self, proposal: Any) -> int:
        number: int = proposal["value"]
        if not min(1, self._top) <= number <= self._top:
            raise traitlets.TraitError(f"layer {number}: there are layers 1 to {self._top}, 1 is the base")
        return number

    @property
    def code(self) -> str:
        """The line of Python that shows the same."""
        words = [self._stack.code]
        if self.layer != self._top:
            words.append(f"layer={self.layer}")
        for trait in ("path", "filter"):
            if getattr(self, trait):
                words.append(f"{trait}={json.dumps(getattr(self, trait))}")
        if self.view != "changes":
            words.append(f"view={json.dumps(self.view)}")
        return f"layer_explorer({', '.join(words)})"

    @property
    def table(self) -> Table:
        """What is told of the chosen layer."""
        return view_table(self._stack, self.layer, self.view, self.path, self.filter)

    @property
    def picture(self) -> Picture:
        """The stack with the chosen layer marked, and what is wasted up to it."""
        wasted = dict.fromkeys(range(1, self._top + 1), 0)
        for each in self._stack.account(self.layer).waste:
            wasted[each.copy.layer] += each.wasted
        levels = [
            Level(each.mark, each.label, each.size, each.made, wasted[number], each.mark == "R/W")
            for number, each in enumerate(self._stack.layers, 1)
        ]
        return chosen_layer(self._stack.title, levels, self.layer)

    def outputs(self) -> list[Output]:
        """Return the table with its words, next to the buttons, and the picture of the stack below it."""
        picture = self.picture
        stack = {"text/html": picture.html, "text/plain": picture.text}
        return [(bundle(self.table, self.code), {}), (stack, {})]

    def controls(self) -> Any:
        """Return a button for each layer, the top one first, the views, and two fields for paths."""
        buttons = [self._button(number) for number in range(self._top, 0, -1)]
        views = toggles(self, "view", [(words, view) for view, words in VIEWS.items()])
        fields = [
            text_field(self, "path", "In the directory", example="/etc"),
            text_field(self, "filter", "With the letters", example="log"),
        ]
        return widgets.VBox(
            [row("Layer", [widgets.VBox(buttons)]), row("Show", [views]), row("Paths", fields)]
        )

    def _button(self, number: int) -> Any:
        made = button("", self.set_trait, "layer", number)
        made.layout = widgets.Layout(
            width="auto", max_width="100%", display="flex", justify_content="flex-start"
        )

        def follow(change: Any = None) -> None:
            chosen = number == self.layer
            made.description = ("▶ " if chosen else "") + _words(self._stack.layers[number - 1])
            made.style.font_weight = "bold" if chosen else "normal"

        follow()
        self.observe(follow, "layer")
        return made


def _words(layer: LayerName) -> str:
    parts = [layer.mark, *([layer.label] if layer.label else []), human_size(layer.size), cut(layer.made, 40)]
    return " · ".join(parts)
