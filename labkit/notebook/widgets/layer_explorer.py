"""The layer explorer: a stack's layers as buttons, beside them the changes, the merged tree or the waste."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as part
from functools import cached_property
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.box import Box
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import code_line, element, html
from labkit.notebook.output import bundle
from labkit.notebook.pictures.layer_stack import Level, chosen_layer
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.text import count, cut, table, visible
from labkit.notebook.pictures.theme import CHANGES
from labkit.notebook.pictures.views import image_view, looked_up
from labkit.notebook.widgets.page import Explorer, Output, beside, button, field, group, line_button, rows
from labkit.oci.account import ADVICE, Account, Copy, Entry, Hidden, Shown, account, image_account, in_tree
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.tree import Dir, Symlink

# What the layer explorer shows, as tables of words: changes, merged tree and waste; no Jupyter here.
#
# Everything is about the layers from the bottom up to the chosen one: what it changes, the tree that they
# show together, and the bytes that they waste (`labkit.oci.account` defines waste and efficiency).

VIEWS = {"changes": "what this layer changes", "merged": "merged tree", "waste": "wasted bytes"}
LIMIT = 40
"""The rows that are shown at most."""
_WIDE = 76
_NUMBERS = ("size", "bytes")
"""The columns of numbers."""
RECORD = (
    "This image is a record: its files stand in for the published ones, and add up to the published sizes."
)


@dataclass(frozen=True, slots=True)
class LayerName:
    """A layer of the stack: a mark to show, the words of reasons, its identifier, size and what made it."""

    mark: str
    words: str
    label: str
    size: int
    made: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: "A", "C", "D" or "", and the words of each column."""

    kind: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its caption, the columns' heads, rows, how many more there are, and lines below."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    more: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Stacked:
    """A stack of layers under one name, and the Python arguments that give it again."""

    title: str
    code: str
    layers: tuple[LayerName, ...]
    changes: tuple[Dir, ...] = part(repr=False)
    image: Image = part(repr=False)

    @cached_property
    def whole(self) -> Account:
        """The account of all layers."""
        if len(self.changes) == len(self.image.layers):
            return image_account(self.image)
        return account(self.changes, [layer.words for layer in self.layers])

    def account(self, number: int) -> Account:
        """Account for the layers up to a number."""
        return self.whole.upto(number)


def stacked(of: Image | Box, name: str = "") -> Stacked:
    """Return the layers of an image; of a container also its init layer and its read-write layer.

    `name` is the image's; without it the short ID is shown.

    >>> from labkit import Lab
    >>> found = stacked(Lab().run("busybox", name="box"))
    >>> [layer.words for layer in found.layers]
    ['layer 1', 'the init layer', "the container's layer"]
    """
    box = of if isinstance(of, Box) else None
    image = of if isinstance(of, Image) else of.container.image
    view = image_view(image, name)
    layers = [
        LayerName(str(number), f"layer {number}", layer.label, layer.size, layer.instruction)
        for number, layer in enumerate(view.layers, 1)
    ]
    changes = [layer.changes for layer in image.layers]
    if box is None:
        code = f"lab.image({json.dumps(name or short(image.id))})"
        code += f", name={json.dumps(name)}" if name else ""
        return Stacked(view.name, code, tuple(layers), tuple(changes), image)
    parent = box.container.active.parent
    if parent is not None:
        layers.append(LayerName("init", "the init layer", "", 0, "made by the engine: its mount points"))
        changes.append(parent.changes)
    layers.append(
        LayerName("R/W", "the container's layer", "", box.size, f"container {box.name}: all that it writes")
    )
    changes.append(box.upper)
    code = f"lab.container({json.dumps(box.name)})"
    return Stacked(f"container {box.name}", code, tuple(layers), tuple(changes), image)


def view_table(stack: Stacked, layer: int, view: str, filter: str = "") -> Table:
    """Return the table of a view: of the paths that have some letters in them.

    >>> from labkit import Lab
    >>> found = view_table(stacked(Lab().pull("nginx")), 3, "changes", filter="nginx/ERROR")
    >>> [(row.kind, *row.cells) for row in found.rows]
    [('C', '/var/log/nginx/error.log -> /dev/stderr', '11B',
      'layer 2: 0B; layer 3 has a symbolic link in place of this file')]
    """
    if not layer:
        return Table("There are no layers.", (), (), 0, ())
    letters = filter.casefold()
    made = {"changes": _changes, "merged": _merged, "waste": _waste}[view]
    return made(stack, layer, lambda path: letters in path.casefold())


_Wanted = Callable[[str], bool]


def _changes(stack: Stacked, layer: int, wanted: _Wanted) -> Table:
    entries = stack.account(layer).changes[-1]
    found = [each for each in entries if wanted(each.path)]
    named = stack.layers[layer - 1]
    kinds = [sum(each.kind == kind for each in found) for kind in "ACD"]
    told = "{:,} added, {:,} changed, {:,} deleted".format(*kinds)
    caption = f"{_capital(named.words)}, {human_size(named.size)}, changes {_of(found, entries)}: {told}"
    rows = [Row(each.kind, (_path(each), _size(each), _below(stack, each))) for each in found[:LIMIT]]
    heads = ("path", "size", "what is below it")
    return Table(caption, heads, tuple(rows), len(found) - len(rows), _sum(stack, layer))


def _merged(stack: Stacked, layer: int, wanted: _Wanted) -> Table:
    found = stack.account(layer)
    touched = {entry.path: entry for entry in found.changes[-1]}
    gone = [each for each in touched.values() if each.kind == "D" and wanted(each.path)]
    shown = [each for each in found.shown if wanted(each.copy.path)]
    keyed: list[Iterable[tuple[list[str], Shown | Entry]]] = [
        ((in_tree(each.copy.path), each) for each in shown),
        ((in_tree(entry.path), entry) for entry in gone),
    ]
    lines = merge(*keyed, key=itemgetter(0))
    rows = tuple(_merged_row(stack, each, touched) for _, each in islice(lines, LIMIT))
    did = stack.layers[layer - 1].words
    paths = _of(shown, found.shown)
    caption = f"The tree of {_upto(stack, layer)}: {paths}. A, C and D say what {did} did."
    heads = ("path", "size", "comes from", "hides")
    more = len(shown) + len(gone) - len(rows)
    return Table(caption, heads, rows, more, _sum(stack, layer))


def _merged_row(stack: Stacked, each: Shown | Entry, touched: Mapping[str, Entry]) -> Row:
    if isinstance(each, Entry):
        return Row("D", (_path(each), "", "hidden", _below(stack, each)))
    copy, entry = each.copy, touched.get(each.copy.path)
    hides = ", ".join(f"{stack.layers[one.layer - 1].words}: {_copy_size(one)}" for one in each.hides)
    size = "" if isinstance(copy.node, Dir) else human_size(copy.size)
    cells = (_with_target(copy), size, stack.layers[copy.layer - 1].words, hides)
    return Row(entry.kind if entry else "", cells)


def _waste(stack: Stacked, layer: int, wanted: _Wanted) -> Table:
    found = stack.account(layer)
    waste = [each for each in found.waste if wanted(each.copy.path)]
    bytes_ = sum(each.wasted for each in waste)
    files = _of(waste, found.waste, "file")
    caption = f"Waste in {_upto(stack, layer)}: {count(bytes_, 'byte')} in {files}"
    rows = [
        Row("", (f"{each.wasted:,}", each.copy.path, each.reason.words, _needed(stack, found, each)))
        for each in waste[:LIMIT]
    ]
    heads = ("bytes", "path", "why they are wasted", "the copy that is needed")
    notes = (*_sum(stack, layer), *_advice(waste))
    return Table(caption, heads, tuple(rows), len(waste) - len(rows), notes)


def _advice(waste: Sequence[Hidden]) -> Iterator[str]:
    """Yield what would avoid each kind of waste, the greatest first."""
    kinds: dict[str, int] = {}
    for each in waste:
        kinds[each.reason.kind] = kinds.get(each.reason.kind, 0) + each.wasted
    for kind, wasted in sorted(kinds.items(), key=lambda item: (-item[1], item[0])):
        yield f"{human_size(wasted)} {ADVICE[kind]}"


def _needed(stack: Stacked, found: Account, hidden: Hidden) -> str:
    shown = found.by_path.get(hidden.copy.path)
    if shown is None:
        return "none"
    return f"{stack.layers[shown.copy.layer - 1].words}: {_copy_size(shown.copy)}"


def _below(stack: Stacked, entry: Entry) -> str:
    """Say what the layers below have at a changed path, and why it is hidden."""
    if entry.below is None:
        return ""
    there = f"{stack.layers[entry.below.layer - 1].words}: {_copy_size(entry.below)}"
    if entry.hidden is None:
        node = entry.copy.node if entry.copy else None
        opaque = isinstance(node, Dir) and node.opaque
        return f"{there}; opaque: nothing in it is seen" if opaque else there
    words = entry.hidden.reason.words
    if entry.kind == "D":
        own = entry.hidden.cause == entry.path
        return f"{there}; {'whiteout' if own else f'hidden with {entry.hidden.cause}'}"
    return f"{there}; {words}"


def _path(entry: Entry) -> str:
    copy = entry.copy or entry.below
    assert copy is not None
    return _with_target(copy) if entry.copy or isinstance(copy.node, Dir) else entry.path


def _with_target(copy: Copy) -> str:
    if isinstance(copy.node, Symlink):
        return f"{copy.path} -> {copy.node.target}"
    return f"{copy.path}/" if isinstance(copy.node, Dir) else copy.path


def _size(entry: Entry) -> str:
    if entry.copy is None or isinstance(entry.copy.node, Dir):
        return ""
    return human_size(entry.size) if entry.size == entry.copy.size else "hard link"


def _copy_size(copy: Copy) -> str:
    return "directory" if isinstance(copy.node, Dir) else human_size(copy.size)


def _of(found: Sequence[object], everything: Sequence[object], noun: str = "path") -> str:
    if len(found) == len(everything):
        return count(len(found), noun)
    return f"{len(found):,} of {count(len(everything), noun)}"


def _upto(stack: Stacked, layer: int) -> str:
    words = stack.layers[layer - 1].words
    if layer == 1:
        return words
    return f"layers 1 to {layer}" if layer <= len(stack.image.layers) else f"layer 1 to {words}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _sum(stack: Stacked, layer: int) -> tuple[str, ...]:
    """Say how the bytes add up, to the byte."""
    found = stack.account(layer)
    tenths = 1000 * found.visible // found.total if found.total else 1000
    told = f"{found.total:,} bytes = {found.visible:,} shown + {found.wasted:,} wasted"
    whole = f"{_capital(_upto(stack, layer))}: {told}; efficiency {tenths // 10}.{tenths % 10} %."
    return (whole, RECORD) if stack.image.recorded else (whole,)


def words(found: Table, code: str) -> str:
    """Return a table in text.

    >>> words(Table("1 path", ("path",), (), 0, ()), "show()")
    '1 path\\n\\nThe same in Python: show()'
    """
    lines = [[row.kind, *(cut(cell, _WIDE) for cell in row.cells)] for row in found.rows]
    right = [column for column, name in enumerate(found.heads, 1) if name in _NUMBERS]
    aligned = table([["", *found.heads], *lines], right=right).split("\n") if lines else []
    below = [*_more(found), *found.notes]
    parts = [[found.caption, *(f"  {line}" for line in aligned)], below, [f"The same in Python: {code}"]]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _more(found: Table) -> list[str]:
    return [f"… {found.more:,} more: filter by a path"] if found.more else []


def _grid(found: Table) -> etree.Element:
    """Return a table as HTML, in a box of its own that scrolls."""
    kinds = ["number" if name in _NUMBERS else "" for name in found.heads]
    heads = zip(("", *found.heads), ("kind", *kinds), strict=True)
    lines = [element("tr", *(element("th", name or " ", scope="col", class_=kind) for name, kind in heads))]
    for row in found.rows:
        hue = CHANGES.get(row.kind)
        style = f"box-shadow: inset 3px 0 {hue.line}; padding-left: 8px" if hue else ""
        cells = [element("td", row.kind, class_="kind", style=style)]
        for column, (text, kind) in enumerate(zip(row.cells, kinds, strict=True)):
            gone = row.kind == "D" and column == 0
            cells.append(element("td", element("s", visible(text)) if gone else visible(text), class_=kind))
        lines.append(element("tr", *cells))
    whole = element("table", element("thead", lines[0]), element("tbody", *lines[1:]))
    label = visible(found.caption)
    return element("div", whole, tabindex="0", role="region", aria_label=label, class_="table")


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
    >>> layer_explorer(Lab().pull("nginx"), layer=2, view="waste").table.rows[0].cells[:2]
    ('78,112', '/var/lib/dpkg/status')
    """
    if view not in VIEWS:
        raise LabkitError(f"{view}: no such view; there are {', '.join(VIEWS)}")
    chosen = {} if layer is None else {"layer": layer}
    stack = stacked(looked_up(image, lab), name or (image if isinstance(image, str) else ""))
    try:
        return LayerExplorer(stack, filter=filter, view=view, **chosen)
    except traitlets.TraitError as error:
        raise LabkitError(str(error)) from None


class LayerExplorer(Explorer):
    """Which layer of a stack is chosen, what is told of it, and of which paths.

    >>> from labkit import Lab
    >>> from labkit.notebook.widgets.layer_explorer import stacked
    >>> explorer = LayerExplorer(stacked(Lab().pull("nginx"), "nginx"))
    >>> explorer.layer = 2
    >>> explorer.code
    'layer_explorer(lab.image("nginx"), name="nginx", layer=2)'
    """

    layer = traitlets.Int()
    view = traitlets.Enum(list(VIEWS), "changes")
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
        words = [self._stack.code]
        if self.layer != self._top:
            words.append(f"layer={self.layer}")
        if self.filter:
            words.append(f"filter={json.dumps(self.filter)}")
        if self.view != "changes":
            words.append(f"view={json.dumps(self.view)}")
        return f"layer_explorer({', '.join(words)})"

    @property
    def table(self) -> Table:
        """What is told of the chosen layer."""
        return view_table(self._stack, self.layer, self.view, self.filter)

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
        """Return the table in words, and the picture of the stack."""
        picture = self.picture
        stack = {"text/html": picture.html, "text/plain": picture.text}
        return [(bundle(words(self.table, self.code)), {}), (stack, {})]

    def page(self) -> str:
        """Return the layers as buttons, and beside them what is told of the chosen one."""
        found = self.table
        views = [button(text, "view", view, chosen=view == self.view) for view, text in VIEWS.items()]
        parts = [
            group("Show", *views),
            group("Paths", field("with the letters", "filter", self.filter, "/etc/")),
            element("b", found.caption),
            *([_grid(found)] if found.rows else []),
            *(element("div", text) for text in (*_more(found), *found.notes)),
            code_line(self.code),
        ]
        return html(beside(self._layers(), element("div", *parts)))

    def _layers(self) -> etree.Element:
        buttons = []
        for number in range(self._top, 0, -1):
            layer = self._stack.layers[number - 1]
            words = {"number": layer.mark, "made": layer.label, "size": human_size(layer.size)}
            chosen = number == self.layer
            buttons.append(line_button("layer", number, chosen=chosen, **words, words=layer.made))
        return rows(f"Layers of {self._stack.title}, the top one first", buttons)
