"""What `docker save` writes: manifest.json and what it names (moby 20.10, image/tarexport).

The manifest is the same in the archives of all engines since 1.10, whether the layers lie in directories
of their own, as they did up to Engine 24, or among the blobs of an OCI layout, plain or compressed. All
are read here; what Engine 20.10 writes is put together here too, and the rest in `oci_layout`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from labkit.errors import InvalidArchive, InvalidDocument
from labkit.oci.gojson import dumps, loads
from labkit.oci.gostruct import STRING, STRINGS, Field, conform, list_of, struct
from labkit.oci.image import Image, validate
from labkit.oci.reference import Reference, parse_reference
from labkit.oci.tree import Dir, Meta, Node, Symlink
from labkit.store.archive_files import Files, file_node, seconds
from labkit.store.archived import ArchivedImage, LayerReader, check_config, read_config, tar_of
from labkit.store.v1 import v1_layers

MANIFEST = "manifest.json"
REPOSITORIES = "repositories"

_ITEMS = list_of(
    struct(
        "tarexport.manifestItem",
        Field("Config", STRING),
        Field("RepoTags", STRINGS),
        Field("Layers", STRINGS),
        Field("Parent", STRING),
    )
)


def read_docker_archive(files: Files) -> tuple[ArchivedImage, ...]:
    """Return the images of an archive with a manifest.json, in its order, every byte verified.

    Raises InvalidArchive, InvalidDocument, InvalidLayer, InvalidImage, InvalidReference or
    DigestMismatch, in the engine's words.
    """
    reader = LayerReader(files)
    items = _parse(files.open(MANIFEST).read())
    images = [_read_item(files, reader, item) for item in items]
    here = {archived.image.id for archived in images}
    return tuple(
        ArchivedImage(archived.image, archived.tags, archived.parent if archived.parent in here else "")
        for archived in images
    )


def _parse(raw: bytes) -> list[dict[str, Any]]:
    if not raw.strip():
        raise InvalidArchive("EOF")
    try:
        return conform(_ITEMS, loads(raw)) or []
    except InvalidDocument as error:
        # Docker reads this file as a stream, which has another word for its end.
        raise InvalidArchive(str(error).replace("unexpected end of JSON input", "unexpected EOF")) from None


def _read_item(files: Files, reader: LayerReader, item: dict[str, Any]) -> ArchivedImage:
    config = read_config(files.open(item["Config"]).read())
    image = Image(config, reader.read(item["Layers"] or [], config.diff_ids))
    validate(image)
    check_config(config, item["Config"])
    return ArchivedImage(image, tuple(_tag(tag) for tag in item["RepoTags"] or []), item["Parent"])


def _tag(text: str) -> Reference:
    reference = parse_reference(text)
    if not reference.tag:
        raise InvalidArchive(f'invalid tag "{text}"')
    return reference


def docker_nodes(images: Sequence[ArchivedImage], clock: int) -> dict[str, Node]:
    """Return the files of the archive that Engine 20.10 writes, by their paths.

    A layer that an image before it brought under another name is a link to that; `clock`, in
    nanoseconds, is the time of such links.
    """
    nodes: dict[str, Node] = {}
    places: dict[str, str] = {}
    items, tops = [], []
    for archived in images:
        config = archived.image.config
        created = seconds(config.created)
        layers = []
        for layer, (identifier, document) in zip(archived.image.layers, v1_layers(config), strict=True):
            place = f"{identifier}/layer.tar"
            layers.append(place)
            if identifier in nodes:
                continue
            first = places.setdefault(layer.diff_id, place)
            time = created if first == place else clock
            nodes[identifier] = Dir(meta=Meta(0o755, mtime=time))
            nodes[f"{identifier}/VERSION"] = file_node(b"1.0", time)
            nodes[f"{identifier}/json"] = file_node(document, time)
            if first == place:
                nodes[place] = file_node(tar_of(layer), time)
            else:
                nodes[place] = Symlink(f"../{first}", Meta(0o777, mtime=time))
        name = archived.image.id.removeprefix("sha256:") + ".json"
        nodes[name] = file_node(config.raw, created)
        items.append((archived, name, layers))
        tops.append((archived, layers[-1].removesuffix("/layer.tar")))
    return nodes | docker_documents(items, tops)


def docker_documents(
    items: Sequence[tuple[ArchivedImage, str, list[str]]], tops: Iterable[tuple[ArchivedImage, str]]
) -> dict[str, Node]:
    """Return manifest.json and the older `repositories`, which all engines write.

    Takes each image with the files of its config and its layers, and with the name of its top layer.
    """
    here = {archived.image.id for archived, _, _ in items}
    manifest = []
    for archived, config, layers in items:
        tags = [tag.familiar for tag in archived.tags] or None
        item = {"Config": config, "RepoTags": tags, "Layers": layers}
        manifest.append(item | ({"Parent": archived.parent} if archived.parent in here else {}))
    repositories: dict[str, dict[str, str]] = {}
    for archived, top in tops:
        for tag in archived.tags:
            repositories.setdefault(tag.familiar_name, {})[tag.tag] = top
    nodes: dict[str, Node] = {MANIFEST: file_node(dumps(manifest) + b"\n", 0)}
    if repositories:
        nodes[REPOSITORIES] = file_node(dumps(repositories, sort_keys=True) + b"\n", 0)
    return nodes
