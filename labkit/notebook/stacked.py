"""What the layer explorer shows, as tables of words: changes, merged tree and waste; no Jupyter here.

Everything is about the layers from the bottom up to the chosen one: what it changes, the tree that they
show together, and the bytes that they waste (`labkit.oci.account` defines waste and efficiency).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import merge
from itertools import islice
from operator import itemgetter

from labkit.box import Box
from labkit.cli.formats import human_size
from labkit.notebook.pictures.text import count
from labkit.notebook.pictures.views import image_view
from labkit.oci.account import Account, Copy, Entry, Hidden, Shown, account, image_account, in_tree
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.reasons import ADVICE
from labkit.oci.tree import Dir, Symlink

VIEWS = {"changes": "what this layer changes", "merged": "merged tree", "waste": "wasted bytes"}
LIMIT = 40
"""The rows that are shown at most."""
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
    right: tuple[int, ...] = ()
    """The columns of numbers."""


@dataclass(frozen=True)
class Stacked:
    """A stack of layers under one name, and the Python arguments that give it again."""

    title: str
    code: str
    layers: tuple[LayerName, ...]
    changes: tuple[Dir, ...] = field(repr=False)
    image: Image = field(repr=False)

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


def view_table(stack: Stacked, layer: int, view: str, path: str = "", filter: str = "") -> Table:
    """Return the table of a view: of the paths in a directory, those that have some letters in them.

    >>> from labkit import Lab
    >>> found = view_table(stacked(Lab().pull("nginx")), 3, "changes", path="/var/log", filter="ERROR")
    >>> [(row.kind, *row.cells) for row in found.rows]
    [('C', '/var/log/nginx/error.log -> /dev/stderr', '11B',
      'layer 2: 0B; layer 3 has a symbolic link in place of this file')]
    """
    if not layer:
        return Table("There are no layers.", (), (), 0, ())
    wanted = _wanted(path, filter)
    made = {"changes": _changes, "merged": _merged, "waste": _waste}[view]
    return made(stack, layer, wanted)


_Wanted = Callable[[str], bool]


def _wanted(path: str, filter: str) -> _Wanted:
    directory, letters = "/" + "/".join(name for name in path.split("/") if name), filter.casefold()
    prefix = directory if directory == "/" else f"{directory}/"
    return lambda each: (each == directory or each.startswith(prefix)) and letters in each.casefold()


def _changes(stack: Stacked, layer: int, wanted: _Wanted) -> Table:
    entries = stack.account(layer).changes[-1]
    found = [each for each in entries if wanted(each.path)]
    named = stack.layers[layer - 1]
    kinds = [sum(each.kind == kind for each in found) for kind in "ACD"]
    told = "{:,} added, {:,} changed, {:,} deleted".format(*kinds)
    caption = f"{_capital(named.words)}, {human_size(named.size)}, changes {_of(found, entries)}: {told}"
    rows = (Row(each.kind, (_path(each), _size(each), _below(stack, each))) for each in found)
    return _limited(caption, ("path", "size", "what is below it"), rows, len(found), _sum(stack, layer), (1,))


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
    rows = (
        _shown_row(stack, each, touched) if isinstance(each, Shown) else _gone_row(stack, each)
        for _, each in lines
    )
    did = stack.layers[layer - 1].words
    paths = _of(shown, found.shown)
    caption = f"The tree of {_upto(stack, layer)}: {paths}. A, C and D say what {did} did."
    heads = ("path", "size", "comes from", "hides")
    return _limited(caption, heads, rows, len(shown) + len(gone), _sum(stack, layer), (1,))


def _shown_row(stack: Stacked, each: Shown, touched: Mapping[str, Entry]) -> Row:
    copy, entry = each.copy, touched.get(each.copy.path)
    hides = ", ".join(f"{stack.layers[one.layer - 1].words}: {_copy_size(one)}" for one in each.hides)
    size = "" if isinstance(copy.node, Dir) else human_size(copy.size)
    cells = (_with_target(copy), size, stack.layers[copy.layer - 1].words, hides)
    return Row(entry.kind if entry else "", cells)


def _gone_row(stack: Stacked, entry: Entry) -> Row:
    return Row("D", (_path(entry), "", "hidden", _below(stack, entry)))


def _waste(stack: Stacked, layer: int, wanted: _Wanted) -> Table:
    found = stack.account(layer)
    waste = [each for each in found.waste if wanted(each.copy.path)]
    bytes_ = sum(each.wasted for each in waste)
    files = _of(waste, found.waste, "file")
    caption = f"Waste in {_upto(stack, layer)}: {count(bytes_, 'byte')} in {files}"
    rows = (
        Row("", (f"{each.wasted:,}", each.copy.path, each.reason.words, _needed(stack, found, each)))
        for each in waste
    )
    heads = ("bytes", "path", "why they are wasted", "the copy that is needed")
    notes = [*_sum(stack, layer), *_advice(waste)]
    return _limited(caption, heads, rows, len(waste), notes, (0,))


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


def _sum(stack: Stacked, layer: int) -> list[str]:
    """Say how the bytes add up, to the byte."""
    found = stack.account(layer)
    tenths = 1000 * found.visible // found.total if found.total else 1000
    told = f"{found.total:,} bytes = {found.visible:,} shown + {found.wasted:,} wasted"
    return [
        f"{_capital(_upto(stack, layer))}: {told}; efficiency {tenths // 10}.{tenths % 10} %.",
        *([RECORD] if stack.image.recorded else []),
    ]


def _limited(
    caption: str,
    heads: tuple[str, ...],
    rows: Iterable[Row],
    number: int,
    notes: Sequence[str],
    right: tuple[int, ...],
) -> Table:
    shown = tuple(islice(rows, LIMIT))
    return Table(caption, heads, shown, number - len(shown), tuple(notes), right)
