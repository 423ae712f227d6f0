"""OCI layouts: index.json and the blobs that it leads to, read and put together.

OCI image-spec, image-layout.md and image-index.md; the names of images are containerd's and Docker's
(`io.containerd.image.name`) or skopeo's and podman's (`org.opencontainers.image.ref.name`). Of an image
for several platforms the one for linux/amd64 is taken; attestations, which are no images, are passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labkit.errors import DigestMismatch, InvalidArchive
from labkit.oci.descriptor import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, Descriptor, Platform
from labkit.oci.digest import verify
from labkit.oci.gojson import dumps, loads
from labkit.oci.gostruct import STRING, Field, conform, struct
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.manifest import Index, make_index, make_manifest, parse_manifest
from labkit.oci.reference import Reference, parse_reference
from labkit.oci.tree import Dir, Meta, Node
from labkit.store.archive_files import Files, file_node, seconds
from labkit.store.archived import ArchivedImage, LayerReader, read_config, tar_of
from labkit.store.docker_archive import docker_documents
from labkit.store.gzip import store_gzip

INDEX = "index.json"
LAYOUT = "oci-layout"
VERSION = "1.0.0"
IMAGE_NAME = "io.containerd.image.name"
REF_NAME = "org.opencontainers.image.ref.name"

_PLATFORM = Platform("amd64", "linux")
_LAYOUT = struct("v1.ImageLayout", Field("imageLayoutVersion", STRING))
_DEEPEST = 8


def read_oci_layout(files: Files) -> tuple[ArchivedImage, ...]:
    """Return the images of a layout, in its index's order, every byte verified.

    An image named more than once comes once, with all its tags. Raises InvalidArchive,
    InvalidDocument, InvalidLayer, InvalidImage, InvalidReference or DigestMismatch.
    """
    version = conform(_LAYOUT, loads(files.open(LAYOUT).read()))["imageLayoutVersion"]
    if version != VERSION:
        raise InvalidArchive(f"unsupported OCI version {version}")
    index = parse_manifest(files.open(INDEX).read(), OCI_INDEX)
    assert isinstance(index, Index)
    reader = LayerReader(files)
    images: dict[str, ArchivedImage] = {}
    for descriptor in _wanted(index):
        image = _read_image(files, reader, descriptor)
        tags = images[image.id].tags if image.id in images else ()
        tags += tuple(tag for tag in _tags(descriptor) if tag not in tags)
        images[image.id] = ArchivedImage(image, tags)
    return tuple(images.values())


def _wanted(index: Index) -> list[Descriptor]:
    """Return what are images, of our platform where there are such."""
    images = [entry for entry in index.manifests if not _is_attestation(entry)]
    ours = [entry for entry in images if entry.platform is None or _fits(entry.platform)]
    return ours or images


def _is_attestation(entry: Descriptor) -> bool:
    return "vnd.docker.reference.type" in entry.annotations or (
        entry.platform is not None and entry.platform.os == entry.platform.architecture == "unknown"
    )


def _fits(platform: Platform) -> bool:
    normal = platform.normalized()
    return (normal.os, normal.architecture) == (_PLATFORM.os, _PLATFORM.architecture)


def _tags(descriptor: Descriptor) -> tuple[Reference, ...]:
    """Return the tag that a descriptor's annotations name; a bare tag names no image."""
    name = descriptor.annotations.get(IMAGE_NAME, "")
    if not name:
        name = descriptor.annotations.get(REF_NAME, "")
        if ":" not in name and "/" not in name:
            return ()
    reference = parse_reference(name).with_default_tag()
    return (reference,) if reference.tag else ()


def _read_image(files: Files, reader: LayerReader, descriptor: Descriptor, depth: int = 0) -> Image:
    if depth > _DEEPEST:
        raise InvalidArchive("index.json: indexes are nested too deeply")
    document = parse_manifest(_document(files, descriptor, "manifest"), descriptor.media_type)
    if isinstance(document, Index):
        chosen = document.for_platform(_PLATFORM)
        if chosen is None:
            raise InvalidArchive(f"no matching manifest for {_PLATFORM} in the manifest list entries")
        return _read_image(files, reader, chosen, depth + 1)
    config = read_config(_document(files, document.config, "image config"))
    for layer in document.layers:
        _check_size(files, layer)
    image = Image(config, reader.read([_place(layer.digest) for layer in document.layers], config.diff_ids))
    validate(image)
    return image


def _place(digest: str) -> str:
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def _check_size(files: Files, descriptor: Descriptor) -> None:
    size = files.open(_place(descriptor.digest)).size
    if size != descriptor.size:
        raise DigestMismatch(
            f"blob {descriptor.digest} has {size} bytes, not the {descriptor.size} it was announced with"
        )


def _document(files: Files, descriptor: Descriptor, kind: str) -> bytes:
    _check_size(files, descriptor)
    raw = files.open(_place(descriptor.digest)).read()
    try:
        verify(raw, descriptor.digest)
    except DigestMismatch:
        raise DigestMismatch(f"{kind} verification failed for digest {descriptor.digest}") from None
    return raw


def layout_nodes(images: Sequence[ArchivedImage], *, compress: bool, docker: bool) -> dict[str, Node]:
    """Return the files of a layout that holds the images, by their paths.

    Layers are plain, or with `compress` gzip files of stored blocks. With `docker` the layout has also
    the documents that Docker adds for its older engines.
    """
    blobs: dict[str, Node] = {}
    layers: dict[str, Descriptor] = {}
    descriptors: list[Descriptor] = []
    items = []
    for archived in images:
        config = archived.image.config
        time = seconds(config.created)
        for layer in archived.image.layers:
            if layer.diff_id not in layers:
                layers[layer.diff_id], blobs[layer.diff_id] = _stored(layer, time, compress)
        parts = [layers[layer.diff_id] for layer in archived.image.layers]
        manifest = make_manifest(Descriptor.of(config.raw, OCI_CONFIG), parts, docker=False)
        blobs[config.id] = file_node(config.raw, time)
        blobs[manifest.digest] = file_node(manifest.raw, 0)
        named = replace(
            manifest.descriptor, platform=Platform(config.architecture, config.os, config.variant)
        )
        descriptors += [replace(named, annotations=_names(tag)) for tag in archived.tags] or [named]
        items.append((archived, _place(config.id), [_place(part.digest) for part in parts]))
    nodes: dict[str, Node] = {path: Dir(meta=Meta(0o755)) for path in ("blobs", "blobs/sha256")}
    nodes |= {_place(layers[key].digest if key in layers else key): node for key, node in blobs.items()}
    nodes[LAYOUT] = file_node(dumps({"imageLayoutVersion": VERSION}), 0)
    nodes[INDEX] = file_node(make_index(descriptors, docker=False).raw, 0)
    if docker:
        tops = [(archived, archived.image.layers[-1].diff_id.removeprefix("sha256:")) for archived in images]
        nodes |= docker_documents(items, tops)
    return nodes


def _stored(layer: Layer, time: int, compress: bool) -> tuple[Descriptor, Node]:
    tar = tar_of(layer)
    if not compress:
        return Descriptor(OCI_LAYER, layer.diff_id, tar.size), file_node(tar, time)
    content = store_gzip(tar)
    return Descriptor.of(content, OCI_LAYER_GZIP), file_node(content, time)


def _names(tag: Reference) -> dict[str, str]:
    return {IMAGE_NAME: str(tag), REF_NAME: tag.tag}
