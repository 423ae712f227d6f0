"""The inspect explorer: the document of `docker image inspect`, and an explanation of the chosen field.

`InspectExplorer` is the state, a traits object that needs no browser. A list that opens chooses a field, and
two buttons go on and back, which the space bar presses where arrow keys belong to the notebook.
"""

from __future__ import annotations

import json
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit.course.inspect_config_fields import explained
from labkit.course.inspect_document import Document
from labkit.notebook.inspect_view import explanation, tree
from labkit.notebook.widgets.view import Explorer, Output, row


class InspectExplorer(Explorer):
    """Which field of an image's document is chosen.

    >>> from labkit import Lab
    >>> from labkit.course.inspect_document import inspected
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> explorer = InspectExplorer(inspected(lab.engine, "nginx"), field="RootFS.Layers")
    >>> explorer.step(1)
    >>> explorer.code
    'inspect_explorer(lab, "nginx", field="Metadata")'
    """

    field = traitlets.Unicode("Id")
    filter = traitlets.Unicode()

    def __init__(self, document: Document, **state: Any) -> None:
        self._document = document
        super().__init__(**state)

    @traitlets.validate("field")
    def _is_there(self, proposal: Any) -> str:
        name: str = proposal["value"].removeprefix(".")
        if name not in self._document.fields:
            raise traitlets.TraitError(f"{name}: this image's document has no such field")
        return name

    @traitlets.observe("filter")
    def _narrow(self, change: Any) -> None:
        """Go to the first field that is left, where the chosen one is not among them."""
        if self.fields and self.field not in self.fields:
            self.field = self.fields[0]

    def shown_traits(self) -> list[str]:
        """The filter changes only the list to choose from."""
        return ["field"]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have the filter's letters in their path or their explanation."""
        letters = self.filter.casefold()
        return tuple(path for path in self._document.fields if letters in _said(path))

    @property
    def code(self) -> str:
        """The line of Python that shows the same."""
        chosen = "" if self.field == "Id" else f", field={json.dumps(self.field)}"
        return f"inspect_explorer(lab, {json.dumps(self._document.name)}{chosen})"

    def step(self, by: int) -> None:
        """Go on or back among the fields that are left."""
        fields = self.fields
        if self.field in fields:
            self.field = fields[(fields.index(self.field) + by) % len(fields)]

    def outputs(self) -> list[Output]:
        """Return the document with the field marked, and its explanation."""
        document, field = self._document, self.field
        return [(explanation(document, field, self.code), {}), (tree(document, field), {})]

    def controls(self) -> Any:
        """Return the list of fields, the buttons that go through it, and the filter."""
        fields = widgets.Dropdown(options=self._options(), value=self.field, description="Field")
        fields.layout.width = "24em"
        letters = widgets.Text(
            self.filter,
            description="Fields about",
            placeholder="for example layer",
            style={"description_width": "auto"},
        )

        def choose(change: Any) -> None:
            self.field = change["new"]

        def follow(change: Any) -> None:
            options = self._options()
            fields.unobserve(choose, "value")  # new options choose the first of them
            if fields.options != options:
                fields.options = options
            fields.value = self.field
            fields.observe(choose, "value")

        fields.observe(choose, "value")
        self.observe(follow, ["field", "filter"])
        traitlets.link((self, "filter"), (letters, "value"))
        return row(
            "Choose a field", [fields, self._button("◀ previous", -1), self._button("next ▶", 1), letters]
        )

    def _options(self) -> tuple[str, ...]:
        """Return the fields to choose from; the chosen one is always there."""
        return self.fields if self.field in self.fields else (self.field, *self.fields)

    def _button(self, words: str, by: int) -> Any:
        button = widgets.Button(description=words, layout=widgets.Layout(width="auto"))
        button.on_click(lambda _: self.step(by))
        return button


def _said(path: str) -> str:
    found = explained(path)
    assert found is not None
    return " ".join((path, found.what, found.source, found.use, found.mistake, found.truth)).casefold()
