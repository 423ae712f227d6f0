"""The overlay2 storage driver: a directory for each layer, laid over each other by the kernel.

A layer's directory holds its files and whiteouts, and beside them what the driver needs to mount it; a
container adds one that begins empty (moby, daemon/graphdriver/overlay2). Nothing is copied or shared when
it does; the first write to a file of the image copies it up whole, see `overlay`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from labkit.oci import changeset, tree
from labkit.oci.tree import EMPTY_ROOT, Dir, Meta
from labkit.storage.driver import BLOCK, Active, Kept, Snapshot, StorageDriver, Units, ancestry, ext4, units
from labkit.storage.overlay import Mount
from labkit.storage.posix import Cost


class Overlay2(StorageDriver):
    """The driver: layers are directories, a container adds one that begins empty."""

    name = "overlay2"
    copies = "files"
    mounts_at = "{home}/{layer}/merged"
    tells: ClassVar = {  # on ext4 and a kernel of today (moby, overlay.go, Status)
        "Backing Filesystem": "extfs",
        "Supports d_type": "true",
        "Native Overlay Diff": "true",
        "userxattr": "false",
    }

    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        """Return the snapshot that lays changes over a parent, merging the trees once for all mounts.

        >>> Overlay2().commit(None, Dir()).depth
        1
        """
        root = changeset.apply(parent.root if parent else EMPTY_ROOT, changes)
        kept = self.beside(parent, mounted=init)

        def made() -> Cost:
            return Cost(written=tree.size(changes), allocated=kept + sum(units(changes, ext4).values()))

        return Snapshot(changes, parent, root, self.depth(parent, init), made, kept)

    def alike(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with a directory of its own; here in memory its trees are the same values."""
        return replace(snapshot)

    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a new upper directory; Docker makes it anew, so the image's root attributes are lost.

        >>> Overlay2().prepare(None, 5).tree.meta.mtime
        5
        """
        # Creating a container mounts it once, to put volumes in place (moby, daemon/create_unix.go).
        kept = self.beside(parent, mounted=True)
        return Active(self, parent, Dir({}, Meta(0o755, mtime=now)), Cost(allocated=kept + BLOCK), kept)

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> Mount:
        lower = active.parent.root if active.parent else EMPTY_ROOT
        layers = [each.changes for each in ancestry(active.parent)]
        return Mount(lower, active.tree, clock, read_only=read_only, mounted=active, layers=layers)

    def diff(self, active: Active) -> Dir:
        return active.tree

    def units(self, kept: Kept) -> Units:
        """Return the blocks of the layer's own directory: no other layer has them.

        >>> Overlay2().units(Overlay2().prepare(None, 0))
        {None: 16384}
        """
        found = units(kept.changes, ext4)
        assert isinstance(kept.kept, int)
        return {**found, None: found.get(None, 0) + kept.kept}

    def beside(self, parent: Snapshot | None, *, mounted: bool) -> int:
        """Return the blocks of what stands beside a layer's files (moby, daemon/graphdriver/overlay2).

        Its directory, the file `link` and a symbolic link of that name; on a parent also the file `lower`
        and the directory `work`, in which the kernel makes another when it mounts. `merged` goes with the
        mount, and the file `committed` is empty: neither takes a block that stays.
        """
        # The link's target, ../ID/diff, has 72 bytes: 13 more than an inode of ext4 holds.
        return BLOCK * (3 + (2 + mounted if parent else 0))

    def metadata(self, home: str, layers: Sequence[str]) -> Mapping[str, str]:
        """Return the directories: the top layer's is the upper one, the others are below it.

        >>> Overlay2().metadata("/o", ["top"])
        {'MergedDir': '/o/top/merged', 'UpperDir': '/o/top/diff', 'WorkDir': '/o/top/work'}
        """
        top, *below = (f"{home}/{layer}" for layer in layers)
        lower = {"LowerDir": ":".join(f"{each}/diff" for each in below)} if below else {}
        return {**lower, "MergedDir": f"{top}/merged", "UpperDir": f"{top}/diff", "WorkDir": f"{top}/work"}


def mount_options(home: str, layers: Sequence[str]) -> str:
    """Return the options of an overlay's mount: the layers below the first one by their short names.

    >>> mount_options("/o", ["top", "low"])
    'lowerdir=/o/l/MIRLTW2DFF2N4PPRMYWRXAF3XM,upperdir=/o/top/diff,workdir=/o/top/work'
    """
    top, *below = layers
    lower = ":".join(f"{home}/l/{short_name(each)}" for each in below)
    return f"lowerdir={lower},upperdir={home}/{top}/diff,workdir={home}/{top}/work"


def short_name(name: str) -> str:
    """Return the name of a layer's link in `l`, which moby draws at random.

    >>> short_name("low")
    'MIRLTW2DFF2N4PPRMYWRXAF3XM'
    """
    return base64.b32encode(hashlib.sha256(f"link:{name}".encode()).digest())[:26].decode()
