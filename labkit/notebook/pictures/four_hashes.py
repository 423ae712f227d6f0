"""The four hashes of an image: the manifest names config and layers, the config names the layers unpacked."""

from __future__ import annotations

from labkit.base.errors import LabkitError
from labkit.engine import images
from labkit.lab import Lab
from labkit.notebook.pictures import svg
from labkit.notebook.pictures.picture import Picture
from labkit.notebook.pictures.svg import Shape, box, curve, text
from labkit.notebook.pictures.text import indented
from labkit.notebook.pictures.theme import BLUE, GREEN, INK, ORANGE, PADDING, QUIET, TITLE, Hue
from labkit.notebook.pictures.views import needed_lab
from labkit.oci.digest import short

_WIDTH, _HEIGHT, _GAP = 720, 84, 14
_LEFT, _RIGHT = 280, 270
"""The widths of manifest and config, and of the layers."""


def four_hashes(image: str, *, lab: Lab | None = None) -> Picture:
    """Draw what the hashes of an image are taken over, and where Docker shows each.

    The image is one of the lab's, by default the notebook's, by its name. Raises NotFound where there is
    none, LabkitError where no registry has named it: then it has no manifest.

    >>> lab = Lab()
    >>> image = lab.pull("busybox")
    >>> print(four_hashes("busybox", lab=lab).text)
    The four hashes of busybox
      manifest         20de3588760e  Digest: of the pull, RepoDigests
      config           49bcf7e7e41c  IMAGE ID, and Id of inspect
      layer 1, packed  6c712cb8ac58  the lines of the pull
        unpacked       764e737332f4  RootFS.Layers
    """
    engine = needed_lab(lab).engine
    found = images.find_image(engine, image)
    manifests = [each.digest for each in images.references(engine, found.id) if each.digest]
    if not manifests:
        raise LabkitError(f"{image} has no manifest here: it was not pulled and not pushed")
    top, title = PADDING + TITLE + 20, f"The four hashes of {image}"
    pitch = _HEIGHT + _GAP
    height = max(len(found.layers), 2) * pitch
    sides = [(top + height / 2 - pitch, BLUE, "manifest", manifests[0], "Digest: of the pull, RepoDigests")]
    sides += [(top + height / 2 + _GAP, ORANGE, "config", found.id, "IMAGE ID, and Id of inspect")]
    shapes: list[Shape] = [curve(160, sides[0][0] + _HEIGHT, 160, sides[1][0], BLUE, "join")]
    told: list[list[str]] = []
    for y, hue, name, digest, where in sides:
        told.append([name, short(digest), where])
        shapes += _card(PADDING, y, _LEFT, hue, name, short(digest), where)
    x = _WIDTH - PADDING - _RIGHT
    for n, layer in enumerate(found.layers, 1):
        packed, y = engine.state.sources[layer.diff_id][-1].digest, top + (len(found.layers) - n) * pitch
        told += [[f"layer {n}, packed", short(packed), "the lines of the pull"]]
        told += [["  unpacked", short(layer.diff_id), "RootFS.Layers"]]
        for side, at in zip(sides, (42, 64), strict=True):
            shapes.append(curve(PADDING + _LEFT, side[0] + _HEIGHT / 2, x, y + at, side[1], "join"))
        words = (f"packed    {short(packed)}", f"unpacked  {short(layer.diff_id)}")
        shapes += _card(x, y, _RIGHT, GREEN, f"layer {n}", *words)
    described = "The manifest names the config and the packed layers, the config the unpacked ones."
    return svg.paint(title, described, "\n".join([title, *indented(told)]), _WIDTH, top + height + 8, shapes)


def _card(x: float, y: float, width: int, hue: Hue, name: str, one: str, other: str) -> list[Shape]:
    mono = name.startswith("layer")
    return [
        box(x, y, width, _HEIGHT, fill=hue.tint, line=hue.line),
        text(x + 12, y + 20, name, bold=True),
        text(x + 12, y + 42, one, mono=True),
        text(x + 12, y + 64, other, mono=mono, fill=INK if mono else QUIET),
    ]
