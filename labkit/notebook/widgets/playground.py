"""The playground: a terminal with buttons for the container that is chosen, whose lines make sense for it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import traitlets

from labkit.base.errors import NotFound
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.terminal import Terminal
from labkit.oci.image import Image


@lab_first
def playground(image: str | Image, *, lab: Lab | None = None) -> Playground:
    """Open the terminal of a lab, by default the notebook's, with buttons for containers of an image.

    A button types a command at the prompt, for the container that is chosen: the newest, or the one whose
    tile was pressed last.

    >>> playground("ubuntu:15.04", lab=Lab()).offers[0]
    ('Run a container', 'docker run -dit --name box1 ubuntu:15.04')
    """
    return Playground(needed_lab(lab), name_of(image))


class Playground(Terminal):
    """Buttons for containers of an image; see `playground`."""

    boxes: Any = traitlets.List().tag(sync=True)
    """The containers' names, the newest first."""
    container = traitlets.Unicode().tag(sync=True)
    """The one that is chosen; "" where there is none."""

    def __init__(self, lab: Lab, image: str) -> None:
        self.image = image
        super().__init__(lab, lines(lab, image, ""))
        self._offer()

    def see(self, events: Sequence[PullEvent]) -> None:
        """Show the lab, and offer what can be done now."""
        super().see(events)
        self._offer()

    @traitlets.observe("container")
    def _offer(self, change: object = None) -> None:
        names = [each.name for each in containers.listed_containers(self.lab.engine, everything=True)]
        before, self.boxes = self.boxes, names
        if self.container not in names or set(names) - set(before):
            self.container = names[0] if names else ""
        self.offers = list(lines(self.lab, self.image, self.container).items())

    def _open(self, key: str) -> None:
        found = self.lab.engine.state.containers.get(key.removeprefix("container:"))
        if found:
            self.container = found.name
        super()._open(key)


def lines(lab: Lab, image: str, name: str) -> dict[str, str]:
    """Return what can be done with a container of an image, and the line that does it, "" for none.

    The words are always the same ones, so that no button moves to where another one was.

    >>> lines(Lab(), "busybox", "")["Diff"]
    ''
    """
    state = lab.engine.state
    free = next(each for n in count(1) if (each := f"box{n}") not in state.names)
    new = next(each for n in count(1) if images.lookup_image(lab.engine, each := f"app:{n}") is None)
    running = False
    with suppress(NotFound):
        running = containers.find_container(lab.engine, name).running
    inside = {
        "Write a file": f"docker exec {name} sh -c 'echo hello > /hello'",
        "Change a file of the image": f"docker exec {name} sh -c 'echo hello >> /etc/passwd'",
        "Delete a file of the image": f"docker exec {name} rm /etc/group",
        "Diff": f"docker diff {name}",
        "Start": "" if running else f"docker start {name}",
        "Stop": f"docker stop {name}" if running else "",
        "Commit": f"docker commit {name} {new}",
        "Remove": f"docker rm {'-f ' if running else ''}{name}",
    }
    offered = {
        "Run a container": f"docker run -dit --name {free} {shlex.quote(image)}",
        **{words: line if name else "" for words, line in inside.items()},
        "Sizes": r"docker ps -a --format 'table {{.Names}}\t{{.Size}}'",
        "Undo": "undo",
    }
    if not lab.session.at_home:
        return dict.fromkeys(offered, "") | {"Leave the container": "exit"}
    return offered | {"Leave the container": ""}
