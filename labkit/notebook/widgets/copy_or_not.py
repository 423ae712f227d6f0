"""Copied or not: of each command is said how much it copies, which is then compared with what it does."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as etree

import traitlets

from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import element, note
from labkit.notebook.output import bundle
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.theme import GREEN, ORANGE
from labkit.notebook.pictures.views import lab_first, needed_lab
from labkit.notebook.widgets.page import Explorer, Output, button, buttons

CHIPS = ("nothing", "a few bytes", "the whole file")
_FEW = 4096
"""More bytes than this are no few."""


@lab_first
def copy_or_not(image: str, commands: Sequence[str], *, lab: Lab | None = None) -> CopyOrNot:
    """Ask of each command how much a container of an image has for itself afterwards; *Compare* runs them.

    Each runs in a container of its own, on a copy of the lab, by default the notebook's. Raises NotFound for
    an image that the lab has not.

    >>> lab = Lab()
    >>> image = lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": 9000})
    >>> asked = copy_or_not(lab, "data", ["chmod 600 /data/big", "rm /data/big"])
    >>> asked.choose("said", "1 0"), asked.choose("said", "2 0"), asked.choose("compared", "yes")
    (None, None, None)
    >>> asked.verdict, asked.sizes
    ('1 of 2 are right.', (9000, 0))
    """
    return CopyOrNot(needed_lab(lab), image, commands)


class CopyOrNot(Explorer):
    """What was said of each command, "2 0" for the first chip on the second, and whether it is compared."""

    said = traitlets.Tuple()
    compared = traitlets.Bool()
    pictured = False

    def __init__(self, lab: Lab, image: str, commands: Sequence[str]) -> None:
        super().__init__()
        lab.image(image)
        self._lab, self._image, self._commands = lab, image, tuple(commands)
        self.sizes: tuple[int, ...] = ()
        """The bytes in each container's own layer, once they are compared."""

    @property
    def right(self) -> list[bool]:
        """Of each command, once they are compared, whether its chip is the right one."""
        chips = (0 if not size else 1 if size <= _FEW else 2 for size in self.sizes)
        return [f"{n} {chip}" in self.said for n, chip in enumerate(chips, 1)]

    @property
    def verdict(self) -> str:
        """How many are right."""
        return f"{sum(self.right)} of {len(self._commands)} are right."

    def choose(self, name: str, value: str) -> None:
        """Lay a chip on a command in place of another, until all have one and are compared."""
        known = [f"{n + 1} {chip}" for n in range(len(self._commands)) for chip in range(len(CHIPS))]
        if name == "said" and value in known and not self.compared:
            others = (each for each in self.said if each.split()[0] != value.split()[0])
            self.said = (*others, value)
        elif name == "compared" and len(self.said) == len(self._commands):
            self.sizes = tuple(map(self._size, self._commands))
            self.compared = True

    def _size(self, command: str) -> int:
        lab = Lab()
        lab.begin_here(self._lab)
        box = lab.run(self._image)
        box.exec(command)
        return box.size

    def outputs(self) -> list[Output]:
        """Return the commands, and what each has copied once they are compared."""
        lines = indented(self._table())
        asked = f"What is in the container's layer after each? {', '.join(CHIPS)}"
        return [bundle("\n".join([asked, *lines]))]

    def _table(self) -> list[tuple[str, ...]]:
        """Return each command, with what it copied once that is known."""
        sizes = [(human_size(size),) for size in self.sizes]
        return [(each, *(sizes[n] if sizes else ())) for n, each in enumerate(self._commands)]

    def controls(self) -> list[etree.Element]:
        """Return the commands with their chips, and what compares them."""
        rows = [self._row(n, command, told) for n, (command, *told) in enumerate(self._table(), 1)]
        lines = [element("div", *rows, class_="chips")]
        if not self.compared:
            able = len(self.said) == len(self._commands)
            compare = button("Compare", "compared", "yes", able=able)
            return [*lines, element("p", compare, " Lay a chip on each command, then Compare.")]
        return [*lines, note(GREEN if all(self.right) else ORANGE, element("b", self.verdict))]

    def _row(self, n: int, command: str, told: Sequence[str]) -> etree.Element:
        chips = {f"{n} {chip}": words for chip, words in enumerate(CHIPS)}
        judged = (f"{'✓' if self.right[n - 1] else '✗'} {size}" for size in told)
        return buttons(command, "said", chips, self.said, *judged)
