"""Files on their way from one file system to another, as the entries of a tar (moby, pkg/archive).

`collect` reads a file or a directory as TarResource does; `unpack` writes entries as Unpack does. Both work
on any file system that has the system calls: a container's, the pretend home or the learner's real one.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from labkit.engine import gopath
from labkit.errors import FileSystemError, LabkitError
from labkit.oci import tar
from labkit.oci.content import Content
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink, Whiteout

_SECOND = 10**9
_CAPABILITY = "security.capability"
_BYTES = ("utf-8", "surrogateescape")


class Member(NamedTuple):
    """An entry: its name, its node without what is in a directory, the name that it is a hard link to."""

    name: str
    node: Node
    link: str = ""


class Attributes(Protocol):
    """What is asked of a file: its node, of a directory the attributes alone."""

    @property
    def node(self) -> Node: ...


class Files(Protocol):
    """The system calls that copying needs; all raise FileSystemError."""

    def stat(self, path: str, follow: bool = True) -> Attributes: ...
    def exists(self, path: str, follow: bool = True) -> bool: ...
    def listdir(self, path: str) -> list[str]: ...
    def content(self, path: str) -> Content: ...
    def mkdir(self, path: str, mode: int = 0o755) -> object: ...
    def place(self, path: str, node: Node) -> object: ...
    def link(self, source: str, target: str) -> object: ...
    def unlink(self, path: str) -> object: ...
    def chmod(self, path: str, mode: int) -> object: ...
    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> object: ...
    def utime(self, path: str, mtime_ns: int, follow: bool = True) -> object: ...
    def setxattr(self, path: str, name: str, value: bytes, follow: bool = True) -> object: ...


class UnpackError(LabkitError):
    """Entries that cannot be written, in the words of whoever unpacks them."""


def lstat(files: Files, path: str) -> Node | None:
    """Return what is at a path, without following a link; None where nothing is."""
    try:
        return files.stat(path, False).node
    except FileSystemError as error:
        if error.errno != errno.ENOENT:
            raise
        return None


def collect(files: Files, directory: str, name: str, renamed: str = "") -> list[Member]:
    """Return a file or a directory with all below it as entries, `renamed` in place of its name.

    >>> from labkit.engine.storage.overlay import Mount
    >>> [each.name for each in collect(Mount(Dir({"etc": Dir({"motd": File()})})), "/", "etc", "doc")]
    ['doc', 'doc/motd']
    """
    found: list[Member] = []
    first: dict[int, str] = {}
    new = "" if renamed == "/" else renamed

    def add(path: str, relative: str) -> None:
        try:
            node = files.stat(path, False).node
        except FileSystemError as error:
            if error.errno == errno.ENXIO:
                return  # a socket: no tar can hold it
            raise
        told = relative.replace(name, new, 1) if renamed else relative
        if isinstance(node, File) and not (node.inode and node.inode in first):
            node = replace(node, content=files.content(path))
        found.append(_member(told, node, first))
        if isinstance(node, Dir):
            for each in sorted(files.listdir(path), key=lambda each: each.encode(*_BYTES)):
                add(gopath.join(path, each), f"{relative}/{each}")

    add(gopath.join(directory, name), name)
    return found


def _member(name: str, node: Node, first: dict[int, str]) -> Member:
    assert not isinstance(node, Whiteout)
    meta = node.meta
    kept = tuple(each for each in meta.xattrs if each[0] == _CAPABILITY)
    node = replace(node, meta=replace(meta, mtime=meta.mtime // _SECOND * _SECOND, xattrs=kept))
    if isinstance(node, Dir):
        return Member(name or "/", Dir(meta=node.meta))
    link = first.setdefault(node.inode, name) if node.inode else name
    return Member(name, node, "" if link == name else link)


def rebased(members: Iterable[Member], old: str, new: str) -> list[Member]:
    """Return entries under another name.

    >>> rebased([Member("site", Dir()), Member("site/a", File())], "site", "www")[1].name
    'www/a'
    """
    old = "" if old == "/" else old
    return [
        Member(each.name.replace(old, new, 1), each.node, each.link and each.link.replace(old, new, 1))
        for each in members
    ]


def read_members(content: Content) -> list[Member]:
    """Return the entries of a tar; raises InvalidLayer in Docker's words."""
    return [_from_entry(content, each) for each in tar.entries(content.chunks(), content.size)]


def _from_entry(content: Content, entry: tar.Entry) -> Member:
    name, link = entry.name.decode(*_BYTES), entry.link.decode(*_BYTES)
    kind, meta = entry.kind, entry.meta
    if kind == tar.DIRECTORY:
        return Member(name, Dir(meta=meta))
    if kind == tar.SYMLINK:
        return Member(name, Symlink(link, replace(meta, mode=0o777)))
    if kind in (tar.CHARACTER, tar.BLOCK_DEVICE):
        return Member(name, Device("c" if kind == tar.CHARACTER else "b", *entry.device, meta))
    if kind == tar.FIFO:
        return Member(name, Fifo(meta))
    if kind == tar.LINK:
        return Member(name, File(meta=meta), link)
    if kind != tar.FILE:
        raise tar.failure(f"unhandled tar header type {kind}")
    return Member(name, File(content.slice(entry.offset, entry.size), meta))


def unpack(
    files: Files,
    target: str,
    members: Sequence[Member],
    owner: Callable[[Meta], tuple[int, int]] | None = None,
) -> None:
    """Write entries below a directory; a file replaces a file, a directory takes over an entry's attributes.

    `owner` says whose it is, from the entry's attributes; without it, it is the writer's. Raises UnpackError,
    or FileSystemError.
    """
    directories: list[tuple[str, Meta]] = []
    for member in members:
        name = gopath.clean(member.name)
        path = gopath.join(target, name)
        if name == ".." or name.startswith("../"):
            raise UnpackError(f'"{name}" is outside of "{target}"')
        _make_parents(files, target, name)
        before = lstat(files, path)
        is_dir = isinstance(member.node, Dir)
        if before is not None and isinstance(before, Dir) != is_dir:
            kinds = (
                ("directory", "non-directory") if isinstance(before, Dir) else ("non-directory", "directory")
            )
            raise UnpackError(f'cannot overwrite {kinds[0]} "{path}" with {kinds[1]} "{target}"')
        if is_dir and name == "." and before is not None:
            continue
        if before is not None and not is_dir:
            _unlink(files, path)
        node = _owned(member.node, owner)
        if member.link:
            _link(files, target, path, member.link)
        elif isinstance(node, Dir):
            if before is None:
                files.mkdir(path, node.meta.mode)
            directories.append((path, node.meta))
        elif isinstance(node, Symlink) and not gopath.join(path, "..", node.target).startswith(target):
            raise UnpackError(f'invalid symlink "{path}" -> "{node.target}"')
        else:
            files.place(path, node)
        if member.link or isinstance(node, Dir):
            _set_attributes(files, path, node, owned=owner is not None)
    for path, meta in directories:
        files.utime(path, meta.mtime)


def _make_parents(files: Files, target: str, name: str) -> None:
    path = target
    for each in name.split("/")[:-1]:
        path = gopath.join(path, each)
        if lstat(files, path) is None:
            files.mkdir(path)


def _unlink(files: Files, path: str) -> None:
    try:
        files.unlink(path)
    except FileSystemError as error:
        raise UnpackError(f"unlinkat {path}: {os.strerror(error.errno or 0).lower()}") from None


def _owned(node: Node, owner: Callable[[Meta], tuple[int, int]] | None) -> Node:
    """Return a node with its owner, and with those extended attributes that any file system has."""
    assert not isinstance(node, Whiteout)
    uid, gid = owner(node.meta) if owner else (node.meta.uid, node.meta.gid)
    kept = tuple(each for each in node.meta.xattrs if each[0].startswith(("user.", "security.")))
    return replace(node, meta=replace(node.meta, uid=uid, gid=gid, xattrs=kept))


def _link(files: Files, target: str, path: str, name: str) -> None:
    source = gopath.join(target, name)
    if not source.startswith(target):
        raise UnpackError(f'invalid hardlink "{source}" -> "{name}"')
    files.link(source, path)


def _set_attributes(files: Files, path: str, node: Node, *, owned: bool) -> None:
    assert not isinstance(node, Whiteout)
    if owned:
        files.chown(path, node.meta.uid, node.meta.gid, False)
    for name, value in node.meta.xattrs:
        files.setxattr(path, name, value, False)
    if not isinstance(node, Symlink):
        files.chmod(path, node.meta.mode)
    if not isinstance(node, Dir):
        files.utime(path, node.meta.mtime, False)
