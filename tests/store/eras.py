"""What `docker save` has written: up to Engine 24, since then, and with containerd's image store.

labkit writes the first; the others are made here, for what reads them.
"""

from __future__ import annotations

from collections.abc import Sequence

from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.oci.gzip import store_gzip
from labkit.oci.tar_writer import write_tar
from labkit.store.archive import (
    ArchivedImage,
    docker_archive,
    docker_documents,
    layout_nodes,
    tar_of,
    tree_of,
)

ERAS = ("20.10", "25", "containerd")


def saved(images: Sequence[ArchivedImage], era: str) -> Content:
    """Return an archive as an era's engine writes it: the very bytes for 20.10, else the form."""
    if era == "20.10":
        return docker_archive(images)
    compress = era == "containerd"
    items = []
    for each in images:
        diff_ids = [layer.diff_id for layer in each.image.layers]
        digests = diff_ids
        if compress:
            digests = [sha256(store_gzip(tar_of(layer)).chunks()) for layer in each.image.layers]
        items.append((each, _blob(each.image.config.id), list(map(_blob, digests)), diff_ids[-1][7:]))
    return write_tar(tree_of(layout_nodes(images, compress=compress) | docker_documents(items)))


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
