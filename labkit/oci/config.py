"""An image's config: how to run it, its layers' DiffIDs, its history.

OCI image-spec, config.md, as moby 20.10 reads and writes it (image/image.go): the keys of the whole
sorted, those inside `config` in the order of Go's struct. The image ID is the digest of the bytes, so
a config keeps the bytes that it came as. It says which layers there are; `image` has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from labkit.base.errors import InvalidDocument
from labkit.base.text import packaged
from labkit.go.json import Written, dumps, loads
from labkit.go.struct import ZERO_TIME, conform, declared, freeze, thaw
from labkit.oci.digest import sha256

_TYPES = declared(packaged("labkit.oci", "config.go.txt"))
CONTAINER_CONFIG, HISTORY, IMAGE = (
    _TYPES[name] for name in ("container.Config", "image.History", "image.Image")
)
"""moby's structs."""

_TEXTS = ("architecture", "variant", "os.version", "author", "comment", "docker_version", "container")
NOTHING: Mapping[str, Any] = MappingProxyType({})
"""The settings of an image that has none."""


@dataclass(frozen=True, slots=True)
class History:
    """How one build step came about; with `empty_layer` it made no layer."""

    created: str = ZERO_TIME
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """An image's config. Two are equal when their bytes are.

    Times are texts, written as Go writes them. `config` (what containers start with) and
    `container_config` (what the build's container had) are read-only mappings that hold the keys that
    the engine prints, in its order; `config` is empty when the document has none.
    """

    raw: bytes = field(repr=False)
    id: str = field(compare=False)
    architecture: str = field(compare=False)
    os: str = field(compare=False)
    variant: str = field(compare=False)
    os_version: str = field(compare=False)
    os_features: tuple[str, ...] = field(compare=False)
    created: str = field(compare=False)
    author: str = field(compare=False)
    comment: str = field(compare=False)
    docker_version: str = field(compare=False)
    container: str = field(compare=False)
    config: Mapping[str, Any] = field(compare=False, repr=False)
    container_config: Mapping[str, Any] = field(compare=False, repr=False)
    diff_ids: tuple[str, ...] = field(compare=False)
    history: tuple[History, ...] = field(compare=False, repr=False)


def parse_config(raw: bytes) -> ImageConfig:
    """Parse the bytes of a config.

    Raises InvalidDocument, in the engine's words, when it is no JSON, a value has the wrong type, or
    there is no rootfs; and for a rootfs of an unknown type, which image-spec forbids and the engine
    lets pass. DiffIDs are compared with the layers by whoever has them.

    >>> parse_config(b"{}")
    Traceback (most recent call last):
    labkit.base.errors.InvalidDocument: invalid image JSON, no RootFS key
    """
    known = conform(IMAGE, loads(raw))
    rootfs = known.get("rootfs")
    if rootfs is None:
        raise InvalidDocument("invalid image JSON, no RootFS key", code="no-rootfs")
    if rootfs["type"] not in ("layers", ""):
        shown = dumps(rootfs["type"], escape_html=False).decode()
        raise InvalidDocument(f'invalid image JSON, unknown rootfs type {shown}, expected "layers"')
    return _config(raw, known, tuple(History(**entry) for entry in known.get("history", ())))


def _config(raw: bytes, known: Mapping[str, Any], history: tuple[History, ...]) -> ImageConfig:
    texts = {key.replace(".", "_"): known.get(key, "") for key in _TEXTS}
    return ImageConfig(
        **texts,
        raw=raw,
        id=sha256(raw),
        os=known.get("os", "linux"),
        os_features=tuple(known.get("os.features", ())),
        created=known["created"],
        config=freeze(known.get("config", {})),
        container_config=freeze(known["container_config"]),
        diff_ids=tuple(known["rootfs"].get("diff_ids", ())),
        history=history,
    )


def make_config(
    *,
    created: str,
    architecture: str = "amd64",
    os: str = "linux",
    variant: str = "",
    os_version: str = "",
    os_features: Sequence[str] = (),
    author: str = "",
    comment: str = "",
    docker_version: str = "",
    container: str = "",
    config: Mapping[str, Any] = NOTHING,
    container_config: Mapping[str, Any] = NOTHING,
    diff_ids: Sequence[str] = (),
    history: Sequence[History] = (),
) -> ImageConfig:
    """Write a config from its facts, byte for byte as moby 20.10 does.

    Keys absent from `config` and `container_config` get Go's zero values.

    >>> make_config(created="2019-04-16T00:00:00Z", config={"Cmd": ["bash"]}).config["Cmd"]
    ('bash',)
    """
    document = {
        "architecture": architecture,
        "author": author,
        "comment": comment,
        "config": thaw(config),
        "container": container,
        "container_config": thaw(container_config),
        "created": created,
        "docker_version": docker_version,
        "os": os,
        "os.features": list(os_features),
        "os.version": os_version,
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
        "variant": variant,
    }
    # moby goes through a map to sort the outermost keys, so that an image that went through an old registry
    # keeps its ID; Go writes maps sorted and structs in their order (image/image.go, MarshalJSON).
    known = conform(IMAGE, document)
    entries = [_entry(step) for step in history]
    if entries:
        known["history"] = [text for text, _ in entries]
    raw = dumps({key: known[key] for key in sorted(known)})
    # Texts that are no UTF-8 are read as others than were written.
    return parse_config(raw) if b"\\ufffd" in raw else _config(raw, known, tuple(step for _, step in entries))


@lru_cache(4096)
def _entry(step: History) -> tuple[Written, History]:
    """Return an entry as Go writes it and as it is read again; each image of a build has all so far."""
    known = conform(HISTORY, asdict(step))
    read = History(**known)
    return Written(dumps(known).decode()), step if read == step else read


def pair_history(config: ImageConfig) -> list[tuple[History, int | None]]:
    """Pair each history entry, oldest first, with the index of the layer it made, or None.

    An image may have fewer entries than layers. Raises InvalidDocument when it has more that made one,
    as the engine does when it takes the image in.

    >>> facts = {"diff_ids": [64 * "a"], "history": [History(), History(empty_layer=True)]}
    >>> [layer for _, layer in pair_history(make_config(created=ZERO_TIME, **facts))]
    [0, None]
    """
    pairs: list[tuple[History, int | None]] = []
    used = 0
    for step in config.history:
        pairs.append((step, None if step.empty_layer else used))
        used += not step.empty_layer
    if used > len(config.diff_ids):
        raise InvalidDocument("too many non-empty layers in History section")
    return pairs


_SHELL = re.compile(r"(?:\|\d+ .*?)?/bin/sh -c ", re.DOTALL)


def dockerfile_line(created_by: str) -> str:
    """Return CREATED BY as the Dockerfile has it, on one line.

    >>> dockerfile_line('/bin/sh -c #(nop)  CMD ["bash"]')
    'CMD ["bash"]'
    >>> dockerfile_line("RUN /bin/sh -c apt-get update # buildkit")
    'RUN apt-get update'
    """
    words = " ".join(created_by.split()).removesuffix(" # buildkit")
    is_run = words.startswith("RUN ")
    command = words.removeprefix("RUN ")
    shell = _SHELL.match(command)
    rest = command[shell.end() :] if shell else command
    if rest.startswith("#(nop)"):
        return rest.removeprefix("#(nop)").strip()
    return f"RUN {rest}" if is_run or rest != command else words
