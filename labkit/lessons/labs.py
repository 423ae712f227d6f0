"""Where questions begin: fresh labs in which one thing was done."""

from __future__ import annotations

from collections.abc import Callable

from labkit.lab import Lab


def pulled(image: str) -> Callable[[], Lab]:
    """Return what makes a lab that has an image.

    >>> pulled("busybox")()
    <Lab: 1 images, 0 containers>
    """

    def made() -> Lab:
        lab = Lab()
        lab.pull(image)
        return lab

    return made


def running(image: str, name: str) -> Callable[[], Lab]:
    """Return what makes a lab in which a container of an image runs.

    >>> running("busybox", "box")()
    <Lab: 1 images, 1 containers>
    """

    def made() -> Lab:
        lab = Lab()
        lab.run(image, name=name)
        return lab

    return made
