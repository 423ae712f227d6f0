"""A file system that is no overlay, and an overlay mounted on directories of it.

On such a disk a layer is seen as it lies there: a whiteout is a character device 0, 0, an opaque directory
has an extended attribute (Linux, overlayfs.rst, "whiteouts and opaque directories"). Here both stay what they
are in a layer's tree, and are only shown so; that is why a directory of the disk can be an overlay's upper
directory without being copied or turned into another form.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from labkit.oci import tree
from labkit.oci.changeset import apply_all
from labkit.oci.tree import EMPTY_ROOT, Device, Dir, Meta, Node, Whiteout
from labkit.storage.calls import Found
from labkit.storage.draft import Draft
from labkit.storage.overlay import Mount
from labkit.storage.posix import Cost, Names, Place, fail

_OPAQUE = ("trusted.overlay.opaque", b"y")


def laid(node: Node) -> Node:
    """Return a layer's node as a file system shows it that keeps the layer.

    >>> laid(Whiteout()) == Device("c", 0, 0, Meta(0)), laid(Dir(opaque=True)).meta.xattrs
    (True, (('trusted.overlay.opaque', b'y'),))
    """
    if type(node) is Whiteout:
        return Device("c", 0, 0, Meta(0, mtime=node.mtime), node.inode)
    if type(node) is Dir and node.opaque:
        return Dir(node.children, replace(node.meta, xattrs=tuple(sorted((*node.meta.xattrs, _OPAQUE)))))
    return node


def taken_up(node: Node) -> Node:
    """Return what an overlay takes a node of a file system for: the other way of `laid`.

    >>> taken_up(laid(Whiteout(5))), taken_up(laid(Dir(opaque=True))) == Dir(opaque=True)
    (Whiteout(mtime=5, inode=0), True)
    """
    if type(node) is Device and (node.kind, node.major, node.minor) == ("c", 0, 0):
        return Whiteout(node.meta.mtime, node.inode)
    if type(node) is Dir and _OPAQUE in node.meta.xattrs:
        xattrs = tuple(each for each in node.meta.xattrs if each != _OPAQUE)
        return Dir(node.children, replace(node.meta, xattrs=xattrs), opaque=True)
    return node


class Plain(Mount):
    """A file system as it lies on a disk; its tree is `upper`.

    >>> disk = Plain(Dir({"gone": Whiteout()}))
    >>> disk.listdir("/"), disk.stat("/gone").node.minor
    (['gone'], 0)
    """

    __slots__ = ()

    def __init__(self, root: Dir, clock: Callable[[], int] = lambda: 0, *, read_only: bool = False) -> None:
        super().__init__(EMPTY_ROOT, root, clock, read_only=read_only)

    def top(self) -> Place:
        return Place(self, laid(self._draft.root), None)

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        node = place.upper.children.get(names[-1]) if type(place.upper) is Dir else None
        return None if node is None else Place(self, laid(node), None)

    def listing(self, place: Place) -> Iterable[str]:
        return place.upper.children if type(place.upper) is Dir else ()

    def part(self, path: str) -> Draft:
        """Return a directory to write to at once; where it was removed a put raises FileSystemError."""
        return _Part(self._draft, path)

    def change_node(self, path: str, make: Callable[[Node], Node], data: bool) -> Cost:
        return super().change_node(path, lambda node: taken_up(make(laid(node))), data)


class _Part(Draft):
    """A directory of a disk, as a draft of its own: what is put there is on the disk at once."""

    __slots__ = ("_disk", "_path")

    def __init__(self, disk: Draft, path: str) -> None:
        super().__init__(EMPTY_ROOT, lambda node: 0)
        self._disk, self._path = disk, path

    @property
    def value(self) -> Dir:
        """The directory as it is; an empty one where it was removed."""
        found = tree.get(self._disk.value, self._path)
        return found if isinstance(found, Dir) else EMPTY_ROOT

    def get(self, path: str) -> Node | None:
        found = self._disk.get(f"{self._path}/{path}".strip("/"))
        return found if path or isinstance(found, Dir) else EMPTY_ROOT

    def put(self, path: str, node: Node | None, mtime: int | None = None) -> None:
        self._disk.put(self._kept(path), node, mtime)

    def change(self, path: str, before: Node, node: Node) -> None:
        self._disk.change(self._kept(path), before, node)  # also under names elsewhere on the disk

    def names_of(self, node: Node) -> list[str]:
        return self._disk.names_of(node)

    def _kept(self, path: str) -> str:
        if not isinstance(self._disk.get(self._path), Dir):
            fail(errno.ENOENT, "")
        return f"{self._path}/{path}".strip("/")


class Made(Plain):
    """A file system that nobody can write to, made when somebody looks; a change gives the error `refused`.

    >>> Made(lambda: Dir({"version": Dir()})).listdir("/")
    ['version']
    """

    __slots__ = ("_make", "_refused")

    def __init__(self, make: Callable[[], Dir], refused: int = errno.EROFS) -> None:
        super().__init__(EMPTY_ROOT)
        self._make, self._refused = make, refused

    def counted(self, change: Callable[[], Cost]) -> Cost:
        fail(self._refused, "")

    def top(self) -> Place:
        if self._draft.root is EMPTY_ROOT:
            self._draft = self.drafted(self._make())
        return super().top()


class Stacked(Mount):
    """An overlay on directories of a disk: `upper` is one of them, and all that is written goes there.

    `lowers` are layers, top first, as trees or as places on the disk, whose trees are looked up again when
    they have changed: what is then seen the kernel leaves undefined. Without `above` nothing can be written.

    >>> disk = Plain(Dir({"low": Dir({"motd": Dir()}), "up": Dir(), "w": Dir({"work": Dir()})}))
    >>> overlay = Stacked(disk, [("low",)], ("up",), ("w",))
    >>> cost = overlay.rmdir("/motd")
    >>> overlay.listdir("/"), disk.listdir("/up")
    ([], ['motd'])
    """

    def __init__(
        self,
        disk: Plain,
        lowers: Sequence[Names | Dir],
        above: Names | None = None,
        work: Names = (),
        whiteout: Whiteout | None = None,
    ) -> None:
        super().__init__(EMPTY_ROOT, clock=disk.clock, read_only=not above, whiteout=whiteout)
        self.layers = ()
        self._lowers = [each if isinstance(each, Dir) else disk.part("/".join(each)) for each in lowers]
        self._work, self._above = disk.part("/".join((*work, "work"))), above
        if above:
            self._draft = disk.part("/".join(above))

    @property
    def seen(self) -> dict[str, Found] | None:
        """Nothing is kept: the disk changes without this mount."""
        return None

    def top(self) -> Place:
        """Return the place of the root, where all layers are merged, an opaque mark or none."""
        layers = [each if isinstance(each, Dir) else each.value for each in self._lowers]
        if [*map(id, layers)] != [*map(id, self.layers)]:
            self.stack(apply_all([replace(each, opaque=False) for each in layers[::-1]]), layers)
        return Place(self, self.upper if self._above else None, self.lower)

    def _linked_whiteout(self) -> Whiteout:
        # The device that whiteouts are links to the kernel makes in `work`.
        made = super()._linked_whiteout()
        self._work.put("#1", made)
        return made
