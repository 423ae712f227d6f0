"""Sheets: the layers of an image as transparent sheets that can be lifted off, seen from above at a path."""

from __future__ import annotations

import json
from collections.abc import Iterable
from posixpath import basename, dirname, join, normpath
from typing import Any
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.text import counted, shown
from labkit.box import Box
from labkit.dockerfile.context import follow
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import card, code_line, element
from labkit.notebook.output import bundle
from labkit.notebook.pictures.text import cut, indented
from labkit.notebook.pictures.views import Pictured, history_lines, lab_first, looked_up
from labkit.notebook.widgets.page import Explorer, Output, group, line_button, path_choice, rows
from labkit.oci import tree
from labkit.oci.account import hidden, node_kind
from labkit.oci.changeset import apply_all
from labkit.oci.config import dockerfile_line
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.tree import Dir, File, Node, Whiteout

_BYTES, _OFFERED = 4_000, 40
"""The bytes of a file that are shown, and the paths that are offered, at most."""


@lab_first
def sheets(
    image: Pictured, *, path: str = "/etc/passwd", lifted: Iterable[int] = (), lab: Lab | None = None
) -> Sheets:
    """Lay the layers of an image one on another as sheets, to lift them off and see what is below at a path.

    A container has its own layer on top. `lifted` are numbers of sheets, 1 for the base. The lab is the
    notebook's where none is given. Raises NotFound for a name that the lab has not, LabkitError for a sheet
    that there is not.

    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> sheets(lab, "nginx").seen, sheets(lab, "nginx", lifted=[2]).seen
    ('a file of 320 bytes, from layer 2', 'a file of 266 bytes, from layer 1')
    """
    found = looked_up(image, lab)
    name = image if isinstance(image, str) else found.name or short(found.id)
    return Sheets(found, name, path=path, lifted=tuple(map(str, lifted)))


class Sheets(Explorer):
    """Which sheets are lifted off a stack, and at which path it is looked at."""

    path = traitlets.Unicode()
    lifted = traitlets.Tuple()
    pictured = False

    def __init__(self, of: Image | Box, name: str, **state: Any) -> None:
        self._name, image = name, of.container.image if isinstance(of, Box) else of
        made = {layer: dockerfile_line(step.entry.created_by) for step, layer in history_lines(image)}
        # Each with what it is called, its changes, and the step that made it.
        self._sheets = [(f"layer {n}", it.changes, made.get(n, "")) for n, it in enumerate(image.layers, 1)]
        if isinstance(of, Box):
            if init := of.container.active.parent:
                self._sheets.append(("the init layer", init.changes, "mount points"))
            self._sheets.append(("the container's layer", of.upper, "what it wrote"))
        found = hidden([changes for _, changes, _ in self._sheets])
        offered = {it.path for it in found if not isinstance(it.node, Dir)}
        self._offered = sorted(offered, key=lambda path: path.split("/"))
        super().__init__(**state)

    @traitlets.validate("lifted")
    def _are_there(self, proposal: Any) -> tuple[str, ...]:
        known = [str(number) for number, _ in enumerate(self._sheets, 1)]
        for number in {*proposal["value"]} - {*known}:
            raise traitlets.TraitError(f"sheet {number}: there are 1 to {len(known)}, 1 is the base")
        return tuple(number for number in known if number in proposal["value"])

    @property
    def code(self) -> str:
        lifted = f", lifted=[{', '.join(self.lifted)}]" if self.lifted else ""
        return f"sheets(lab, {json.dumps(self._name)}, path={json.dumps(self.path)}{lifted})"

    @property
    def seen(self) -> str:
        """What is seen at the path, and from which sheet."""
        _, node, origin, _ = self._look()
        return _said(node, origin)

    def _look(self) -> tuple[str, Node | None, str, list[str]]:
        """Return where the path leads, what is seen there, from which sheet, and why other things are not."""
        lying = [each for n, each in enumerate(self._sheets, 1) if str(n) not in self.lifted]
        layers, path = [changes for _, changes, _ in lying], normpath(f"/{self.path}").lstrip("/")
        root = apply_all(layers)
        here = f"/{join(follow(root, dirname(path))[0], basename(path))}".rstrip("/")
        node, found = tree.get(root, here), hidden(layers, [name for name, _, _ in lying])
        origin = next((name for name, it, _ in reversed(lying) if node and tree.get(it, here) is node), "")
        over = [f"{lying[it.layer - 1][0]}: {it.reason}" for it in found if it.path == here]
        return here, node, origin, over

    def outputs(self) -> list[Output]:
        """Return the sheets, and what is seen once one of them is lifted: before, it is the question."""
        lines = indented([(name, cut(words, 70)) for name, _, words in reversed(self._sheets)])
        seen = [f"lifted: {', '.join(self.lifted)}; seen: {self.seen}"] if self.lifted else []
        parts = [f"From which sheet comes what is seen at {self.path}?", *lines, *seen]
        return [bundle(shown("\n".join([*parts, f"The same in Python: {self.code}"])))]

    def controls(self) -> list[etree.Element]:
        """Return the path, and the sheets with what each has there, beside what is seen."""
        here, node, origin, hidden = self._look()
        label = f"Sheets of {self._name}, the top one first: a press lifts one off, or lays it back"
        sheets = [self._sheet(n, here, origin) for n in range(len(self._sheets), 0, -1)]
        told = card(
            element("p", element("b", self.path), f": {_said(node, origin)}.", role="status"),
            *(element("p", f"Hidden in {why}.") for why in hidden),
            element("details", element("summary", "What is in it"), element("pre", _text(node))),
            code_line(self.code),
        )
        both = element("div", rows(label, sheets, "switches sheets"), told, class_="beside")
        return [group("Path", *path_choice(self.path, self._offered[:_OFFERED])), both]

    def _sheet(self, number: int, here: str, origin: str) -> etree.Element:
        (name, changes, words), lifted = self._sheets[number - 1], str(number) in self.lifted
        node = tree.get(changes, here)
        kind = "white" if isinstance(node, Whiteout) else "seen" if name == origin else ""
        size = human_size(node.content.size) if isinstance(node, File) else node_kind(node) if node else ""
        parts = {"made": name, "words": f"{'lifted: ' * lifted}{words[:120]}", f"tile {kind}": size}
        made = line_button("lifted", number, chosen=lifted, **parts)
        made.set("style", f"z-index: {number}")  # the upper sheet lies over the lower
        return made


def _said(node: Node | None, origin: str) -> str:
    if isinstance(node, Dir):
        return f"a directory with {counted(len(node.children), 'name')}, from all sheets that have it"
    size = f" of {counted(node.content.size, 'byte')}" if isinstance(node, File) else ""
    return f"a {node_kind(node)}{size}, from {origin}" if node else "nothing"


def _text(node: Node | None) -> str:
    """Return the beginning of a file, a directory's names, or where a link leads."""
    if isinstance(node, File):
        data = node.content.read(0, _BYTES)
        text = "no text" if b"\0" in data else data.decode("utf-8", "replace")
        return text + "…" * (node.content.size > _BYTES)
    return "\n".join(sorted(node.children)) if isinstance(node, Dir) else getattr(node, "target", "")
