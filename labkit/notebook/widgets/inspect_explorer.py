"""The inspect explorer: the document of `docker image inspect`, and an explanation of the chosen field.

`InspectExplorer` is the state, a traits object that needs no browser. A list that opens chooses a field, and
two buttons go on and back, which the space bar presses where arrow keys belong to the notebook.
"""

from __future__ import annotations

import difflib
import json
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.course.inspect_document import Document, InspectField, inspected
from labkit.lab import Lab
from labkit.lessons import FIELDS
from labkit.notebook.html import PAPER, card, code_line, element, html, note
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.theme import BLUE, CARD, INK, ORANGE, QUIET, RULE
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.view import Explorer, Output, button, dropdown, row, text_field
from labkit.oci.image import Image

# The inspect explorer as HTML and as text: the document with a field marked, and its explanation.

_PRE = (
    f"{PAPER}; border: 1px solid {RULE}; border-radius: 8px; font-size: 13px; line-height: 1.4; "
    "overflow-x: auto"
)
_LINE = "display: block; width: max-content; min-width: 100%; padding: 0 12px; box-sizing: border-box"
_NAME = f"{PAPER}; font-weight: bold; font-family: monospace; font-size: 15px"
_LABEL = f"background: {CARD}; color: {QUIET}"
_MISTAKE = ("Often believed", "What is so")
_ANSWER = 2_000
"""The characters of an answer that are shown; only a very long label list has more."""


def tree(document: Document, field: str) -> dict[str, Any]:
    """Return the printed document, the chosen field marked and the sections without it folded."""
    lines, plain = [], []
    for line in document.folded(field):
        chosen = line.field == field or line.field.startswith(f"{field}.")
        mark = f"background: {BLUE.tint}; color: {INK}; font-weight: bold" if chosen else f"color: {INK}"
        words = f"{'▶' if chosen else ' '} {visible(line.text)}"
        lines.append(element("span", words, style=f"{_LINE}; {mark}"))
        plain.append(f"{'>' if chosen else ' '} {visible(line.text)}")
    block = element(
        "pre",
        *lines,
        tabindex="0",
        role="region",
        aria_label=f"docker image inspect {document.name}",
        style=f"{_PRE}; margin: 0; padding: 10px 0",
    )
    found = element("div", block, class_="labkit-inspect")
    return {"text/html": html(found), "text/plain": "\n".join(plain)}


def explanation(document: Document, field: str, code: str) -> dict[str, Any]:
    """Return what a field is, where it comes from, who uses it, how to ask for it, and what is mistaken."""
    rows = _rows(document, field)
    command, answer = document.command(field), document.answer(field)
    answer = answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}…"
    name = element("div", visible(field), style=_NAME)
    parts = [_line(f"{label}: ", words) for label, words in rows if label not in _MISTAKE]
    if mistaken := [_line(f"{label}: ", words, ink=INK) for label, words in rows if label in _MISTAKE]:
        parts.append(note(ORANGE, *mistaken))
    asked = f"$ {visible(command)}\n{visible(answer)}"
    terminal = element("pre", asked, tabindex="0", style=f"{_PRE}; padding: 6px 10px; margin: 2px 0 0")
    found = card(name, *parts, _line("Asked alone:", ""), terminal, code_line(code), kind="field")
    text = [field, *(f"  {label}: {words}" for label, words in rows)]
    text += ["", f"  $ {visible(command)}", f"  {visible(answer)}"]
    text += ["", f"The same in Python: {visible(code)}"]
    return {"text/html": html(found), "text/plain": "\n".join(text)}


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


def _line(label: str, words: str, ink: str = "") -> etree.Element:
    name = element("span", label, style=f"font-weight: bold; color: {ink}" if ink else _LABEL)
    return element("div", name, visible(words), style="margin: 3px 0")


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
    >>> explorer = InspectExplorer(inspected(lab.engine, "nginx", FIELDS), field="RootFS.Layers")
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
        return tuple(path for path in self._document.fields if letters in _said(self._document, path))

    @property
    def code(self) -> str:
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


def _explained(document: Document, path: str) -> InspectField:
    found = document.explained(path)
    assert found is not None
    return found


def _said(document: Document, path: str) -> str:
    found = _explained(document, path)
    return " ".join((path, found.what, found.source, found.use, found.mistake, found.truth)).casefold()
