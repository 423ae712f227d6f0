"""Widgets: things to choose from, with a picture that follows; one module each.

What a widget does can be done by one line of Python, which it shows. Its picture and its words are outputs
of their own beside the controls: they stay in the file when the notebook is opened without a kernel, where
no widget can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.course.slides import SLIDES
from labkit.engine.drivers import BIG_SIZE
from labkit.errors import LabkitError
from labkit.notebook.driver_chart import choice

if TYPE_CHECKING:
    from labkit.lab import Lab
    from labkit.notebook.widgets.cow import CowStepper
    from labkit.notebook.widgets.drivers import DriverExplorer
    from labkit.notebook.widgets.play import Playground
    from labkit.notebook.widgets.walkthrough import Walkthrough


def cow_stepper(
    lab: Lab,
    name: str,
    *,
    path: str = "/etc/passwd",
    operation: str = "append",
    after: str = "",
    step: int = 0,
) -> CowStepper:
    """Open the steps of an operation on a file, for a new container of an image or a container of the lab.

    `operation` is "read", "append", "truncate", "chmod", "delete", "recreate" (delete and make again),
    "rename" or "link"; `after` is one that was done on the path before. Steps below zero are counted from
    the last one. The lab is left as it is, but for an image that it pulls. Raises LabkitError for an
    operation that there is not.

    >>> from labkit import Lab
    >>> cow_stepper(Lab(), "busybox", operation="read", step=2).code
    'cow_stepper(lab, "busybox", path="/etc/passwd", operation="read", step=2)'
    """
    from labkit.course.copy_on_write import operation_named
    from labkit.notebook.widgets.cow import CowStepper

    for each in (operation, *([after] if after else [])):
        operation_named(each)
    return CowStepper(lab, name, path, operation, after, step)


def driver_explorer(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> DriverExplorer:
    """Open controls to choose storage drivers, steps and a file's size, with the chart of what they cost.

    It begins with what is given, as `driver_costs` takes it. Raises LabkitError as that does.

    >>> driver_explorer("overlay2", "btrfs", steps=["first write"]).code
    'driver_costs("overlay2", "btrfs", steps=["first write"])'
    """
    from labkit.notebook.widgets.drivers import DriverExplorer

    names, chosen = choice(drivers, steps)
    return DriverExplorer(drivers=names, steps=chosen, size=size)


def playground(lab: Lab, image: str) -> Playground:
    """Open buttons to run containers of an image, to write in them, to commit and to remove them.

    They work on the lab itself, which pulls the image where it is missing.

    >>> from labkit import Lab
    >>> playground(Lab(), "ubuntu:15.04").code
    'playground(lab, "ubuntu:15.04")'
    """
    from labkit.notebook.widgets.play import Playground

    return Playground(lab, image)


def walkthrough(start: str = "") -> Walkthrough:
    """Open the twelve slides for a class, at a slide by its ID.

    Raises LabkitError for a slide that there is not.

    >>> walkthrough(start="storage-drivers").title
    'Storage drivers'
    """
    from labkit.notebook.widgets.walkthrough import Walkthrough

    ids = [slide.id for slide in SLIDES]
    if start and start not in ids:
        raise LabkitError(f"{start}: no such slide; there are {', '.join(ids)}")
    return Walkthrough(slide=ids.index(start) if start else 0)
