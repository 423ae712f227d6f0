"""Snapshots that are whole trees: copies, subvolumes, datasets, thin devices, and the drivers that keep them.

Each is a file system of its own. Nothing is laid over anything when it is mounted, so there are no
whiteouts, a directory of the image can be renamed, and writing to one of a file's hard links changes them
all (rename(2), link(2)). What a container changed is found by comparing its tree with its parent's, as
moby's naive diff driver does (daemon/graphdriver/fsdiff.go).

btrfs and zfs never write over data that a snapshot may need: what changes goes to new units, and a file's
list of runs is put together anew. The functions for that stand first.
"""

from __future__ import annotations

import errno
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from labkit.oci import tree
from labkit.oci.changeset import apply, stat_differs
from labkit.oci.content import EMPTY, Content, Piece
from labkit.oci.tree import (
    EMPTY_ROOT,
    Dir,
    File,
    Meta,
    Nested,
    Node,
    Whiteout,
    link_groups,
    new_inode,
    unnested,
)
from labkit.storage.driver import (
    Active,
    Measure,
    MountedTree,
    Run,
    Snapshot,
    StorageDriver,
    Stored,
    allocated,
    depth_on,
    ext4,
)
from labkit.storage.posix import NO_COST, Cost, Place, Stat, fail, mark_of, stat_of, with_mark

# Copy-on-write within a file: which bytes of it changed, and what its old units still hold


def changed_range(old: Content, new: Content) -> tuple[int, int]:
    """Return where the bytes begin and end that were written to make one content of another.

    Contents are compared by the sources of their pieces: bytes that were written count even if they are
    the same as before.

    >>> text = Content.of(b"hello")
    >>> changed_range(text, text.overwritten(1, Content.of(b"E")))
    (1, 2)
    """
    start = min(_common(old.pieces, new.pieces), new.size)
    if old.size != new.size:
        return start, new.size
    same = _common(_mirrored(old.pieces), _mirrored(new.pieces))
    return start, max(start, new.size - same)


def _common(one: Iterable[Piece], other: Iterable[Piece]) -> int:
    """Return how many bytes two lists of pieces have in common at their beginning."""
    common = 0
    for left, right in zip(one, other, strict=False):
        if left.source is not right.source or left.offset != right.offset:
            break
        common += min(left.size, right.size)
        if left.size != right.size:
            break
    return common


def _mirrored(pieces: tuple[Piece, ...]) -> list[Piece]:
    """Return the pieces from the last on, each at the place of its end."""
    return [Piece(piece.source, piece.offset + piece.size, piece.size) for piece in reversed(pieces)]


def runs_of(content: Content) -> tuple[Run, ...]:
    """Return where a content is kept, nothing for one that is not."""
    return content.runs if isinstance(content, Stored) else ()


def cut(runs: Iterable[Run], start: int, end: int) -> tuple[Run, ...]:
    """Return the part of a file's runs between two offsets.

    >>> from labkit.storage.driver import Unit
    >>> [(run.offset, run.size) for run in cut([Run(Unit(9, 1), 0, 9)], 2, 5)]
    [(2, 3)]
    """
    found = []
    position = 0
    for run in runs:
        first, last = max(start - position, 0), min(end - position, run.size)
        if first < last:
            found.append(Run(run.unit, run.offset + first, last - first))
        position += run.size
    return tuple(found)


def kept_as(content: Content, runs: tuple[Run, ...]) -> Stored:
    """Return a content with the place where it is kept."""
    return Stored(content.pieces, content.size, runs)


# A mounted snapshot


class Disk:
    """What keeps a snapshot's data while it is mounted; this one keeps each file in blocks of its own."""

    measure: Measure = staticmethod(ext4)

    def __init__(self, depth: int) -> None:
        self.depth = depth
        """Of the snapshot: what was stored below it is shared, and never written to."""

    def value(self) -> object:
        """Return what is kept beside the tree, as it is now."""
        return None

    def store(self, old: Content, new: Content) -> tuple[Content, Cost]:
        """Store what differs between a file's old content and its new one; return the new one as kept."""
        return new, NO_COST

    def release(self, content: Content) -> None:
        """Let go of the content of a file that has no name any more."""

    def settle(self, before: Dir, after: Dir) -> Cost:
        """Return what a change of the tree cost beside the storing of data."""
        if before is after:
            return NO_COST
        return Cost(allocated=allocated(before, after, self.depth, self.measure))


class SnapshotMount(MountedTree):
    """A mounted file system: a handle on an immutable tree, which writing replaces.

    >>> mount = SnapshotMount(Dir({"motd": File()}), Disk(1), clock=lambda: 0)
    >>> cost = mount.append("/motd", b"hello")
    >>> cost.copied, cost.allocated, mount.read("/motd")
    (0, 4096, b'hello')
    """

    __slots__ = ("_links", "_mounted", "_root", "disk")

    def __init__(
        self,
        root: Dir,
        disk: Disk,
        clock: Callable[[], int] = lambda: 0,
        *,
        read_only: bool = False,
        mounted: Active | None = None,
    ) -> None:
        self._root = root
        self.disk = disk
        self.clock = clock
        self.read_only = read_only
        self.whiteout = None
        self._mounted = mounted
        self._links: tuple[Dir, dict[int, list[str]]] | None = None

    @property
    def active(self) -> Active:
        """The snapshot that is mounted, with the tree as it is now."""
        assert self._mounted is not None
        if self._mounted.tree is not self.root:
            self._mounted = replace(self._mounted, tree=self.root, kept=self.disk.value())
        return self._mounted

    @property
    def root(self) -> Dir:
        """The tree that is seen: all there is."""
        return self._root

    # What the system calls ask of a tree

    def top(self) -> Place:
        """Return the place of the root."""
        return Place(self, self.root, None)

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Look a name up."""
        above = place.node
        node = above.children.get(names[-1]) if type(above) is Dir else None
        return None if node is None else Place(self, node, None)

    def listing(self, place: Place) -> Iterable[str]:
        """Return the names in a directory."""
        return place.node.children if type(place.node) is Dir else ()

    def stat_at(self, path: str, place: Place) -> Stat:
        """Return what stat(2) says."""
        node = place.node
        if type(node) is Dir:
            return stat_of(node, 2 + tree.subdirectories(node), path)
        group = self._names_of(node) or [path]
        return stat_of(node, len(group), group[0])

    # What the system calls do to it

    def add_node(self, path: str, node: Node) -> Cost:
        """Make a name."""
        before = self._writable()
        stored, cost = self._stored(EMPTY, node)
        self._put(path, stored)
        return cost + self.disk.settle(before, self.root)

    def change_node(self, path: str, make: Callable[[Node], Node], data: bool = True) -> Cost:
        """Change a file under all its names; without `data` its blocks are given back first."""
        before, node = self._writable(), self._node(path)
        changed = make(node)
        if changed is node:
            return NO_COST
        old = node.content if isinstance(node, File) else EMPTY
        # `>` empties the file before it writes: nothing of the old content is shared with the new one.
        if not data:
            self.disk.release(old)
            old = EMPTY
        cost = NO_COST
        if not (data and isinstance(changed, File) and changed.content is old):
            changed, cost = self._stored(old, changed)
        # A tree of values has no inodes: each name of a file holds the node, and all of them change.
        for each in self._names_of(changed) or [path]:
            self._root = tree.put(self.root, each, changed)
        return cost + self.disk.settle(before, self.root)

    def remove_name(self, path: str) -> Cost:
        """Remove a name; a file's data goes with its last one."""
        before = self._writable()
        self._let_go(self._node(path))
        self._put(path, None)
        return self.disk.settle(before, self.root)

    def move_name(self, source: str, target: str) -> Cost:
        """Rename a file or a directory with all that is in it."""
        before, node = self._writable(), self._node(source)
        self._let_go(tree.get(self.root, target))
        self._put(source, None)
        self._put(target, node)
        return self.disk.settle(before, self.root)

    def add_link(self, source: str, target: str) -> Cost:
        """Give a file a second name, which makes a mark for both."""
        before, node = self._writable(), self._node(source)
        if not mark_of(node):
            node = with_mark(node, new_inode())
            self._root = tree.put(self.root, source, node)
        self._put(target, node)
        return self.disk.settle(before, self.root)

    def lay(self, changes: Dir) -> Cost:
        """Put a layer's changes into the tree, as unpacking its tar does."""
        before, cost = self.root, NO_COST
        linked: dict[int, Node] = {}

        def keep(node: Node) -> Node:
            """Store a file's data once, under whichever of its names comes first."""
            nonlocal cost
            mark = mark_of(node)
            if mark not in linked:
                stored, more = self._stored(EMPTY, node)
                cost += more
                if not mark:
                    return stored
                linked[mark] = stored
            return linked[mark]

        self._root = apply(before, changes, keep)
        return cost + self.disk.settle(before, self.root)

    def _writable(self) -> Dir:
        if self.read_only:
            fail(errno.EROFS, "")
        return self.root

    def _node(self, path: str) -> Node:
        node = tree.get(self.root, path)
        assert node is not None
        return node

    def _let_go(self, node: Node | None) -> None:
        """Let go of the data of a file whose last name goes."""
        if isinstance(node, File) and len(self._names_of(node)) < 2:
            self.disk.release(node.content)

    def _stored(self, old: Content, node: Node) -> tuple[Node, Cost]:
        if not isinstance(node, File):
            return node, NO_COST
        content, cost = self.disk.store(old, node.content)
        return (node if content is node.content else replace(node, content=content)), cost

    def _put(self, path: str, node: Node | None) -> None:
        """Change a name in a directory, which sets its modification time."""
        directory, _, name = path.rpartition("/")
        above = tree.get(self.root, directory)
        assert isinstance(above, Dir)
        children = tree.with_name(above.children, name, node)
        made = Dir(children, replace(above.meta, mtime=self.clock()))
        self._root = tree.put(self.root, directory, made)

    def _names_of(self, node: Node) -> list[str]:
        """Return the names of a file that has several, found once for each value of the tree."""
        if not mark_of(node):
            return []
        if self._links is None or self._links[0] is not self.root:
            self._links = self.root, link_groups(self.root)
        return self._links[1].get(mark_of(node), [])


def naive_diff(below: Dir, seen: Dir) -> Dir:
    """Return the changes between two trees that `stat` can tell, as moby's naive diff finds them.

    A whiteout's time is that of its directory: when the name was removed, or later.

    >>> from labkit.oci.tree import File
    >>> naive_diff(Dir({"a": File()}), Dir({"b": File()})) == Dir({"a": Whiteout(), "b": File()})
    True
    """
    return unnested(_naive_diff(below, seen))


def _naive_diff(below: Dir, seen: Dir) -> Nested[Dir]:
    changes: dict[str, Node] = {
        name: Whiteout(seen.meta.mtime) for name in below.children if name not in seen.children
    }
    for name, node in seen.children.items():
        old = below.children.get(name)
        if node is old:
            continue
        if type(node) is Dir and type(old) is Dir:
            inner = yield _naive_diff(old, node)
            if inner.children or stat_differs(old, node):
                changes[name] = inner
        elif old is None or stat_differs(old, node):
            changes[name] = node
    return Dir(changes, seen.meta)


class NaiveDiffDriver(StorageDriver):
    """What the drivers have in common that keep a whole tree for each snapshot."""

    @abstractmethod
    def disk(self, depth: int, kept: object) -> Disk:
        """Return what keeps the data of a snapshot that is mounted."""

    def snapshot_cost(self, parent: Snapshot | None) -> Cost:
        """Return what a snapshot of a parent costs before anything is written to it."""
        return NO_COST

    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        """Return a snapshot of a parent with a layer unpacked into it."""
        depth = depth_on(parent, init)
        mount = SnapshotMount(parent.root if parent else EMPTY_ROOT, self.disk(depth, parent and parent.kept))
        cost = self.snapshot_cost(parent) + mount.lay(changes)

        def made() -> Cost:
            return cost + Cost(written=tree.size(changes))

        return Snapshot(changes, parent, mount.root, depth, made, mount.disk.value())

    def alike(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot made in the same way."""
        return self.commit(snapshot.parent, snapshot.changes, init=True)

    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a snapshot of a parent to write to; its root is as any driver's is for a new container."""
        root = Dir(parent.root.children if parent else {}, Meta(0o755, mtime=now))
        return Active(self, parent, root, self.snapshot_cost(parent), parent and parent.kept)

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> SnapshotMount:
        """Return a mount of the container's tree."""
        depth = active.parent.depth + 1 if active.parent else 1
        disk = self.disk(depth, active.kept)
        return SnapshotMount(active.tree, disk, clock, read_only=read_only, mounted=active)

    def diff(self, active: Active) -> Dir:
        """Return what the container changed, found by comparing its tree with its parent's."""
        return naive_diff(active.parent.root if active.parent else EMPTY_ROOT, active.tree)
