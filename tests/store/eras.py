"""What `docker save` has written: up to Engine 24, since then, and with containerd's image store.

labkit writes the first; the others are made here, for what reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from labkit.oci.content import Content
from labkit.oci.descriptor import OCI_INDEX, OCI_LAYER, Descriptor
from labkit.oci.gzip import store_gzip
from labkit.oci.manifest import Index, Manifest, make_index, make_manifest, parse_manifest
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import File, Node
from labkit.store.archive import (
    INDEX,
    ArchivedImage,
    docker_archive,
    docker_documents,
    file_node,
    layout_nodes,
    tar_of,
    tree_of,
)

ERAS = ("20.10", "25", "containerd")


def saved(images: Sequence[ArchivedImage], era: str) -> Content:
    """Return an archive as an era's engine writes it: the very bytes for 20.10, else the form."""
    if era == "20.10":
        return docker_archive(images)
    nodes = layout_nodes(images)
    packed = _compressed(nodes, images) if era == "containerd" else {}
    items = []
    for each in images:
        diff_ids = [layer.diff_id for layer in each.image.layers]
        blobs = [_blob(packed.get(diff_id, diff_id)) for diff_id in diff_ids]
        items.append((each, _blob(each.image.config.id), blobs, diff_ids[-1][7:]))
    return write_tar(tree_of(nodes | docker_documents(items)))


def _compressed(nodes: dict[str, Node], images: Sequence[ArchivedImage]) -> dict[str, str]:
    """Put gzip files in the place of a layout's layers; return their digests by DiffID."""
    packed: dict[str, Descriptor] = {}
    for layer in (layer for each in images for layer in each.image.layers):
        if layer.diff_id not in packed:
            blob = store_gzip(tar_of(layer))
            packed[layer.diff_id] = Descriptor.of(blob, f"{OCI_LAYER}+gzip")
            nodes[_blob(packed[layer.diff_id].digest)] = file_node(blob, 0)
            del nodes[_blob(layer.diff_id)]
    index = parse_manifest(_read(nodes[INDEX]), OCI_INDEX)
    assert isinstance(index, Index)
    listed, plain = [], dict[str, Node]()
    for entry in index.manifests:
        if (path := _blob(entry.digest)) in nodes:
            plain[path] = nodes.pop(path)
        before = parse_manifest(_read(plain[path]))
        assert isinstance(before, Manifest)
        layers = [packed[each.digest] for each in before.layers]
        manifest = make_manifest(before.config, layers, docker=False)
        nodes[_blob(manifest.digest)] = file_node(manifest.raw, 0)
        listed.append(replace(entry, digest=manifest.digest, size=len(manifest.raw)))
    nodes[INDEX] = file_node(make_index(listed, docker=False).raw, 0)
    return {diff_id: each.digest for diff_id, each in packed.items()}


def _read(node: Node) -> bytes:
    assert isinstance(node, File)
    return node.content.read()


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
