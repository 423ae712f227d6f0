"""A write in the middle of a file, as storage drivers keep it: what is shared, what is the container's."""

from __future__ import annotations

from collections.abc import Iterator

from labkit.go.units import human_size
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, text
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.theme import BLUE, ORANGE, PADDING, QUIET, TITLE
from labkit.oci.tree import File
from labkit.storage.driver import StorageDriver
from labkit.storage.drivers import BIG, create, driver_named, image_layer
from labkit.storage.snapshots import runs_of

_WIDTH, _LEFT, _BAR, _ROW = 720, 130, 375, 46
_SIZE = 1 << 20
_WHY = {"files": "the file was copied", "everything": "copied when it was created"}
_LEAST = 5
"""Pixels of the thinnest part that can be seen."""


def file_blocks(*drivers: str, size: int = _SIZE) -> Picture:
    """Draw a file of an image after two bytes in its middle were written over in a container.

    Each driver is a row: hatched is what the container shares with the image, full what it has for itself.
    `size` is the file's, in bytes. Raises LabkitError for a driver that there is not.

    >>> print(file_blocks("overlay2", "btrfs").text)
    A file of 1.05MB, and 2 bytes written in its middle
      overlay2  own 1.05MB  shared 0B      the file was copied
      btrfs     own 4.1kB   shared 1.04MB  one block was copied
    """
    title = f"A file of {human_size(size)}, and 2 bytes written in its middle"
    shapes: list[Shape] = []
    told: list[list[str]] = []
    y = PADDING + TITLE + 20
    for name in drivers or ("overlay2", "btrfs", "zfs", "vfs"):
        driver = driver_named(name)
        parts = list(_parts(driver, size))
        own = f"own {human_size(sum(part for part, mine in parts if mine))}"
        why = _WHY.get(driver.copies, "one block was copied")
        told.append([name, own, f"shared {human_size(sum(part for part, mine in parts if not mine))}", why])
        shapes += [text(PADDING, y + 14, name, mono=True, bold=True), *_bar(parts, size, y)]
        shapes.append(text(_LEFT + _BAR + 14, y + 5, own, bold=True))
        shapes.append(text(_LEFT + _BAR + 14, y + 24, why, fill=QUIET))
        y += _ROW
    shapes.append(
        text(_LEFT, y + 4, "hatched: shared with the image · full: the container's own", fill=QUIET)
    )
    words, described = "\n".join([title, *indented(told)]), "A row for each storage driver."
    return svg.paint(title, described, words, _WIDTH, y + 28, shapes)


def _parts(driver: StorageDriver, size: int) -> Iterator[tuple[int, bool]]:
    """Give the parts of the file after the write in bytes, and whether each is the container's own."""
    image = driver.commit(None, image_layer(size))
    mount = driver.mount(create(driver, image)[0], lambda: 0)
    mount.pwrite(BIG, size // 2, b"x\n")
    shared, file = driver.units(image), mount.root.children[BIG.strip("/")]
    runs = runs_of(file.content) if isinstance(file, File) else ()
    for run in runs:
        yield run.size, run.unit not in shared
    if not runs:  # a file that was copied as a whole
        yield size, True


def _bar(parts: list[tuple[int, bool]], size: int, y: float) -> Iterator[Shape]:
    x = float(_LEFT)
    for part, own in parts:
        width, hue = max(part * _BAR / size, _LEAST), ORANGE if own else BLUE
        yield box(x, y, width, 28, fill=hue.line if own else svg.hatch(hue), line=hue.line)
        x += width
