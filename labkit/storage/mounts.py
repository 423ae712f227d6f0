"""Several file systems in one tree: a mount table (mount(2), path_resolution(7)).

A container sees its overlay at the root and small file systems of their own at /dev, /proc and /sys, and
files of the engine's at /etc/hosts and the like. What is written to those never reaches the container's
upper directory, so neither `docker diff` nor `docker commit` shows it.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence

from labkit.oci.tree import split_path
from labkit.storage.calls import Found, SystemCalls
from labkit.storage.overlay import Mount
from labkit.storage.posix import Names, Place, fail


class MountTable(SystemCalls):
    """A root mount and others at absolute paths.

    A mount is a Mount, or a pair of one and an absolute path in it (a bind mount, of a directory or of
    one file). Renaming and linking across mounts gives EXDEV; removing or renaming a mount point, EBUSY.

    >>> from labkit.oci.tree import EMPTY_ROOT
    >>> table = MountTable(Mount(EMPTY_ROOT), {"/dev": Mount(EMPTY_ROOT)})
    >>> cost = table.write("/dev/log", b"hello")
    >>> table.listdir("/"), table.root_mount.upper.children
    (['dev'], {})
    """

    __slots__ = ("_deepest", "_mounts", "root_mount")

    def __init__(self, root: Mount, mounts: Mapping[str, Mount | tuple[Mount, str]]) -> None:
        self.root_mount = root
        self.clock = root.clock
        self._mounts: dict[Names, tuple[Mount, Names]] = {}
        for path, mount in mounts.items():
            source = mount if isinstance(mount, tuple) else (mount, "/")
            self._mounts[tuple(split_path(path))] = source[0], tuple(split_path(source[1]))
        self._deepest = max(map(len, self._mounts), default=0)
        if root.seen is not None:
            root.seen.clear()  # a walk before may have been where something is mounted now

    @property
    def seen(self) -> dict[str, Found] | None:
        return self.root_mount.seen

    def first_names(self, path: str) -> Names:
        """Return a path's names as far down as something is mounted, what is below as one name."""
        return tuple(path.split("/", self._deepest)) if path else ()

    def top(self) -> Place:
        return self.root_mount.top()

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Look a name up in its file system; on a mount point, give the root of what is mounted there."""
        # A name far down is not made a key: a walk would take the square of its length.
        mounted = self._mounts.get(tuple(names)) if len(names) <= self._deepest else None
        return place.tree.step(place, names) if mounted is None else _place(*mounted)

    def tree_at(self, names: Names) -> tuple[Mount, Names]:
        for depth in range(min(len(names), self._deepest), 0, -1):
            if mounted := self._mounts.get(names[:depth]):
                return mounted[0], (*mounted[1], *names[depth:])
        return self.root_mount, names

    def mounted(self, path: str) -> Mount | None:
        """Return what is mounted at a path, or None."""
        return self._mounts.get(tuple(split_path(path)), (None,))[0]

    def is_mount_point(self, names: Names) -> bool:
        return not names or names in self._mounts

    def _listing(self, names: Names, place: Place) -> list[str]:
        points = {point[-1] for point in self._mounts if point[:-1] == names}
        return sorted(points.union(place.tree.listing(place)))


def _place(mount: Mount, names: Names) -> Place:
    place: Place | None = mount.top()
    for depth in range(1, len(names) + 1):
        place = mount.step(place, names[:depth]) if place else None
    return place or fail(errno.ENOENT, "/" + "/".join(names))
