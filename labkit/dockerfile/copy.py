"""Files of the context put into an image, as COPY and ADD do (moby, builder/dockerfile/copy.go, pkg/archive).

They keep their modes and, in whole seconds, their times, and belong to root or to whom `--chown` names; those
of another image stay whose they are. A directory's content is copied, not the directory itself. ADD unpacks a
tar, which may be compressed.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace

from labkit.base.errors import DaemonError, FileSystemError, LabkitError
from labkit.dockerfile.context import CopySource, follow
from labkit.dockerfile.ignore import clean
from labkit.engine.container_files import lstat
from labkit.engine.mounts import make_directories
from labkit.go.moment import SECOND
from labkit.oci import tar, tree
from labkit.oci.content import Content
from labkit.oci.gzip import decompressed
from labkit.oci.tar import Entry, entries
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink
from labkit.shell import users
from labkit.storage.driver import MountedTree


@dataclass(frozen=True, slots=True)
class Target:
    """Where files are copied to: a mounted image, the path that errors call it by, and the new owner.

    Without an owner, None, what is copied keeps its own.
    """

    mount: MountedTree
    shown: str
    owner: tuple[int, int] | None = (0, 0)

    def copy(self, source: CopySource, path: str, *, unpack: bool = False) -> None:
        """Copy a source to an absolute path; raises DaemonError after "failed to copy files: "."""
        place = self._place(path)
        try:
            if isinstance(source.node, Dir):
                self._copy_directory(source.node, place)
                return
            archive = archive_in(source.node) if unpack else None
            if archive is not None:
                self._unpack(archive, place)
                return
            if path.endswith("/") or isinstance(tree.get(self.mount.root, place), Dir):
                place = posixpath.join(place, posixpath.basename(source.path))
            above = posixpath.dirname(place)
            if not isinstance(tree.get(self.mount.root, above), Dir | None):
                raise DaemonError(
                    f"failed to copy files: failed to create new directory: mkdir {self.shown}{above}: "
                    "not a directory"
                )
            for directory in make_directories(self.mount, above):
                self._chown(directory)
            self._put(place, _without_attributes(source.node))
            self._chown(place)
        except FileSystemError as error:
            raise DaemonError(f"failed to copy files: {str(error.strerror).lower()}: {self.shown}") from None

    def _place(self, path: str) -> str:
        """Return where a path of the image leads; raises DaemonError where a file is in the way."""
        place, node = follow(self.mount.root, path)
        names = tree.split_path(place)
        for depth in range(1, len(names)):
            above = tree.get(self.mount.root, "/".join(names[:depth]))
            if node is None and above is not None and not isinstance(above, Dir):
                through = "/".join(names[: depth + 1])
                raise DaemonError(f"failed to copy files: lstat {self.shown}/{through}: not a directory")
        return "/" + place

    def _copy_directory(self, source: Dir, place: str) -> None:
        existed = tree.get(self.mount.root, place)
        if existed is not None and not isinstance(existed, Dir):
            raise DaemonError(
                f"failed to copy files: failed to copy directory: mkdir {self.shown}{place}: not a directory"
            )
        make_directories(self.mount, place)
        linked: dict[int, str] = {}
        paths = [(posixpath.join(place, path), node) for path, node in tree.walk(source)]
        for path, node in paths:
            mark = 0 if isinstance(node, Dir) else getattr(node, "inode", 0)
            if mark in linked and mark:
                self._clear(path, node)
                self.mount.link(linked[mark], path)
                continue
            self._put(path, node)
            linked[mark] = path
        for path, node in paths:
            if isinstance(node, Dir):
                self.mount.utime(path, _whole(node.meta.mtime))
        for path, _ in [*([] if existed else [(place, source)]), *paths]:
            self._chown(path)

    def _chown(self, path: str) -> None:
        if self.owner:
            self.mount.chown(path, *self.owner, follow=False)

    def _clear(self, path: str, node: Node) -> None:
        """Remove what is in a node's way: a directory stays where another comes."""
        # Asked of the mount, not of its whole tree: that would be put together again for each file.
        there = lstat(self.mount, path)
        if there is None or (isinstance(there, Dir) and isinstance(node, Dir)):
            return
        if isinstance(there, Dir):
            for name in self.mount.listdir(path):
                self._clear(posixpath.join(path, name), File())
            self.mount.rmdir(path)
        else:
            self.mount.unlink(path)

    def _put(self, path: str, node: Node) -> None:
        """Make a file as an entry of a tar makes it; a directory's time is set when all is in it."""
        mount = self.mount
        self._clear(path, node)
        meta: Meta = getattr(node, "meta", Meta())
        match node:
            case Dir():
                if not mount.exists(path):
                    mount.mkdir(path)
            case File():
                mount.write(path, node.content)
            case Symlink():
                mount.symlink(node.target, path)
            case Fifo():
                mount.mkfifo(path)
            case Device():
                mount.mknod(path, node.kind, node.major, node.minor)
        mount.chown(path, meta.uid, meta.gid, follow=False)
        for key, value in meta.xattrs:
            mount.setxattr(path, key, value, follow=False)
        if not isinstance(node, Symlink):
            mount.chmod(path, meta.mode)
        if not isinstance(node, Dir):
            mount.utime(path, _whole(meta.mtime), follow=False)

    def _unpack(self, archive: Content, place: str) -> None:
        make_directories(self.mount, place)
        directories: list[tuple[str, Meta]] = []
        try:
            for entry in entries(archive.chunks(), archive.size):
                name = posixpath.normpath(entry.name.decode("utf-8", "surrogateescape")).lstrip("/")
                if name in (".", ""):
                    continue
                if name.split("/")[0] == "..":
                    raise tar.failure(f'"{name}" is outside of "/"')
                path = posixpath.join(place, name)
                make_directories(self.mount, posixpath.dirname(path))
                self._unpack_entry(entry, archive, place, path)
                if entry.kind == tar.DIRECTORY:
                    directories.append((path, entry.meta))
        except FileSystemError as error:
            raise DaemonError(
                "failed to copy files: Error processing tar file(exit status 1): "
                f"{str(error.strerror).lower()}"
            ) from None
        except LabkitError as error:
            raise DaemonError(f"failed to copy files: {error}") from None
        for path, meta in directories:
            self.mount.utime(path, _whole(meta.mtime))

    def _unpack_entry(self, entry: Entry, archive: Content, place: str, path: str) -> None:
        link = entry.link.decode("utf-8", "surrogateescape")
        if entry.kind == tar.LINK:
            self._clear(path, File())
            self.mount.link(posixpath.join(place, posixpath.normpath(link).lstrip("/")), path)
            return
        node: Node
        if entry.kind == tar.DIRECTORY:
            node = Dir(meta=entry.meta)
        elif entry.kind == tar.SYMLINK:
            node = Symlink(link, entry.meta)
        elif entry.kind == tar.FIFO:
            node = Fifo(entry.meta)
        elif entry.kind in (tar.CHARACTER, tar.BLOCK_DEVICE):
            node = Device("c" if entry.kind == tar.CHARACTER else "b", *entry.device, entry.meta)
        else:
            node = File(archive.slice(entry.offset, entry.size), entry.meta)
        self._put(path, node)


def archive_in(node: Node) -> Content | None:
    """Return the tar that a file holds, or None where it holds none.

    >>> archive_in(File(Content.of(b"no archive"))) is None
    True
    """
    if not isinstance(node, File):
        return None
    try:
        content = decompressed(node.content)
        first = next(entries(content.chunks(), content.size), None)
    except LabkitError:
        return None
    return None if first is None else content


def _without_attributes(node: Node) -> Node:
    """Return what is copied alone: its tar has no extended attributes (pkg/archive, CopyFileWithTar)."""
    return replace(node, meta=replace(node.meta, xattrs=())) if isinstance(node, File) else node


def _whole(moment: int) -> int:
    return moment // SECOND * SECOND


def destination(directory: str, target: str) -> str:
    """Return the absolute path of a target, which keeps its slash at the end.

    >>> destination("/srv", "site/"), destination("/srv", "/etc/motd")
    ('/srv/site/', '/etc/motd')
    """
    if target.startswith("/"):
        return target
    path = clean(f"/{directory}/{target}")
    return path + "/" if target.endswith("/") and path != "/" else path


def owner(mount: MountedTree, text: str) -> tuple[int, int]:
    """Return the numbers of the user and the group that `--chown` names; raises DaemonError.

    >>> from labkit.storage.overlay import Mount
    >>> owner(Mount(Dir()), "1:2")
    (1, 2)
    """
    parts = text.split(":")
    failed = "unable to convert uid/gid chown string to host mapping: "
    if len(parts) > 2:
        raise DaemonError(f"{failed}invalid chown string format: {text}")
    user, group = parts[0], parts[-1]
    uid = int(user) if user.isdecimal() else users.user_id(mount, user)
    if uid is None:
        raise DaemonError(f"{failed}can't find uid for user {user}: no such user: {user}")
    gid = int(group) if group.isdecimal() else users.group_id(mount, group)
    if gid is None:
        raise DaemonError(f"{failed}can't find gid for group {group}: no such group: {group}")
    return uid, gid
