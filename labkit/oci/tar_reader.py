"""From a layer's tar to the changes it makes (OCI image-spec, layer.md; moby, pkg/archive, Unpack).

The entries are unpacked into an empty tree as Docker unpacks them into an empty directory: parents
that have no entry are made, links are followed inside of the layer and never out of it, a name may
come once. A whiteout hides what lower layers have, wherever it stands in the tar; what this layer has under
that name stays (layer.md). So a whiteout and a directory of one name make an opaque directory. Docker's
overlay2 does the same where the whiteout comes first; otherwise it deletes this layer's own file. Files are
slices of the tar; nothing is copied.

`tar` gives the entries, `changeset` says what a whiteout means, `tar_writer` is the way back.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple, NoReturn, TypeAlias, cast

from labkit.base.errors import InvalidLayer
from labkit.base.text import decode
from labkit.go.quote import go_quote
from labkit.oci.changeset import over
from labkit.oci.content import Content, Cutter
from labkit.oci.tar import CHARACTER, DEVICES, DIRECTORY, FIFO, FILE, LINK, SYMLINK, Entry, entries, failure
from labkit.oci.tree import Device, Dir, Fifo, File, Node, PathWalk, Symlink, Whiteout, new_inode

WHITEOUT = ".wh."
METADATA = ".wh..wh."
OPAQUE = ".wh..wh..opq"
_NAME = 255
_PATH = 4095
"""As long may a path be that a system call is given (Linux, PATH_MAX); moby unpacks in a root of its own."""
_LINKS = 40

Children: TypeAlias = dict[str, Node]


def read_changes(tar: Content) -> Dir:
    """Return the changes that a layer's tar holds; raises InvalidLayer.

    >>> read_changes(Content.of(bytes(1024))) == Dir()
    True
    """
    unpacking = _Unpacking(tar)
    for entry in entries(tar):
        unpacking.add(entry)
    return unpacking.tree()


def node_of(entry: Entry, cut: Callable[[int, int], Content]) -> Node:
    """Return what an entry of a tar stands for by itself: a directory is empty, a hard link an empty file.

    `cut` gives the tar's bytes from an offset on, so many. Raises InvalidLayer.
    """
    kind, meta = entry.kind, entry.meta
    if kind == DIRECTORY:
        return Dir(meta=meta)
    if kind == SYMLINK:
        return Symlink(decode(entry.link), replace(meta, mode=0o777))
    if kind in DEVICES:
        return Device("c" if kind == CHARACTER else "b", *entry.device, meta)
    if kind == FIFO:
        return Fifo(meta)
    if kind not in (FILE, LINK):
        raise failure(f"unhandled tar header type {kind}")
    return File(cut(entry.offset, entry.size), meta)


def link_of(entry: Entry) -> str:
    """Return the name that an entry is a hard link to, or ""."""
    return decode(entry.link) if entry.kind == LINK else ""


class _Place(NamedTuple):
    """A directory that a name leads to: where it is, what is in it, and the name's start for those."""

    owner: Children
    key: str
    children: Children
    start: str


class _Unpacking:
    """A tree in the making: its directories' children are still open to change."""

    def __init__(self, tar: Content) -> None:
        self._cut = Cutter(tar).cut
        # The root is a child too, so that every directory has an owner.
        self._above: Children = {"": Dir({})}
        self._places: dict[bytes, _Place] = {}
        self._seen: set[str] = set()
        self._linked: dict[int, list[tuple[Children, str]]] = {}

    def tree(self) -> Dir:
        """Return what was unpacked, without the metadata that aufs left in its layers."""
        root = cast(Dir, self._above[""])
        children = {name: node for name, node in root.children.items() if not name.startswith(METADATA)}
        return Dir(children, opaque=root.opaque)

    def add(self, entry: Entry) -> None:
        name = entry.name.rstrip(b"/")
        head, _, base = name.rpartition(b"/")
        if name[:1] == b"/" or base in (b"", b".", b".."):
            name = _cleaned(entry.name, entry)
            if name == b".":
                return
            head, _, base = name.rpartition(b"/")
        place = self._places.get(head)
        if place is None:
            place = self._places[head] = self._place(head, entry)
        text = decode(base)
        # Docker keeps the headers by name, to write the same tar again (vbatts/tar-split, storage).
        full = place.start + text
        if full in self._seen:
            raise InvalidLayer("Error processing tar file(duplicates of file paths not supported): ")
        self._seen.add(full)
        if len(base) > _NAME or len(name) >= _PATH:
            _refuse(entry, "file name too long")
        if text.startswith(WHITEOUT):
            self._whiteout(entry, place, text)
        elif entry.kind == DIRECTORY:
            self._directory(entry, place.children, text)
        elif entry.kind == LINK:
            self._link(entry, place.children, text)
        else:
            self._put(place.children, text, self._node(entry))

    def _node(self, entry: Entry) -> Node:
        if entry.kind == SYMLINK and not entry.link:
            _refuse(entry, "no such file or directory")
        if entry.kind == SYMLINK and len(entry.link) > _PATH:
            _refuse(entry, "file name too long")
        if entry.kind == CHARACTER and entry.device == (0, 0):
            return Whiteout(entry.meta.mtime)  # overlayfs's own form of one, should it stand in a tar
        return node_of(entry, self._cut)

    def _put(self, children: Children, name: str, node: Node) -> None:
        # `_places` remembers where the start of a name led. Only a directory or a link can be on such a way:
        # where one is replaced, the way leads elsewhere or nowhere. A file is on no way.
        if type(children.get(name)) in (Dir, Symlink):
            self._places.clear()
        children[name] = node

    def _directory(self, entry: Entry, children: Children, name: str) -> None:
        before = children.get(name)
        if type(before) is Dir:
            # The same children: what came before the directory's own entry stays, and so do `_places`.
            children[name] = replace(before, meta=entry.meta)
        else:
            self._put(children, name, over(before, Dir({}, entry.meta)))

    def _link(self, entry: Entry, children: Children, name: str) -> None:
        """Give a file of this layer another name; the link's attributes become the file's.

        A layer is unpacked into a directory of its own, so that the file has to be in the same layer. A later
        layer that writes to one of the names has a file of its own there: the others keep the old one.
        """
        target = posixpath.normpath(entry.link.lstrip(b"/"))
        if target == b".." or target.startswith(b"../"):
            raise failure(f"invalid hardlink {_quoted(entry.name)} -> {_quoted(entry.link)}")
        owner, key = self._find(target, entry)
        node = owner.get(key)
        if node is None:
            _refuse(entry, "no such file or directory")
        if isinstance(node, Dir):
            _refuse(entry, "operation not permitted")
        if not node.inode:
            node = owner[key] = replace(node, inode=new_inode())
            self._linked[node.inode] = [(owner, key)]
        names = self._linked.setdefault(node.inode, [])
        names.append((children, name))
        self._put(children, name, node)
        if isinstance(node, Whiteout):
            return
        meta = replace(entry.meta, mode=0o777) if isinstance(node, Symlink) else entry.meta
        # Docker sets owner, mode and time on each name; they are one file, so the last one counts for all.
        if node.meta != meta:
            for owner, key in names:
                if owner.get(key) is node:
                    owner[key] = replace(node, meta=meta)

    def _find(self, path: bytes, entry: Entry) -> tuple[Children, str]:
        """Return the directory that holds a clean path, and the name there."""
        if path == b".":
            return self._above, ""
        head, _, base = path.rpartition(b"/")
        return self._place(head, entry, create=False).children, decode(base)

    def _whiteout(self, entry: Entry, place: _Place, text: str) -> None:
        # Whiteouts apply to lower layers alone (layer.md, "Whiteouts"). So the order does not count: what
        # this layer has under the name itself, before the whiteout or after it, is seen.
        if text == OPAQUE:
            place.owner[place.key] = replace(cast(Dir, place.owner[place.key]), opaque=True)
            return
        if text.startswith(METADATA):
            return
        name = text[len(WHITEOUT) :]
        if name in ("", ".", ".."):
            raise failure(f'failed to mknod("/{place.start.rstrip("/")}", S_IFCHR, 0): file exists')
        before = place.children.get(name)
        if before is None:
            place.children[name] = Whiteout(entry.meta.mtime, self._shared_mark(entry))
        elif isinstance(before, Dir):
            # Deleted and made again in one layer: nothing of the old directory may show through the new one.
            place.children[name] = replace(before, opaque=True)

    def _shared_mark(self, entry: Entry) -> int:
        """Return the mark of the whiteout that this one is a hard link to: Docker writes its name."""
        target = posixpath.normpath(entry.link)
        if not entry.link or target.startswith((b"/", b"..")):
            return 0
        owner, key = self._find(target, entry)
        node = owner.get(key)
        if not isinstance(node, Whiteout):
            return 0
        if not node.inode:
            node = owner[key] = replace(node, inode=new_inode())
        return node.inode

    def _place(self, head: bytes, entry: Entry, create: bool = True) -> _Place:
        """Return the directory that a path leads to, through links; with `create` what is missing is made."""
        above, _, last = head.rpartition(b"/")
        known, key = self._places.get(above), decode(last)
        if known and type(below := known.children.get(key)) is Dir:
            return _Place(known.children, key, cast(Children, below.children), f"{known.start}{key}/")
        path = _cleaned(head, entry)
        names = [] if path == b"." else path.split(b"/")
        if any(len(name) > _NAME for name in names):
            _refuse(entry, "file name too long")

        def outside() -> None:
            raise failure(f'{_quoted(entry.name)} is outside of "/"')

        walk = PathWalk((self._above, ""), [decode(name) for name in names], outside)
        # A directory that the entry names is made where it is missing, as os.MkdirAll does; what a link on
        # the way names has to be there. The entry's own names are those with fewer to come than before.
        own = len(names) if create else 0
        for name in walk:
            children = _children(*walk.trail[-1])
            node = children.get(name)
            if len(walk.todo) < own:
                own = len(walk.todo)
                if node is None or isinstance(node, Whiteout):
                    node = children[name] = over(node, Dir({}))
            if isinstance(node, Dir):
                walk.trail.append((children, name))
            elif not isinstance(node, Symlink):
                _refuse(entry, "no such file or directory" if node is None else "not a directory")
            elif walk.links == _LINKS:
                _refuse(entry, "too many levels of symbolic links")
            else:
                walk.follow(node.target)
        at = walk.trail[-1]
        start = decode(path) + "/" if names else ""
        return _Place(*at, _children(*at), start)


def _children(owner: Children, key: str) -> Children:
    return cast(Children, cast(Dir, owner[key]).children)


def _cleaned(path: bytes, entry: Entry) -> bytes:
    """Return an entry's name, or its start, as Go's path.Clean has it; neither may lead out of the root."""
    cleaned = posixpath.normpath(path)
    if cleaned in (b"/", b"//"):
        return b"."
    if cleaned.startswith(b"/"):
        raise failure(f"archive/tar: invalid tar header: {_quoted(entry.name)} is an absolute name")
    if cleaned == b".." or cleaned.startswith(b"../"):
        raise failure(f'{_quoted(posixpath.normpath(entry.name))} is outside of "/"')
    return cleaned


def _refuse(entry: Entry, reason: str) -> NoReturn:
    """Raise what Docker says when the system call for an entry fails."""
    path = "/" + posixpath.normpath(entry.name).decode(errors="replace")
    link = entry.link.decode(errors="replace")
    directory, _, base = path.rpartition("/")
    if base.startswith(WHITEOUT):
        call = f'failed to mknod("{directory}/{base[len(WHITEOUT) :]}", S_IFCHR, 0): '
    elif entry.kind == LINK:
        call = f"link {posixpath.normpath('/' + link.lstrip('/'))} {path}: "
    elif entry.kind == SYMLINK:
        call = f"symlink {link} {path}: "
    else:
        call = {FILE: f"open {path}: ", DIRECTORY: f"mkdir {path}: "}.get(entry.kind, "")
    raise failure(call + reason)


def _quoted(name: bytes) -> str:
    return go_quote(decode(name))
