"""Several containers on one image: what a learner can do with them, and how they stand on it.

Each action is one docker command, the same that a learner would type, and the line of Python that does it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labkit.base.errors import LabkitError
from labkit.base.text import one_line, python_text, shown
from labkit.cli.session import Result
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci.digest import short
from labkit.oci.image import Image


@dataclass(frozen=True, slots=True)
class Fields:
    """What is filled in when a button is pressed."""

    image: str = ""
    name: str = ""
    """The new container's."""
    container: str = ""
    """The chosen one."""
    path: str = ""
    text: str = ""
    mode: str = ""
    target: str = ""
    """The name of the image that a commit makes."""

    @property
    def box(self) -> str:
        """The Python expression for the chosen container."""
        return f"lab.container({python_text(self.container)})"


@dataclass(frozen=True, slots=True)
class Action:
    """A button's words, the docker command, without `docker`, and the line of Python."""

    label: str
    line: Callable[[Fields], str]
    python: Callable[[Fields], str]
    on_container: bool = True


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An action that was done: the line for a terminal, the same in Python, and what was printed."""

    line: str
    python: str
    text: str = ""
    failed: bool = False


_word = shlex.quote


def _named(fields: Fields, template: str, words: Callable[[str], str]) -> str:
    return template.format(words(fields.name)) if fields.name else ""


def _in_box(label: str, script: Callable[[Fields], str]) -> Action:
    """Return a program that is started in the chosen container."""
    return Action(
        label,
        lambda it: f"exec {_word(it.container)} {script(it)}",
        lambda it: f"{it.box}.exec({python_text(script(it))})",
    )


def _line_into(label: str, sign: str, method: str) -> Action:
    """Return a line of text that goes into a file."""
    return Action(
        label,
        lambda it: (
            f"exec {_word(it.container)} sh -c {_word(f'echo {_word(it.text)} {sign} {_word(it.path)}')}"
        ),
        lambda it: f"{it.box}.{method}({python_text(it.path)}, {python_text(it.text + chr(10))})",
    )


ACTIONS: Mapping[str, Action] = {
    "run": Action(
        "Run a container",
        lambda it: f"run -dit {_named(it, '--name {} ', _word)}{_word(it.image)}",
        lambda it: f"lab.run({python_text(it.image)}{_named(it, ', name={}', python_text)})",
        on_container=False,
    ),
    "write": _line_into("Write a file", ">", "write"),
    "append": _line_into("Append to a file", ">>", "append"),
    "delete": _in_box("Delete", lambda it: f"rm -r {_word(it.path)}"),
    "chmod": _in_box("chmod", lambda it: f"chmod {_word(it.mode)} {_word(it.path)}"),
    "stop": Action("Stop", lambda it: f"stop {_word(it.container)}", lambda it: f"{it.box}.stop()"),
    "start": Action("Start", lambda it: f"start {_word(it.container)}", lambda it: f"{it.box}.start()"),
    "commit": Action(
        "Commit",
        lambda it: f"commit {_word(it.container)} {_word(it.target)}".rstrip(),
        lambda it: f"{it.box}.commit({python_text(it.target)})",
    ),
    "remove": Action(
        "Remove",
        lambda it: f"rm {_word(it.container)}",
        lambda it: f"lab.docker({python_text(f'rm {_word(it.container)}')})",
    ),
}


def act(lab: Lab, name: str, fields: Fields) -> LogEntry:
    """Do an action on a lab, or "undo" or "reset"; what goes wrong is in the entry, in Docker's words.

    >>> lab = Lab()
    >>> act(lab, "run", Fields(image="busybox", name="box1")).line
    'docker run -dit --name box1 busybox'
    >>> act(lab, "write", Fields(container="box1", path="/etc/motd", text="hi")).line
    "docker exec box1 sh -c 'echo hi > /etc/motd'"
    """
    if name in ("undo", "reset"):
        try:
            lab.undo() if name == "undo" else lab.reset()
        except LabkitError as error:
            return LogEntry("", f"lab.{name}()", str(error), failed=True)
        return LogEntry("", f"lab.{name}()")
    action = ACTIONS[name]
    if action.on_container and not fields.container:
        return LogEntry("", "", "There is no container yet: run one first.", failed=True)
    line = action.line(fields)
    result = _printed(lab, line)
    return LogEntry(f"docker {line}", action.python(fields), result.text, result.exit_code != 0)


def pull(lab: Lab, image: str) -> LogEntry:
    """Pull an image as a learner would; of what is printed only an error is kept."""
    line = f"pull {_word(image)}"
    result = _printed(lab, line)
    text = result.text if result.exit_code else ""
    return LogEntry(f"docker {line}", f"lab.pull({python_text(image)})", text, result.exit_code != 0)


def _printed(lab: Lab, line: str) -> Result:
    """Run a docker command as into a file: a terminal's moving bars have no place in a log."""
    tty, lab.session.tty = lab.session.tty, False
    try:
        return lab.docker(line)
    finally:
        lab.session.tty = tty


def look(lab: Lab, line: str) -> str:
    """Return what a docker command prints, and leave the lab as it was.

    >>> lab = Lab()
    >>> look(lab, "ps -q"), lab
    ('', <Lab: 0 images, 0 containers>)
    """
    with lab.looking():
        return lab.docker(line).text


@dataclass(frozen=True, slots=True)
class ContainerLayer:
    """A container: its name, whether it runs, the bytes in its own layer, and how many paths it changed."""

    name: str
    running: bool
    size: int
    changes: int


@dataclass(frozen=True, slots=True)
class Standing:
    """An image of the stack with the layers that it has beyond the shared ones, and its containers."""

    name: str
    layers: tuple[tuple[str, int], ...]
    """Labels and bytes, bottom first."""
    boxes: tuple[ContainerLayer, ...]


@dataclass(frozen=True, slots=True)
class SharedStack:
    """A stack of layers, what stands on it, and how many containers stand elsewhere."""

    name: str
    layers: tuple[tuple[str, int], ...]
    standings: tuple[Standing, ...]
    others: int = 0

    @property
    def shared(self) -> int:
        """The bytes of the layers that all stand on."""
        return sum(size for _, size in self.layers)

    @property
    def boxes(self) -> list[ContainerLayer]:
        """All containers on the stack."""
        return [box for standing in self.standings for box in standing.boxes]

    @property
    def on_disk(self) -> int:
        """The bytes on disk: each layer once, and the containers' own."""
        added = sum(size for standing in self.standings for _, size in standing.layers)
        return self.shared + added + sum(box.size for box in self.boxes)

    @property
    def copied(self) -> int:
        """The bytes on disk if every image and every container had a copy of all its layers."""
        total = 0
        for standing in self.standings:
            image = self.shared + sum(size for _, size in standing.layers)
            total += image + sum(image + box.size for box in standing.boxes)
        return total


def shared_stack(lab: Lab, name: str) -> SharedStack:
    """Return how the containers of a lab stand on an image, and on images that were made of it.

    Raises NotFound where neither the image nor a container of it is there.

    >>> lab = Lab()
    >>> box = lab.run("ubuntu:15.04", name="box")
    >>> found = shared_stack(lab, "ubuntu:15.04")
    >>> len(found.layers), found.boxes
    (4, [ContainerLayer(name='box', running=True, size=0, changes=0)])
    """
    base = _base(lab, name)
    every = containers.listed_containers(lab.engine, everything=True)[::-1]
    found = {base.id: base}
    for image in [*images.listed_images(lab.engine)[::-1], *(each.image for each in every)]:
        if image.chain_ids[: len(base.layers)] == base.chain_ids:
            found.setdefault(image.id, image)
    standings = tuple(_standing(lab, image, base, name, every) for image in found.values())
    others = sum(each.image_id not in found for each in every)
    return SharedStack(name, _layers(base, 0), standings, others)


def _base(lab: Lab, name: str) -> Image:
    image = images.lookup_image(lab.engine, name)
    used = [each.image for each in lab.engine.state.containers.values() if each.image_name == name]
    return image or (used[0] if used else images.find_image(lab.engine, name))


def _standing(lab: Lab, image: Image, base: Image, name: str, every: list[Container]) -> Standing:
    names = [each.familiar for each in images.references(lab.engine, image.id)]
    label = name if image.id == base.id else (names or [short(image.id)])[0]
    boxes = tuple(
        ContainerLayer(box.name, box.running, containers.size_rw(box), len(containers.diff(lab.engine, box)))
        for box in every
        if box.image_id == image.id
    )
    return Standing(label, _layers(image, len(base.layers)), boxes)


def _layers(image: Image, start: int) -> tuple[tuple[str, int], ...]:
    return tuple((short(layer.diff_id), layer.size) for layer in image.layers[start:])


def free_name(lab: Lab) -> str:
    """Return a name that no container has: box1, or the next one that is free.

    >>> free_name(Lab())
    'box1'
    """
    number = 1
    while f"box{number}" in lab.engine.state.names:
        number += 1
    return f"box{number}"


def log_lines(entry: LogEntry) -> list[str]:
    """Return an entry as it is shown: the terminal's line, the same in Python, and what was printed.

    >>> log_lines(LogEntry("docker stop box", 'lab.container("box").stop()', "box"))
    ['$ docker stop box', '  in Python: lab.container("box").stop()', 'box']
    """
    lines = [f"$ {one_line(entry.line)}"] if entry.line else []
    lines += [f"{'  in Python: ' if lines else '>>> '}{one_line(entry.python)}"] if entry.python else []
    return [*lines, *shown(entry.text).rstrip("\n").split("\n")] if entry.text.strip() else lines
