"""What pictures need to know of images and containers: small values, taken from the engine's.

What is to be drawn or opened may be given by its name: it is looked up in the lab that is given, or else in
the notebook's own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from itertools import count
from typing import Any, TypeAlias, TypeVar

from labkit.base.errors import LabkitError, NotFound
from labkit.base.text import one_line
from labkit.box import Box
from labkit.engine import images
from labkit.lab import Lab
from labkit.notebook.pictures.text import cut
from labkit.oci import changeset, tree
from labkit.oci.digest import short
from labkit.oci.image import Image, Step

Pictured: TypeAlias = str | Image | Box
"""An image to be drawn: its name, itself, or a container that stands on it."""


def notebook_shell() -> Any:
    """Return IPython's shell of the notebook that runs; None where none does."""
    ipython: Any = sys.modules.get("IPython")  # not imported: where it was not loaded no notebook runs
    return ipython.get_ipython() if ipython else None


def notebook_lab() -> Lab | None:
    """Return the notebook's lab, its variable `lab`; None where there is none, or no notebook runs."""
    shell = notebook_shell()
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


_R = TypeVar("_R")


def lab_first(opens: Callable[..., _R]) -> Callable[..., _R]:
    """Let a function that takes `lab=` take the lab as its first argument too.

    >>> lab_first(lambda image, *, lab=None: (image, lab))(Lab(), "nginx")
    ('nginx', <Lab: 0 images, 0 containers>)
    """

    @wraps(opens)
    def opened(*given: Any, **options: Any) -> _R:
        if given and isinstance(given[0], Lab):
            given, options = given[1:], {**options, "lab": given[0]}
        return opens(*given, **options)

    return opened


def named(image: Pictured, name: str = "", lab: Lab | None = None) -> tuple[str, Image]:
    """Return an image, of a container the one that it stands on, and the name to show.

    That is `name`, else the one that it was asked for by; the short ID where it has none.
    """
    found = looked_up(image, lab)
    if isinstance(found, Box):
        container = found.container
        return name or container.image_name, container.image
    return name or (image if isinstance(image, str) else found.name) or short(found.id), found


def history_lines(image: Image) -> list[tuple[Step, int]]:
    """Return the lines of a history, the newest first, each with the number of its layer, or 0.

    >>> [number for _, number in history_lines(Lab().pull("nginx"))]
    [0, 0, 0, 3, 2, 0, 0, 0, 0, 1]
    """
    numbers = count(1)
    return [(step, 0 if step.layer is None else next(numbers)) for step in image.history][::-1]


def layer_changes(image: Image, most: int) -> list[tuple[str, ...]]:
    """Return of each layer, the base first, what it changes in at most so many lines."""
    lower, told = tree.EMPTY_ROOT, []
    for layer in image.layers:
        told.append(changeset.change_lines(changeset.changes(lower, layer.changes), most))
        lower = changeset.apply(lower, layer.changes)
    return told
