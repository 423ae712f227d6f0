"""The aufs storage driver: a union of branches, the container's on top (moby, daemon/graphdriver/aufs).

A branch is a directory. A file `.wh.NAME` in it hides NAME in the branches below, `.wh..wh..opq` all that
they have in a directory: the form in which layers are exchanged to this day. Whole files are copied up. A
name is searched branch by branch from the top, so a file of the lowest of many layers takes many searches.

Modelled after aufs's manual and design (aufs(5); design/03lookup.txt); Linux never had it without a patch,
and Engine 24 dropped it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from labkit.oci.changeset import reached
from labkit.oci.tree import EMPTY_ROOT, Dir
from labkit.storage.calls import Found
from labkit.storage.driver import BLOCK, Active, Kept, Snapshot, ancestry
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import Overlay2


class Aufs(Overlay2):
    """The driver.

    >>> from labkit.oci.tree import File
    >>> base = Aufs().commit(None, Dir({"motd": File()}))
    >>> box = Aufs().mount(Aufs().prepare(Aufs().commit(base, Dir()), 0), lambda: 0)
    >>> box.chmod("/motd", 0o600).looked_up
    3
    """

    name = "aufs"
    mounts_at = "{home}/mnt/{layer}"  # beside the branches, which are in `diff`
    source = "aufs(5) and aufs's design/03lookup.txt; moby, daemon/graphdriver/aufs"

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> Mount:
        lower = active.parent.root if active.parent else EMPTY_ROOT
        return _Union(lower, active.tree, clock, read_only=read_only, mounted=active)

    def beside(self, parent: Snapshot | None, *, mounted: bool) -> int:
        """Return the blocks of what stands beside a branch's files.

        Its mount point and, on a parent, the list of the layers below it; a branch that was mounted to be
        written to has two directories of aufs's own, `.wh..wh.plnk` and `.wh..wh.orph`. The whiteouts are
        empty files, hard links to one of aufs's: they take no block either.
        """
        return BLOCK * (1 + (parent is not None) + 2 * mounted)

    def status(self, home: str, kept: Iterable[Kept]) -> Mapping[str, str]:
        """Return what moby says of it (aufs.go, Status); each snapshot is a branch."""
        return {
            "Root Dir": home,
            "Backing Filesystem": "extfs",
            "Dirs": str(sum(1 for _ in kept)),
            "Dirperm1 Supported": "true",
        }

    def metadata(self, home: str, layers: Sequence[str]) -> Mapping[str, str]:
        """Return nothing: moby's driver tells nothing of a layer."""
        return {}


class _Union(Mount):
    __slots__ = ()

    @property
    def seen(self) -> dict[str, Found] | None:
        """Nothing is kept: how many branches are searched on the way changes with what is written."""
        return None

    def searched(self, names: Sequence[str]) -> int:
        """Return how many branches are searched: those that have the directory, down to the first answer.

        A directory is looked for in all of them, as it shows what they all have in it.
        """
        assert self._mounted is not None
        directories = [self._draft.root, *(each.changes for each in ancestry(self._mounted.parent))]
        for name in names[:-1]:
            directories = [node for node in reached(directories, name) if type(node) is Dir]
        return sum(1 for _ in reached(directories, names[-1]))
