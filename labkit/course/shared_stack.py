"""How the containers of a lab stand on one image, and what they share."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci.digest import short
from labkit.oci.image import Image


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
