"""The system calls on files: what they check, in which order, and what they ask of the file system.

Everything here is common to all file systems of Linux (fs/namei.c, fs/open.c, fs/attr.c, fs/xattr.c);
what a storage driver does about it is behind `Tree`. The caller is root with all capabilities and an
empty umask, as a container's first process is, short of `trusted.` attributes.
"""

from __future__ import annotations

import errno
from dataclasses import replace

from labkit.engine.storage.attributes import CAPABILITY, SETGID, AttributeCalls, without
from labkit.engine.storage.paths import PATH_MAX, Found, Parent, step, walk, walk_parent
from labkit.engine.storage.posix import Cost, Names, Place, fail, meta_of, with_meta
from labkit.oci.content import EMPTY, Content
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink


class SystemCalls(AttributeCalls):
    """All calls by path; paths are absolute, or taken from the root."""

    __slots__ = ()

    # Writing files

    def write(self, path: str, data: bytes | Content, mode: int = 0o644) -> Cost:
        """Make a file hold `data` and no more, as `>` does; a new file gets `mode`."""
        content = _content(data)
        found, place = self._open(path, create=True)
        if place is None:
            return self._create(found, File(content), mode, content.size)
        return self._change(found, lambda node: self._filled(node, content), content.size, data=False)

    def append(self, path: str, data: bytes | Content, mode: int = 0o644) -> Cost:
        """Write `data` at the end of a file, as `>>` does; a new file gets `mode`."""
        content = _content(data)
        found, place = self._open(path, create=True)
        if place is None:
            return self._create(found, File(content), mode, content.size)

        def make(node: Node) -> Node:
            assert type(node) is File
            return self._filled(node, node.content + content) if content.size else node

        return self._change(found, make, content.size)

    def pwrite(self, path: str, offset: int, data: bytes | Content) -> Cost:
        """Write `data` over an existing file at `offset`; a gap before it becomes zero bytes."""
        content = _content(data)
        found, _ = self._open(path)
        if offset < 0:
            fail(errno.EINVAL, path)

        def make(node: Node) -> Node:
            assert type(node) is File
            return self._filled(node, node.content.overwritten(offset, content)) if content.size else node

        return self._change(found, make, content.size)

    def create(self, path: str, mode: int = 0o644) -> Cost:
        """Make an empty file; whatever is there, a dangling link too, is in the way (O_EXCL)."""
        found, place = self._open(path, create=True, exclusive=True)
        assert place is None
        return self._create(found, File(), mode)

    def open_rw(self, path: str) -> Cost:
        """Open a file for reading and writing and close it, which changes nothing that is seen."""
        return self._change(self._open(path)[0], lambda node: node)

    def truncate(self, path: str, size: int) -> Cost:
        """Cut a file to `size` bytes, or pad it with zero bytes up to it."""
        if size < 0:
            fail(errno.EINVAL, path)
        found, place = self._find(path)
        if type(place.node) is not File:
            fail(errno.EISDIR if type(place.node) is Dir else errno.EINVAL, path)

        def make(node: Node) -> Node:
            assert type(node) is File
            return self._filled(node, node.content.resized(size))

        return self._change(found, make)

    # Names

    def mkdir(self, path: str, mode: int = 0o755) -> Cost:
        """Make a directory."""
        parent = self._new_name(path, directory=True)
        return self._add(parent, Dir(), mode & 0o1777)

    def symlink(self, target: str, path: str) -> Cost:
        """Make a symbolic link; `target` is any text, and need not exist."""
        if not target:
            fail(errno.ENOENT, path)
        if len(target.encode("utf-8", "surrogateescape")) >= PATH_MAX:
            fail(errno.ENAMETOOLONG, path)
        return self._add(self._new_name(path), Symlink(target), 0o777)

    def mknod(self, path: str, kind: str, major: int, minor: int, mode: int = 0o644) -> Cost:
        """Make a block ("b") or character ("c") device; c 0:0 is overlay's whiteout and refused."""
        parent = self._new_name(path)
        if (kind, major, minor) == ("c", 0, 0):
            fail(errno.EPERM, path)
        return self._add(parent, Device(kind, major, minor), mode)

    def mkfifo(self, path: str, mode: int = 0o644) -> Cost:
        """Make a named pipe."""
        return self._add(self._new_name(path), Fifo(), mode)

    def place(self, path: str, node: Node) -> Cost:
        """Make a new name that is no directory's, with all its attributes at once."""
        parent = self._new_name(path)
        if isinstance(node, Device) and (node.kind, node.major, node.minor) == ("c", 0, 0):
            fail(errno.EPERM, path)
        return parent.place.tree.add_node(self._inside(parent), node)

    def link(self, source: str, target: str) -> Cost:
        """Give a file a second name; of a symbolic link, the link itself gets it."""
        found, place = self._find(source, follow=False)
        parent = self._new_name(target)
        tree, names = self.tree_at(found.names)
        if tree is not parent.place.tree:
            fail(errno.EXDEV, target)
        if type(place.node) is Dir:
            fail(errno.EPERM, source)
        cost = tree.add_link(names, self._inside(parent))
        return cost + Cost(looked_up=found.looked_up + parent.looked_up)

    def unlink(self, path: str) -> Cost:
        """Remove a name that is no directory's."""
        parent = walk_parent(self, path)
        if parent.name in ("", ".", ".."):
            fail(errno.EISDIR, path)
        place = self._last(parent, path)
        if type(place.node) is Dir:
            fail(errno.EISDIR, path)
        if parent.slash:
            fail(errno.ENOTDIR, path)
        self._check_mount_point(parent, path)
        return parent.place.tree.remove_name(self._inside(parent)) + Cost(looked_up=parent.looked_up)

    def rmdir(self, path: str) -> Cost:
        """Remove an empty directory."""
        parent = walk_parent(self, path)
        if parent.name in _RMDIR_ERRORS:
            fail(_RMDIR_ERRORS[parent.name], path)
        place = self._last(parent, path)
        if type(place.node) is not Dir:
            fail(errno.ENOTDIR, path)
        self._check_mount_point(parent, path)
        if self._listing((*parent.names, parent.name), place):
            fail(errno.ENOTEMPTY, path)
        return parent.place.tree.remove_name(self._inside(parent)) + Cost(looked_up=parent.looked_up)

    def rename(self, source: str, target: str) -> Cost:
        """Rename a file or directory, replacing a file or an empty directory of the target's name."""
        old, new = walk_parent(self, source), walk_parent(self, target)
        if old.place.tree is not new.place.tree:
            fail(errno.EXDEV, source)
        if old.name in ("", ".", "..") or new.name in ("", ".", ".."):
            fail(errno.EBUSY, source)
        place = self._last(old, source)
        over = step(self, new, target)
        self._check_rename(old, new, place, over, source)
        cost = Cost(looked_up=old.looked_up + new.looked_up)
        onto_itself = (old.names, old.name) == (new.names, new.name)
        if onto_itself or (over is not None and place.tree.same_file(place, over)):
            return cost
        if over is not None and (type(over.node) is Dir) != (type(place.node) is Dir):
            fail(errno.EISDIR if type(over.node) is Dir else errno.ENOTDIR, target)
        self._check_mount_point(old, source)
        self._check_mount_point(new, target)
        if not place.tree.movable(place):
            fail(errno.EXDEV, source)
        if over is not None and type(over.node) is Dir and list(over.tree.listing(over)):
            fail(errno.ENOTEMPTY, target)
        return cost + place.tree.move_name(self._inside(old), self._inside(new))

    def _check_rename(self, old: Parent, new: Parent, place: Place, over: Place | None, path: str) -> None:
        if type(place.node) is not Dir and (old.slash or new.slash):
            fail(errno.ENOTDIR, path)
        source, target = (*old.names, old.name), (*new.names, new.name)
        if new.names[: len(source)] == source:
            fail(errno.EINVAL, path)
        if old.names[: len(target)] == target:
            fail(errno.ENOTEMPTY, path)

    # What the calls share

    def _last(self, parent: Parent, path: str) -> Place:
        place = step(self, parent, path)
        if place is None:
            fail(errno.ENOENT, path)
        return place

    def _check_mount_point(self, parent: Parent, path: str) -> None:
        if self.is_mount_point((*parent.names, parent.name)):
            fail(errno.EBUSY, path)

    def _inside(self, parent: Parent) -> Names:
        return (*self.tree_at(parent.names)[1], parent.name)

    def _open(self, path: str, create: bool = False, exclusive: bool = False) -> tuple[Found, Place | None]:
        """Check what open(2) does for writing; the place is None where a file is to be made."""
        found = walk(self, path, follow=not exclusive, create=create)
        if found.place is None:
            if not create:
                fail(errno.ENOENT, path)
            return found, None
        node = found.place.node
        if exclusive:
            fail(errno.EEXIST, path)
        if found.slash and type(node) is not Dir:
            fail(errno.ENOTDIR, path)
        if type(node) is not File:
            fail(errno.EISDIR if type(node) is Dir else errno.ENXIO, path)
        return found, found.place

    def _new_name(self, path: str, directory: bool = False) -> Parent:
        parent = walk_parent(self, path)
        if parent.name in ("", ".", "..") or step(self, parent, path) is not None:
            fail(errno.EEXIST, path)
        if parent.slash and not directory:
            fail(errno.ENOENT, path)
        return parent

    def _add(self, parent: Parent, node: Node, mode: int, written: int = 0) -> Cost:
        above = meta_of(parent.place.node)
        mode &= 0o7777
        if above.mode & SETGID and type(node) is Dir:
            mode |= SETGID
        meta = Meta(mode, 0, above.gid if above.mode & SETGID else 0, self.clock())
        cost = parent.place.tree.add_node(self._inside(parent), with_meta(node, meta))
        return cost + Cost(written=written, looked_up=parent.looked_up)

    def _create(self, found: Found, node: File, mode: int, written: int = 0) -> Cost:
        place = walk(self, "/" + "/".join(found.names[:-1])).place
        assert place is not None
        parent = Parent(found.names[:-1], place, found.names[-1], False, found.looked_up)
        return self._add(parent, node, mode, written)

    def _filled(self, node: Node, content: Content) -> File:
        """Return the file with new content, as write(2) and truncate(2) leave it."""
        assert type(node) is File
        xattrs = without(node.meta.xattrs, CAPABILITY)
        return replace(node, content=content, meta=replace(node.meta, mtime=self.clock(), xattrs=xattrs))


_RMDIR_ERRORS = {"": errno.EBUSY, ".": errno.EINVAL, "..": errno.ENOTEMPTY}


def _content(data: bytes | Content) -> Content:
    if isinstance(data, Content):
        return data
    return Content.of(bytes(data)) if data else EMPTY
