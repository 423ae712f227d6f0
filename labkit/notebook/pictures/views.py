"""What pictures need to know of images and containers: small values, taken from the engine's.

What is to be drawn or opened may be given by its name: it is looked up in the lab that is given, or else in
the notebook's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from itertools import chain, count, repeat
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, cast, overload

from labkit.base.errors import LabkitError, NotFound
from labkit.base.text import one_line
from labkit.box import Box
from labkit.engine import images
from labkit.lab import Lab
from labkit.notebook.pictures.text import cut
from labkit.oci import changeset, tree
from labkit.oci.config import dockerfile_line
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


Pictured: TypeAlias = str | Image | Box
"""An image to be drawn: its name, itself, or a container that stands on it."""


def notebook_lab() -> Lab | None:
    """Return the notebook's lab, its variable `lab`; None where there is none, or no notebook runs."""
    ipython: Any = sys.modules.get("IPython")  # not imported: where it was not loaded no notebook runs
    shell = ipython.get_ipython() if ipython else None
    found = shell.user_ns.get("lab") if shell else None
    return found if isinstance(found, Lab) else None


def needed_lab(lab: Lab | None) -> Lab:
    """Return a lab, or else the notebook's; raises LabkitError where there is none.

    >>> needed_lab(None)
    Traceback (most recent call last):
    labkit.base.errors.LabkitError: in which lab? Give lab=…, or make the notebook's: lab = Lab()
    """
    if not isinstance(lab, Lab | None):
        raise LabkitError(f"lab takes a Lab, not {said(lab)}")
    found = lab or notebook_lab()
    if found is None:
        raise LabkitError("in which lab? Give lab=…, or make the notebook's: lab = Lab()")
    return found


def looked_up(what: object, lab: Lab | None = None) -> Image | Box:
    """Return what a name stands for, an image or else a container; an image and a box as they are.

    Raises NotFound for a name that the lab has not, LabkitError for what is no name.
    """
    if isinstance(what, Image | Box):
        return what
    if not isinstance(what, str):
        raise LabkitError(f"this takes the name of an image, an image or a container, not {said(what)}")
    place = needed_lab(lab)
    if what in place.engine.state.names and not images.lookup_image(place.engine, what):
        return place.container(what)
    try:
        return place.image(what)
    except NotFound as error:
        names = ", ".join(image.name or short(image.id) for image in place.images)
        there = f"the lab has {cut(names, 80)}" if names else "the lab has no image yet"
        raise NotFound(f"{one_line(str(error))}: {there}") from None


def name_of(what: object) -> str:
    """Return the name to ask a lab by; raises LabkitError for what is neither name nor image.

    >>> name_of("nginx"), name_of(Lab().pull("busybox"))
    ('nginx', 'busybox:latest')
    """
    if isinstance(what, str):
        return what
    found = looked_up(what)
    return found.name or found.id


def said(what: object) -> str:
    """Return what was given for something else, as it stands in a refusal."""
    return cut(one_line(repr(what)), 60)


_P = ParamSpec("_P")
_R_co = TypeVar("_R_co", covariant=True)


class Opener(Protocol[_P, _R_co]):
    """A function that takes `lab=`, or the lab before all other arguments."""

    @overload
    def __call__(self, *given: _P.args, **options: _P.kwargs) -> _R_co: ...
    @overload
    def __call__(self, lab: Lab, /, *given: _P.args, **options: _P.kwargs) -> _R_co: ...


def lab_first(opens: Callable[_P, _R_co]) -> Opener[_P, _R_co]:
    """Let a function that takes `lab=` take the lab as its first argument too.

    >>> lab_first(lambda image, *, lab=None: (image, lab))(Lab(), "nginx")
    ('nginx', <Lab: 0 images, 0 containers>)
    """

    @wraps(opens)
    def opened(*given: Any, **options: Any) -> _R_co:
        if given and isinstance(given[0], Lab):
            given, options = given[1:], {**options, "lab": given[0]}
        return opens(*given, **options)

    return cast("Opener[_P, _R_co]", opened)


def named(image: Pictured, name: str = "", lab: Lab | None = None) -> tuple[str, Image]:
    """Return an image, of a container the one that it stands on, and the name to show.

    That is `name`, else the one that it was asked for by; the short ID where it has none.
    """
    found = looked_up(image, lab)
    if isinstance(found, Box):
        container = found.container
        return name or container.image_name, container.image
    return name or (image if isinstance(image, str) else found.name) or short(found.id), found


def image_view(
    image: Pictured | ImageView, name: str = "", *, changes: int = 0, lab: Lab | None = None
) -> ImageView:
    """Return what pictures show of an image, under the name that `named` gives it.

    Layers are labelled with their short DiffIDs. `changes` is how many lines to tell of what each changes.

    >>> image_view(ImageView("nginx", (LayerView("27833a3ba0a5", 55),)), "nginx:latest").name
    'nginx:latest'
    """
    if isinstance(image, ImageView):
        return replace(image, name=name) if name else image
    name, found = named(image, name, lab)
    made_by = [step.entry.created_by for step in found.history if step.layer is not None]
    lower = tree.EMPTY_ROOT
    layers = []
    for layer, created_by in zip(found.layers, chain(made_by, repeat("")), strict=False):
        told: tuple[str, ...] = ()
        if changes:
            told = changeset.change_lines(changeset.changes(lower, layer.changes), changes)
            lower = changeset.apply(lower, layer.changes)
        layers.append(LayerView(short(layer.diff_id), layer.size, dockerfile_line(created_by), told))
    places = count()
    history = tuple(
        StepView(step.entry.created_by, None if step.layer is None else next(places))
        for step in found.history
    )
    return ImageView(name, tuple(layers), history)
