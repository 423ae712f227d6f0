"""The widget of the container playground: run, write, delete, commit and remove by button, and see the rest.

`Playground` is the state. It works on the lab that it is given; each button is one docker command, which is
shown with the line of Python that does the same. What is typed in between is seen at the next click.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
import traitlets

from labkit.base.errors import LabkitError
from labkit.base.text import python_text
from labkit.course.playground import (
    ACTIONS,
    Fields,
    LogEntry,
    act,
    free_name,
    log_lines,
    look,
    pull,
)
from labkit.engine import container as containers
from labkit.engine import images
from labkit.lab import Lab
from labkit.notebook.output import bundle
from labkit.notebook.pictures.layer_stack import on_one_image
from labkit.notebook.pictures.text import visible
from labkit.notebook.pictures.views import lab_first, name_of, needed_lab
from labkit.notebook.widgets.view import Explorer, Output, button, dropdown, row, text_field
from labkit.oci.image import Image

LOG = 8
"""The actions that are shown."""


@lab_first
def playground(image: str | Image, *, lab: Lab | None = None) -> Playground:
    """Open buttons to run containers of an image, to write in them, to commit and to remove them.

    They work on the lab itself, the notebook's where none is given; it pulls the image where it is missing.

    >>> from labkit import Lab
    >>> playground("ubuntu:15.04", lab=Lab()).code
    'playground(lab, "ubuntu:15.04")'
    """
    return Playground(needed_lab(lab), name_of(image))


class Playground(Explorer):
    """What is chosen and filled in, and what was done.

    >>> ground = Playground(Lab(), "busybox")
    >>> ground.do("run")
    >>> ground.container, ground.name
    ('box1', 'box2')
    """

    container = traitlets.Unicode()
    image = traitlets.Unicode()
    name = traitlets.Unicode()
    path = traitlets.Unicode("/etc/motd")
    text = traitlets.Unicode("hello")
    mode = traitlets.Unicode("600")
    target = traitlets.Unicode("app:1")
    moment = traitlets.Int(0)
    """How often something was done."""

    def __init__(self, lab: Lab, image: str) -> None:
        super().__init__(image=image)
        self._lab, self._image = lab, image
        self.log: list[LogEntry] = []
        self._ready()
        self._choose()

    def shown_traits(self) -> list[str]:
        """What the outputs depend on; a field that is filled in changes nothing yet."""
        return ["container", "moment"]

    @property
    def code(self) -> str:
        """The line of Python that opens the same."""
        return f"playground(lab, {python_text(self._image)})"

    def do(self, name: str) -> None:
        """Do an action with what is filled in; "refresh" only looks at the lab again."""
        if name != "refresh":
            filled = {each.name: getattr(self, each.name) for each in fields(Fields)}
            self.log.append(act(self._lab, name, Fields(**filled)))
        if name == "reset":
            self._ready()
        with self.hold_trait_notifications():
            if name == "run" and not self.log[-1].failed:
                self.container = self._names()[0]
            self._choose()
            self.moment += 1

    def _ready(self) -> None:
        if images.lookup_image(self._lab.engine, self._image) is None:
            self.log.append(pull(self._lab, self._image))

    def _names(self) -> list[str]:
        return [each.name for each in containers.listed_containers(self._lab.engine, everything=True)]

    def _image_names(self) -> list[str]:
        listed = images.listed_images(self._lab.engine)
        names = [each.familiar for image in listed for each in images.references(self._lab.engine, image.id)]
        return list(dict.fromkeys([self._image, *(name for name in names if "@" not in name)]))

    def _choose(self) -> None:
        """Keep what is chosen among what is there, and offer a name that is free."""
        names = self._names()
        if self.container not in names:
            self.container = names[0] if names else ""
        if self.image not in self._image_names():
            self.image = self._image
        if not self.name or self.name in names:
            self.name = free_name(self._lab)

    def outputs(self) -> list[Output]:
        """Return what was done last, the picture, what docker says of the containers, and the log."""
        last = log_lines(self.log[-1]) if self.log else ["Nothing was done yet. Run a container."]
        try:
            picture: Output = dict(on_one_image(self._lab, self._image)._repr_mimebundle_()), {}
        except LabkitError as error:
            picture = bundle(str(error)), {}
        said = f"$ docker ps -as\n{look(self._lab, 'ps -as')}"
        if self.container in self._names():
            said += f"\n$ docker diff {self.container}\n{look(self._lab, f'diff {self.container}')}"
        done = [line for entry in self.log[-LOG:] for line in log_lines(entry)]
        if len(self.log) > LOG:
            done.insert(0, f"… {len(self.log) - LOG} more before")
        words = ["What was done", *(done or ["nothing yet"]), "", f"The same in Python: {self.code}"]
        first, third, fourth = "\n".join(last), said.rstrip(), "\n".join(words)
        return [(bundle(first), {}), picture, (bundle(third), {}), (bundle(fourth), {})]

    def controls(self) -> Any:
        """Return the fields and buttons, the container's in rows of their own."""
        path, text, mode = self._field("path", "20em"), self._field("text"), self._field("mode", "9em")
        back = [button(word, self.do, word.lower()) for word in ("Undo", "Reset", "Refresh")]
        rows = {
            "New container": [
                self._list("image", self._image_names),
                self._field("name"),
                *self._buttons("run"),
            ],
            "Chosen container": [
                self._list("container", self._names),
                *self._buttons("stop", "start", "remove"),
            ],
            "A file in it": [
                path,
                text,
                *self._buttons("write", "append", "delete"),
                mode,
                *self._buttons("chmod"),
            ],
            "Keep it, or go back": [
                self._field("target", label="as image"),
                *self._buttons("commit"),
                *back,
            ],
        }
        return widgets.VBox([row(title, children) for title, children in rows.items()])

    def _buttons(self, *names: str) -> list[Any]:
        return [button(ACTIONS[name].label, self.do, name) for name in names]

    def _field(self, trait: str, width: str = "15em", label: str = "") -> Any:
        return text_field(self, trait, label or trait, width=width)

    def _list(self, trait: str, names: Callable[[], list[str]]) -> Any:
        """Return a list of the images or containers of the lab, which is made anew after each action."""

        def offered() -> list[tuple[str, str]]:
            return [(visible(name), name) for name in names()] or [("none yet", "")]

        return dropdown(self, trait, trait, offered, anew=["moment"], width="18em")
