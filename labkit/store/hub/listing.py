"""Layers written down as lists of files, one a line.

    dir   MODE PATH
    file  MODE SIZE PATH        filler that depends on the path alone
    script MODE SIZE PATH TEXT  the text, then filler up to the size
    text  MODE PATH TEXT        with \\n for a line's end and \\\\ for a backslash
    link  PATH TARGET           a symbolic link
    hard  PATH TARGET           another name of a file that is listed above
    gone  PATH                  a whiteout
    include NAME                the lines of another list
    rest  MODE DIR …            as many files of filler as make the layer add up to its size

Directories that a path needs and that are not listed have mode 0755.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources

from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta, Node, Symlink, Whiteout, new_inode

_ESCAPES = {r"\n": "\n", "\\\\": "\\"}
_REST_FILE = 262_144


def read_listing(name: str, *, mtime: int, total: int = 0) -> Dir:
    """Return the changeset that the list `files/NAME.txt` describes.

    `mtime` is every file's time in nanoseconds, `total` the bytes that the layer adds up to, where the
    list has a line `rest`.

    >>> sorted(read_listing("nginx-1.15.12-logs", mtime=0).children)
    ['var']
    """
    return parse_listing(_text(name), mtime=mtime, total=total)


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(f"files/{name}.txt").read_text("utf-8")


def parse_listing(text: str, *, mtime: int, total: int = 0) -> Dir:
    """Return the changeset that lines describe.

    >>> tree.size(parse_listing("rest 0644 usr", mtime=0, total=300_000))
    300000
    """
    root = Dir(meta=Meta(0o755, mtime=mtime))
    for line in _lines(text):
        root = _add(root, line, mtime, total)
    return root


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.startswith("include "):
            yield from _lines(_text(line.removeprefix("include ")))
        elif line and not line.startswith("#"):
            yield line


def _add(root: Dir, line: str, mtime: int, total: int) -> Dir:
    kind, _, rest = line.partition(" ")
    if kind == "link":
        path, target = rest.split(" ")
        return _put(root, path, Symlink(target, Meta(0o777, mtime=mtime)))
    if kind == "gone":
        return _put(root, rest, Whiteout())
    if kind == "hard":
        return _hard_link(root, *rest.split(" "))
    mode, _, rest = rest.partition(" ")
    meta = Meta(int(mode, 8), mtime=mtime)
    if kind == "dir":
        return _put(root, rest, Dir(meta=meta))
    if kind == "text":
        path, _, written = rest.partition(" ")
        return _put(root, path, File(Content.of(_unescaped(written)), meta))
    if kind == "script":
        size, path, written = rest.split(" ", 2)
        start = Content.of(_unescaped(written))
        return _put(root, path, File(start + Content.filler(int(size) - start.size, path), meta))
    if kind == "file":
        size, _, path = rest.partition(" ")
        return _put(root, path, File(Content.filler(int(size), path), meta))
    if kind == "rest":
        return _fill(root, rest.split(" "), meta, total - tree.size(root))
    raise ValueError(f"no such line in a list of files: {line}")


def _unescaped(text: str) -> bytes:
    return re.sub(r"\\n|\\\\", lambda match: _ESCAPES[match[0]], text).encode()


def _put(root: Dir, path: str, node: Node) -> Dir:
    parent = path.rpartition("/")[0]
    if parent and tree.get(root, parent) is None:
        root = _put(root, parent, Dir(meta=root.meta))
    known = tree.get(root, path)
    if isinstance(known, Dir) and isinstance(node, Dir):
        node = replace(known, meta=node.meta)
    elif known is not None:
        raise ValueError(f"listed twice: {path}")
    return tree.put(root, path, node)


def _hard_link(root: Dir, path: str, target: str) -> Dir:
    node = tree.get(root, target)
    if not isinstance(node, File):
        raise ValueError(f"no file to link to: {target}")
    if not node.inode:
        node = replace(node, inode=new_inode())
        root = tree.put(root, target, node)
    return _put(root, path, node)


def _fill(root: Dir, directories: list[str], meta: Meta, size: int) -> Dir:
    if size < 0:
        raise ValueError("the files listed are larger than the layer")
    count = -(-size // _REST_FILE)
    for number in range(count):
        path = f"{directories[number % len(directories)]}/part-{number:03}"
        part = min(_REST_FILE, size - number * _REST_FILE)
        root = _put(root, path, File(Content.filler(part, path), meta))
    return root
