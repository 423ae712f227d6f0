"""A container's files as `docker cp` and `docker export` reach them (moby, daemon/archive.go, export.go).

The daemon mounts the container's layers, whether it runs or not, with what the engine keeps for it at
/etc/hosts and the like once it was started; /dev, /proc and /sys are what the layers have there. What is
copied in is a write to the read-write layer.

Files go from one file system to another as the entries of a tar (moby, pkg/archive): `collect` reads a file
or a directory as TarResource does, `unpack` writes entries as Unpack does. Both work on any file system that
has the system calls: a container's, the pretend home or the learner's real one.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from labkit.base.errors import DaemonError, FileSystemError, LabkitError, RecordedImage, call_of, retold
from labkit.base.text import decode, encode
from labkit.engine import container as containers
from labkit.engine import mounts, process
from labkit.engine.container import container_config
from labkit.engine.engine import Engine
from labkit.engine.state import Container
from labkit.go import path as gopath
from labkit.go.moment import SECOND
from labkit.oci import tar
from labkit.oci.content import Content, Cutter
from labkit.oci.tar import failure
from labkit.oci.tar_reader import link_of, node_of
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import Device, Dir, File, Meta, Node, PathWalk, Symlink, Whiteout, split_path
from labkit.shell.files import FileTree
from labkit.storage.mounts import MountTable


class Member(NamedTuple):
    """An entry: its name, its node without what is in a directory, the name that it is a hard link to."""

    name: str
    node: Node
    link: str = ""


class UnpackError(LabkitError):
    """Files that cannot be read or written, in the words of whoever copies them."""


def lookup(files: FileTree, path: str, follow: bool = False) -> Node | None:
    """Return what is at a path, a link there followed or not; None where nothing is."""
    try:
        return files.stat(path, follow).node
    except FileSystemError as error:
        if error.errno != errno.ENOENT:
            raise
        return None


def collect(files: FileTree, directory: str, name: str) -> list[Member]:
    """Return a file or a directory with all below it as entries.

    >>> from labkit.storage.overlay import Mount
    >>> [each.name for each in collect(Mount(Dir({"etc": Dir({"motd": File()})})), "/", "etc")]
    ['etc', 'etc/motd']
    """
    found: list[Member] = []
    first: dict[int, str] = {}
    todo = [(gopath.join(directory, name), name)]
    while todo:
        path, relative = todo.pop()
        try:
            node = files.stat(path, False).node
        except FileSystemError as error:
            if error.errno == errno.ENXIO:
                continue  # a socket: no tar can hold it
            raise
        if isinstance(node, File) and not (node.inode and node.inode in first):
            node = replace(node, content=files.content(path))
        found.append(_member(relative, node, first))
        if isinstance(node, Dir):
            names = sorted(files.listdir(path), key=lambda each: encode(each), reverse=True)
            todo += [(gopath.join(path, each), f"{relative}/{each}") for each in names]
    return found


def _member(name: str, node: Node, first: dict[int, str]) -> Member:
    node = containers.archived(node)
    assert not isinstance(node, Whiteout)
    node = replace(node, meta=replace(node.meta, mtime=node.meta.mtime // SECOND * SECOND))
    if isinstance(node, Dir):
        return Member(name, Dir(meta=node.meta))
    link = first.setdefault(node.inode, name) if node.inode else name
    return Member(name, node, "" if link == name else link)


def rebased(members: Iterable[Member], old: str, new: str) -> list[Member]:
    """Return entries under another name; `/` is none, but that of the directory itself.

    >>> rebased([Member("site", Dir()), Member("site/a", File())], "site", "www")[1].name
    'www/a'
    """
    old, new = ("" if each == "/" else each for each in (old, new))
    return [
        Member(each.name.replace(old, new, 1) or "/", each.node, each.link and each.link.replace(old, new, 1))
        for each in members
    ]


def read_members(content: Content) -> list[Member]:
    """Return the entries of a tar; raises InvalidLayer in Docker's words."""
    found, cut = tar.entries(content), Cutter(content).cut
    return [Member(decode(each.name), node_of(each, cut), link_of(each)) for each in found]


def unpack(
    files: FileTree,
    target: str,
    members: Sequence[Member],
    owner: Callable[[Meta], tuple[int, int]] | None = None,
    *,
    replacing: bool = False,
    shut_in: bool = False,
) -> None:
    """Write entries below a directory; a file replaces a file, a directory takes over an entry's attributes.

    `owner` says whose it is, from the entry's attributes; without it, it is the writer's. With `replacing`
    the file system's own calls put a file in another one's place, whole or not at all. A writer that is
    `shut_in` has the directory for its root and replaces files and directories by each other (moby,
    pkg/chrootarchive). Raises UnpackError.
    """
    target = gopath.clean(target)
    root = "/" if shut_in else target
    directories: list[tuple[str, Meta]] = []
    above: set[str] = set()
    for member in members:
        name = gopath.clean(member.name)
        path, shown = gopath.join(target, name), gopath.join(root, name)
        if name == ".." or name.startswith("../"):
            raise UnpackError(f'"{name}" is outside of "{root}"')
        _make_parents(files, target, name, above)
        with _told_as("lstat", shown):
            before = lookup(files, path)
        is_dir = isinstance(member.node, Dir)
        other = before is not None and isinstance(before, Dir) != is_dir
        if other and not shut_in:
            kinds = ("directory", "non-directory")[:: 1 if isinstance(before, Dir) else -1]
            raise UnpackError(f'cannot overwrite {kinds[0]} "{path}" with {kinds[1]} "{target}"')
        if is_dir and name == "." and before is not None:
            continue
        old = other or (before is not None and not is_dir)
        if old and not replacing:
            with _told_as("unlinkat", shown):
                _remove(files, path, before)
        if isinstance(before, Symlink):
            above.clear()
        node = _owned(member.node, owner)
        with _told_as(_call_for(root, node, member.link), shown, "unlinkat" if old else ""):
            _make(files, target, path, node, member.link, root, new=old or before is None)
            if member.link or is_dir:
                _set_attributes(files, path, node, owned=owner is not None)
        if isinstance(node, Dir):
            directories.append((path, node.meta))
            above.add(name)
    for path, meta in directories:
        with _told_as("chtimes", path):
            files.utime(path, meta.mtime)


def _remove(files: FileTree, path: str, node: Node | None) -> None:
    if not isinstance(node, Dir):
        files.unlink(path)
        return
    for name in files.listdir(path):
        below = gopath.join(path, name)
        _remove(files, below, lookup(files, below))
    files.rmdir(path)


def _make(files: FileTree, target: str, path: str, node: Node, link: str, root: str, *, new: bool) -> None:
    """Make what an entry stands for; the attributes of a link and of a directory are still to be set."""
    if link:
        source = gopath.join(target, link)
        if not source.startswith(target):
            raise UnpackError(f'invalid hardlink "{source}" -> "{link}"')
        files.link(source, path)
    elif isinstance(node, Dir):
        if new:
            files.mkdir(path, node.meta.mode)
    elif isinstance(node, Symlink) and not gopath.join(path, "..", node.target).startswith(root):
        raise UnpackError(f'invalid symlink "{path}" -> "{node.target}"')
    else:
        files.place(path, node)


def _call_for(target: str, node: Node, link: str) -> str:
    """Return the system call that makes an entry, or "" where the error says whether it is open or write."""
    if link:
        return f"link {gopath.join(target, link)}"
    if isinstance(node, Symlink):
        return f"symlink {node.target}"
    return "mkdir" if isinstance(node, Dir) else ""


@contextmanager
def _told_as(call: str, path: str, refused: str = "") -> Iterator[None]:
    """Raise a FileSystemError in Go's words; `refused` is the call that the directory has not allowed."""
    try:
        yield
    except FileSystemError as error:
        if refused and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            call = refused
        raise _in_words(error, call, path) from None


def _in_words(error: FileSystemError, call: str, path: str) -> UnpackError:
    number = error.errno or errno.EIO
    text = f"{call or call_of(number)} {path}: {os.strerror(number).lower()}"
    return UnpackError(text, code=error.code, subject=path)


def _make_parents(files: FileTree, target: str, name: str, known: set[str]) -> None:
    """Make what is missing above an entry; `known` are the directories that need not be asked for again."""
    if posixpath.dirname(name) in known:
        return
    path = target
    for each in name.split("/")[:-1]:
        path = gopath.join(path, each)
        with _told_as("mkdir", path):
            if lookup(files, path) is None:
                files.mkdir(path)
    known.add(posixpath.dirname(name))


def _owned(node: Node, owner: Callable[[Meta], tuple[int, int]] | None) -> Node:
    """Return a node with its owner, and with those extended attributes that any file system has."""
    assert not isinstance(node, Whiteout)
    uid, gid = owner(node.meta) if owner else (node.meta.uid, node.meta.gid)
    kept = tuple(each for each in node.meta.xattrs if each[0].startswith(("user.", "security.")))
    return replace(node, meta=replace(node.meta, uid=uid, gid=gid, xattrs=kept))


def _set_attributes(files: FileTree, path: str, node: Node, *, owned: bool) -> None:
    assert not isinstance(node, Whiteout)
    if owned:
        files.chown(path, node.meta.uid, node.meta.gid, False)
    for name, value in node.meta.xattrs:
        files.setxattr(path, name, value, False)
    if not isinstance(node, Symlink):
        files.chmod(path, node.meta.mode)
    if not isinstance(node, Dir):
        files.utime(path, node.meta.mtime, False)


_LINKS = 255


@dataclass(frozen=True, slots=True)
class CopyInfo:
    """One end of a copy: the path, what is there, and the name that it was asked for by, if another.

    The client decides where a copy goes (moby, pkg/archive/copy.go): a path that ends in a slash is a
    directory, and `SRC/.` is what is in it. A directory that is copied onto one that exists goes into it; if
    the name does not exist, the copy takes it.
    """

    path: str
    exists: bool = False
    is_dir: bool = False
    rebase_name: str = ""


def local_path(path: str, cwd: str) -> str:
    """Return an absolute path that ends as the given one does.

    >>> local_path("site/.", "/home/learner")
    '/home/learner/site/.'
    """
    return gopath.keep_end(gopath.clean(posixpath.join(cwd, path)), path)


def read_source(files: FileTree, path: str) -> tuple[CopyInfo, list[Member]]:
    """Return a local source and all that is in it; raises LabkitError in the client's words."""
    directory, slash, name = path.rpartition("/")
    place = f"{resolved(files, directory + slash)}/{name}"
    trailing = path.endswith("/") and gopath.base(path) != gopath.base(place)
    rebase_name = gopath.base(path) if trailing else ""
    node, (directory, name) = _existing(files, place), gopath.split_entry(place)
    try:
        members = collect(files, directory, name)
    except FileSystemError as error:
        raise _in_words(error, "open", error.filename) from None
    members = rebased(members, name, rebase_name) if rebase_name else members
    return CopyInfo(place, True, isinstance(node, Dir), rebase_name), members


def resolved(files: FileTree, path: str) -> str:
    """Return a path without symbolic links (filepath.EvalSymlinks); raises LabkitError in Go's words."""

    def look(here: str, more: bool) -> Node:
        node = _existing(files, here)
        if more and not isinstance(node, Dir | Symlink):
            raise LabkitError("not a directory")
        return node

    done = _followed(path, look, LabkitError("EvalSymlinks: too many links"))
    look(done, path.endswith(("/", "/.")))
    return done


def _followed(path: str, look: Callable[[str, bool], Node | None], too_many: LabkitError) -> str:
    """Return where a path leads; `look` gives what is at one, and is told whether names are still to come."""
    walk = PathWalk("/", split_path(path))
    for name in walk:
        here = gopath.join(walk.trail[-1], name)
        node = look(here, bool(walk.todo))
        if not isinstance(node, Symlink):
            walk.trail.append(here)
        elif walk.links == _LINKS:
            raise too_many
        else:
            walk.follow(node.target)
    return walk.trail[-1]


def destination(files: FileTree, path: str) -> CopyInfo:
    """Return a local destination, links followed to their end; raises LabkitError in the client's words."""
    # No walk: the client reads the last link alone and joins its text; the kernel follows what is before it.
    given = path
    for _ in range(11):
        with _told_as("lstat", path):
            node = lookup(files, path)
        if not isinstance(node, Symlink):
            break
        path = gopath.join(
            gopath.split_entry(path)[0] if not node.target.startswith("/") else "", node.target
        )
    else:
        raise LabkitError(f"too many symlinks in {given}")
    if node is not None:
        return CopyInfo(path, True, isinstance(node, Dir))
    if not isinstance(_existing(files, gopath.split_entry(path)[0]), Dir):
        raise LabkitError("not a directory")
    return CopyInfo(path)


def check_output(files: FileTree, path: str, typed: str = "") -> None:
    """Raise LabkitError where a local path can be no destination (docker/cli, ValidateOutputPath).

    `typed` is the path as it was given, where the error shows that.
    """
    typed = typed or path
    if not files.exists(posixpath.dirname(gopath.clean(path))):
        directory = posixpath.dirname(gopath.clean(typed)) or "."
        raise LabkitError(f'invalid output path: directory "{directory}" does not exist')
    with _told_as("stat", typed):
        node = lookup(files, path, True)
    if isinstance(node, Device):
        raise LabkitError(
            f'invalid output path: "{typed}" must be a directory or a regular file: got a device'
        )


def prepare(members: Sequence[Member], source: CopyInfo, target: CopyInfo) -> tuple[str, Sequence[Member]]:
    """Return the directory to unpack into and the entries with the names they get there.

    Raises LabkitError where one cannot go onto the other.

    >>> prepare([Member("site", Dir())], CopyInfo("/site", True, True), CopyInfo("/www"))[1][0].name
    'www'
    """
    directory, name = gopath.split_entry(target.path)
    if target.exists and target.is_dir:
        return target.path, members
    if target.exists and source.is_dir:
        raise LabkitError("cannot copy directory")
    if not target.exists and not source.is_dir and gopath.is_directory(target.path):
        raise LabkitError("no such directory")
    old = source.rebase_name or gopath.split_entry(source.path)[1]
    return directory, rebased(members, old, name)


def _existing(files: FileTree, path: str) -> Node:
    """Return the node at a path; raises LabkitError in the client's words."""
    with _told_as("lstat", path):
        return files.stat(path, False).node


class NoSuchPath(LabkitError):
    """There is no such file in the container."""


def stat_path(engine: Engine, container: Container, path: str) -> tuple[Node, str]:
    """Return what is at a path, and where a link in the last place leads; raises NoSuchPath, DaemonError."""
    files, absolute, _, node = _looked_up(engine, container, path)
    return node, _follow(files, absolute) if isinstance(node, Symlink) else ""


def read_path(engine: Engine, container: Container, path: str) -> list[Member]:
    """Return a file or a directory with all below it, named after it; raises NoSuchPath or DaemonError.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> container_id = lab.docker("create busybox").stdout.split()[-1]
    >>> container = containers.find_container(lab.engine, container_id)
    >>> [each.name for each in read_path(lab.engine, container, "/etc/passwd")]
    ['passwd']
    """
    files, absolute, place, node = _looked_up(engine, container, path)
    directory, name = gopath.clean(place), "."
    if not isinstance(node, Dir):
        directory, _, name = directory.rpartition("/")
    return rebased(collect(files, directory or "/", name), name, gopath.base(absolute))


def write_path(
    engine: Engine, container: Container, path: str, given: Sequence[Member], *, as_user: bool = False
) -> None:
    """Unpack entries into a directory; with `as_user` they belong to the container's user.

    Raises NoSuchPath, or DaemonError; then nothing is changed.
    """
    files = mounts.daemon_mounts(engine, container)
    target = _follow(files, gopath.keep_end(gopath.join("/", path), path))
    if not isinstance(_lstat(engine, container, files, target), Dir):
        raise DaemonError("extraction point is not a directory")
    if container.options.read_only and files.tree_at(tuple(split_path(target)))[0] is files.root_mount:
        raise DaemonError("container rootfs is marked read-only")
    user = str(container_config(container)["User"])
    user_id = process.user_ids(files, user)[:2] if as_user and user else None
    with retold(lambda text: DaemonError(str(failure(text))), UnpackError):
        unpack(files, target, given, lambda meta: user_id or (meta.uid, meta.gid))
    containers.keep(engine, mounts.written(engine, container, files))


def export(engine: Engine, container: Container) -> Content:
    """Return a container's files as one flat tar: no whiteouts, nothing of what is mounted into it.

    Raises RecordedImage for a record, whose files are stand-ins.
    """
    if container.image.recorded:
        raise RecordedImage(container.image_name, "export them")
    mounted = engine.driver.mount(container.active, lambda: engine.now)
    return write_tar(containers.committed(mounted.root))


def _looked_up(engine: Engine, container: Container, path: str) -> tuple[MountTable, str, str, Node]:
    """Return the files, the absolute path, where it leads but for a link at its end, and what is there."""
    files, absolute = mounts.daemon_mounts(engine, container), gopath.keep_end(gopath.join("/", path), path)
    directory, _, last = absolute.rpartition("/")
    place = f"{_follow(files, directory + '/').rstrip('/')}/{last}"
    return files, absolute, place, _lstat(engine, container, files, place)


def _follow(files: MountTable, path: str) -> str:
    """Return a path with all its symbolic links followed, inside of the container; it need not exist."""

    def look(here: str, more: bool) -> Node | None:
        with suppress(FileSystemError):
            return files.stat(here, False).node
        return None

    too_many = DaemonError(f"evalSymlinksInScope: too many links in {path}")
    return _followed(gopath.clean(path), look, too_many)


def _lstat(engine: Engine, container: Container, files: MountTable, path: str) -> Node:
    with retold(DaemonError, UnpackError), _told_as("lstat", engine.mount_point(container.id) + path):
        node = lookup(files, path)
    if node is None:
        raise NoSuchPath(path)
    return node
