"""Linux's overlay file system: what it makes of an image and of what a container writes.

The image's layers are the lower directory, merged once and shared; all that a container writes goes
to its own upper directory (Linux, Documentation/filesystems/overlayfs.rst; mount options as Docker's:
no index, redirect_dir, metacopy or xino). Reading takes a name from upper, else from lower. The first
change of a lower file copies it up whole, and its directories with it; removing a lower name leaves a
whiteout; a directory made where one was removed is opaque.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from labkit.oci import tree
from labkit.oci.changeset import apply, beneath, over, reached
from labkit.oci.content import EMPTY
from labkit.oci.tree import EMPTY_ROOT, Dir, File, Node, Whiteout, link_groups, new_inode
from labkit.storage.driver import Active, MountedTree, allocated, ext4
from labkit.storage.posix import NO_COST, Cost, Names, Place, Stat, fail, mark_of, meta_of, stat_of, with_mark


class Mount(MountedTree):
    """A mounted overlay: a handle on two immutable trees, of which writing replaces the upper one.

    `layers` are what lower was merged of, top first: link counts are those that the layers' own directories
    have. Without them lower is one layer.

    >>> mount = Mount(Dir({"motd": File()}), clock=lambda: 0)
    >>> mount.append("/motd", b"hello").copied, mount.read("/motd"), list(mount.upper.children)
    (0, b'hello', ['motd'])
    """

    __slots__ = ("_links", "_merged", "_mounted", "layers", "lower", "upper")

    def __init__(
        self,
        lower: Dir,
        upper: Dir = EMPTY_ROOT,
        clock: Callable[[], int] = lambda: 0,
        whiteout: Whiteout | None = None,
        *,
        read_only: bool = False,
        mounted: Active | None = None,
        layers: Sequence[Dir] = (),
    ) -> None:
        self.lower = lower
        self.layers = layers or (lower,)
        self.upper = upper
        self.clock = clock
        self.read_only = read_only
        self._mounted = mounted
        self.whiteout = whiteout
        """The device that this mount's whiteouts are links to, once there is one (Linux, overlayfs/dir.c)."""
        self._merged: tuple[Dir, Dir] | None = None
        self._links: dict[int, tuple[Dir, dict[int, list[str]]]] = {}

    @property
    def active(self) -> Active:
        """The snapshot that is mounted, with upper as it is now."""
        assert self._mounted is not None
        if self._mounted.tree is not self.upper:
            self._mounted = replace(self._mounted, tree=self.upper)
        return self._mounted

    @property
    def root(self) -> Dir:
        """The tree that is seen, put together when it is asked for."""
        if self._merged is None or self._merged[0] is not self.upper:
            self._merged = self.upper, apply(self.lower, self.upper)
        return self._merged[1]

    # What the system calls ask of a tree

    def top(self) -> Place:
        """Return the place of the root: both directories."""
        return Place(self, self.upper, beneath(self.upper, self.lower))

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Look a name up in upper, then in lower."""
        name = names[-1]
        _, upper, lower = place
        below = lower.children.get(name) if type(lower) is Dir else None
        above = upper.children.get(name) if type(upper) is Dir else None
        if type(above) is Whiteout or (above is None and below is None):
            return None
        return Place(self, above, beneath(above, below))

    def listing(self, place: Place) -> Iterable[str]:
        """Return the names of upper and lower, without those that a whiteout hides."""
        below = place.lower.children if type(place.lower) is Dir else {}
        above = place.upper.children if type(place.upper) is Dir else {}
        return [name for name, node in {**below, **above}.items() if type(node) is not Whiteout]

    def tree_at(self, names: Names) -> tuple[Mount, Names]:
        """Return the mount itself."""
        return self, names

    def movable(self, place: Place) -> bool:
        """A directory that lower has would have to be copied up with all that is in it: EXDEV."""
        return type(place.node) is not Dir or place.lower is None

    def same_file(self, one: Place, other: Place) -> bool:
        """Only in upper: names of one lower file are files of their own to the kernel."""
        if one.upper is None or other.upper is None:
            return False
        return mark_of(one.upper) == mark_of(other.upper) != 0

    def stat_at(self, names: Names, place: Place) -> Stat:
        """Return what stat(2) says.

        A directory that several layers make up shows one link, a file those that it has in its layer, also
        where the other names are hidden or were copied up (Linux, overlayfs/inode.c, ovl_getattr).
        """
        node, path, nlink = place.node, "/".join(names), 1
        if type(node) is Dir:
            # A volume and /dev are mounts with nothing below: no overlay, but this does for them.
            alone = place.lower is None or place.lower is EMPTY_ROOT
            if alone or (place.upper is None and len(self._in_layers(names)) == 1):
                nlink = 2 + tree.subdirectories(node)
        elif mark_of(node):
            side = "lower" if place.upper is None else "upper"
            group = self._groups(self.lower if side == "lower" else self.upper).get(mark_of(node), [])
            if group:
                nlink, path = len(group), f"{side}/{group[0]}"
            if place.upper is None:
                layer = self._in_layers(names)[0][0]
                nlink = len(self._groups(layer).get(mark_of(node), path[:1]))
        return stat_of(node, nlink, path)

    def searched(self, names: Sequence[str]) -> int:
        """One: what lower's layers have in a directory is merged when it is first read, and kept."""
        return 1

    # What the system calls do to it

    def add_node(self, names: Names, node: Node) -> Cost:
        """Make a name in upper; a directory over a whiteout is opaque."""
        return self._counted(lambda: self._add_node(names, node))

    def change_node(self, names: Names, make: Callable[[Node], Node], data: bool = True) -> Cost:
        """Copy the file up if lower has it, then change it under all its names in upper."""
        return self._counted(lambda: self._change_node(names, make, data))

    def remove_name(self, names: Names) -> Cost:
        """Remove a name from upper; where lower has it too, leave a whiteout, a link to the mount's one."""
        return self._counted(lambda: self._remove_name(names))

    def move_name(self, source: Names, target: Names) -> Cost:
        """Copy the file up, then move it; a directory moved to where lower may have one is opaque."""
        return self._counted(lambda: self._move_name(source, target))

    def add_link(self, source: Names, target: Names) -> Cost:
        """Copy the file up and give it a second name, which makes a mark for both."""
        return self._counted(lambda: self._add_link(source, target))

    def _counted(self, change: Callable[[], int]) -> Cost:
        """Make a change that gives the bytes it copied up; return all that it cost."""
        if self.read_only:
            fail(errno.EROFS, "")
        before = self.upper
        copied = change()
        if self.upper is before:
            return NO_COST
        more = allocated(before, self.upper, 0, ext4)
        if self._mounted is not None and more > 0:
            self._mounted = replace(self._mounted, taken=self._mounted.taken + more)
        return Cost(copied, read=copied, allocated=more)

    def _add_node(self, names: Names, node: Node) -> int:
        parent, name = names[:-1], names[-1]
        self._copy_up_dirs(parent)

        self._edit_dir(parent, lambda above: _with(above, name, over(above.children.get(name), node)))
        return 0

    def _change_node(self, names: Names, make: Callable[[Node], Node], data: bool) -> int:
        copied = self._copy_up(names, data)
        node = _get(self.upper, names)
        changed = make(node)
        if changed is node:
            return copied
        if mark := mark_of(changed):
            for path in self._groups(self.upper).get(mark, []):
                self.upper = tree.put(self.upper, path, changed)
        self.upper = tree.put(self.upper, "/".join(names), changed)
        return copied

    def _remove_name(self, names: Names) -> int:
        if self._lower_has(names) and self.whiteout is None:
            self.whiteout = Whiteout(self.clock(), new_inode())
        self._leave(names, self.whiteout)
        return 0

    def _leave(self, names: Names, whiteout: Whiteout | None) -> None:
        """Remove a name from upper; where lower has it too, put a whiteout there."""
        hides = self._lower_has(names)
        self._copy_up_dirs(names[:-1])
        self._edit_dir(names[:-1], lambda above: _with(above, names[-1], whiteout if hides else None))

    def _move_name(self, source: Names, target: Names) -> int:
        copied = self._copy_up(source)
        self._copy_up_dirs(target[:-1])
        node = _get(self.upper, source)
        if type(node) is Dir and self._place(target[:-1]).lower is not None:
            node = replace(node, opaque=True)
        # The file system below makes a whiteout, a device of its own, or takes the one of the target.
        hidden = tree.get(self.upper, "/".join(target))
        self._leave(source, hidden if isinstance(hidden, Whiteout) else Whiteout(self.clock()))
        self._edit_dir(target[:-1], lambda above: _with(above, target[-1], node))
        return copied

    def _add_link(self, source: Names, target: Names) -> int:
        copied = self._copy_up(source)
        node = _get(self.upper, source)
        if not mark_of(node):
            node = with_mark(node, new_inode())
            self.upper = tree.put(self.upper, "/".join(source), node)
        self._add_node(target, node)
        return copied

    # Upper and lower

    def _place(self, names: Names) -> Place:
        place: Place | None = self.top()
        for depth in range(1, len(names) + 1):
            assert place is not None
            place = self.step(place, names[:depth])
        assert place is not None
        return place

    def _in_layers(self, names: Names) -> list[tuple[Dir, Node]]:
        """Return lower layers and what they have there, top first, down to the one that hides the others."""
        found: list[tuple[Dir, Node]] = [(layer, layer) for layer in self.layers]
        for name in names:
            above = [(layer, node) for layer, node in found if type(node) is Dir]
            here = zip(above, reached((node for _, node in above), name), strict=False)
            named = [(layer, node) for (layer, _), node in here if node and type(node) is not Whiteout]
            found = [each for place, each in enumerate(named) if not place or type(each[1]) is Dir]
        return found

    def _lower_has(self, names: Names) -> bool:
        lower = self._place(names[:-1]).lower
        return type(lower) is Dir and names[-1] in lower.children

    def _copy_up_dirs(self, names: Names) -> None:
        """Make the directories exist in upper, with lower's attributes and times."""
        place = self.top()
        for depth in range(1, len(names) + 1):
            below = self.step(place, names[:depth])
            assert below is not None
            place = below
            if place.upper is None:
                self.upper = tree.put(self.upper, "/".join(names[:depth]), Dir(meta=meta_of(place.node)))

    def _copy_up(self, names: Names, data: bool = True) -> int:
        place = self._place(names)
        if place.upper is not None:
            return 0
        node = place.node
        if type(node) is Dir:
            self._copy_up_dirs(names)
            return 0
        self._copy_up_dirs(names[:-1])
        if type(node) is File and not data:
            node = replace(node, content=EMPTY)
        # The copy is a file of its own: lower's hard links to it keep the old content.
        self.upper = tree.put(self.upper, "/".join(names), with_mark(node, 0) if mark_of(node) else node)
        return node.content.size if type(node) is File else 0

    def _edit_dir(self, names: Names, make: Callable[[Dir], Dir]) -> None:
        """Change the names in a directory of upper, which sets its modification time."""
        above = _get(self.upper, names)
        assert type(above) is Dir
        made = make(above)
        made = Dir(made.children, replace(made.meta, mtime=self.clock()), made.opaque)
        self.upper = tree.put(self.upper, "/".join(names), made)

    def _groups(self, root: Dir) -> dict[int, list[str]]:
        """Return a tree's hard links, found once for each value of upper, of lower and of its layers."""
        side = 0 if root is self.upper else id(root)
        known = self._links.get(side)
        if known is None or known[0] is not root:
            known = self._links[side] = root, link_groups(root)
        return known[1]


def _get(root: Dir, names: Names) -> Node:
    node = tree.get(root, "/".join(names))
    assert node is not None
    return node


def _with(above: Dir, name: str, node: Node | None) -> Dir:
    return Dir(tree.with_name(above.children, name, node), above.meta, above.opaque)
