"""The files of an archive, by name, read where they lie: nothing is unpacked.

A tar is indexed once by its headers; a directory is read as it is. Links are followed inside of the
archive only: `/` and `..` lead to its root and no farther, as in the directory that Docker unpacks to
(moby, image/tarexport, safePath).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from labkit.errors import InvalidArchive, InvalidLayer
from labkit.oci import tar
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta, Node
from labkit.store.blobs import FileSource, whole

_MOST_LINKS = 255


class Files(Protocol):
    """The files of an archive."""

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        ...

    def open(self, name: str) -> Content:
        """Return what a file holds; raises InvalidArchive in the words of open(2)."""
        ...


class TarFiles:
    """The files of a tar; of two with one name the last counts, as it would when unpacked."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._entries: dict[str, tar.Entry] = {}
        try:
            for entry in tar.scan(content.read, content.size):
                self._add(_inside(_text(entry.name)), entry)
        except InvalidLayer as error:
            raise InvalidArchive(str(error)) from None

    def _add(self, name: str, entry: tar.Entry) -> None:
        if entry.kind == tar.LINK:
            target = _inside(_text(entry.link))
            if target not in self._entries:
                raise tar.failure(f"link /{target} /{name}: no such file or directory")
            entry = self._entries[target]
        self._entries[name] = entry

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return name in self._entries

    def open(self, name: str) -> Content:
        """Return what a file holds; raises InvalidArchive in the words of open(2)."""
        place = self._resolved(name)
        entry = self._entries.get(place)
        if entry is None and any(other.startswith(place and place + "/") for other in self._entries):
            raise InvalidArchive(f"read {place or '.'}: is a directory")
        if entry is None:
            raise _missing(place)
        if entry.kind == tar.DIRECTORY:
            raise InvalidArchive(f"read {place}: is a directory")
        if entry.kind != tar.FILE:
            raise InvalidArchive(f"read {place}: not a regular file")
        return self._content.slice(entry.offset, entry.size)

    def _resolved(self, name: str) -> str:
        """Return the name that links lead to."""
        if ".." in name.split("/") and _leaves(name):
            raise InvalidArchive(f"evalSymlinksInScope: {name} is not in the archive")
        rest = name.split("/")[::-1]
        place: list[str] = []
        links = 0
        while rest:
            part = rest.pop()
            if part == "..":
                del place[-1:]
            elif part and part != ".":
                here = "/".join([*place, part])
                entry = self._entries.get(here)
                if entry is None or entry.kind != tar.SYMLINK:
                    place.append(part)
                    continue
                links += 1
                if links > _MOST_LINKS:
                    raise InvalidArchive(f"evalSymlinksInScope: too many links in {name}")
                target = _text(entry.link)
                if target.startswith("/"):
                    place = []
                rest.extend(target.split("/")[::-1])
        return "/".join(place)


class DirectoryFiles:
    """The files of a directory."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._root = Path(path).resolve()
        self._opened: dict[str, Content] = {}

    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return (self._root / name).is_file()

    def open(self, name: str) -> Content:
        """Return what a file holds; raises InvalidArchive in the words of open(2)."""
        if name not in self._opened:
            path = (self._root / name).resolve()
            if not path.is_relative_to(self._root):
                raise InvalidArchive(f"evalSymlinksInScope: {name} is not in the archive")
            self._opened[name] = open_file(path, name)
        return self._opened[name]


def open_file(path: str | os.PathLike[str], name: str) -> Content:
    """Return a file of this machine as content; raises InvalidArchive in the words of open(2).

    >>> open_file("/nowhere/nginx.tar", "nginx.tar")
    Traceback (most recent call last):
    labkit.errors.InvalidArchive: open nginx.tar: no such file or directory
    """
    try:
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        return whole(FileSource(path))
    except FileNotFoundError:
        raise _missing(name) from None
    except OSError as error:
        verb = "read" if error.errno == errno.EISDIR else "open"
        raise InvalidArchive(f"{verb} {name}: {os.strerror(error.errno or 0).lower()}") from None


def _missing(name: str) -> InvalidArchive:
    return InvalidArchive(f"open {name}: no such file or directory")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _inside(name: str) -> str:
    """Return an entry's name without the `/` and `..` that would lead out of the root."""
    place: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del place[-1:]
        elif part and part != ".":
            place.append(part)
    return "/".join(place)


def _leaves(name: str) -> bool:
    depth = 0
    for part in name.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return False


def file_node(data: bytes | Content, time: int) -> File:
    """Return a file to be written, with its time in nanoseconds."""
    return File(Content.of(data) if isinstance(data, bytes) else data, Meta(0o644, mtime=time))


def tree_of(nodes: Mapping[str, Node]) -> Dir:
    """Return the tree of files given by their paths; every directory is among them.

    >>> tree_of({"blobs/x": file_node(b"", 0), "blobs": Dir()}).children["blobs"].children.keys()
    dict_keys(['x'])
    """
    children: dict[str, dict[str, Node]] = {"": {}}
    for path in sorted(nodes):
        node = nodes[path]
        parent, _, name = path.rpartition("/")
        if isinstance(node, Dir):
            children[path] = {}
            node = replace(node, children=children[path])
        children[parent][name] = node
    return Dir(children[""])


def seconds(time: str) -> int:
    """Return a document's time as a file's: nanoseconds, in whole seconds, and none before 1970.

    >>> seconds("2019-04-26T12:00:00.5Z"), seconds("0001-01-01T00:00:00Z")
    (1556280000000000000, 0)
    """
    moment = datetime.fromisoformat(time[:19] + "+00:00")
    if not time.endswith("Z"):
        moment = datetime.fromisoformat(time[:19] + time[-6:])
    return max(0, int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())) * 10**9
