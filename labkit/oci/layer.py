"""A layer: a set of changes, and the tar whose digest is its DiffID (OCI image-spec, layer.md, config.md).

`tar_reader` and `tar_writer` lead from one to the other. A recorded layer stands in for a published one,
which would be too large to bring along: it has the published DiffID and files of the right names and sizes,
made of filler. It has no tar, so that its DiffID cannot be checked (docs/decisions/0003).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from labkit.base.errors import DigestMismatch
from labkit.go.units import human_size
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.digest import parse_digest, sha256
from labkit.oci.tar_reader import read_changes
from labkit.oci.tar_writer import as_written, write_tar
from labkit.oci.tree import Dir


@dataclass(frozen=True)
class Layer:
    """What a layer changes, under its DiffID; two are equal when their DiffIDs are.

    >>> Layer.of(Dir())
    <Layer sha256:5f70bf18a086: 0B>
    """

    diff_id: str
    changes: Dir = field(compare=False, repr=False)
    tar: Content | None = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        return f"<Layer {self.diff_id[:19]}: {human_size(self.size)}>"

    @staticmethod
    def of(changes: Dir) -> Layer:
        """Return the layer of these changes, with the tar that Docker writes for them.

        A tar has whole seconds and nothing of the root directory itself, so neither has the layer.
        """
        tar = write_tar(changes)
        return Layer(sha256(tar.chunks()), as_written(changes), tar)

    @staticmethod
    def from_tar(tar: Content, diff_id: str | None = None) -> Layer:
        """Return the layer that a tar holds.

        Raises InvalidLayer, or DigestMismatch where the tar does not have the DiffID given.
        """
        changes, computed = read_changes(tar), sha256(tar.chunks())
        if diff_id is not None and computed != diff_id:
            raise DigestMismatch(f'invalid diffID: expected "{diff_id}", got "{computed}"')
        return Layer(computed, changes, tar)

    @staticmethod
    def record(diff_id: str, changes: Dir) -> Layer:
        """Return a layer that stands in for the published one of this DiffID."""
        return Layer(parse_digest(diff_id), changes)

    @property
    def recorded(self) -> bool:
        """Tell whether the layer stands in for a published one."""
        return self.tar is None

    @cached_property
    def size(self) -> int:
        """The bytes of the layer's files, as `docker history` counts them."""
        return tree.size(self.changes)
