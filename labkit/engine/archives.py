"""Images out of the cache into an archive, and back: `docker save`, `load` and `import`.

Which names are saved, and what loading says of each, follows moby's image/tarexport.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from labkit.base.errors import DaemonError, InvalidArchive, InvalidLayer, LabkitError, NotFound, retold
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.schedule import PullEvent, StepEvent
from labkit.go.moment import rfc3339_nano
from labkit.oci.blob import write_file
from labkit.oci.config import History, make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform, parse_platform
from labkit.oci.digest import short
from labkit.oci.gzip import compression, decompressed
from labkit.oci.image import SERVER_VERSION, Image
from labkit.oci.layer import Layer
from labkit.oci.reference import Reference, parse_reference
from labkit.oci.tar import failure
from labkit.store import archive
from labkit.store.archive import ArchivedImage


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load gives: the images, the layers that were not there before, and what is said of it."""

    images: tuple[Image, ...]
    layers: tuple[Layer, ...]
    lines: tuple[str, ...]

    @property
    def events(self) -> list[PullEvent]:
        """What is shown of the layers that came, one after the other."""
        sized = [(each, each.tar.size if each.tar else 0) for each in self.layers]
        return [
            PullEvent(at, short(each.diff_id), "Loading layer", size, size)
            for at, (each, size) in enumerate(sized, 1)
        ]


def load(engine: Engine, file: str | os.PathLike[str] | IO[bytes] | Content) -> Loaded:
    """Take all images of an archive into the cache, or none.

    Raises InvalidArchive, or another LabkitError in the engine's words, where a byte of it is wrong.
    """
    found = archive.read_archive(file)
    before = engine.state.layers
    lines, identifiers = [], []
    for each in found:
        image = each.image
        images.add_image(engine, image, parent=each.parent)
        identifiers.append(f"Loaded image ID: {image.id}")
        for name in each.tags:
            known = engine.state.tags.get(str(name))
            if known is not None and known != image.id:
                lines.append(
                    f"The image {name.familiar} already exists, renaming the old one with ID {known} "
                    "to empty string"
                )
            images.set_tag(engine, image.id, name, dated=False)
            lines.append(f"Loaded image: {name.familiar}")
    new = {
        chain: layer
        for each in found
        for chain, layer in zip(each.image.chain_ids, each.image.layers, strict=True)
        if chain not in before
    }
    loaded = tuple(each.image for each in found)
    return Loaded(loaded, tuple(new.values()), tuple(lines or identifiers))


def import_tar(
    engine: Engine,
    content: Content,
    target: str = "",
    *,
    message: str = "",
    config: Mapping[str, Any] | None = None,
    platform: str = "",
) -> Image:
    """Make an image with one layer out of a tar, compressed or not (moby, daemon/images/image_import.go).

    The DiffID is the digest of the tar as it is. `config` says how to run it. Raises DaemonError.

    >>> import_tar(Engine(), Content.of(bytes(1024))).layers[0].size
    0
    """
    os_name, own = engine.os, Platform(engine.architecture, engine.os)
    with retold(DaemonError):
        os_name = parse_platform(platform, own).os if platform else os_name
    reference = parse_reference(target).with_default_tag() if target else None
    if reference and reference.digest:
        raise DaemonError("cannot import digest reference")
    if os_name != engine.os:
        raise DaemonError("operating system is not supported")
    with retold(DaemonError, InvalidLayer):
        layer = Layer.from_tar(_plain(content))
    created, comment = rfc3339_nano(engine.now), message or "Imported from -"
    made = make_config(
        created=created,
        architecture=engine.architecture,
        os=os_name,
        comment=comment,
        docker_version=SERVER_VERSION,
        config=config or {},
        diff_ids=[layer.diff_id],
        history=[History(created, comment=comment)],
    )
    image = Image(made, (layer,))
    images.add_image(engine, image)
    if reference:
        images.set_tag(engine, image.id, reference)
    return image


def _plain(content: Content) -> Content:
    """Return what compressed content holds; this engine does not know zstd."""
    kind = compression(content.read(0, 6))
    if kind == "gzip" and content.size < 10:  # its header's size
        raise DaemonError("unexpected EOF")
    with retold(failure, InvalidArchive):
        return decompressed(content) if kind != "zstd" else content


FORMATS = ("docker", "oci")
"""What images are saved as: Docker's archive, or an OCI layout in a tar."""


def save(engine: Engine, names: Sequence[str], target: Path, *, form: str = "docker") -> None:
    """Write images with their names to an archive; `form` is one of FORMATS.

    A name without a tag stands for all its tags, an ID for the image without a name. Raises NotFound,
    RecordedImage for a record, or a LabkitError where the file cannot be written.
    """
    if form not in FORMATS:
        raise LabkitError(f"no such format: {form} (one of {', '.join(FORMATS)})")
    chosen = _chosen(engine, names)
    docker = form == "docker"
    content = archive.docker_archive(chosen, clock=engine.now) if docker else archive.oci_archive(chosen)
    write_file(target, content.chunks(), 0o600)


def saved(engine: Engine, names: Sequence[str]) -> Content:
    """Return what `docker save` writes; raises as `save`."""
    return archive.docker_archive(_chosen(engine, names), clock=engine.now)


def saving(engine: Engine, names: Sequence[str]) -> Iterator[StepEvent]:
    """Give the layers that `save` reads, each once; raises as `save`."""
    chains = dict.fromkeys(chain for each in _chosen(engine, names) for chain in each.image.chain_ids)
    for at, chain in enumerate(chains, 1):
        yield StepEvent(at, chain, "Saved")


def _chosen(engine: Engine, names: Sequence[str]) -> list[ArchivedImage]:
    chosen: dict[str, ArchivedImage] = {}
    for name in names:
        for image, reference in _named(engine, name):
            known = chosen.setdefault(image.id, ArchivedImage(image))
            if reference is not None and reference not in known.tags:
                chosen[image.id] = replace(known, tags=(*known.tags, reference))
    for image_id, each in chosen.items():
        parent = engine.state.parents.get(image_id, "")
        if parent in chosen:
            chosen[image_id] = replace(each, parent=parent)
    return list(chosen.values())


def _named(engine: Engine, name: str) -> list[tuple[Image, Reference | None]]:
    with retold(DaemonError):
        reference = parse_reference(name)
    if not reference.tag and not reference.digest and (own := images.tags_of(engine, reference)):
        return [(engine.state.images[engine.state.tags[str(each)]], each) for each in own]
    image = images.lookup_image(engine, name)
    if image is None:
        if reference.tag or reference.digest:
            raise NotFound("reference does not exist")
        raise NotFound.of("image", name)
    by_id = images.is_id_of(image.id, name)
    return [(image, None if by_id or not reference.tag else reference)]
