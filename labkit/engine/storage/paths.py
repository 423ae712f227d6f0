"""Looking up a path, name by name from the root (path_resolution(7)).

A symbolic link on the way is followed, at most forty of them; the last name is followed or not as the
call asks. The order of the checks is that of Linux (fs/namei.c), so that a path with two faults gives the
error that the kernel gives.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from labkit.engine.storage.posix import Names, Place, fail
from labkit.oci.tree import Dir, Symlink

NAME_MAX = 255
PATH_MAX = 4096
MAX_SYMLINKS = 40


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
    searched = found.place.tree.searched((*found.names, name)) if name else 0
    return Parent(found.names, found.place, name, path.endswith("/"), found.looked_up + searched)


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
        names.append(name)
        looked_up += places[-1].tree.searched(names)
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
