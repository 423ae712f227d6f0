"""What pictures need to know of images and containers: small values, taken from the engine's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from labkit.box import Box
from labkit.engine.state import Container
from labkit.oci import changeset, tree
from labkit.oci.changeset import Change
from labkit.oci.digest import short
from labkit.oci.image import Image


@dataclass(frozen=True, slots=True)
class LayerView:
    """A layer: its short identifier, the bytes of its files, what made it, and lines of its changes."""

    label: str
    size: int
    instruction: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StepView:
    """A line of the history: its CREATED BY and the place of the layer that it made, or None."""

    created_by: str
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class ImageView:
    """An image: its name, its layers from the bottom up, its history from the oldest step on."""

    name: str
    layers: tuple[LayerView, ...]
    history: tuple[StepView, ...] = ()

    @property
    def size(self) -> int:
        """The bytes of all layers."""
        return sum(layer.size for layer in self.layers)


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A container: its name, the bytes in its own layer, and lines of what it changed."""

    name: str
    size: int = 0
    changes: tuple[str, ...] = ()


def image_view(
    image: Image | ImageView,
    name: str = "",
    *,
    digests: Mapping[str, str] | None = None,
    changes: int = 0,
) -> ImageView:
    """Return what pictures show of an image.

    An image does not know its names, so `name` gives the one to show; without it the short ID is shown.
    Layers are labelled with their short DiffIDs, or, where `digests` maps blob digests to DiffIDs, with
    the digests that `docker pull` prints. `changes` is how many lines to tell of what each layer changes.

    >>> image_view(ImageView("nginx", (LayerView("27833a3ba0a5", 55),)), "nginx:latest").name
    'nginx:latest'
    """
    if isinstance(image, ImageView):
        return replace(image, name=name) if name else image
    blobs = {diff_id: digest for digest, diff_id in (digests or {}).items()}
    history, made_by = _history(image)
    lower = tree.EMPTY_ROOT
    layers = []
    for place, layer in enumerate(image.layers):
        told: tuple[str, ...] = ()
        if changes:
            told = change_lines(changeset.changes(lower, layer.changes), changes)
            lower = changeset.apply(lower, layer.changes)
        label = short(blobs.get(layer.diff_id, layer.diff_id))
        layers.append(LayerView(label, layer.size, instruction(made_by.get(place, "")), told))
    return ImageView(name or short(image.id), tuple(layers), history)


def _history(image: Image) -> tuple[tuple[StepView, ...], dict[int, str]]:
    """Return the history's steps, and what made the layer at each place."""
    steps: list[StepView] = []
    made_by: dict[int, str] = {}
    for step in image.history:
        place = None if step.layer is None else len(made_by)
        if place is not None:
            made_by[place] = step.entry.created_by
        steps.append(StepView(step.entry.created_by, place))
    return tuple(steps), made_by


def container_view(container: Box | Container | ContainerView, *, changes: int = 4) -> ContainerView:
    """Return what pictures show of a container, with at most `changes` lines of what it changed."""
    if isinstance(container, ContainerView):
        return container
    if isinstance(container, Box):
        container = container.container
    lower = changeset.apply_all([layer.changes for layer in container.image.layers])
    told = change_lines(changeset.changes(lower, container.upper), changes) if changes else ()
    return ContainerView(container.name, tree.size(container.upper), told)


_SHELL = re.compile(r"(?:\|\d+ .*?)?/bin/sh -c ", re.DOTALL)


def instruction(created_by: str) -> str:
    """Return CREATED BY as the Dockerfile has it, on one line.

    >>> instruction('/bin/sh -c #(nop)  CMD ["bash"]')
    'CMD ["bash"]'
    >>> instruction("RUN /bin/sh -c apt-get update # buildkit")
    'RUN apt-get update'
    """
    words = " ".join(created_by.split()).removesuffix(" # buildkit")
    is_run = words.startswith("RUN ")
    command = words.removeprefix("RUN ")
    rest = _SHELL.sub("", command, count=1) if _SHELL.match(command) else command
    if rest.startswith("#(nop)"):
        return rest.removeprefix("#(nop)").strip()
    return f"RUN {rest}" if is_run or rest != command else words


def change_lines(changes: Iterable[Change], limit: int) -> tuple[str, ...]:
    """Tell changes in at most `limit` lines.

    What is inside an added directory is counted, and a directory that changed only because of what is in
    it is left out.

    >>> change_lines([Change("C", "/etc"), Change("A", "/etc/app"), Change("A", "/etc/app/conf")], 4)
    ('A /etc/app/ (1 inside)',)
    """
    told = _told(list(changes))
    lines = [
        f"{kind} {path}/ ({inside:,} inside)" if inside else f"{kind} {path}" for kind, path, inside in told
    ]
    if len(lines) > limit:
        left = told[limit - 1 :]
        more = sum(1 + inside for _, _, inside in left)
        lines[limit - 1 :] = [f"… {more:,} more"]
    return tuple(lines)


def _told(changes: Sequence[Change]) -> list[tuple[str, str, int]]:
    """Return the kind and path of each change to tell, and how many lie inside it."""
    told: list[tuple[str, str, int]] = []
    for change, following in zip_longest(changes, changes[1:]):
        kind, path, inside = told[-1] if told else ("", "", 0)
        if kind == change.kind == "A" and change.path.startswith(f"{path}/"):
            told[-1] = kind, path, inside + 1
        elif change.kind != "C" or following is None or not following.path.startswith(f"{change.path}/"):
            told.append((change.kind, change.path, 0))
    return told
