"""Images of Docker Hub as it was in April 2019, from records: published identifiers over stand-in files.

A record is a JSON file beside this module; its `about` says what was published and what was not. Where
it has null the hub chooses an identifier of its own, made of the image's name and the place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from labkit.base.text import packaged
from labkit.go.moment import parse_time
from labkit.oci import tree
from labkit.oci.config import History, ImageConfig, make_config
from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_LAYER, Descriptor, Platform
from labkit.oci.digest import sha256
from labkit.oci.layer import Layer
from labkit.oci.manifest import Index, Manifest, make_index, make_manifest
from labkit.oci.tree import Dir, File, Meta, Node, Symlink, Whiteout, new_inode
from labkit.store.registry import Registry, StoredContent

_ESCAPES = {r"\n": "\n", "\\\\": "\\"}
_REST_FILE = 262_144


def parse_listing(text: str, *, mtime: int, total: int = 0) -> Dir:
    """Return the changeset that lines describe, an entry a line:

        dir MODE PATH
        file MODE SIZE PATH         filler that depends on the path alone; of a program, if the mode says so
        prints MODE SIZE PATH TEXT  a program that prints the text
        script MODE SIZE PATH TEXT  the text, then filler up to the size
        text MODE PATH TEXT         with \\n for a line's end and two backslashes for one
        link PATH TARGET            a symbolic link
        hard PATH TARGET            another name of a file that is listed above
        gone PATH                   a whiteout
        include NAME                the lines of the list `files/NAME.txt`
        rest MODE DIR …             as many files of filler, put last, as make the layer add up to `total`

    Directories that a path needs and that are not listed have mode 0755. `mtime` is every file's time in
    nanoseconds.

    >>> tree.size(parse_listing("rest 0644 usr", mtime=0, total=300_000))
    300000
    """
    root = Dir(meta=Meta(0o755, mtime=mtime))
    for line in sorted(_lines(text), key=lambda line: line.startswith("rest ")):
        root = _add(root, line, mtime, total)
    return root


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith("include "):
            yield from _lines(packaged(__package__ or "", f"files/{line.removeprefix('include ')}.txt"))
        elif line and not line.startswith("#"):
            yield line


def _add(root: Dir, line: str, mtime: int, total: int) -> Dir:
    kind, _, rest = line.partition(" ")
    if kind == "link":
        path, target = rest.split(" ")
        return _put(root, path, Symlink(target, Meta(0o777, mtime=mtime)))
    if kind == "gone":
        return _put(root, rest, Whiteout())
    if kind == "hard":
        return _hard_link(root, *rest.split(" "))
    mode, _, rest = rest.partition(" ")
    meta = Meta(int(mode, 8), mtime=mtime)
    if kind == "dir":
        return _put(root, rest, Dir(meta=meta))
    if kind == "rest":
        return _fill(root, rest.split(" "), meta, total - tree.size(root))
    if kind in ("text", "file"):
        rest = f"0 {rest}" if kind == "text" else f"{rest} "
    elif kind not in ("script", "prints"):
        raise ValueError(f"no such line in a list of files: {line}")
    size, path, written = rest.split(" ", 2)
    text = re.sub(r"\\n|\\\\", lambda match: _ESCAPES[match[0]], written)
    if kind in ("file", "prints"):
        return _put(root, path, _stand_in(int(size), path, meta, text))
    start = Content.of(text.encode())
    return _put(root, path, File(start + Content.filler(max(int(size) - start.size, 0), path), meta))


def _stand_in(size: int, path: str, meta: Meta, words: str = "") -> File:
    program = meta.mode & 0o111
    return File(Content.program(size, path, words) if program else Content.filler(size, path), meta)


def _put(root: Dir, path: str, node: Node) -> Dir:
    parent = path.rpartition("/")[0]
    if parent and tree.get(root, parent) is None:
        root = _put(root, parent, Dir(meta=root.meta))
    known = tree.get(root, path)
    if isinstance(known, Dir) and isinstance(node, Dir):
        node = replace(known, meta=node.meta)
    elif known is not None:
        raise ValueError(f"listed twice: {path}")
    return tree.put(root, path, node)


def _hard_link(root: Dir, path: str, target: str) -> Dir:
    node = tree.get(root, target)
    if not isinstance(node, File):
        raise ValueError(f"no file to link to: {target}")
    if not node.inode:
        node = replace(node, inode=new_inode())
        root = tree.put(root, target, node)
    return _put(root, path, node)


def _fill(root: Dir, directories: list[str], meta: Meta, size: int) -> Dir:
    if size < 0:
        raise ValueError("the files listed are larger than the layer")
    count = -(-size // _REST_FILE)
    for number in range(count):
        path = f"{directories[number % len(directories)]}/part-{number:03}"
        part = min(_REST_FILE, size - number * _REST_FILE)
        root = _put(root, path, _stand_in(part, path, meta))
    return root


def add_record(registry: Registry, name: str) -> None:
    """Put the image that the record `NAME.json` tells of into a registry, under its published digests."""
    facts = json.loads(packaged(__package__ or "", f"{name}.json"))
    layers = [_layer(name, place, facts) for place in range(len(facts["layers"]))]
    config = _config(facts, layers)
    image_id = facts["image_id"] or _own(name, "image")
    blobs = {image_id: StoredContent(Content.of(config.raw), DOCKER_CONFIG, recorded=True)}
    parts = []
    for place, (layer, known) in enumerate(zip(layers, facts["layers"], strict=True)):
        digest, size = known["digest"] or _own(name, f"blob {place}"), known["compressed_bytes"]
        parts.append(Descriptor(DOCKER_LAYER, digest, size))
        blobs[digest] = StoredContent(Content.filler(size, digest), recorded=True, layer=layer)
    # With the published config's size, too, the manifest's bytes are those that were published.
    size = facts.get("config_size") or len(config.raw)
    manifest = make_manifest(Descriptor(DOCKER_CONFIG, image_id, size), parts)
    digest = facts["manifest_digest"] or _own(name, "manifest")
    listed = Descriptor(manifest.media_type, digest, len(manifest.raw), Platform("amd64", "linux"))
    documents: dict[str, Manifest | Index] = {
        digest: manifest,
        facts["manifest_list_digest"] or _own(name, "manifest list"): make_index([listed]),
    }
    manifests = {
        digest: StoredContent(Content.of(document.raw), document.media_type, recorded=True)
        for digest, document in documents.items()
    }
    registry.add(f"library/{facts['repository']}", facts["tags"], manifests, blobs)


def _layer(name: str, place: int, facts: dict[str, Any]) -> Layer:
    known = facts["layers"][place]
    created = next(entry["created"] for entry in facts["history"] if entry.get("layer") == place)
    changes = parse_listing(f"include {known['files']}", mtime=parse_time(created), total=known["bytes"])
    diff_id = known["diff_id"] or _own(known["digest"] or f"{name} {place}", "DiffID")
    return Layer.record(diff_id, changes)


def _own(name: str, part: str) -> str:
    return sha256(f"labkit hub: {name}: {part}".encode())


def _config(facts: dict[str, Any], layers: Sequence[Layer]) -> ImageConfig:
    history = [
        History(entry["created"], entry["created_by"], empty_layer=entry.get("empty_layer", False))
        for entry in facts["history"]
    ]
    return make_config(
        created=history[-1].created,
        docker_version=facts["docker_version"],
        config=facts["config"],
        diff_ids=[layer.diff_id for layer in layers],
        history=history,
    )
