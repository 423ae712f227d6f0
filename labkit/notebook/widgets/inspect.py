"""The inspect explorer: the document of `docker image inspect`, and an explanation of the chosen field.

`InspectExplorer` is the state, a traits object that needs no browser. A list that opens chooses a field, and
two buttons go on and back, which the space bar presses where arrow keys belong to the notebook.
"""

from __future__ import annotations

import difflib
import json
from typing import Any

import traitlets

from labkit.course.inspect_config_fields import explained
from labkit.course.inspect_document import Document, inspected
from labkit.errors import LabkitError
from labkit.lab import Lab
from labkit.notebook.inspect_view import explanation, tree
from labkit.notebook.widgets.view import Explorer, Output, button, dropdown, row, text_field


def inspect_explorer(lab: Lab, image: str, *, field: str = "Id") -> InspectExplorer:
    """Open what `docker image inspect` prints of an image, with an explanation of the chosen field.

    Raises NotFound for an image that is not in the cache, LabkitError for a field that it has not.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(inspect_explorer(lab, "nginx", field="Os").outputs()[0][0]["text/plain"].splitlines()[1])
      What it is: The operating system whose kernel the programs need.
    """
    document = inspected(lab.engine, image)
    try:
        return InspectExplorer(document, field=field)
    except traitlets.TraitError as error:
        near = difflib.get_close_matches(field, document.fields, 1)
        raise LabkitError(f"{error}{f'; {near[0]} is near' if near else ''}") from None


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
        fields = dropdown(self, "field", "Field", self._options, anew=["filter"], width="24em")
        moves = [button("◀ previous", self.step, -1), button("next ▶", self.step, 1)]
        letters = text_field(self, "filter", "Fields about", example="layer")
        return row("Choose a field", [fields, *moves, letters])

    def _options(self) -> list[tuple[str, str]]:
        """Return the fields to choose from; the chosen one is always there."""
        fields = self.fields if self.field in self.fields else (self.field, *self.fields)
        return [(field, field) for field in fields]


def _said(path: str) -> str:
    found = explained(path)
    assert found is not None
    return " ".join((path, found.what, found.source, found.use, found.mistake, found.truth)).casefold()
