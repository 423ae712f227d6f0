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
from labkit.course.inspect_document import Document, FieldLine, InspectField, inspected
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


def _told(document: Document, field: str, code: str) -> etree.Element:
    """Return what a field is, where it comes from, who uses it, how to ask for it, and what is mistaken."""
    lines = [
        (label, element("div", element("b", f"{label}: "), words)) for label, words in _rows(document, field)
    ]
    parts = [line for label, line in lines if label not in _MISTAKE]
    if mistaken := [line for label, line in lines if label in _MISTAKE]:
        parts.append(note(ORANGE, *mistaken))
    asked = element("pre", _asked(document, field), tabindex="0", style=_PRE)
    name = element("div", field, style=_NAME)
    return card(
        name, *parts, element("div", element("b", "Asked alone:")), asked, code_line(code), kind="field"
    )


def _asked(document: Document, field: str) -> str:
    answer = document.answer(field)
    answer = answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}…"
    return f"$ {visible(document.command(field))}\n{visible(answer)}"


def _rows(document: Document, field: str) -> list[tuple[str, str]]:
    found = _explained(document, field)
    what = found.what
    if field.startswith("ContainerConfig."):
        what = f"As in Config, but of the build's last container. {what}"
    rows = [("What it is", what), ("Comes from", found.source), ("Who uses it", found.use)]
    if found.slides:
        rows.append(("Slides", ", ".join(found.slides)))
    if found.mistake:
        rows += zip(_MISTAKE, (found.mistake, found.truth), strict=True)
    return rows


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
    except traitlets.TraitError as error:
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
        letters = self.filter.casefold()
        return tuple(path for path in self._document.fields if letters in _said(self._document, path))

    @property
    def code(self) -> str:
        chosen = "" if self.field == "Id" else f", field={json.dumps(self.field)}"
        return f"inspect_explorer(lab, {json.dumps(self._document.name)}{chosen})"

    def outputs(self) -> list[Output]:
        """Return the explanation, and the document with the field marked."""
        document, found = self._document, _told(self._document, self.field, self.code)
        words = [self.field, *(f"  {label}: {words}" for label, words in _rows(document, self.field))]
        asked = [f"  {line}" for line in _asked(document, self.field).split("\n")]
        text = shown("\n".join([*words, "", *asked, "", f"The same in Python: {self.code}"]))
        marked = [f"{'>' if self._within(line) else ' '} {line.text}" for line in document.folded(self.field)]
        return [({"text/html": html(found), "text/plain": text}, {}), (bundle("\n".join(marked)), {})]

    def _within(self, line: FieldLine) -> bool:
        return line.field == self.field or line.field.startswith(f"{self.field}.")

    def page(self) -> str:
        """Return the document's lines, or the fields that the filter leaves, beside the explanation."""
        if self.filter:
            lines = [(path, path, path == self.field) for path in self.fields]
        else:
            folded = self._document.folded(self.field)
            lines = [(line.text, line.field, self._within(line)) for line in folded if line.field]
        listed = rows("Fields", (button(text, "field", path, chosen=on) for text, path, on in lines))
        listed.set("class", "rows document")
        letters = group("Choose a field", field("Fields about", "filter", self.filter, "layer"))
        return html(letters, beside(listed, _told(self._document, self.field, self.code)))


def _explained(document: Document, path: str) -> InspectField:
    found = document.explained(path)
    assert found is not None
    return found


def _said(document: Document, path: str) -> str:
    found = _explained(document, path)
    return " ".join((path, found.what, found.source, found.use, found.mistake, found.truth)).casefold()
