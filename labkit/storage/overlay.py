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
from labkit.storage.calls import Found, SystemCalls
from labkit.storage.draft import Draft
from labkit.storage.driver import Active, ext4
from labkit.storage.posix import NO_COST, Cost, Names, Place, Stat, fail, mark_of, meta_of, stat_of


class Mount(SystemCalls):
    """A mounted overlay: a handle on two immutable trees, of which writing replaces the upper one.

    `layers` are what lower was merged of, top first: link counts are those that the layers' own directories
    have. Without them lower is one layer.

    >>> mount = Mount(Dir({"motd": File()}), clock=lambda: 0)
    >>> mount.append("/motd", b"hello").copied, mount.read("/motd"), list(mount.upper.children)
    (0, b'hello', ['motd'])
    """

    __slots__ = (
        *("_draft", "_links", "_merged", "_mounted", "_stacks"),
        *("layers", "lower", "read_only", "whiteout"),
    )

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
        self._draft = self.drafted(upper)
        self.clock = clock
        self.read_only = read_only
        """Every change gives EROFS."""
        self._mounted = mounted
        self.whiteout = whiteout
        """The device that this mount's whiteouts are links to, once there is one (Linux, overlayfs/dir.c)."""
        self.stack(lower, layers or (lower,))

    def stack(self, lower: Dir, layers: Sequence[Dir]) -> None:
        """Put upper on a lower directory, and on the layers that it was merged of."""
        self.lower, self.layers = lower, layers
        self._merged: tuple[Dir, Dir] | None = None
        self._links: dict[int, dict[int, list[str]]] = {}
        self._stacks: dict[str, list[tuple[Dir, Node]]] = {"": [(layer, layer) for layer in layers]}

    def drafted(self, upper: Dir) -> Draft:
        """Return what upper is written to as."""
        return Draft(upper, lambda node: sum(size for _, size in ext4(node)))

    @property
    def upper(self) -> Dir:
        """The upper directory as it is now."""
        return self._draft.value

    @property
    def seen(self) -> dict[str, Found] | None:
        return self._draft.seen

    @property
    def active(self) -> Active:
        """The snapshot that is mounted, with upper as it is now."""
        assert self._mounted is not None
        upper = self.upper
        if self._mounted.tree is not upper:
            self._mounted = replace(self._mounted, tree=upper)
        return self._mounted

    @property
    def root(self) -> Dir:
        """The tree that is seen, put together when it is asked for."""
        upper = self.upper
        if self._merged is None or self._merged[0] is not upper:
            self._merged = upper, apply(self.lower, upper)
        return self._merged[1]

    # What the system calls ask of a tree. A path is below its root, without a slash at either end.

    def tree_at(self, names: Names) -> tuple[Mount, Names]:
        return self, names

    def top(self) -> Place:
        upper = self._draft.root
        return Place(self, upper, beneath(upper, self.lower))

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

    def stat_at(self, path: str, place: Place) -> Stat:
        """Return what stat(2) says.

        A directory that several layers make up shows one link, a file those that it has in its layer, also
        where the other names are hidden or were copied up (Linux, overlayfs/inode.c, ovl_getattr).
        """
        node, mark = place.node, mark_of(place.node)
        if type(node) is Dir:
            # A volume and /dev are mounts with nothing below: no overlay, but this does for them.
            alone = place.lower is None or place.lower is EMPTY_ROOT
            if alone or (place.upper is None and len(self._in_layers(path)) == 1):
                return stat_of(node, 2 + tree.subdirectories(node), path)
        elif mark and place.upper is not None:
            if names := self._draft.names_of(node):
                return stat_of(node, len(names), f"upper/{names[0]}")
        elif mark:
            below = self._groups(self.lower).get(mark)
            nlink = len(self._groups(self._in_layers(path)[0][0]).get(mark, path[:1]))
            return stat_of(node, nlink, f"lower/{below[0]}" if below else path)
        return stat_of(node, 1, path)

    def movable(self, place: Place) -> bool:
        """A directory that lower has would be copied up with all that is in it: rename(2) gives EXDEV."""
        return type(place.node) is not Dir or place.lower is None

    def same_file(self, one: Place, other: Place) -> bool:
        """Only in upper: names of one lower file are files of their own to the kernel."""
        if one.upper is None or other.upper is None:
            return False
        return mark_of(one.upper) == mark_of(other.upper) != 0

    def searched(self, names: Sequence[str]) -> int:
        """One: what the layers have in a directory is merged when it is first read, and kept."""
        return 1

    # What the system calls do to it, within `counted`; each returns what it copied up

    def counted(self, change: Callable[[], Cost]) -> Cost:
        """Make a change; return all that it cost, with the disk that it took."""
        if self.read_only:
            fail(errno.EROFS, "")
        before = self._draft.taken
        cost = change() + Cost(allocated=self._draft.taken - before)
        if self._mounted is not None and cost.allocated > 0:
            self._mounted = replace(self._mounted, taken=self._mounted.taken + cost.allocated)
        return cost

    def add_node(self, path: str, node: Node) -> Cost:
        """Make a name in upper; a directory over a whiteout is opaque."""
        self._copy_up_dirs(_above(path))
        self._draft.put(path, over(self._draft.get(path), node), self.clock())
        return NO_COST

    def change_node(self, path: str, make: Callable[[Node], Node], data: bool) -> Cost:
        """Copy the file up if lower has it, then change it under all its names in upper."""
        copied = self._copy_up(path, data)
        node = self._in_upper(path)
        changed = make(node)
        if changed is not node:
            self._draft.change(path, node, changed)
        return copied

    def remove_name(self, path: str) -> Cost:
        """Remove a name from upper; where lower has it too, leave a whiteout, a link to the mount's one."""
        if self._lower_has(path) and self.whiteout is None:
            self.whiteout = self._linked_whiteout()
        self._leave(path, self.whiteout)
        return NO_COST

    def _linked_whiteout(self) -> Whiteout:
        return Whiteout(self.clock(), new_inode())

    def _leave(self, path: str, whiteout: Whiteout | None) -> None:
        """Remove a name from upper; where lower has it too, put a whiteout there."""
        self._copy_up_dirs(_above(path))
        self._draft.put(path, whiteout if self._lower_has(path) else None, self.clock())

    def move_name(self, source: str, target: str) -> Cost:
        """Copy the file up, then move it; a directory moved to where lower may have one is opaque."""
        copied = self._copy_up(source)
        self._copy_up_dirs(_above(target))
        node = self._in_upper(source)
        if type(node) is Dir and self._place(_above(target)).lower is not None:
            node = replace(node, opaque=True)
        # The file system below makes a whiteout, a device of its own, or takes the one of the target.
        hidden = self._draft.get(target)
        self._leave(source, hidden if isinstance(hidden, Whiteout) else Whiteout(self.clock()))
        self._draft.put(target, node, self.clock())
        return copied

    def add_link(self, source: str, target: str) -> Cost:
        """Copy the file up and give it a second name, which makes a mark for both."""
        copied = self._copy_up(source)
        node = self._in_upper(source)
        if not isinstance(node, Dir) and not node.inode:
            node = replace(node, inode=new_inode())
            self._draft.put(source, node)
        self._copy_up_dirs(_above(target))
        self._draft.put(target, node, self.clock())
        return copied

    # Upper and lower

    def _in_upper(self, path: str) -> Node:
        node = self._draft.get(path)
        assert node is not None
        return node

    def _place(self, path: str) -> Place:
        return self._find(f"/{path}", follow=False).there

    def _in_layers(self, path: str) -> list[tuple[Dir, Node]]:
        """Return lower layers and what they have there, top first, down to the one that hides the others."""
        todo, stacks = [path], self._stacks
        while todo[-1] not in stacks:
            todo.append(_above(todo[-1]))
        found = stacks[todo.pop()]
        for each in reversed(todo):
            above = [(layer, node) for layer, node in found if type(node) is Dir]
            here = zip(above, reached((node for _, node in above), each.rpartition("/")[2]), strict=False)
            named = [(layer, node) for (layer, _), node in here if node and type(node) is not Whiteout]
            found = stacks[each] = [
                pair for place, pair in enumerate(named) if not place or type(pair[1]) is Dir
            ]
        return found

    def _lower_has(self, path: str) -> bool:
        lower = self._place(_above(path)).lower
        return type(lower) is Dir and path.rpartition("/")[2] in lower.children

    def _copy_up_dirs(self, path: str) -> None:
        """Make the directories exist in upper, with lower's attributes and times."""
        missing = []
        while self._draft.get(path) is None:
            missing.append(path)
            path = _above(path)
        for each in reversed(missing):
            self._draft.put(each, Dir(meta=meta_of(self._place(each).node)))

    def _copy_up(self, path: str, data: bool = True) -> Cost:
        place = self._place(path)
        if place.upper is not None:
            return NO_COST
        node = place.node
        if isinstance(node, Dir):
            self._copy_up_dirs(path)
            return NO_COST
        self._copy_up_dirs(_above(path))
        if type(node) is File and not data:
            node = replace(node, content=EMPTY)
        # The copy is a file of its own: lower's hard links to it keep the old content.
        self._draft.put(path, replace(node, inode=0) if node.inode else node)
        return Cost(node.content.size if type(node) is File else 0)

    def _groups(self, root: Dir) -> dict[int, list[str]]:
        """Return the hard links of lower or of one of its layers, found once."""
        known = self._links.get(id(root))
        if known is None:
            known = self._links[id(root)] = link_groups(root)
        return known


def _above(path: str) -> str:
    return path.rpartition("/")[0]
