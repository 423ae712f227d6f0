"""Images of many layers that show the same tree however many there are."""

from __future__ import annotations

from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, put

CREATED = "2019-04-26T12:00:00Z"
DEEP = "usr/share/app/data/deep"
FILES = 240


def layers(count: int) -> list[Dir]:
    """Return the changes of a number of layers, bottom first; together they show the same tree.

    Every layer has the whole way to the deep directory, so that all of them are searched for a name in it.
    """
    found = []
    for place in range(count):
        changes = Dir()
        for depth in range(len(DEEP.split("/"))):
            changes = put(changes, "/".join(DEEP.split("/")[: depth + 1]), Dir())
        for number in range(FILES * place // count, FILES * (place + 1) // count):
            changes = put(changes, f"{DEEP}/file{number}", File(Content.of(b"hello\n")))
            changes = put(changes, f"file{number}", File(Content.of(b"hello\n")))
        found.append(changes)
    return found


def stack(count: int) -> Image:
    """Return an image of so many layers."""
    image = Image(make_config(created=CREATED))
    for changes in layers(count):
        image = image.append(Layer.of(changes), created=CREATED, created_by="ADD", config={"Cmd": ["sh"]})
    return image


def engine_of(image: Image) -> Engine:
    """Return an engine whose cache holds the image as app:1."""
    engine = Engine()
    images.add_image(engine, image)
    images.set_tag(engine, image.id, parse_reference("app:1"))
    return engine
