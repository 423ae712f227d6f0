"""Paths, and what every POSIX file system answers about a file: path_resolution(7) and stat(2).

A path is looked up name by name from the root. A symbolic link on the way is followed, at most forty
of them; the last name is followed or not as the call asks. The order of the checks is that of Linux
(fs/namei.c), so that a path with two faults gives the error that the kernel gives.
"""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Protocol, TypeAlias

from labkit.errors import FileSystemError
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink

NAME_MAX = 255
PATH_MAX = 4096
MAX_SYMLINKS = 40

Names: TypeAlias = tuple[str, ...]
"""The names that lead from the root to a file, symbolic links resolved."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call did: bytes copied up, bytes written by the caller, names looked up."""

    copied: int = 0
    written: int = 0
    looked_up: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.copied + other.copied, self.written + other.written, self.looked_up + other.looked_up
        )


@dataclass(frozen=True, slots=True)
class Stat:
    """What stat(2) says of a file.

    A directory's node holds its attributes; its names are listdir's to give. The inode number tells two
    files apart and is the same for the names of one file; a renamed file gets another.
    """

    node: Node
    mode: int
    """File type and permission bits."""
    nlink: int
    size: int
    uid: int
    gid: int
    mtime: int
    """Nanoseconds since 1970-01-01T00:00:00Z."""
    inode: int


class Place(NamedTuple):
    """Where a walk stands: a mounted tree, the node that the upper directory has and the lower one."""

    tree: Tree
    upper: Node | None
    lower: Node | None

    @property
    def node(self) -> Node:
        """The node that is seen."""
        node = self.lower if self.upper is None else self.upper
        assert node is not None
        return node


class Tree(Protocol):
    """A mounted file system, as the system calls use it once a path is resolved and checked.

    Each call takes the names below the mount's own root and says how many bytes it copied up.
    """

    def top(self) -> Place:
        """Return the place of the root."""
        ...

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Return the place of the last of the names, seen from its directory's place."""
        ...

    def listing(self, place: Place) -> Iterable[str]:
        """Return the names in a directory, in any order."""
        ...

    def stat_at(self, names: Names, place: Place) -> Stat:
        """Return what stat(2) says."""
        ...

    def movable(self, place: Place) -> bool:
        """Tell whether rename(2) works; where it does not, it fails with EXDEV."""
        ...

    def same_file(self, one: Place, other: Place) -> bool:
        """Tell whether two places are hard links to one file, as the kernel sees them."""
        ...

    def add_node(self, names: Names, node: Node) -> int:
        """Make a new file or directory."""
        ...

    def change_node(self, names: Names, make: Callable[[Node], Node], data: bool = True) -> int:
        """Put what `make` makes of a node in its place; without `data` its content is not needed."""
        ...

    def remove_name(self, names: Names) -> int:
        """Remove a file or an empty directory."""
        ...

    def move_name(self, source: Names, target: Names) -> int:
        """Rename a file or directory, over the file or empty directory that is there."""
        ...

    def add_link(self, source: Names, target: Names) -> int:
        """Give a file a second name."""
        ...


class Space(Protocol):
    """What a path is looked up in: one tree, or several mounted into each other."""

    def top(self) -> Place:
        """Return the place of the root."""
        ...

    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Return the place of the last of the names, seen from its directory's place."""
        ...


class Found(NamedTuple):
    """Where a path leads: canonical names, and the place unless nothing has the last name."""

    names: Names
    place: Place | None
    slash: bool
    """The path, or the last link followed, ends in a slash: only a directory will do."""
    looked_up: int


class Parent(NamedTuple):
    """A directory and a path's last name, not looked up: "" for the root, or perhaps "." or ".."."""

    names: Names
    place: Place
    name: str
    slash: bool
    looked_up: int


def fail(number: int, path: str) -> NoReturn:
    """Raise the error of a system call on a path.

    >>> fail(errno.ENOENT, "/x")
    Traceback (most recent call last):
        ...
    labkit.errors.FileSystemError: [Errno 2] No such file or directory: '/x'
    """
    raise FileSystemError(number, path)


def walk(space: Space, path: str, follow: bool = True, create: bool = False) -> Found:
    """Look a path up.

    `follow` tells what a symbolic link in the last place does; `create` is open(2)'s O_CREAT, which
    refuses a last name that ends in a slash. Raises FileSystemError for all but a missing last name.
    """
    return _walk(space, path, _parts(path), path.endswith("/"), follow, create)


def walk_parent(space: Space, path: str) -> Parent:
    """Look up all of a path but its last name, as the calls do that make or remove a name."""
    parts = _parts(path)
    found = _walk(space, path, parts[:-1], True, True, False)
    if found.place is None:
        fail(errno.ENOENT, path)
    if type(found.place.node) is not Dir:
        fail(errno.ENOTDIR, path)
    name = parts[-1] if parts else ""
    return Parent(found.names, found.place, name, path.endswith("/"), found.looked_up + bool(name))


def step(space: Space, parent: Parent, path: str) -> Place | None:
    """Look up the last name in its directory; a symbolic link is not followed."""
    _check_name(parent.name, path)
    return space.step(parent.place, (*parent.names, parent.name))


def _parts(path: str) -> list[str]:
    if not path:
        fail(errno.ENOENT, path)
    if len(path.encode("utf-8", "surrogateescape")) >= PATH_MAX:
        fail(errno.ENAMETOOLONG, path)
    return [name for name in path.split("/") if name]


def _check_name(name: str, path: str) -> None:
    # 63 characters are at most 252 bytes: most names need no encoding to be found short enough.
    if len(name) > 63 and len(name.encode("utf-8", "surrogateescape")) > NAME_MAX:
        fail(errno.ENAMETOOLONG, path)


def _walk(space: Space, path: str, parts: list[str], slash: bool, follow: bool, create: bool) -> Found:
    todo = parts[::-1]
    places = [space.top()]
    names: list[str] = []
    followed = looked_up = 0
    while todo:
        name = todo.pop()
        if name == ".":
            continue
        if name == "..":
            if names:
                places.pop()
                names.pop()
            continue
        if create and slash and not todo:
            fail(errno.EISDIR, path)
        _check_name(name, path)
        looked_up += 1
        names.append(name)
        place = space.step(places[-1], names)
        if place is None:
            if todo:
                fail(errno.ENOENT, path)
            return Found(tuple(names), None, slash, looked_up)
        node = place.node
        if type(node) is Symlink and (todo or follow or slash):
            followed += 1
            if followed > MAX_SYMLINKS:
                fail(errno.ELOOP, path)
            names.pop()
            if not todo:
                slash = slash or node.target.endswith("/")
            if node.target.startswith("/"):
                del places[1:], names[:]
            todo += _parts(node.target)[::-1]
            continue
        if todo and type(node) is not Dir:
            fail(errno.ENOTDIR, path)
        places.append(place)
    return Found(tuple(names), places[-1], slash, looked_up)


_TYPE_BITS = {File: stat.S_IFREG, Dir: stat.S_IFDIR, Symlink: stat.S_IFLNK, Fifo: stat.S_IFIFO}


def mode_of(node: Node) -> int:
    """Return the type and permission bits of a node, as st_mode has them.

    >>> oct(mode_of(Dir()))
    '0o40755'
    """
    meta = meta_of(node)
    if type(node) is Device:
        return (stat.S_IFBLK if node.kind == "b" else stat.S_IFCHR) | meta.mode
    return _TYPE_BITS[type(node)] | meta.mode


def meta_of(node: Node) -> Meta:
    """Return the attributes of a node that is no whiteout.

    >>> meta_of(Symlink("/dev/stdout")).mode == 0o777
    True
    """
    assert isinstance(node, File | Dir | Symlink | Device | Fifo)
    return node.meta


def size_of(node: Node) -> int:
    """Return st_size: bytes of content or of a link's target; a directory is one block of ext4.

    >>> size_of(Symlink("/dev/stdout")), size_of(Dir())
    (11, 4096)
    """
    if type(node) is File:
        return node.content.size
    if type(node) is Symlink:
        return len(node.target.encode("utf-8", "surrogateescape"))
    return 4096 if type(node) is Dir else 0
