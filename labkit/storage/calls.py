"""The system calls on files: what they check, in which order, and what they ask of the file system.

Everything here is common to all file systems of Linux (fs/namei.c, fs/open.c, fs/attr.c, fs/xattr.c);
what a storage driver does about it is behind `overlay.Mount`. The caller is root with all capabilities and an
empty umask, as a container's first process is, short of `trusted.` attributes.

A path is looked up name by name from the root (path_resolution(7)). A symbolic link on the way is followed,
at most forty of them; the last name is followed or not as the call asks. The order of the checks is that of
Linux, so that a path with two faults gives the error that the kernel gives.
"""

from __future__ import annotations

import errno
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from labkit.base.text import encode
from labkit.oci.content import EMPTY, Content
from labkit.oci.tree import CAPABILITY, Device, Dir, File, Meta, Node, PathWalk, Symlink, split_path
from labkit.storage.posix import Cost, Names, Place, Stat, fail, meta_of, with_meta

if TYPE_CHECKING:
    from labkit.storage.overlay import Mount

NAME_MAX = 255
_SHORT = NAME_MAX // 4
"""As many characters fit into any name: one is at most four bytes."""
PATH_MAX = 4096
MAX_SYMLINKS = 40


class Found(NamedTuple):
    """Where a path leads: the path without links and outer slashes, and its place unless nothing is there."""

    path: str
    place: Place | None
    slash: bool
    """The path, or the last link followed, ends in a slash: only a directory will do."""
    looked_up: int
    above: Place
    """The directory of the last name."""

    @property
    def there(self) -> Place:
        """The place, where something is."""
        assert self.place is not None
        return self.place

    @property
    def directory(self) -> str:
        """The path of the directory of the last name."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """The last name, "" for the root; where it was not looked up perhaps "." or ".."."""
        return self.path.rpartition("/")[2]


def walk(space: SystemCalls, path: str, follow: bool = True, create: bool = False) -> Found:
    """Look a path up.

    `follow` tells what a symbolic link in the last place does; `create` is open(2)'s O_CREAT, which
    refuses a last name that ends in a slash. Raises FileSystemError for all but a missing last name.
    """
    _check_path(path)
    return _look(space, path, path, follow, create)


def walk_above(space: SystemCalls, path: str) -> Found:
    """Look up all of a path but its last name, as the calls do that make or remove a name."""
    plain = path.rstrip("/")
    above, _, name = plain.rpartition("/")
    _check_path(path)
    found = _look(space, above + "/", path, True, False)
    if found.place is None:
        fail(errno.ENOENT, path)
    if type(found.place.node) is not Dir:
        fail(errno.ENOTDIR, path)
    names = (name,) if space.seen is not None else (*split_path(found.path), name)
    searched = found.place.tree.searched(names) if name else 0
    here = f"{found.path}/{name}".lstrip("/")
    return Found(here, None, path.endswith("/"), found.looked_up + searched, found.place)


def _step(space: SystemCalls, place: Place, path: str, name: str) -> Place | None:
    names = space.first_names(path)
    # Far below all that is mounted a name is its own tree's.
    return space.step(place, names) if names[-1] == name else place.tree.step(place, (name,))


def _check_path(path: str) -> None:
    if not path:
        fail(errno.ENOENT, path)
    if len(path) > PATH_MAX // 4 - 1 and len(encode(path)) >= PATH_MAX:
        fail(errno.ENAMETOOLONG, path)


def _check_name(name: str, path: str) -> None:
    if len(name) > _SHORT and len(encode(name)) > NAME_MAX:
        fail(errno.ENAMETOOLONG, path)


def _look(space: SystemCalls, asked: str, path: str, follow: bool, create: bool) -> Found:
    """Look up the path that is asked for; errors name `path`."""
    plain = asked.rstrip("/")
    above, _, name = plain.rpartition("/")
    slash, seen = plain != asked, space.seen
    if seen is not None and name not in _DOTS and not (create and slash):
        known = _directory(space, seen, above.removeprefix("/"), path)
        found = known and _below(space, seen, known, name, path)
        if found and not (found.place and type(found.place.node) is Symlink and (follow or slash)):
            return found._replace(slash=True) if slash else found
    return _walk(space, asked, path, follow, create)


_DOTS = ("", ".", "..")


def _directory(space: SystemCalls, seen: dict[str, Found], key: str, path: str) -> Found | None:
    """Return a directory that no link and no `..` leads to, from the nearest one where a walk has been.

    The kernel has such a cache, too: to walk each path from the root takes the square of a tree's depth.
    """
    missing = []
    while (known := seen.get(key)) is None and key:
        key, _, name = key.rpartition("/")
        if name in _DOTS:
            return None
        missing.append(name)
    known = known or Found("", space.top(), False, 0, space.top())
    for name in reversed(missing):
        known = _below(space, seen, known, name, path)
        if known.place is None or type(known.place.node) is not Dir:
            return None
    return known


def _below(space: SystemCalls, seen: dict[str, Found], known: Found, name: str, path: str) -> Found:
    above = known.place
    assert above is not None
    _check_name(name, path)
    here = f"{known.path}/{name}".lstrip("/")
    place = _step(space, above, here, name)
    found = Found(here, place, False, known.looked_up + above.tree.searched((name,)), above)
    if place is not None and type(place.node) is Dir and place.tree.seen is seen:
        seen[here] = found
    return found


def _walk(space: SystemCalls, asked: str, path: str, follow: bool, create: bool) -> Found:
    walking = PathWalk(space.top(), [name for name in asked.split("/") if name])
    trail, todo = walking.trail, walking.todo
    names: list[str] = []
    looked_up, slash = 0, asked.endswith("/")
    for name in walking:
        if create and slash and not todo:
            fail(errno.EISDIR, path)
        _check_name(name, path)
        del names[len(trail) - 1 :]
        names.append(name)
        looked_up += trail[-1].tree.searched(names)
        place = space.step(trail[-1], names)
        if place is None:
            if todo:
                fail(errno.ENOENT, path)
            return Found("/".join(names), None, slash, looked_up, trail[-1])
        node = place.node
        if type(node) is Symlink and (todo or follow or slash):
            if walking.links == MAX_SYMLINKS:
                fail(errno.ELOOP, path)
            _check_path(node.target)
            slash = slash or (not todo and node.target.endswith("/"))
            walking.follow(node.target)
            continue
        if todo and type(node) is not Dir:
            fail(errno.ENOTDIR, path)
        trail.append(place)
    return Found("/".join(names[: len(trail) - 1]), trail[-1], slash, looked_up, trail[-1])


SETUID, SETGID = 0o4000, 0o2000
_XATTR_NAMESPACES = ("user.", "trusted.", "security.")
_Change: TypeAlias = Callable[[Content, Content], Content | None]
"""Gives what a file holds then, from what it held and what is written; None leaves it as it is."""
_RMDIR_ERRORS = {"": errno.EBUSY, ".": errno.EINVAL, "..": errno.ENOTEMPTY}


class SystemCalls:
    """All calls by path; paths are absolute, or taken from the root. A call that changes gives its cost."""

    __slots__ = ("clock",)
    clock: Callable[[], int]
    """Gives nanoseconds since 1970-01-01T00:00:00Z."""

    @property
    def seen(self) -> dict[str, Found] | None:
        """What walks have found of directories, by path, no slash at its ends; here nothing is."""
        return None

    def first_names(self, path: str) -> Names:
        """Return a path's names as far down as something may be mounted: nowhere but at the root."""
        return (path,) if path else ()

    @abstractmethod
    def top(self) -> Place:
        """Return the place of the root."""

    @abstractmethod
    def step(self, place: Place, names: Sequence[str]) -> Place | None:
        """Return the place of the last of the names, seen from its directory's place."""

    @abstractmethod
    def tree_at(self, names: Names) -> tuple[Mount, Names]:
        """Return the mounted tree that names lead into, and the names below its root."""

    def is_mount_point(self, names: Names) -> bool:
        """Tell whether something is mounted there."""
        return not names

    # Reading

    def stat(self, path: str, follow: bool = True) -> Stat:
        """Return what stat(2) says of a path, or lstat(2) without `follow`."""
        found = self._find(path, follow)
        return found.there.tree.stat_at(self._inside(found.path)[1], found.there)

    def exists(self, path: str, follow: bool = True) -> bool:
        """Tell whether stat(2) succeeds."""
        try:
            self._find(path, follow)
        except OSError:
            return False
        return True

    def listdir(self, path: str) -> list[str]:
        """Return the sorted names in a directory, without `.` and `..`."""
        found = self._find(path)
        if type(found.there.node) is not Dir:
            fail(errno.ENOTDIR, path)
        return self._listing(self.first_names(found.path), found.there)

    def readlink(self, path: str) -> str:
        """Return the target of a symbolic link."""
        node = self._find(path, follow=False).there.node
        if type(node) is not Symlink:
            fail(errno.EINVAL, path)
        return node.target

    def content(self, path: str) -> Content:
        """Return what a regular file holds."""
        return _regular(self._find(path), path).content

    def read(self, path: str, offset: int = 0, size: int | None = None) -> bytes:
        """Return a regular file's bytes from `offset` on, all of them or at most `size`.

        No driver stands behind a device and nobody at a pipe's other end: they give ENXIO.
        """
        return self.content(path).read(offset, size)

    def _find(self, path: str, follow: bool = True, create: bool = False) -> Found:
        """Look a path up where something has to be, unless it is to be made."""
        found = walk(self, path, follow, create)
        if found.place is None and not create:
            fail(errno.ENOENT, path)
        if found.slash and found.place and type(found.there.node) is not Dir:
            fail(errno.ENOTDIR, path)
        return found

    def _listing(self, names: Names, place: Place) -> list[str]:
        return sorted(place.tree.listing(place))

    # Attributes: on an overlay each change copies a lower file up whole, as the upper file system keeps a
    # file's attributes with the file

    def chmod(self, path: str, mode: int, follow: bool = True) -> Cost:
        """Set the permission bits; a symbolic link has none of its own (EOPNOTSUPP)."""
        found = self._find(path, follow)
        if type(found.there.node) is Symlink:
            fail(errno.EOPNOTSUPP, path)
        return self._change_meta(found, lambda meta: replace(meta, mode=mode & 0o7777))

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> Cost:
        """Set owner and group, -1 leaving one as it is; a program loses its set-user-ID bit."""
        found = self._find(path, follow)
        keep = type(found.there.node) is Dir

        def make(meta: Meta) -> Meta:
            mode, xattrs = meta.mode, meta.xattrs
            if not keep:
                # chown(2): a group-executable file's set-group-ID bit is cleared with it.
                mode &= ~(SETUID | (SETGID if mode & 0o010 else 0))
                xattrs = _without(xattrs, CAPABILITY)
            owner, group = meta.uid if uid == -1 else uid, meta.gid if gid == -1 else gid
            return replace(meta, mode=mode, uid=owner, gid=group, xattrs=xattrs)

        return self._change_meta(found, make)

    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> Cost:
        """Set the modification time, in nanoseconds since 1970."""
        return self._change_meta(self._find(path, follow), lambda meta: replace(meta, mtime=mtime_ns))

    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> Cost:
        """Set an extended attribute; only files and directories have those named `user.` (xattr(7))."""
        if not 0 < len(encode(name)) <= 255:
            fail(errno.ERANGE, path)
        if len(value) > 65536:
            fail(errno.E2BIG, path)
        found = self._find(path, follow)
        if name.startswith("user.") and type(found.there.node) not in (File, Dir):
            fail(errno.EPERM, path)
        if error := _xattr_namespace_error(name):
            # The kernel copies the file up before it asks the upper file system, which refuses.
            self._change_meta(found, lambda meta: meta)
            fail(error, path)
        return self._change_meta(
            found,
            lambda meta: replace(
                meta, xattrs=tuple(sorted([*_without(meta.xattrs, name), (name, bytes(value))]))
            ),
        )

    def _change(
        self, found: Found, make: Callable[[Node], Node], written: int = 0, data: bool = True
    ) -> Cost:
        tree, path = self._inside(found.path)
        cost = tree.counted(lambda: tree.change_node(path, make, data))
        return cost + Cost(written=written, looked_up=found.looked_up)

    def _change_meta(self, found: Found, make: Callable[[Meta], Meta]) -> Cost:
        return self._change(found, lambda node: with_meta(node, make(meta_of(node))))

    # Writing files

    def write(self, path: str, data: bytes | Content, mode: int = 0o644) -> Cost:
        """Make a file hold `data` and no more, as `>` does; a new file gets `mode`."""
        return self._put(path, data, mode, lambda old, new: new, keeps=False)

    def append(self, path: str, data: bytes | Content, mode: int = 0o644) -> Cost:
        """Write `data` at the end of a file, as `>>` does; a new file gets `mode`."""
        return self._put(path, data, mode, lambda old, new: old + new if new.size else None)

    def pwrite(self, path: str, offset: int, data: bytes | Content) -> Cost:
        """Write `data` over an existing file at `offset`; a gap before it becomes zero bytes."""
        content, found = _content(data), self._find(path)
        _regular(found, path)
        if offset < 0:
            fail(errno.EINVAL, path)
        written = content.size
        return self._fill(found, lambda old: old.overwritten(offset, content) if written else None, written)

    def truncate(self, path: str, size: int) -> Cost:
        """Cut a file to `size` bytes, or pad it with zero bytes up to it."""
        if size < 0:
            fail(errno.EINVAL, path)
        found = self._find(path)
        _regular(found, path, errno.EINVAL)
        return self._fill(found, lambda old: old.resized(size))

    # Names

    def mkdir(self, path: str, mode: int = 0o755) -> Cost:
        """Make a directory."""
        last = self._new_name(path, directory=True)
        return self._add(last, Dir(), mode & 0o1777)

    def symlink(self, target: str, path: str) -> Cost:
        """Make a symbolic link; `target` is any text, and need not exist."""
        if not target:
            fail(errno.ENOENT, path)
        if len(encode(target)) >= PATH_MAX:
            fail(errno.ENAMETOOLONG, path)
        return self._add(self._new_name(path), Symlink(target), 0o777)

    def place(self, path: str, node: Node) -> Cost:
        """Make a new name that is no directory's, with all its attributes at once."""
        last = self._new_name(path)
        if isinstance(node, Device) and (node.kind, node.major, node.minor) == ("c", 0, 0):
            fail(errno.EPERM, path)
        return self._added(last, node)

    def link(self, source: str, target: str) -> Cost:
        """Give a file a second name; of a symbolic link, the link itself gets it."""
        found = self._find(source, follow=False)
        last = self._new_name(target)
        tree, inside = self._inside(found.path)
        if tree is not last.above.tree:
            fail(errno.EXDEV, target)
        if type(found.there.node) is Dir:
            fail(errno.EPERM, source)
        _, new = self._inside(last.path)
        cost = tree.counted(lambda: tree.add_link(inside, new))
        return cost + Cost(looked_up=found.looked_up + last.looked_up)

    def unlink(self, path: str) -> Cost:
        """Remove a name that is no directory's."""
        last = walk_above(self, path)
        if last.name in ("", ".", ".."):
            fail(errno.EISDIR, path)
        place = self._last(last, path)
        if type(place.node) is Dir:
            fail(errno.EISDIR, path)
        if last.slash:
            fail(errno.ENOTDIR, path)
        self._check_mount_point(last, path)
        return self._removed(last)

    def rmdir(self, path: str) -> Cost:
        """Remove an empty directory."""
        last = walk_above(self, path)
        if last.name in _RMDIR_ERRORS:
            fail(_RMDIR_ERRORS[last.name], path)
        place = self._last(last, path)
        if type(place.node) is not Dir:
            fail(errno.ENOTDIR, path)
        self._check_mount_point(last, path)
        if self._listing(self.first_names(last.path), place):
            fail(errno.ENOTEMPTY, path)
        return self._removed(last)

    def rename(self, source: str, target: str) -> Cost:
        """Rename a file or directory, replacing a file or an empty directory of the target's name."""
        old, new = walk_above(self, source), walk_above(self, target)
        if old.above.tree is not new.above.tree:
            fail(errno.EXDEV, source)
        if old.name in ("", ".", "..") or new.name in ("", ".", ".."):
            fail(errno.EBUSY, source)
        place = self._last(old, source)
        over = self._under(new, target)
        self._check_rename(old, new, place, over, source)
        cost = Cost(looked_up=old.looked_up + new.looked_up)
        if old.path == new.path or (over is not None and place.tree.same_file(place, over)):
            return cost
        if over is not None and (type(over.node) is Dir) != (type(place.node) is Dir):
            fail(errno.EISDIR if type(over.node) is Dir else errno.ENOTDIR, target)
        self._check_mount_point(old, source)
        self._check_mount_point(new, target)
        if not place.tree.movable(place):
            fail(errno.EXDEV, source)
        if over is not None and type(over.node) is Dir and list(over.tree.listing(over)):
            fail(errno.ENOTEMPTY, target)
        (tree, before), (_, after) = self._inside(old.path), self._inside(new.path)
        return cost + tree.counted(lambda: tree.move_name(before, after))

    def _check_rename(self, old: Found, new: Found, place: Place, over: Place | None, path: str) -> None:
        if type(place.node) is not Dir and (old.slash or new.slash):
            fail(errno.ENOTDIR, path)
        if f"{new.directory}/".startswith(f"{old.path}/"):
            fail(errno.EINVAL, path)
        if f"{old.directory}/".startswith(f"{new.path}/"):
            fail(errno.ENOTEMPTY, path)

    # What the calls share

    def _under(self, last: Found, path: str) -> Place | None:
        """Look up the last name in its directory; a symbolic link is not followed."""
        _check_name(last.name, path)
        return _step(self, last.above, last.path, last.name)

    def _last(self, last: Found, path: str) -> Place:
        return self._under(last, path) or fail(errno.ENOENT, path)

    def _check_mount_point(self, last: Found, path: str) -> None:
        if self.is_mount_point(self.first_names(last.path)):
            fail(errno.EBUSY, path)

    def _inside(self, path: str) -> tuple[Mount, str]:
        tree, names = self.tree_at(self.first_names(path))
        return tree, "/".join(names)

    def _new_name(self, path: str, directory: bool = False) -> Found:
        last = walk_above(self, path)
        if last.name in ("", ".", "..") or self._under(last, path) is not None:
            fail(errno.EEXIST, path)
        if last.slash and not directory:
            fail(errno.ENOENT, path)
        return last

    def _add(self, last: Found, node: Node, mode: int, written: int = 0) -> Cost:
        above = meta_of(last.above.node)
        mode &= 0o7777
        if above.mode & SETGID and type(node) is Dir:
            mode |= SETGID
        meta = Meta(mode, 0, above.gid if above.mode & SETGID else 0, self.clock())
        return self._added(last, with_meta(node, meta), written)

    def _added(self, last: Found, node: Node, written: int = 0) -> Cost:
        tree, path = self._inside(last.path)
        cost = tree.counted(lambda: tree.add_node(path, node))
        return cost + Cost(written=written, looked_up=last.looked_up)

    def _removed(self, last: Found) -> Cost:
        tree, path = self._inside(last.path)
        return tree.counted(lambda: tree.remove_name(path)) + Cost(looked_up=last.looked_up)

    def _put(
        self, path: str, data: bytes | Content, mode: int, change: _Change, *, keeps: bool = True
    ) -> Cost:
        """Change what a file holds, or make one that holds `data`; `keeps` tells whether any of it stays."""
        content, found = _content(data), self._find(path, create=True)
        if found.place is None:
            return self._add(found, File(content), mode, content.size)
        _regular(found, path)
        return self._fill(found, lambda old: change(old, content), content.size, keeps)

    def _fill(
        self, found: Found, change: Callable[[Content], Content | None], written: int = 0, data: bool = True
    ) -> Cost:
        """Give a file new content, as write(2) and truncate(2) leave it; None leaves it as it is."""

        def make(node: Node) -> Node:
            assert type(node) is File
            content = change(node.content)
            if content is None:
                return node
            xattrs = _without(node.meta.xattrs, CAPABILITY)
            return replace(node, content=content, meta=replace(node.meta, mtime=self.clock(), xattrs=xattrs))

        return self._change(found, make, written, data)


def _regular(found: Found, path: str, other: int = errno.ENXIO) -> File:
    """Return a regular file; raise EISDIR for a directory, `other` for what else there may be."""
    if type(found.there.node) is not File:
        fail(errno.EISDIR if type(found.there.node) is Dir else other, path)
    return found.there.node


def _xattr_namespace_error(name: str) -> int:
    """Return the error number for a name outside of the namespaces, or 0 (xattr(7))."""
    if name in _XATTR_NAMESPACES:
        return errno.EINVAL
    return 0 if name.startswith(_XATTR_NAMESPACES) else errno.EOPNOTSUPP


def _without(xattrs: tuple[tuple[str, bytes], ...], name: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(pair for pair in xattrs if pair[0] != name)


def _content(data: bytes | Content) -> Content:
    if isinstance(data, Content):
        return data
    return Content.of(bytes(data)) if data else EMPTY
