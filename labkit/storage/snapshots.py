"""Snapshots that are whole trees: copies, subvolumes, datasets, thin devices, and the drivers that keep them.

Each is a file system of its own. Nothing is laid over anything when it is mounted, so there are no
whiteouts, a directory of the image can be renamed, and writing to one of a file's hard links changes them
all (rename(2), link(2)). What a container changed is found by comparing its tree with its parent's, as
moby's naive diff driver does (daemon/graphdriver/fsdiff.go).

btrfs and zfs never write over data that a snapshot may need: what changes goes to new units, and a file's
list of runs is put together anew. The functions for that stand first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from labkit.oci import tree
from labkit.oci.changeset import apply, stat_differs
from labkit.oci.content import EMPTY, Content, Piece
from labkit.oci.tree import EMPTY_ROOT, Dir, File, Meta, Nested, Node, Whiteout, unnested
from labkit.storage.draft import Draft
from labkit.storage.driver import Active, Run, Snapshot, StorageDriver, Stored, Unit, ext4
from labkit.storage.overlay import Mount
from labkit.storage.posix import NO_COST, Cost, Place, mark_of

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

    measure = staticmethod(ext4)

    def __init__(self, depth: int, kept: object = None) -> None:
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

    def size_of(self, node: Node) -> int:
        """Return the bytes that a file takes; what was allocated in a snapshot below is shared."""
        taken = dict(self.measure(node)).items()
        return sum(size for unit, size in taken if not isinstance(unit, Unit) or unit.born >= self.depth)

    def settle(self, allocated: int) -> Cost:
        """Return what a change of the tree costs beside the bytes that its files take more than before."""
        return NO_COST


class SnapshotMount(Mount):
    """A mounted snapshot: an overlay with nothing below, whose disk stores what is written.

    >>> from labkit.storage.vfs import Vfs
    >>> mount = Vfs().mount(Vfs().prepare(Vfs().commit(None, Dir({"motd": File()})), 0), lambda: 0)
    >>> cost = mount.append("/motd", b"hello")
    >>> cost.copied, cost.allocated, mount.read("/motd")
    (0, 4096, b'hello')
    """

    __slots__ = ("_spent", "disk")

    def __init__(self, active: Active, disk: Disk, clock: Callable[[], int], read_only: bool) -> None:
        self.disk, self._spent = disk, NO_COST
        super().__init__(EMPTY_ROOT, active.tree, clock, read_only=read_only, mounted=active)

    @property
    def active(self) -> Active:
        before, found = self._mounted, super().active
        if found is not before:
            self._mounted = found = replace(found, kept=self.disk.value())
        return found

    @property
    def root(self) -> Dir:
        return self.upper

    def drafted(self, upper: Dir) -> Draft:
        return Draft(upper, self.disk.size_of)

    def top(self) -> Place:
        return Place(self, self._draft.root, None)

    def lay(self, changes: Dir) -> Cost:
        """Put a layer's changes into the tree, as unpacking its tar does."""
        linked: dict[int, Node] = {}

        def keep(node: Node) -> Node:
            """Store a file's data once, under whichever of its names comes first."""
            mark = mark_of(node)
            if not mark:
                return self._stored(EMPTY, node)
            if mark not in linked:
                linked[mark] = self._stored(EMPTY, node)
            return linked[mark]

        def unpack() -> Cost:
            self._draft.put("", apply(self.root, changes, keep))
            return NO_COST

        return self.counted(unpack)

    def counted(self, change: Callable[[], Cost]) -> Cost:
        """Make a change; return what storing its data cost, and what the disk adds to that."""
        before, taken, self._spent = self.root, self._draft.taken, NO_COST

        def settled() -> Cost:
            cost = change() + self._spent
            return cost if self.root is before else cost + self.disk.settle(self._draft.taken - taken)

        return super().counted(settled)

    def add_node(self, path: str, node: Node) -> Cost:
        return super().add_node(path, self._stored(EMPTY, node))

    def change_node(self, path: str, make: Callable[[Node], Node], data: bool) -> Cost:
        def kept(node: Node) -> Node:
            changed, old = make(node), node.content if isinstance(node, File) else EMPTY
            if changed is node or (data and isinstance(changed, File) and changed.content is old):
                return changed
            # `>` empties the file before it writes: nothing of the old content is shared with the new one.
            if not data:
                self.disk.release(old)
            return self._stored(old if data else EMPTY, changed)

        return super().change_node(path, kept, True)

    def remove_name(self, path: str) -> Cost:
        self._let_go(path)
        return super().remove_name(path)

    def move_name(self, source: str, target: str) -> Cost:
        self._let_go(target)
        return super().move_name(source, target)

    def _let_go(self, path: str) -> None:
        """Let go of the data of a file whose last name goes."""
        node = self._draft.get(path)
        if isinstance(node, File) and not self._draft.names_of(node):
            self.disk.release(node.content)

    def _stored(self, old: Content, node: Node) -> Node:
        """Return a node with its data stored, but for what it has of its old content."""
        if not isinstance(node, File):
            return node
        content, cost = self.disk.store(old, node.content)
        self._spent += cost
        return node if content is node.content else replace(node, content=content)


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

    disk: type[Disk]
    """What keeps the data of a snapshot that is mounted."""

    def snapshot_cost(self, parent: Snapshot | None) -> Cost:
        """Return what a snapshot of a parent costs before anything is written to it."""
        return NO_COST

    def commit(self, parent: Snapshot | None, changes: Dir, *, init: bool = False) -> Snapshot:
        depth = self.depth(parent, init)
        below = Active(self, parent, parent.root if parent else EMPTY_ROOT, kept=parent and parent.kept)
        mount = self.mount(below, lambda: 0)
        cost = self.snapshot_cost(parent) + mount.lay(changes)

        def made() -> Cost:
            return cost + Cost(written=tree.size(changes))

        return Snapshot(changes, parent, mount.root, depth, made, mount.disk.value())

    def alike(self, snapshot: Snapshot) -> Snapshot:
        return self.commit(snapshot.parent, snapshot.changes, init=True)

    def prepare(self, parent: Snapshot | None, now: int) -> Active:
        """Return a snapshot of a parent to write to; its root is as any driver's is for a new container."""
        root = Dir(parent.root.children if parent else {}, Meta(0o755, mtime=now))
        return Active(self, parent, root, self.snapshot_cost(parent), parent and parent.kept)

    def mount(self, active: Active, clock: Callable[[], int], *, read_only: bool = False) -> SnapshotMount:
        depth = active.parent.depth + 1 if active.parent else 1
        return SnapshotMount(active, self.disk(depth, active.kept), clock, read_only)

    def diff(self, active: Active) -> Dir:
        """Return what the container changed, found by comparing its tree with its parent's."""
        return naive_diff(active.parent.root if active.parent else EMPTY_ROOT, active.tree)
