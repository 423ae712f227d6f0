"""The inspect explorer: the document of `docker image inspect`, and an explanation of the chosen field.

The printed lines are the buttons. With a filter, the paths of the fields that it leaves stand in their place.
"""

from __future__ import annotations

import difflib
import json
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.course.inspect_document import Document, inspected
from labkit.lab import Lab
from labkit.lessons import FIELDS
from labkit.notebook.html import RULE_COLOUR, WRAPPED, card, code_line, element, html, note
from labkit.notebook.output import bundle
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.theme import ORANGE
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.page import Explorer, Output, beside, button, field, group, rows
from labkit.oci.image import Image

_PRE = f"{WRAPPED}; border: 1px solid {RULE_COLOUR}; border-radius: 8px; font-size: 13px; padding: 6px 10px"
_NAME = "font-weight: bold; font-family: monospace; font-size: 15px; overflow-wrap: anywhere"
_MISTAKE = ("Often believed", "What is so")
_ANSWER = 2_000
"""The characters of an answer that are shown; only a very long label list has more."""


@lab_first
def inspect_explorer(image: str | Image, *, field: str = "Id", lab: Lab | None = None) -> InspectExplorer:
    """Open what `docker image inspect` prints of an image, with an explanation of the chosen field.

    The lab is the notebook's where none is given. Raises NotFound for an image that is not in the cache,
    LabkitError for a field that it has not.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(inspect_explorer("nginx", field="Os", lab=lab).outputs()[0][0]["text/plain"].splitlines()[1])
      What it is: The operating system whose kernel the programs need.
    """
    document = inspected(needed_lab(lab).engine, name_of(image), FIELDS)
    try:
        return InspectExplorer(document, field=field)
    except LabkitError as error:
        near = difflib.get_close_matches(field, document.fields, 1)
        raise LabkitError(f"{error}{f'; {near[0]} is near' if near else ''}") from None


class InspectExplorer(Explorer):
    """Which field of an image's document is chosen.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> InspectExplorer(inspected(lab.engine, "nginx", FIELDS), field="RootFS.Layers").code
    'inspect_explorer(lab, "nginx", field="RootFS.Layers")'
    """

    field = traitlets.Unicode("Id")
    filter = traitlets.Unicode()
    pictured = False

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

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that have the filter's letters in their path or their explanation."""
        letters, document = self.filter.casefold(), self._document
        return tuple(path for path in document.fields if letters in document.words(path).casefold())

    @property
    def code(self) -> str:
        chosen = "" if self.field == "Id" else f", field={json.dumps(self.field)}"
        return f"inspect_explorer(lab, {json.dumps(self._document.name)}{chosen})"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What the field is, where it comes from, who uses it, and what is mistaken: names and words."""
        found = self._document.explained(self.field)
        assert found
        build = "As in Config, but of the build's last container. " * self.field.startswith(
            "ContainerConfig."
        )
        rows = [("What it is", build + found.what), ("Comes from", found.source), ("Who uses it", found.use)]
        rows += [("Slides", ", ".join(found.slides))] * bool(found.slides)
        return rows + [*zip(_MISTAKE, (found.mistake, found.truth), strict=True)] * bool(found.mistake)

    @property
    def asked(self) -> str:
        """The command that asks for the field alone, and the answer."""
        answer = self._document.answer(self.field)
        answer = answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}…"
        return f"$ {visible(self._document.command(self.field))}\n{visible(answer)}"

    def outputs(self) -> list[Output]:
        """Return the explanation, and the document with the field marked."""
        words = [self.field, *(f"  {label}: {words}" for label, words in self.rows)]
        asked = [f"  {line}" for line in self.asked.split("\n")]
        text = shown("\n".join([*words, "", *asked, "", f"The same in Python: {self.code}"]))
        folded = self._document.folded(self.field)
        marked = [f"{'>' if self._within(line.field) else ' '} {line.text}" for line in folded]
        told = {"text/html": html(self._card()), "text/plain": text}
        return [(told, {}), (bundle("\n".join(marked)), {})]

    def controls(self) -> list[etree.Element]:
        """Return the document's lines, or the fields that the filter leaves, beside the explanation."""
        lines = [(path, path, path == self.field) for path in self.fields]
        if not self.filter:
            folded = self._document.folded(self.field)
            lines = [(line.text, line.field, self._within(line.field)) for line in folded if line.field]
        buttons = (button(text, "field", path, chosen=on) for text, path, on in lines)
        letters = group("Choose a field", field("Fields about", "filter", self.filter, "layer"))
        return [letters, beside(rows("Fields", buttons, "document"), self._card())]

    def _within(self, path: str) -> bool:
        return f"{path}.".startswith(f"{self.field}.")

    def _card(self) -> etree.Element:
        told = {label: element("div", element("b", f"{label}: "), words) for label, words in self.rows}
        mistaken = [told.pop(label) for label in _MISTAKE if label in told]
        return card(
            element("div", self.field, style=_NAME),
            *told.values(),
            *([note(ORANGE, *mistaken)] if mistaken else []),
            element("div", element("b", "Asked alone:")),
            element("pre", self.asked, tabindex="0", style=_PRE),
            code_line(self.code),
            kind="field",
        )
