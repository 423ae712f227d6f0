"""A file system as an immutable value.

A tree is a Dir; every change makes another tree that shares all it did not change with the first.
The same nodes describe a root file system and a layer's changes: a layer's tree may also hold
whiteouts and opaque directories (OCI image-spec, layer.md; Linux, overlayfs.rst), see `changeset`.

What files hold is `content`'s. `PathWalk` is how a path leads through symbolic links, for whatever has
links: a tree, a layer in the making, a mount, a real disk.

A path inside a tree is relative, without a leading or trailing slash; "" is the root.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from labkit.base.text import encode
from labkit.oci.content import EMPTY, Content

CAPABILITY = "security.capability"
"""The extended attribute with some of root's powers for a program: the one that Docker keeps when it commits.

Others are kept where a layer's tar brings them.
"""


@dataclass(frozen=True, slots=True)
class Meta:
    """What every file has: permission bits, owner, modification time and extended attributes."""

    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    """Nanoseconds since 1970-01-01T00:00:00Z."""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    """Pairs of name and value, sorted by name."""


_FILE_META = Meta()
_DIR_META = Meta(mode=0o755)
_LINK_META = Meta(mode=0o777)


@dataclass(frozen=True, slots=True)
class File:
    """A regular file.

    Names of one tree that are hard links to one file hold nodes with the same `inode`; 0 means that
    the file has this one name only. The number is a mark, not part of the value. All that is no
    directory has one: links to symbolic links, devices and pipes are rare, but they exist.
    """

    content: Content = EMPTY
    meta: Meta = _FILE_META
    inode: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link."""

    target: str
    meta: Meta = _LINK_META
    inode: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Device:
    """A block ("b") or character ("c") device."""

    kind: str
    major: int
    minor: int
    meta: Meta = _FILE_META
    inode: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Fifo:
    """A named pipe."""

    meta: Meta = _FILE_META
    inode: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Whiteout:
    """In a layer: the name is deleted from the layers below.

    In a tar it is an empty file `.wh.NAME`, on a disk, under overlay2, a character device 0, 0. An opaque
    directory has a file `.wh..wh..opq` in the tar, and an extended attribute on the disk.

    When it was made, and which whiteouts the kernel made as hard links to one device, change nothing
    that is seen; they are kept because they are in the bytes of a committed layer.
    """

    mtime: int = field(default=0, compare=False)
    inode: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Dir:
    """A directory. In a layer, `opaque` hides all that the layers below have in it."""

    children: Mapping[str, Node] = field(default_factory=dict)
    meta: Meta = _DIR_META
    opaque: bool = False

    def __eq__(self, other: object) -> bool:
        # Not the comparison that a dataclass gets: it calls itself for each level, and a path of 4,096 bytes
        # has more levels than Python has frames.
        if type(other) is not Dir:
            return NotImplemented
        todo = [(self, other)]
        while todo:
            one, two = todo.pop()
            if one.opaque != two.opaque or one.meta != two.meta or len(one.children) != len(two.children):
                return False
            for name in differing(one.children, two.children):
                mine, theirs = one.children.get(name), two.children.get(name)
                if type(mine) is Dir and type(theirs) is Dir:
                    todo.append((mine, theirs))
                elif mine != theirs:
                    return False
        return True


Node: TypeAlias = File | Dir | Symlink | Device | Fifo | Whiteout
EMPTY_ROOT = Dir()


class NameTable(Mapping[str, Node]):
    """The names of a large directory, as a value: one with a name changed shares all but a part with it.

    The names stand in runs, each run a dict, and all names of a run before those of the next: a name is found
    by bisection, and a change copies one run and the list of runs. Names are given sorted.

    >>> table = NameTable({f"f{number}": File() for number in range(1000)})
    >>> more = table.changed("g", Dir())
    >>> len(table), len(more), "g" in table, more.subdirectories, list(differing(table, more))
    (1000, 1001, False, 1, ['g'])
    """

    __slots__ = ("_length", "_runs", "_starts", "subdirectories")

    def __init__(self, children: Mapping[str, Node]) -> None:
        names = sorted(children)
        parts = [names[start : start + RUN // 2] for start in range(0, len(names), RUN // 2)] or [[]]
        self._runs = tuple({name: children[name] for name in part} for part in parts)
        self._starts = tuple(part[0] for part in parts[1:])
        """The first name of each run but the first one, which begins with the smallest name there is."""
        self._length = len(names)
        self.subdirectories = sum(type(node) is Dir for node in children.values())

    def __getitem__(self, name: str) -> Node:
        return self._runs[bisect_right(self._starts, name)][name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the node of a name, or None."""
        return self._runs[bisect_right(self._starts, name)].get(name, default)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        for run in self._runs:
            yield from sorted(run)

    def __len__(self) -> int:
        return self._length

    def changed(self, name: str, node: Node | None) -> NameTable:
        """Return the table with another node under a name, or without the name; KeyError if it is missing."""
        at = bisect_right(self._starts, name)
        run = dict(self._runs[at])
        before = run.get(name)
        if node is None:
            del run[name]
        else:
            run[name] = node
        runs, starts = [run], self._starts
        if len(run) > RUN:
            names = sorted(run)
            half = len(names) // 2
            runs = [{each: run[each] for each in part} for part in (names[:half], names[half:])]
            starts = (*starts[:at], names[half], *starts[at:])
        elif not run and starts:
            runs, starts = [], starts[: max(at - 1, 0)] + starts[max(at, 1) :]
        made = NameTable.__new__(NameTable)
        made._runs = (*self._runs[:at], *runs, *self._runs[at + 1 :])
        made._starts = starts
        made._length = self._length + (node is not None) - (before is not None)
        made.subdirectories = self.subdirectories + (type(node) is Dir) - (type(before) is Dir)
        return made

    def apart_from(self, other: NameTable) -> dict[str, Node]:
        """Return the names in the runs that another table does not share."""
        shared, found = set(map(id, other._runs)), dict[str, Node]()
        for run in self._runs:
            if id(run) not in shared:
                found.update(run)
        return found


RUN = 128
"""So many names at most are in a run: copying them costs less than a finer table would take to be walked."""


def with_name(children: Mapping[str, Node], name: str, node: Node | None) -> Mapping[str, Node]:
    """Return a directory's names with another node under one, or without it; KeyError where it is missing.

    >>> with_name({"a": File()}, "a", None)
    {}
    """
    if type(children) is not NameTable:
        if len(children) < RUN:
            made = dict(children)
            if node is None:
                del made[name]
            else:
                made[name] = node
            return made
        children = NameTable(children)
    return children.changed(name, node)


def differing(one: Mapping[str, Node], other: Mapping[str, Node]) -> Iterator[str]:
    """Yield the names that have not the same node, the very same, in two directories.

    >>> motd = File()
    >>> list(differing({"a": motd, "b": motd}, {"a": motd, "c": motd}))
    ['b', 'c']
    """
    if one is other:
        return
    if type(one) is NameTable and type(other) is NameTable:
        table = one
        one, other = table.apart_from(other), other.apart_from(table)
    for name, node in one.items():
        if other.get(name) is not node:
            yield name
    for name in other:
        if name not in one:
            yield name


def subdirectories(directory: Dir) -> int:
    """Return how many directories are in a directory.

    >>> subdirectories(Dir({"etc": Dir(), "motd": File()}))
    1
    """
    children = directory.children
    if type(children) is NameTable:
        return children.subdirectories
    return sum(type(child) is Dir for child in children.values())


Result = TypeVar("Result")
Nested: TypeAlias = Generator[Any, Any, Result]
"""A recursive function that yields its inner calls, and gets what they return."""


def unnested(call: Nested[Result]) -> Result:
    """Run a recursive function as far down as there is memory: a tree is deeper than Python's stack.

    >>> def depth(node: Node) -> Nested[int]:
    ...     below = 0
    ...     for child in node.children.values():
    ...         below = max(below, (yield depth(child)))
    ...     return below + 1
    >>> unnested(depth(Dir({"usr": Dir({"bin": Dir()})})))
    3
    """
    calls: list[Nested[Any]] = [call]
    value: Any = None
    while calls:
        try:
            calls.append(calls[-1].send(value))
            value = None
        except StopIteration as done:
            calls.pop()
            value = done.value
    result: Result = value
    return result


# A number, not the node's identity: a change makes another node, which is still the same file.
_inodes = itertools.count(1)


def new_inode() -> int:
    """Return a mark for a file that gets a second name, not used for any other file.

    >>> new_inode() != new_inode()
    True
    """
    return next(_inodes)


def split_path(path: str) -> list[str]:
    """Return the names of a path; empty names and `.` are dropped.

    >>> split_path("/etc//nginx/./conf.d/")
    ['etc', 'nginx', 'conf.d']
    """
    return [name for name in path.split("/") if name and name != "."]


def get(root: Dir, path: str) -> Node | None:
    """Return the node at a path, or None; symbolic links are not followed.

    >>> get(Dir({"etc": Dir({"motd": File()})}), "etc/motd")
    File(content=Content(pieces=(), size=0), meta=Meta(mode=420, uid=0, gid=0, mtime=0, xattrs=()), inode=0)
    """
    node: Node = root
    for name in split_path(path):
        if type(node) is not Dir:
            return None
        child = node.children.get(name)
        if child is None:
            return None
        node = child
    return node


Spot = TypeVar("Spot")


class PathWalk(Generic[Spot]):
    """A walk along a path, name by name, through symbolic links (Linux, path_resolution(7)).

    Iterating gives one name after the other. Whoever walks looks it up at the end of `trail`, the places from
    the root to here, and appends what it finds there, or follows it: how many links there may be, and what
    is said of a name that is missing, is the walker's. `..` leads back along the trail; at the root it leads
    nowhere, or calls `outside`.

    >>> root = Dir({"run": Symlink("/var/run"), "var": Dir({"run": Dir({"lock": Symlink("../lock")})})})
    >>> walk = PathWalk("", ["run", "lock", "a"])
    >>> for name in walk:
    ...     here = f"{walk.trail[-1]}/{name}"
    ...     node = get(root, here)
    ...     walk.follow(node.target) if isinstance(node, Symlink) else walk.trail.append(here)
    >>> walk.trail[-1]
    '/var/lock/a'
    """

    __slots__ = ("_outside", "links", "todo", "trail")

    def __init__(self, root: Spot, names: Sequence[str], outside: Callable[[], object] | None = None) -> None:
        self.trail = [root]
        self.todo = [*reversed(names)]
        """The names still to come, the next one last."""
        self.links = 0
        """How many links were followed."""
        self._outside = outside

    def __iter__(self) -> Iterator[str]:
        trail, todo = self.trail, self.todo
        while todo:
            name = todo.pop()
            if name == "..":
                # Not the path without its last name: after a link, `..` is above what the link leads to.
                if len(trail) > 1:
                    trail.pop()
                elif self._outside:
                    self._outside()
            elif name != ".":
                yield name

    def follow(self, target: str) -> None:
        """Go on with the names of a link's target, from here or from the root."""
        self.links += 1
        if target.startswith("/"):
            del self.trail[1:]
        self.todo += [name for name in reversed(target.split("/")) if name]


def mapped(root: Dir, change: Callable[[Any], Node]) -> Dir:
    """Return a tree with each of its nodes changed, a directory after what is in it.

    >>> mapped(Dir({"a": File()}), lambda node: node if type(node) is Dir else Fifo()) == Dir({"a": Fifo()})
    True
    """
    made = unnested(_mapped(root, change))
    assert type(made) is Dir
    return made


def _mapped(root: Dir, change: Callable[[Any], Node]) -> Nested[Node]:
    children: dict[str, Node] = {}
    for name, node in root.children.items():
        children[name] = (yield _mapped(node, change)) if type(node) is Dir else change(node)
    return change(Dir(children, root.meta, root.opaque))


def put(root: Dir, path: str, node: Node) -> Dir:
    """Return the tree with `node` at a path whose parent is a directory of the tree.

    Raises KeyError or TypeError where the parent is missing or is no directory.

    >>> list(put(Dir(), "motd", File()).children)
    ['motd']
    """
    names = split_path(path)
    if not names:
        if not isinstance(node, Dir):
            raise TypeError("the root is a directory")
        return node
    return _edited(root, names, node)


def remove(root: Dir, path: str) -> Dir:
    """Return the tree without what is at a path; raises KeyError where nothing is.

    >>> remove(Dir({"motd": File()}), "motd") == Dir()
    True
    """
    return _edited(root, split_path(path), None)


def _edited(root: Dir, names: list[str], node: Node | None) -> Dir:
    above, parents = root, [root]
    for name in names[:-1]:
        child = above.children[name]
        if not isinstance(child, Dir):
            raise TypeError(f"{name} is no directory")
        above = child
        parents.append(above)
    for parent, name in zip(reversed(parents), reversed(names), strict=True):
        node = Dir(with_name(parent.children, name, node), parent.meta, parent.opaque)
    assert isinstance(node, Dir)
    return node


def walk(root: Dir, path: str = "") -> Iterator[tuple[str, Node]]:
    """Yield every path below the root and its node, sorted by name, a directory before its children.

    >>> [path for path, node in walk(Dir({"etc": Dir({"motd": File()}), "bin": Dir()}))]
    ['bin', 'etc', 'etc/motd']
    """
    todo = _below(root, path)
    while todo:
        below, child = todo.pop()
        yield below, child
        if type(child) is Dir:
            todo += _below(child, below)


def _below(directory: Dir, path: str) -> list[tuple[str, Node]]:
    start, children = path and f"{path}/", directory.children
    return [(start + name, children[name]) for name in sorted(children, reverse=True)]


def size(root: Dir) -> int:
    """Return the bytes that Docker counts of a tree.

    The contents of files and the lengths of symbolic links' targets, what has several names once;
    directories count for nothing (moby, pkg/directory, Size).

    >>> size(Dir({"log": Symlink("/dev/stdout"), "motd": File(Content.of(b"hi"))}))
    13
    """
    total = 0
    seen: set[int] = set()
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if type(node) is Dir:
            todo.extend(node.children.values())
        elif isinstance(node, File | Symlink):
            if node.inode and node.inode in seen:
                continue
            seen.add(node.inode)
            total += stat_size(node)
    return total


def stat_size(node: Node) -> int:
    """Return what `stat` gives as the size of a file or a symbolic link, and 0 for others.

    >>> stat_size(Symlink("/dev/stdout"))
    11
    """
    if isinstance(node, File):
        return node.content.size
    return len(encode(node.target)) if isinstance(node, Symlink) else 0


def link_groups(root: Dir) -> dict[int, list[str]]:
    """Return the sorted names of each file that has more than one, by its mark.

    >>> one = File(inode=new_inode())
    >>> list(link_groups(Dir({"a": one, "b": one, "c": File()})).values())
    [['a', 'b']]
    """
    groups: dict[int, list[str]] = {}
    for path, node in walk(root):
        if not isinstance(node, Dir | Whiteout) and node.inode:
            groups.setdefault(node.inode, []).append(path)
    return {inode: paths for inode, paths in groups.items() if len(paths) > 1}


def same(one: Dir, other: Dir) -> bool:
    """Tell whether two trees are equal, hard links included.

    >>> linked = File(inode=new_inode())
    >>> same(Dir({"a": linked, "b": linked}), Dir({"a": File(), "b": File()}))
    False
    """
    return one == other and sorted(link_groups(one).values()) == sorted(link_groups(other).values())
