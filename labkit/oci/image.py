"""An image: a config and the layers that it lists (OCI image-spec, config.md).

An image never changes: what makes another one of it leaves it as it is. The Image ID is the digest of the
config's bytes (a record's is the published one), and the config names every layer, so that another layer is
another image. This is what `config` and `layer` lead to; `reference` is its name, `account` a look inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from labkit.base.errors import InvalidDigest, InvalidDocument, InvalidImage, retold
from labkit.base.text import shown
from labkit.go.struct import conform, thaw
from labkit.go.units import human_size
from labkit.oci import digest, tree
from labkit.oci.config import CONTAINER_CONFIG, NOTHING, History, ImageConfig, make_config, pair_history
from labkit.oci.layer import Layer
from labkit.oci.tar_reader import WHITEOUT, read_changes
from labkit.oci.tree import Node

SERVER_VERSION = "20.10.24+dfsg1"
"""The Docker that labkit answers as, and that new images name: as Debian 12 packages it."""

MAX_LAYERS = 125
"""The most layers that Docker stacks (moby, layer_store.go)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A history entry, and the layer that it made or None."""

    entry: History
    layer: Layer | None

    @property
    def size(self) -> int:
        """The bytes of the layer's files; 0 where there is no layer."""
        return self.layer.size if self.layer else 0


@dataclass(frozen=True)
class Image:
    """A config and its layers, bottom first; two are equal when their IDs are.

    `name` is what a lab calls it, so that it can be shown: it is no part of the image, and not compared.
    An image that is a record carries its published ID in `record_id`: its config is then a stand-in
    whose bytes do not have that digest.

    >>> from labkit import Lab
    >>> Lab().pull("nginx")
    <Image nginx:latest sha256:27a188018e18: 3 layers, 109MB>
    """

    config: ImageConfig = field(compare=False)
    layers: tuple[Layer, ...] = field(default=(), compare=False)
    record_id: str = field(default="", compare=False)
    name: str = field(default="", compare=False, kw_only=True)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", self.record_id or self.config.id)

    def __repr__(self) -> str:
        layers = "1 layer" if len(self.layers) == 1 else f"{len(self.layers)} layers"
        name = f"{shown(self.name)} " if self.name else ""
        return f"<Image {name}{self.id[:19]}: {layers}, {human_size(self.size)}>"

    def named(self, name: str) -> Image:
        """Return the image as one that is shown with a name.

        >>> from labkit import Lab
        >>> Lab().pull("busybox").named("mine").name
        'mine'
        """
        found = copy(self)  # with all that was computed of it before, which `replace` would lose
        object.__setattr__(found, "name", name)
        return found

    @property
    def recorded(self) -> bool:
        """Tell whether the image, or a layer of it, stands in for a published one."""
        return bool(self.record_id) or any(layer.recorded for layer in self.layers)

    @cached_property
    def chain_ids(self) -> tuple[str, ...]:
        """The ChainID of each layer, bottom first."""
        return tuple(digest.chain_ids([layer.diff_id for layer in self.layers]))

    @property
    def chain_id(self) -> str:
        """The ChainID of the whole stack, "" where there is no layer."""
        return self.chain_ids[-1] if self.layers else ""

    @cached_property
    def size(self) -> int:
        """The bytes of all layers' files, as `docker images` counts them."""
        return sum(layer.size for layer in self.layers)

    @cached_property
    def history(self) -> tuple[Step, ...]:
        """The history, oldest first, each entry with its layer."""
        return tuple(
            Step(entry, None if place is None else self.layers[place])
            for entry, place in pair_history(self.config)
        )

    def append(
        self,
        layer: Layer | None,
        *,
        created: str,
        created_by: str | None = None,
        author: str = "",
        comment: str = "",
        docker_version: str = SERVER_VERSION,
        config: Mapping[str, Any] | None = None,
        container: str = "",
        container_config: Mapping[str, Any] = NOTHING,
    ) -> Image:
        """Return the image with a layer and a history entry more, as `docker commit` makes it.

        `created` is a time as Go writes it. `created_by` is the command of `container_config` unless it
        is given; `config` is kept unless it is given. Without a layer, or with an empty one, the entry
        is one of those that made none. As in the engine, `comment` goes to that entry alone, and neither
        author nor unknown keys are inherited. Raises InvalidImage where there are too many layers.
        """
        before = self.config
        empty = layer is None or not (layer.changes.children or layer.changes.opaque)
        layers = self.layers if layer is None or empty else (*self.layers, layer)
        if created_by is None:
            created_by = " ".join(conform(CONTAINER_CONFIG, thaw(container_config))["Cmd"] or ())
        evolved = make_config(
            architecture=before.architecture or "amd64",
            os=before.os,
            variant=before.variant,
            os_version=before.os_version,
            os_features=before.os_features,
            created=created,
            author=author,
            docker_version=docker_version,
            container=container,
            config=before.config if config is None else config,
            container_config=container_config,
            diff_ids=[*before.diff_ids, *(each.diff_id for each in layers[len(self.layers) :])],
            history=(*before.history, History(created, created_by, author, comment, empty)),
        )
        image = Image(evolved, layers)
        _check_depth(image)
        return image


def topmost(image: Image, path: str) -> tuple[int, Node] | None:
    """Return the place, 0 at the bottom, of the topmost layer that has a path, and what it has there.

    None where no layer has it. A whiteout is something that a layer has.

    >>> from labkit import Lab
    >>> topmost(Lab().pull("nginx"), "etc/debian_version")[0]
    0
    """
    for place in reversed(range(len(image.layers))):
        if (node := tree.get(image.layers[place].changes, path)) is not None:
            return place, node
    return None


def validate(image: Image, *, contents: bool = False) -> None:
    """Raise InvalidImage unless the parts of an image fit together.

    The config lists the layers there are, in their order; the history has no more entries with a layer
    than that; there are at most 125 layers; the ID is the config's digest, or a record's. With
    `contents` every layer is read again too: its tar has its DiffID and holds its changes, and no name
    in it could be taken for a whiteout.
    """
    _check_depth(image)
    expected, actual = len(image.layers), len(image.config.diff_ids)
    if expected != actual:
        raise InvalidImage(f"invalid manifest, layers length mismatch: expected {expected}, got {actual}")
    for place, (diff_id, layer) in enumerate(zip(image.config.diff_ids, image.layers, strict=True)):
        if diff_id != layer.diff_id:
            raise InvalidImage(
                f'invalid diffID for layer {place}: expected "{diff_id}", got "{layer.diff_id}"'
            )
    with retold(InvalidImage, InvalidDocument, InvalidDigest):
        pair_history(image.config)
        digest.parse_digest(image.id)
    if not image.record_id and image.id != digest.sha256(image.config.raw):
        raise InvalidImage(f"the config of image {image.id} has another digest")
    if contents:
        for place, layer in enumerate(image.layers):
            _check_contents(place, layer)


def _check_depth(image: Image) -> None:
    if len(image.layers) > MAX_LAYERS:
        raise InvalidImage("max depth exceeded", code="max-depth")


def _check_contents(place: int, layer: Layer) -> None:
    for path, _ in tree.walk(layer.changes):
        name = path.rpartition("/")[2]
        if name in ("", ".", "..") or name.startswith(WHITEOUT):
            raise InvalidImage(f"layer {place}: {path!r} is no name that a layer can hold")
    if layer.tar is None:
        return
    computed = digest.sha256(layer.tar.chunks())
    if computed != layer.diff_id:
        raise InvalidImage(f'invalid diffID for layer {place}: expected "{layer.diff_id}", got "{computed}"')
    with retold(InvalidImage, start=f"layer {place}: "):
        changes = read_changes(layer.tar)
    if not tree.same(changes, layer.changes):
        raise InvalidImage(f"layer {place}: its tar holds other changes")
