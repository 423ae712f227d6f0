"""The layer explorer: a stack's layers as buttons, beside them the changes, the merged tree or the waste.

Everything is about the layers from the bottom up to the chosen one: what it changes, the tree that they
show together, and the bytes that they waste (`labkit.oci.account` defines waste and efficiency).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.box import Box
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import code_line, element, html
from labkit.notebook.output import bundle
from labkit.notebook.pictures.layer_stack import stack
from labkit.notebook.pictures.text import count, cut, indented, visible
from labkit.notebook.pictures.theme import CHANGES
from labkit.notebook.pictures.views import history_lines, looked_up, named
from labkit.notebook.widgets.page import Explorer, Output, beside, button, field, group, line_button, rows
from labkit.oci.account import ADVICE, Account, Copy, Entry, Hidden, account, image_account, in_tree
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.tree import Dir, Symlink

VIEWS = {"changes": "what this layer changes", "merged": "merged tree", "waste": "wasted bytes"}
LIMIT = 40
"""The rows that are shown at most."""
_WIDE = 76
_PATHS = ("", "path", "size", "comes from", "what is below it")
_WASTE = ("", "bytes", "path", "why they are wasted", "the copy that is needed")
_NUMBERS = ("size", "bytes")
"""The columns of numbers."""
_RECORD = (
    "This image is a record: its files stand in for the published ones, and add up to the published sizes."
)

Row: TypeAlias = tuple[str, ...]
"""A row of a table: "A", "C", "D" or "", and the words of each column."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its caption, the columns' heads, rows, and lines below."""

    caption: str
    heads: Row = ()
    rows: tuple[Row, ...] = ()
    notes: tuple[str, ...] = ()


def layer_explorer(
    image: str | Image | Box,
    *,
    layer: int | None = None,
    filter: str = "",
    view: str = "changes",
    name: str = "",
    lab: Lab | None = None,
) -> LayerExplorer:
    """Open a stack of layers to choose from: a layer's changes, the merged tree, or the wasted bytes.

    A name is looked up in `lab`, or else in the notebook's lab. Layers are numbered from 1, the base; without
    a number the top one is chosen. Of a container, the top is its own read-write layer. `filter` are letters
    of the paths to show, `view` is "changes", "merged" or "waste", `name` the name to show. Raises NotFound
    for a name that the lab has not, LabkitError for a layer or a view that there is not.

    >>> from labkit import Lab
    >>> layer_explorer(Lab().pull("nginx"), layer=2, view="waste").table.rows[0][1:3]
    ('78,112', '/var/lib/dpkg/status')
    """
    if view not in VIEWS:
        raise LabkitError(f"{view}: no such view; there are {', '.join(VIEWS)}")
    chosen = {} if layer is None else {"layer": layer}
    called = name or (image if isinstance(image, str) else "")
    try:
        return LayerExplorer(looked_up(image, lab), called, filter=filter, view=view, **chosen)
    except traitlets.TraitError as error:
        raise LabkitError(str(error)) from None


class LayerExplorer(Explorer):
    """Which layer of a stack is chosen, what is told of it, and of which paths.

    >>> from labkit import Lab
    >>> explorer = LayerExplorer(Lab().pull("nginx"), "nginx")
    >>> explorer.layer = 2
    >>> explorer.code
    'layer_explorer(lab.image("nginx"), name="nginx", layer=2)'
    """

    layer = traitlets.Int()
    view = traitlets.Enum(list(VIEWS), "changes")
    filter = traitlets.Unicode()

    def __init__(self, of: Image | Box, name: str = "", **state: Any) -> None:
        self._name, image = named(of, name)
        self._of, self._recorded, self._account = of, image.recorded, image_account(image)
        lines = {layer: dockerfile_line(step.entry.created_by) for step, layer in history_lines(image)}
        self._rows = [
            {"number": f"{number}", "made": short(layer.diff_id), "size": human_size(layer.size)}
            | {"words": lines.get(number, "")}
            for number, layer in enumerate(image.layers, 1)
        ]
        self._called = [f"layer {number}" for number in range(1, len(self._rows) + 1)]
        if isinstance(of, Box):
            changes = [layer.changes for layer in image.layers]
            if parent := of.container.active.parent:
                changes.append(parent.changes)
                self._called.append("the init layer")
                self._rows.append({"number": "init", "made": "", "size": "0B", "words": "mount points"})
            self._called.append("the container's layer")
            self._rows.append(
                {"number": "R/W", "made": "", "size": human_size(of.size), "words": "what it wrote"}
            )
            self._account = account([*changes, of.upper], self._called)
        super().__init__(**{"layer": len(self._rows), **state})

    @traitlets.validate("layer")
    def _is_there(self, proposal: Any) -> int:
        number: int = proposal["value"]
        top = len(self._rows)
        if not min(1, top) <= number <= top:
            raise traitlets.TraitError(f"layer {number}: there are layers 1 to {top}, 1 is the base")
        return number

    @property
    def code(self) -> str:
        given = [f"lab.image({json.dumps(self._name)})", f"name={json.dumps(self._name)}"]
        if isinstance(self._of, Box):
            given = [f"lab.container({json.dumps(self._of.name)})"]
        usual = {"layer": len(self._rows), "filter": "", "view": "changes"}
        state = {name: getattr(self, name) for name in usual}
        given += [f"{name}={json.dumps(value)}" for name, value in state.items() if value != usual[name]]
        return f"layer_explorer({', '.join(given)})"

    @property
    def table(self) -> Table:
        """What is told of the chosen layer."""
        if not self.layer:
            return Table("There are no layers.")
        found = self._account.upto(self.layer)
        return self._waste(found) if self.view == "waste" else self._paths(found)

    def _paths(self, found: Account) -> Table:
        """Tell of what the layer changes, or of all paths that are seen and those that it deleted."""
        did, shown = self._called[self.layer - 1], found.by_path
        touched = {entry.path: entry for entry in found.changes[-1]}
        every = touched if self.view == "changes" else sorted({**shown, **touched}, key=in_tree)
        paths = [path for path in every if self._wanted(path)]
        if self.view == "changes":
            kinds = Counter(touched[path].kind for path in paths)
            told = f"{kinds['A']:,} added, {kinds['C']:,} changed, {kinds['D']:,} deleted"
            size = self._rows[self.layer - 1]["size"]
            words = f"{did.capitalize()}, {size}, changes {_of(paths, every)}: {told}"
        else:
            seen = _of([path for path in paths if path in shown], shown)
            words = f"The tree of {self._upto()}: {seen}. A, C and D say what {did} did."

        def row(path: str) -> Row:
            entry, top = touched.get(path), shown.get(path)
            below = self._below(entry) if entry else ", ".join(map(self._there, top.hides if top else ()))
            copy = top.copy if top else entry and entry.below
            assert copy
            size, origin = "", self._called[copy.layer - 1] if top else "hidden"
            if top and not isinstance(copy.node, Dir):
                size = human_size(copy.size) if top.size == copy.size else "hard link"
            return (entry.kind if entry else "", _named(copy), size, origin, below)

        return Table(words, _PATHS, tuple(map(row, paths[:LIMIT])), (*_more(paths), *self._sum(found)))

    def _waste(self, found: Account) -> Table:
        waste = [each for each in found.waste if self._wanted(each.copy.path)]
        wasted, kinds = sum(each.wasted for each in waste), Counter[str]()
        for each in waste:
            kinds[each.reason.kind] += each.wasted
        greatest = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
        advice = [f"{human_size(size)} {ADVICE[kind]}" for kind, size in greatest]

        def row(each: Hidden) -> Row:
            needed = found.by_path.get(each.copy.path)
            copy = self._there(needed.copy) if needed else "none"
            return ("", f"{each.wasted:,}", each.copy.path, each.reason.words, copy)

        words = f"Waste in {self._upto()}: {count(wasted, 'byte')} in {_of(waste, found.waste, 'file')}"
        notes = (*_more(waste), *self._sum(found), *advice)
        return Table(words, _WASTE, tuple(map(row, waste[:LIMIT])), notes)

    def _wanted(self, path: str) -> bool:
        return self.filter.casefold() in path.casefold()

    def _sum(self, found: Account) -> list[str]:
        """Say how the bytes add up, to the byte."""
        tenths = 1000 * found.visible // found.total if found.total else 1000
        told = f"{found.total:,} bytes = {found.visible:,} shown + {found.wasted:,} wasted"
        whole = f"{self._upto().capitalize()}: {told}; efficiency {tenths // 10}.{tenths % 10} %."
        return [whole, *[_RECORD] * self._recorded]

    def _upto(self) -> str:
        called, number = self._called[self.layer - 1], self._rows[self.layer - 1]["number"]
        if self.layer == 1:
            return called
        return f"layers 1 to {number}" if number.isdigit() else f"layer 1 to {called}"

    def _there(self, copy: Copy) -> str:
        size = "directory" if isinstance(copy.node, Dir) else human_size(copy.size)
        return f"{self._called[copy.layer - 1]}: {size}"

    def _below(self, entry: Entry) -> str:
        """Say what the layers below have at a changed path, and why it is hidden."""
        if entry.below is None:
            return ""
        node, why = entry.copy.node if entry.copy else None, ""
        if entry.hidden is None:
            why = "; opaque: nothing in it is seen" if isinstance(node, Dir) and node.opaque else ""
        elif entry.kind == "D":
            cause = entry.hidden.cause
            why = "; whiteout" if cause == entry.path else f"; hidden with {cause}"
        else:
            why = f"; {entry.hidden.reason.words}"
        return self._there(entry.below) + why

    def outputs(self) -> list[Output]:
        """Return the table in words, and the picture of the stack."""
        found, picture = self.table, stack(self._of, name=self._name)
        cells = [[cut(cell, _WIDE) for cell in row] for row in (found.heads, *found.rows)]
        right = [column for column, name in enumerate(found.heads) if name in _NUMBERS]
        lines = [found.caption, *(indented(cells, right) if found.rows else [])]
        parts = [lines, found.notes, [f"The same in Python: {self.code}"]]
        text = "\n\n".join("\n".join(lines) for lines in parts if lines)
        return [(bundle(text), {}), ({"text/html": picture.html, "text/plain": picture.text}, {})]

    def page(self) -> str:
        """Return the layers as buttons, and beside them what is told of the chosen one."""
        found = self.table
        views = [button(text, "view", view, chosen=view == self.view) for view, text in VIEWS.items()]
        parts = [
            group("Show", *views),
            group("Paths", field("with the letters", "filter", self.filter, "/etc/")),
            element("b", found.caption),
            *([_grid(found)] if found.rows else []),
            *(element("div", text) for text in found.notes),
            code_line(self.code),
        ]
        title = f"container {self._of.name}" if isinstance(self._of, Box) else self._name
        layers = rows(f"Layers of {title}, the top one first", self._buttons())
        return html(beside(layers, element("div", *parts)))

    def _buttons(self) -> Iterator[etree.Element]:
        """Give the layers from the top down, each with what the chosen layers waste of it."""
        wasted = Counter[int]()
        for each in self._account.upto(self.layer).waste:
            wasted[each.copy.layer] += each.wasted
        for number in range(len(self._rows), 0, -1):
            told, lost = self._rows[number - 1], wasted[number]
            if lost:
                told = {**told, "words": f"{human_size(lost)} wasted · {told['words']}"}
            yield line_button("layer", number, chosen=number == self.layer, **told)


def _named(copy: Copy) -> str:
    """Return a path with what a symbolic link leads to, or a directory's slash."""
    if isinstance(copy.node, Symlink):
        return f"{copy.path} -> {copy.node.target}"
    return f"{copy.path}/" if isinstance(copy.node, Dir) else copy.path


def _of(found: Sequence[object], everything: Collection[object], noun: str = "path") -> str:
    some = "" if len(found) == len(everything) else f"{len(found):,} of "
    return some + count(len(everything), noun)


def _more(found: Sequence[object]) -> list[str]:
    return [f"… {len(found) - LIMIT:,} more: filter by a path"] if len(found) > LIMIT else []


def _grid(found: Table) -> etree.Element:
    """Return a table as HTML, in a box of its own that scrolls."""
    kinds = ["kind", *("number" if name in _NUMBERS else "" for name in found.heads[1:])]
    heads = zip(found.heads, kinds, strict=True)
    lines = [element("tr", *(element("th", name or " ", scope="col", class_=kind) for name, kind in heads))]
    for row in found.rows:
        cells = [element("td", visible(text), class_=kind) for text, kind in zip(row, kinds, strict=True)]
        if hue := CHANGES.get(row[0]):
            cells[0].set("style", f"box-shadow: inset 3px 0 {hue.line}; padding-left: 8px")
        if row[0] == "D":
            cells[1] = element("td", element("s", visible(row[1])))
        lines.append(element("tr", *cells))
    whole = element("table", element("thead", lines[0]), element("tbody", *lines[1:]))
    return element(
        "div", whole, tabindex="0", role="region", aria_label=visible(found.caption), class_="table"
    )
