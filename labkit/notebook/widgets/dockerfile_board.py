"""The Dockerfile board: the lines of a Dockerfile as rows to be moved and joined, built after each change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree as etree

import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import counted, decode, shown
from labkit.dockerfile.builder import BuildRequest, build
from labkit.dockerfile.context import Context, Files, of_files
from labkit.dockerfile.parse import instruction, parse
from labkit.engine.schedule import StepEvent
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.html import code_line, element
from labkit.notebook.output import bundle
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.views import lab_first, needed_lab
from labkit.notebook.widgets.page import Explorer, Output, button, group, line_button, rows
from labkit.oci.reference import parse_reference


@lab_first
def dockerfile_board(
    steps: Sequence[str] | str, files: Files | None = None, *, tag: str = "board", lab: Lab | None = None
) -> DockerfileBoard:
    """Build an image in a lab, by default the notebook's, and open its Dockerfile as rows to be changed.

    `steps` and `files` are as `Lab.build` takes them, `tag` names the image. Each change is built, with
    Docker's cache. Raises DaemonError where the steps are no Dockerfile.

    >>> board = dockerfile_board(Lab(), ["FROM busybox", "RUN echo 1 > /1", "RUN rm /1"])
    >>> board.choose("row", "3")
    >>> board.choose("join", "2")
    >>> board.last.steps, board.last.told
    (('FROM busybox', 'RUN echo 1 > /1 && rm /1'), 'Image board: 1.2MB. 1 step ran, 0 came from the cache.')
    """
    found = parse(steps if isinstance(steps, str) else "\n".join(steps)).instructions
    return DockerfileBoard(needed_lab(lab), tag, [step.original for step in found], files or {})


class Build(NamedTuple):
    """A build: how each step was done with its layer's size, and what it came to, or why it failed."""

    steps: tuple[str, ...]
    files: Files
    lines: tuple[tuple[str, str], ...]
    told: str
    failed: bool


class DockerfileBoard(Explorer):
    """The last build, those that Undo goes back to, and which row is chosen, 1 for the first."""

    row = traitlets.Int(1)
    last: Any = traitlets.Any()
    pictured = False

    def __init__(self, lab: Lab, tag: str, steps: Sequence[str], files: Files) -> None:
        super().__init__()
        self._lab, self._tag = lab, tag
        self._request = BuildRequest((parse_reference(tag).with_default_tag(),))
        texts = {name: decode(each) if isinstance(each, bytes) else each for name, each in files.items()}
        self._build(steps, texts, ())

    @property
    def code(self) -> str:
        return f"dockerfile_board(lab, {list(self.last.steps)!r}, {self.last.files!r}, tag={self._tag!r})"

    def choose(self, name: str, value: str) -> None:
        """Do what a control asks for: choose a row, move it or join it to one above, change a file, undo."""
        files, steps, past = self.last.files, [*self.last.steps], (*self._past, self.last)
        target = int(value) - 1 if value.isdecimal() and len(value) < 6 else -1
        if name == "undo" and self._past:
            self._build(self._past[-1].steps, self._past[-1].files, self._past[:-1])
        elif name == "change" and value in files:
            changed = files[value] + (1 if isinstance(files[value], int) else "# changed\n")
            self._build(steps, {**files, value: changed}, past)
        elif name in ("row", "move", "join") and 0 <= target < len(steps):
            step, joins = steps.pop(self.row - 1), name == "join" and self._joins(target)
            if joins:
                steps[target] += f" && {instruction(step).args[0]}"
            else:
                steps.insert(target, step)
            self.row = target + 1  # first: there may be fewer rows then
            if name != "row":
                self._build(steps, files, past)

    def _joins(self, target: int) -> bool:
        """Tell whether the chosen row can be joined to one above it: both are RUN with a shell's line."""
        both = [instruction(self.last.steps[n]) for n in (target, self.row - 1)]
        runs = [step for step in both if step.name == "RUN" and step.args and not step.is_json]
        return 0 <= target < self.row - 1 and len(runs) == 2

    def _build(self, steps: Sequence[str], files: Files, past: tuple[Build, ...]) -> None:
        engine, errors, lines = self._lab.engine, list[str](), [("", "")] * len(steps)

        def see(event: StepEvent) -> None:
            layer, n = engine.state.layers.get(event.layer), int(event.at) - 1
            how = event.state.replace("Built", "runs"), human_size(layer.size if layer else 0)
            done = ("base", "") if instruction(steps[n]).name == "FROM" else how
            lines[n : n + 2] = [done, ("fails", "")][: len(lines) - n]  # the next one, until it is done

        def say(stream: int, text: str | bytes) -> None:
            errors.extend([text if isinstance(text, str) else decode(text)] * (stream == 2))

        context = Context(of_files(files, engine.now), text="\n".join(steps))
        with self._lab.doing(f"docker build -t {self._tag} ."):
            try:
                image = build(engine, context, self._request, pull=self._lab.pull, say=say, see=see)
                hows, size = [how for how, _ in lines], human_size(image.size)
                ran, found = counted(hows.count("runs"), "step"), hows.count("Using cache")
                told, failed = f"Image {self._tag}: {size}. {ran} ran, {found} came from the cache.", False
            except LabkitError as error:
                told, failed = "".join([*errors, str(error)]), True
        self._past = past
        self.last = Build(tuple(steps), files, tuple(lines), told, failed)

    def outputs(self) -> list[Output]:
        """Return the steps; how they were built as well, once something was changed."""
        changed, last = bool(self._past), self.last
        cells = [[str(n + 1), *last.lines[n] * changed, step] for n, step in enumerate(last.steps)]
        lines = [*indented(cells), *[last.told] * changed, f"The same in Python: {self.code}"]
        return [bundle(shown("\n".join(lines)))]

    def controls(self) -> list[etree.Element]:
        """Return the steps as rows, what can be done with the chosen one, and what the build came to."""
        row, last = self.row, self.last
        moves = [
            button("Move up (Alt ↑)", "move", row - 1, able=row > 1),
            button("Move down (Alt ↓)", "move", row + 1, able=row < len(last.steps)),
            button("Join to the RUN above", "join", row - 1, able=self._joins(row - 2)),
        ]
        files = [button(f"Change file {name}", "change", name) for name in list(last.files)[:6]]
        undo = button("Undo", "undo", "", able=bool(self._past))
        told = element("p", last.told, role="status", class_="failed" * last.failed)
        lines = rows("Lines of the Dockerfile", map(self._line, range(1, len(last.steps) + 1)), "ladder")
        return [lines, group(f"Line {row}", *moves), group("Build", undo, *files), told, code_line(self.code)]

    def _line(self, n: int) -> etree.Element:
        (how, size), step = self.last.lines[n - 1], self.last.steps[n - 1]
        made = line_button("row", n, chosen=n == self.row, number=str(n), made=how, size=size, words=step)
        fell = how == "runs" and self._past  # of the first build nothing has fallen
        made.set("class", f"fell{len(self._past) % 2}" if fell else how)
        made.set("draggable", "true")
        return made
