"""Small engines, images and registries for the tests of what the engine does."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TypeVar

from labkit.engine import container as containers
from labkit.engine import images, process
from labkit.engine.engine import Engine
from labkit.engine.state import NO_OPTIONS, Container, Options
from labkit.go.moment import SECOND
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta, Symlink
from labkit.store.hub import build

AMD64 = Platform("amd64", "linux")
NOON = "2019-04-26T12:00:00Z"
Event = TypeVar("Event")
Outcome = TypeVar("Outcome")


def drain(steps: Generator[Event, None, Outcome]) -> tuple[list[Event], Outcome]:
    """Run a generator to its end; give what it yielded and what it returned."""
    events = []
    while True:
        try:
            events.append(next(steps))
        except StopIteration as stop:
            return events, stop.value


def layer(**files: str | bytes) -> Layer:
    """Give a layer of files in the root directory."""
    children = {
        name: File(Content.of(data.encode() if isinstance(data, str) else data), Meta(mtime=SECOND))
        for name, data in files.items()
    }
    return Layer.of(Dir(dict(children)))


def image(*layers: Layer, comment: str = "", created: str = NOON, cmd: Sequence[str] = ("sh",)) -> Image:
    """Give an image of these layers; `comment` makes it another one."""
    made = Image(make_config(created=created, comment=comment, config={"Cmd": list(cmd)}))
    for number, each in enumerate(layers):
        made = made.append(each, created=created, created_by=f"step {number}", comment=comment)
    return made


def add(engine: Engine, made: Image, *names: str, parent: str = "") -> Image:
    """Put an image into an engine under names."""
    images.add_image(engine, made, parent=parent)
    for name in names:
        images.set_tag(engine, made.id, parse_reference(name).with_default_tag())
    return made


BUSYBOX = build("busybox")
"""An image with a shell, for what runs in containers."""


def busybox_engine() -> Engine:
    """Give an engine that has busybox."""
    engine = Engine()
    add(engine, BUSYBOX, "busybox:latest")
    return engine


def based_on_busybox(**files: str) -> Image:
    """Give busybox with a layer more: directory `d` with these files, a directory `d/e` and a link."""
    children = {name: File(Content.of(data.encode()), Meta(mtime=SECOND)) for name, data in files.items()}
    inner = Dir({"g": File(Content.of(b"x\n"))})
    changes = Dir({"d": Dir({**children, "e": inner, "link": Symlink("f1")})})
    return BUSYBOX.append(Layer.of(changes), created=NOON, created_by="a directory")


def run(
    engine: Engine,
    name: str,
    *command: str,
    image_name: str = "busybox",
    options: Options = NO_OPTIONS,
    detached: bool = False,
) -> Container:
    """Create and start a container."""
    made = containers.create(engine, image_name, command or None, name=name, options=options)
    return process.start(engine, made, detached=detached)


def sleeper(engine: Engine, name: str = "box", image_name: str = "busybox") -> Container:
    """Start a container that sleeps for long."""
    return run(engine, name, "sleep", "100000", image_name=image_name, detached=True)


def sh(engine: Engine, name: str, script: str) -> str:
    """Run a script in a running container; give all its output."""
    found = containers.find_container(engine, name)
    return process.execute(engine, found, ["sh", "-c", script]).output().decode()


def names_of(engine: Engine, image_id: str) -> list[str]:
    """Give an image's names as they are listed."""
    return [each.familiar for each in images.references(engine, image_id)]
