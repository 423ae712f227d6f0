"""Archives of images: opened whatever wrote them, and written as Docker and the OCI do.

What can be opened: what `docker save` of any engine since 1.10 writes, OCI layouts as a tar or as a
directory, and skopeo's `docker-archive:` and `oci-archive:`; each tar also compressed as a whole. An
archive is read where it lies: nothing is unpacked, layers stay slices of the file, which must not
change while its images are in use.

From the bottom up: an archive's files, the images and layers in them, Docker's form (moby 20.10,
image/tarexport), the OCI's (image-spec, image-layout.md), and the functions that read and write either.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, TypeAlias

from labkit.base.errors import (
    DaemonError,
    DigestMismatch,
    InvalidArchive,
    InvalidDocument,
    InvalidLayer,
    RecordedImage,
    retold,
)
from labkit.base.text import decode
from labkit.go.json import dumps, loads
from labkit.go.moment import SECOND, parse_time
from labkit.go.struct import STRING, STRINGS, Field, conform, list_of, struct
from labkit.oci import tar
from labkit.oci.blob import FileSource
from labkit.oci.config import IMAGE, ImageConfig, parse_config
from labkit.oci.content import CHUNK, Content, Piece
from labkit.oci.descriptor import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Descriptor, Platform
from labkit.oci.digest import chain_ids, sha256, short, verify
from labkit.oci.gzip import Spool, decompressed
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.manifest import Index, make_index, make_manifest, parse_manifest
from labkit.oci.reference import Reference, parse_reference
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import Dir, File, Meta, Node, PathWalk, Symlink, put, split_path

# Files

_MOST_STEPS = 255
"""The names that moby follows, links or not (pkg/symlink, evalSymlinksInScope)."""


class TarFiles:
    """The files of a tar, indexed once by its headers: of two with one name the last counts.

    Links are followed inside of the archive only: `/` and `..` lead to its root and no farther, as in the
    directory that Docker unpacks to (moby, image/tarexport, safePath).
    """

    def __init__(self, content: Content) -> None:
        self._content = content
        self._entries: dict[str, tar.Entry] = {}
        with retold(InvalidArchive, InvalidLayer):
            for entry in tar.entries(content):
                self._add(_inside(decode(entry.name)), entry)

    def _add(self, name: str, entry: tar.Entry) -> None:
        if entry.kind == tar.LINK:
            target = _inside(decode(entry.link))
            if target not in self._entries:
                raise tar.failure(f"link /{target} /{name}: no such file or directory")
            entry = self._entries[target]
        self._entries[name] = entry

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return name in self._entries

    def open(self, name: str) -> Content:
        """Return what a file holds; raises InvalidArchive in the words of open(2)."""
        place = self._resolved(name)
        entry = self._entries.get(place)
        above = entry is None and any(each.startswith(place and place + "/") for each in self._entries)
        if above or (entry and entry.kind == tar.DIRECTORY):
            raise InvalidArchive(f"read {place or '.'}: is a directory")
        if entry is None:
            raise InvalidArchive(f"open {place}: no such file or directory")
        if entry.kind != tar.FILE:
            raise InvalidArchive(f"read {place}: not a regular file")
        return self._content.slice(entry.offset, entry.size)

    def _resolved(self, name: str) -> str:
        if posixpath.normpath(name.lstrip("/")).split("/")[0] == "..":
            raise InvalidArchive(f"evalSymlinksInScope: {name} is not in the archive")
        walk = PathWalk("", split_path(name))
        for number, part in enumerate(walk):
            if number > _MOST_STEPS:
                raise InvalidArchive(f"evalSymlinksInScope: too many links in {name}")
            here = f"{walk.trail[-1]}/{part}".lstrip("/")
            entry = self._entries.get(here)
            if entry is None or entry.kind != tar.SYMLINK:
                walk.trail.append(here)
            else:
                walk.follow(decode(entry.link))
        return walk.trail[-1]


class DirectoryFiles:
    """The files of a directory of this machine, asked as those of a tar."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._root = Path(path).resolve()
        self._opened: dict[str, Content] = {}

    def has(self, name: str) -> bool:
        return (self._root / name).is_file()

    def open(self, name: str) -> Content:
        if name not in self._opened:
            path = (self._root / name).resolve()
            if not path.is_relative_to(self._root):
                raise InvalidArchive(f"evalSymlinksInScope: {name} is not in the archive")
            if not path.exists():
                raise InvalidArchive(f"open {name}: no such file or directory")
            self._opened[name] = _open_file(path, name)
        return self._opened[name]


ArchiveFiles: TypeAlias = TarFiles | DirectoryFiles


def _open_file(path: str | os.PathLike[str], name: str) -> Content:
    """Return a file of this machine as content; raises InvalidArchive in the words of open(2)."""
    try:
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = FileSource(path)
        return Content.at(file, 0, file.size)
    except OSError as error:
        number = error.errno or 0
        verb = "read" if number == errno.EISDIR else "open"
        text = f"{verb} {name}: {os.strerror(number).lower()}"
        raise InvalidArchive(text, code=errno.errorcode.get(number, ""), subject=name) from None


def _inside(name: str) -> str:
    """Return an entry's name without the `/` and `..` that would lead out of the root."""
    return posixpath.normpath(f"/{name}").strip("/")


def file_node(data: bytes | Content, time: int) -> File:
    """Return a file to be written, with its time in nanoseconds."""
    return File(Content.of(data) if isinstance(data, bytes) else data, Meta(0o644, mtime=time))


def tree_of(nodes: Mapping[str, Node]) -> Dir:
    """Return the tree of files given by their paths; every directory is among them.

    >>> tree_of({"blobs/x": file_node(b"", 0), "blobs": Dir()}).children["blobs"].children.keys()
    dict_keys(['x'])
    """
    root = Dir()
    for path in sorted(nodes):
        root = put(root, path, nodes[path])
    return root


def _seconds(time: str) -> int:
    """Return a document's time as a file's: nanoseconds, in whole seconds, and none before 1970."""
    moment = parse_time(time)
    # Outside of what a file's time can hold it is 1970 (moby, pkg/system, Chtimes).
    return moment // SECOND * SECOND if 0 <= moment < 1 << 63 else 0


# Images and layers

_BLOB = re.compile(r"blobs/([a-z0-9]+)/([a-f0-9]+)", re.ASCII)
_CONFIG = re.compile(r"(?:blobs/sha256/|sha256:)?([a-f0-9]{64})(?:\.json)?", re.ASCII)
_LARGEST = 16 << 20


def _read_document(files: ArchiveFiles, name: str) -> bytes:
    """Return a document's bytes; InvalidArchive where it is too large to be one.

    Registries take manifests of 4 MiB (distribution, maxManifestBodySize), containerd configs of 8 MiB.
    Docker sets no limit for an archive's: a config with a history of 100,000 lines is read here, too.
    """
    content = files.open(name)
    if content.size > _LARGEST:
        raise InvalidArchive(f"{name}: labkit reads documents of at most {_LARGEST >> 20} MiB")
    return content.read()


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """An image of an archive: its tags, and the ID of the image it was built on, if that is there too."""

    image: Image
    tags: tuple[Reference, ...] = ()
    parent: str = ""


class _LayerReader:
    """Reads an archive's layers; what two images share is read and verified once."""

    def __init__(self, files: ArchiveFiles) -> None:
        self._files = files
        self._places: dict[tuple[Piece, ...], Layer] = {}
        self._layers: dict[str, Layer] = {}

    def read(self, names: list[str], diff_ids: tuple[str, ...]) -> tuple[Layer, ...]:
        """Return the layers in these files, bottom first; DigestMismatch where one has not its DiffID."""
        if len(names) != len(diff_ids):
            told = f"expected {len(names)}, got {len(diff_ids)}"
            raise InvalidArchive(f"invalid manifest, layers length mismatch: {told}")
        return tuple(self._read(name, *each) for name, each in zip(names, enumerate(diff_ids), strict=True))

    def _read(self, name: str, number: int, diff_id: str) -> Layer:
        stored = self._files.open(name)
        layer = self._places.get(stored.pieces)
        if layer is None:
            tar = unpacked(stored)
            layer = Layer.from_tar(tar)
            layer = self._layers.setdefault(layer.diff_id, layer)
            if layer.diff_id == diff_id and (blob := _BLOB.fullmatch(name)):
                digest = f"{blob[1]}:{blob[2]}"
                if tar is not stored or digest != layer.diff_id:
                    verify(stored.chunks(), digest)
            self._places[stored.pieces] = layer
        if layer.diff_id != diff_id:
            raise DigestMismatch(
                f'invalid diffID for layer {number}: expected "{diff_id}", got "{layer.diff_id}"'
            )
        return layer


def _image(reader: _LayerReader, raw: bytes, layers: list[str]) -> Image:
    """Return the image that a config and its layers' files make; raises LabkitError unless all of it fits."""
    config = parse_config(raw)
    if config.os != "linux":
        raise InvalidArchive(f"cannot load {config.os} image on linux")
    image = Image(config, reader.read(layers, config.diff_ids))
    validate(image)
    return image


def unpacked(stored: Content) -> Content:
    """Return what a file that may be compressed holds; damage is refused as Docker refuses it.

    >>> unpacked(Content.of(b"plain")).read()
    b'plain'
    """
    try:
        return decompressed(stored)
    except InvalidArchive as error:
        # The daemon decompresses into a pipe to a child that unpacks (moby, pkg/chrootarchive,
        # archive_unix.go). Damage in the data leaves the child a tar that is cut short, and the child fails.
        # Damage behind the data leaves it a whole one, and what is told is the error of the pipe.
        if error.code == "damaged-data":
            raise InvalidArchive("Error processing tar file(exit status 1): unexpected EOF") from error
        if error.code == "damaged-frame":
            raise InvalidArchive(f"Error processing tar file({error}): ") from error
        raise


def tar_of(layer: Layer) -> Content:
    """Return the tar of a layer that is no record."""
    assert layer.tar is not None
    return layer.tar


# Docker's form

_NOT_V1 = ("id", "parent", "rootfs", "history", "os.version", "os.features")
_V1_IMAGE = struct("image.V1Image", *(field for field in IMAGE.fields if field.key not in _NOT_V1))
_BELOW = conform(_V1_IMAGE, {"created": "1970-01-01T00:00:00Z"})


def _v1_layers(config: ImageConfig) -> Iterator[tuple[str, bytes]]:
    """Yield, bottom first, each layer's identifier of before Docker 1.10 and the document saved under it.

    `docker save` still writes them: a document describes a layer as an image of its own, and its hash is the
    identifier (moby, image/v1, CreateID, and image/image.go, V1Image). Only the top one tells of the image.
    """
    image = conform(_V1_IMAGE, loads(config.raw))
    parent = ""
    for number, chain_id in enumerate(chain_ids(config.diff_ids), 1):
        document = image if number == len(config.diff_ids) else _BELOW
        hashed = document | {"layer_id": chain_id}
        named = {"parent": parent} if parent else {}
        if parent:
            hashed["parent"] = f"sha256:{parent}"
        identifier = sha256(dumps(dict(sorted(hashed.items())))).removeprefix("sha256:")
        system = {"os": image["os"]} if "os" in image else {}
        yield identifier, dumps({"id": identifier} | named | document | system)
        parent = identifier


MANIFEST = "manifest.json"
REPOSITORIES = "repositories"

_KINDS = {"Config": STRING, "RepoTags": STRINGS, "Layers": STRINGS, "Parent": STRING}
_ITEMS = list_of(struct("tarexport.manifestItem", *(Field(key, kind) for key, kind in _KINDS.items())))


def _docker_images(files: ArchiveFiles) -> tuple[ArchivedImage, ...]:
    """Return the images of an archive with a manifest.json, in its order.

    All engines since 1.10 write that manifest, whether the layers lie in directories of their own, as they
    did up to Engine 24, or among the blobs of an OCI layout, plain or compressed.
    """
    reader, raw = _LayerReader(files), _read_document(files, MANIFEST)
    if not raw.strip():
        raise InvalidArchive("EOF")
    try:
        items = conform(_ITEMS, loads(raw)) or []
    except InvalidDocument as error:
        # Docker reads this file as a stream, which has another word for its end.
        ended = error.code == "unexpected-end"
        raise InvalidArchive("unexpected EOF" if ended else str(error)) from error
    images = [_read_item(files, reader, item) for item in items]
    here = {each.image.id for each in images}
    return tuple(replace(each, parent=each.parent if each.parent in here else "") for each in images)


def _read_item(files: ArchiveFiles, reader: _LayerReader, item: dict[str, Any]) -> ArchivedImage:
    image = _image(reader, _read_document(files, item["Config"]), item["Layers"] or [])
    # Docker takes a config that is not what its file's name says for another image; here it is damage.
    named = _CONFIG.fullmatch(item["Config"])
    if named and image.id != f"sha256:{named[1]}":
        raise DigestMismatch(f"image config verification failed for digest sha256:{named[1]}")
    return ArchivedImage(image, tuple(_tag(tag) for tag in item["RepoTags"] or []), item["Parent"])


def _tag(text: str) -> Reference:
    reference = parse_reference(text)
    if not reference.tag:
        raise InvalidArchive(f'invalid tag "{text}"')
    return reference


def _docker_nodes(images: Sequence[ArchivedImage], clock: int) -> dict[str, Node]:
    """Return the files of the archive that Engine 20.10 writes, by their paths.

    A layer that an image before it brought under another name is a link to that, made at `clock`.
    """
    nodes: dict[str, Node] = {}
    places: dict[str, str] = {}
    items = []
    for archived in images:
        config = archived.image.config
        created = _seconds(config.created)
        layers = []
        for layer, (identifier, document) in zip(archived.image.layers, _v1_layers(config), strict=True):
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
        items.append((archived, name, layers, layers[-1].removesuffix("/layer.tar")))
    return nodes | docker_documents(items)


def docker_documents(items: Sequence[tuple[ArchivedImage, str, list[str], str]]) -> dict[str, Node]:
    """Return manifest.json and the older `repositories`, which all engines write.

    Takes each image with the files of its config and its layers, and with the name of its top layer.
    """
    here = {archived.image.id for archived, *_ in items}
    manifest = []
    repositories: dict[str, dict[str, str]] = {}
    for archived, config, layers, top in items:
        tags = [tag.familiar for tag in archived.tags] or None
        item = {"Config": config, "RepoTags": tags, "Layers": layers}
        manifest.append(item | ({"Parent": archived.parent} if archived.parent in here else {}))
        for tag in archived.tags:
            repositories.setdefault(tag.familiar_name, {})[tag.tag] = top
    nodes: dict[str, Node] = {MANIFEST: file_node(dumps(manifest) + b"\n", 0)}
    if repositories:
        nodes[REPOSITORIES] = file_node(dumps(repositories, sort_keys=True) + b"\n", 0)
    return nodes


# The OCI's form

INDEX = "index.json"
LAYOUT = "oci-layout"
VERSION = "1.0.0"
IMAGE_NAME = "io.containerd.image.name"
"""How containerd and Docker write an image's name."""
REF_NAME = "org.opencontainers.image.ref.name"
"""How skopeo and podman do."""

_PLATFORM = Platform("amd64", "linux")
_LAYOUT = struct("v1.ImageLayout", Field("imageLayoutVersion", STRING))
_DEEPEST = 8


def _oci_images(files: ArchiveFiles) -> tuple[ArchivedImage, ...]:
    """Return the images of a layout, in its index's order, those for several platforms for linux/amd64.

    An image named more than once comes once, with all its tags.
    """
    version = conform(_LAYOUT, loads(_read_document(files, LAYOUT)))["imageLayoutVersion"]
    if version != VERSION:
        raise InvalidArchive(f"unsupported OCI version {version}")
    index = parse_manifest(_read_document(files, INDEX), OCI_INDEX)
    assert isinstance(index, Index)
    reader = _LayerReader(files)
    images: dict[str, ArchivedImage] = {}
    for descriptor in _wanted(index):
        image = _read_image(files, reader, descriptor)
        tags = images[image.id].tags if image.id in images else ()
        tags += tuple(tag for tag in _tags(descriptor) if tag not in tags)
        images[image.id] = ArchivedImage(image, tags)
    return tuple(images.values())


def _wanted(index: Index) -> list[Descriptor]:
    """Return what are images and no attestations, of our platform where there are such."""
    images = [
        entry
        for entry in index.manifests
        if "vnd.docker.reference.type" not in entry.annotations and _machine(entry) != ("unknown", "unknown")
    ]
    ours = (_PLATFORM.os, _PLATFORM.architecture)
    return [entry for entry in images if _machine(entry) == ours] or images


def _machine(entry: Descriptor) -> tuple[str, str]:
    normal = (entry.platform or _PLATFORM).normalized()
    return normal.os, normal.architecture


def _tags(descriptor: Descriptor) -> tuple[Reference, ...]:
    """Return the tag that a descriptor's annotations name; a bare tag names no image."""
    name = descriptor.annotations.get(IMAGE_NAME, "")
    if not name:
        name = descriptor.annotations.get(REF_NAME, "")
        if ":" not in name and "/" not in name:
            return ()
    reference = parse_reference(name).with_default_tag()
    return (reference,) if reference.tag else ()


def _read_image(files: ArchiveFiles, reader: _LayerReader, descriptor: Descriptor, depth: int = 0) -> Image:
    if depth > _DEEPEST:
        raise InvalidArchive("index.json: indexes are nested too deeply")
    document = parse_manifest(_document(files, descriptor, "manifest"), descriptor.media_type)
    if isinstance(document, Index):
        chosen = document.for_platform(_PLATFORM)
        if chosen is None:
            raise InvalidArchive(f"no matching manifest for {_PLATFORM} in the manifest list entries")
        return _read_image(files, reader, chosen, depth + 1)
    config = _document(files, document.config, "image config")
    for layer in document.layers:
        _check_size(files, layer)
    return _image(reader, config, [_place(layer.digest) for layer in document.layers])


def _place(digest: str) -> str:
    algorithm, _, encoded = digest.partition(":")
    return f"blobs/{algorithm}/{encoded}"


def _check_size(files: ArchiveFiles, descriptor: Descriptor) -> None:
    digest, wanted = descriptor.digest, descriptor.size
    if (size := files.open(_place(digest)).size) != wanted:
        raise DigestMismatch(f"blob {digest} has {size} bytes, not the {wanted} it was announced with")


def _document(files: ArchiveFiles, descriptor: Descriptor, kind: str) -> bytes:
    _check_size(files, descriptor)
    raw = _read_document(files, _place(descriptor.digest))
    try:
        verify(raw, descriptor.digest)
    except DigestMismatch:
        raise DigestMismatch(f"{kind} verification failed for digest {descriptor.digest}") from None
    return raw


def layout_nodes(images: Sequence[ArchivedImage]) -> dict[str, Node]:
    """Return the files of a layout that holds the images, by their paths; layers are plain tars."""
    blobs: dict[str, Node] = {}
    descriptors: list[Descriptor] = []
    for archived in images:
        config, layers = archived.image.config, archived.image.layers
        time = _seconds(config.created)
        parts = [Descriptor(OCI_LAYER, layer.diff_id, tar_of(layer).size) for layer in layers]
        manifest = make_manifest(Descriptor.of(config.raw, OCI_CONFIG), parts, docker=False)
        for layer in layers:
            blobs.setdefault(layer.diff_id, file_node(tar_of(layer), time))
        blobs[config.id] = file_node(config.raw, time)
        blobs[manifest.digest] = file_node(manifest.raw, 0)
        platform = Platform(config.architecture, config.os, config.variant)
        named = replace(Descriptor.of(manifest.raw, OCI_MANIFEST), platform=platform)
        descriptors += [
            replace(named, annotations={IMAGE_NAME: str(tag), REF_NAME: tag.tag}) for tag in archived.tags
        ] or [named]
    nodes: dict[str, Node] = {path: Dir(meta=Meta(0o755)) for path in ("blobs", "blobs/sha256")}
    nodes |= {_place(digest): node for digest, node in blobs.items()}
    nodes[LAYOUT] = file_node(dumps({"imageLayoutVersion": VERSION}), 0)
    nodes[INDEX] = file_node(make_index(descriptors, docker=False).raw, 0)
    return nodes


# Either form


def read_archive(file: str | os.PathLike[str] | IO[bytes] | Content) -> tuple[ArchivedImage, ...]:
    """Return the images of an archive, in its order, having verified every byte that they are made of.

    Takes the path of a file or of an OCI layout's directory, content, or an open binary file, which is read
    to its end (what `docker load` does with standard input). Raises a LabkitError, in the engine's words
    where it has some; then nothing of the archive is given.

    >>> read_archive("missing.tar")
    Traceback (most recent call last):
    labkit.base.errors.InvalidArchive: open missing.tar: no such file or directory
    """
    files = _files(file)
    if files.has(MANIFEST):
        return _docker_images(files)
    if files.has(INDEX):
        return _oci_images(files)
    if files.has(REPOSITORIES):
        raise InvalidArchive(
            "open manifest.json: no such file or directory: archives of Docker before 1.10 are not supported"
        )
    raise InvalidArchive(
        "open repositories: no such file or directory: neither manifest.json nor index.json is there: "
        "docker load takes what docker save writes, docker import a file system (docker export)"
    )


def _files(file: str | os.PathLike[str] | IO[bytes] | Content) -> ArchiveFiles:
    if isinstance(file, Content):
        return TarFiles(unpacked(file))
    if not isinstance(file, (str, os.PathLike)):
        return TarFiles(unpacked(Spool().keep(iter(lambda: file.read(CHUNK), b""))))
    if os.path.isdir(file):
        return DirectoryFiles(file)
    return TarFiles(unpacked(_open_file(file, os.fspath(file))))


def docker_archive(images: Sequence[ArchivedImage], *, clock: int = 0) -> Content:
    """Return the very bytes that `docker save` of Engine 20.10 writes.

    `clock`, in nanoseconds, is when it is written, which the engine notes of a layer that it finds a second
    time. Raises RecordedImage for a record, DaemonError for an image without layers.
    """
    _check(images)
    return write_tar(tree_of(_docker_nodes(images, clock)))


def oci_archive(images: Sequence[ArchivedImage]) -> Content:
    """Return a tar of an OCI layout that holds the images; raises as `docker_archive`."""
    _check(images)
    return write_tar(tree_of(layout_nodes(images)))


def _check(images: Sequence[ArchivedImage]) -> None:
    for archived in images:
        if archived.image.recorded:
            name = archived.tags[0].familiar if archived.tags else short(archived.image.id)
            raise RecordedImage(name, "export it")
        if not archived.image.layers:
            raise DaemonError("empty export - not implemented")
