"""Images and containers as what they stand on: each picture is a scene of what was asked for, and a caption.

Layers carry their numbers, 1 for the base, and the starts of their DiffIDs, or, where that is asked for, of
the digests by which a lab pulled them. One that several images or containers stand on is as wide as they are
together, and hatched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias, cast

from labkit.base.errors import LabkitError
from labkit.base.text import counted
from labkit.box import Box
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.scene import Scene, Tile, scene_of
from labkit.engine.state import Container, State
from labkit.go.units import human_size
from labkit.lab import Lab
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.still import Sum, lines, still
from labkit.notebook.pictures.views import (
    Pictured,
    lab_first,
    layer_changes,
    looked_up,
    name_of,
    named,
    needed_lab,
    said,
)
from labkit.oci.image import Image

Named: TypeAlias = tuple[str, Image]
Several: TypeAlias = Pictured | Mapping[str, Pictured] | Sequence[Pictured]
"""An image, images by the names to show, or images one after the other."""


def stack(
    image: Pictured,
    container: str | Box | Container | None = None,
    *,
    name: str = "",
    lab: Lab | None = None,
    digests: bool = False,
) -> Picture:
    """Draw the layers of an image, the base at the bottom, and a container's own layer on top.

    Both can be given by their names in `lab`, or else in the notebook's lab; a container alone brings its
    image. `name` is the name to show of the image. With `digests` layers are called as `docker pull` calls
    them, where the lab pulled them. Raises NotFound for a name that the lab has not.

    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(stack("nginx", lab=lab).text.splitlines()[0])
    nginx · 3 layers · 109MB
    """
    found = looked_up(image, lab)
    shown = named(image, name, lab)
    summary = _summary(shown)
    if container is None and isinstance(found, Image):
        told = "Each layer is read-only: it never changes once it is made."
        return still(_scene([shown], state=_state(lab, digests)), summary, lines(told))
    box = _container(found if container is None else container, lab)
    told = "The layers are read-only; the container writes to its own, dashed."
    scene = _scene([shown], [box], state=_state(lab, digests))
    return still(scene, f"Container {box.name} on {summary}", lines(told))


def steps(
    image: Pictured, *, name: str = "", changes: int = 4, lab: Lab | None = None, digests: bool = False
) -> Picture:
    """Draw a stack whose layers tell what they add (A), change (C) and delete (D).

    Each tells at most `changes` lines. The image is given, and its layers are called, as `stack` does it.

    >>> lab = Lab()
    >>> image = lab.build("app", ["FROM busybox", "RUN echo hello > /greeting"])
    >>> print("\\n".join(steps("app", lab=lab).text.splitlines()[2:5]))
      image    app               1.2MB  a60bed8750cd
      A        /greeting
      layer 2  5d47e6d87531         6B  RUN echo hello > /greeting
    """
    shown = named(image, name, lab)
    told = dict(zip(shown[1].chain_ids, layer_changes(shown[1], changes), strict=True))
    tiles: list[Tile] = []
    for tile in _scene([shown], state=_state(lab, digests)).tiles:
        tiles.append(replace(tile, row=len(tiles)))
        for line in reversed(told.get(tile.key.removeprefix("layer:"), ())):
            letter, _, path = line.partition(" ")
            tiles.append(Tile(f"file:{tile.key}:{line}", path, row=len(tiles), mark=letter))
    words = "On each layer stands what it adds (A), changes (C), deletes (D)."
    return still(Scene(tuple(tiles), 1, len(tiles)), _summary(shown), lines(words))


def shared(*images: Several, lab: Lab | None = None, digests: bool = False) -> Picture:
    """Draw images side by side, the layers that they share once, below them all.

    Each is given as `stack` takes it: `shared("nginx", "mysql")`; or in a list, or in a dict by the names to
    show. Layers are called as there. They are shared from the base up, as long as all below is the same (a
    ChainID names them so): the same files on another base are another layer.

    >>> lab = Lab()
    >>> image = lab.build("web", ["FROM busybox", "RUN echo hello > /greeting"])
    >>> print(shared("web", "busybox", lab=lab).text)
    web and busybox · 2 layers on disk
    What is shared, hatched, is on the disk once: 1.2MB less.
        image    busybox       1.2MB  49bcf7e7e41c
        image    web           1.2MB  a60bed8750cd
        layer 2  5d47e6d87531     6B  RUN echo hello > /greeting
      layer 1    764e737332f4  1.2MB  shared by 2
      added up  2.4MB
      on disk   1.2MB
    """
    found = [each for given in images for each in _several(given, lab)]
    scene, sums = _scene(found, state=_state(lab, digests)), _sums([image for _, image in found])
    tiles = (
        replace(tile, note=f"shared by {tile.span}") if tile.kind == "layer" and tile.span > 1 else tile
        for tile in scene.tiles
    )
    names, layers = [name for name, _ in found], {chain for _, image in found for chain in image.chain_ids}
    title = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    less = sums[0].size - sums[1].size
    told = f"What is shared, hatched, is on the disk once: {human_size(less)} less."
    return still(
        replace(scene, tiles=tuple(tiles)),
        f"{title} · {counted(len(layers), 'layer')} on disk",
        lines(told if less else "No layer is shared."),
        sums=sums,
    )


def _sums(given: Sequence[Image]) -> list[Sum]:
    """Return what images take, their sizes added up and on the disk, where what they share counts once."""
    sizes = [dict(zip(each.chain_ids, (layer.size for layer in each.layers), strict=True)) for each in given]
    users = Counter(chain for each in sizes for chain in each)
    parts = [
        (sum(size for chain, size in each.items() if (users[chain] > 1) is both), both)
        for each in sizes
        for both in (True, False)
    ]
    common = {chain: size for each in sizes for chain, size in each.items() if users[chain] > 1}
    once = (sum(common.values()), True)
    return [Sum("added up", tuple(parts)), Sum("on disk", (once, *parts[1::2]))]


def _several(given: Several, lab: Lab | None) -> list[Named]:
    if isinstance(given, Mapping):
        return [named(image, name, lab) for name, image in given.items()]
    several = given if isinstance(given, list | tuple) else [cast("Pictured", given)]
    return [named(image, "", lab) for image in several]


@lab_first
def on_one_image(image: str | Image, *, lab: Lab | None = None) -> Picture:
    """Draw the containers that stand on an image, its layers below them and what is on the disk.

    The lab is the notebook's where none is given. Raises NotFound where neither the image nor a container of
    it is there.

    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> copied = box.write("/greeting", "hello")
    >>> print("\\n".join(on_one_image("busybox", lab=lab).text.splitlines()[2:4]))
      A                  /greeting        5B
      container running  box              5B  busybox
    """
    engine, name = needed_lab(lab).engine, name_of(image)
    every = engine.state.containers.values()
    kept = [each.image for each in every if each.image_name == name]  # where the image itself was removed
    base = images.lookup_image(engine, name) or (kept or [images.find_image(engine, name)])[0]
    boxes = [each for each in every if each.image_id == base.id]
    written = [containers.size_rw(each) for each in boxes]
    sums = [
        Sum("on disk", ((base.size, True), (sum(written), False))),
        Sum("with copies", tuple((base.size + size, False) for size in [0, *written])),
    ]
    told = ["With copies: each image and container with all layers for itself."]
    told += ["There is no container yet."] * (not boxes)
    others = counted(len(every) - len(boxes), "container")
    told += [f"On other images: {others}."] * (len(every) > len(boxes))
    title = f"{counted(len(boxes), 'container')} on {name} · {human_size(base.size)} shared"
    return still(_scene([(name, base)], boxes), title, lines(*told), sums=sums)


def _summary(shown: Named) -> str:
    name, image = shown
    return f"{name} · {counted(len(image.layers), 'layer')} · {human_size(image.size)}"


def _container(given: object, lab: Lab | None) -> Container:
    """Return a container that is given as it is, by its name or as a Box."""
    found = needed_lab(lab).container(given) if isinstance(given, str) else given
    found = found.container if isinstance(found, Box) else found
    if not isinstance(found, Container):
        raise LabkitError(f"a container is given by its name, or as a Box; not as {said(found)}")
    return found


def _state(lab: Lab | None, digests: bool) -> State | None:
    """Return the state that knows by which digests layers were pulled, where that is asked for."""
    return needed_lab(lab).engine.state if digests else None


def _scene(shown: Sequence[Named], boxes: Iterable[Container] = (), *, state: State | None = None) -> Scene:
    """Return the scene of images, all names of one on its card, and of containers."""
    images = {image.id: image for _, image in shown}
    cards = [
        (", ".join(dict.fromkeys(name for name, each in shown if each.id == image.id)), image)
        for image in images.values()
    ]
    return scene_of(cards, boxes, state)
