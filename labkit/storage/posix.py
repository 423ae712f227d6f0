"""What every POSIX file system has in common: what it answers about a file, and what a call costs.

`Place` is a file in a mounted file system, `Stat` what stat(2) says of the file, `Cost` what a call did.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypeAlias

from labkit.base.errors import FileSystemError
from labkit.base.text import encode
from labkit.oci import tree
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Node, Symlink

if TYPE_CHECKING:
    from labkit.storage.overlay import Mount

Names: TypeAlias = tuple[str, ...]
"""The names that lead from the root to a file, symbolic links resolved."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call did; costs add up."""

    copied: int = 0
    """Bytes that the driver copied before the change could be made: a file's copy-up, a block's rest."""
    written: int = 0
    """Bytes that the caller wrote."""
    looked_up: int = 0
    """Directories that were searched for a name."""
    allocated: int = 0
    """Bytes of disk that are used more than before, or fewer."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.copied + other.copied,
            self.written + other.written,
            self.looked_up + other.looked_up,
            self.allocated + other.allocated,
        )

    @property
    def read(self) -> int:
        """Bytes that the driver read to do it: what it copies, it has to read."""
        return self.copied


NO_COST = Cost()


class Stat(NamedTuple):
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
    """Where a walk stands: a mounted tree, the node in its upper or only directory, and the lower one."""

    tree: Mount
    upper: Node | None
    lower: Node | None

    @property
    def node(self) -> Node:
        """The node that is seen."""
        node = self.lower if self.upper is None else self.upper
        assert node is not None
        return node


def fail(number: int, path: str) -> NoReturn:
    """Raise the error of a system call on a path.

    >>> fail(2, "/x")
    Traceback (most recent call last):
    labkit.base.errors.FileSystemError: /x: no such file or directory
    """
    raise FileSystemError(number, path)


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


def stat_of(node: Node, nlink: int, path: str) -> Stat:
    """Return what stat(2) says of a node; `path` is the first of its names, and gives its inode number.

    >>> stat_of(Dir(), 2, "etc").size
    4096
    """
    meta = meta_of(node)
    mark = hashlib.blake2b(encode(path), digest_size=5).digest()
    size = 4096 if type(node) is Dir else tree.stat_size(node)
    return Stat(node, mode_of(node), nlink, size, meta.uid, meta.gid, meta.mtime, int.from_bytes(mark))


def meta_of(node: Node) -> Meta:
    """Return the attributes of a node that is no whiteout.

    >>> meta_of(Symlink("/dev/stdout")).mode == 0o777
    True
    """
    assert isinstance(node, File | Dir | Symlink | Device | Fifo)
    return node.meta


def mark_of(node: Node) -> int:
    """Return the mark that hard links to one file share, 0 where a node has none.

    >>> mark_of(File(inode=7)), mark_of(Dir())
    (7, 0)
    """
    return 0 if isinstance(node, Dir) else node.inode


def with_meta(node: Node, meta: Meta) -> Node:
    """Return a node with other attributes.

    >>> with_meta(Fifo(), Meta(mode=0o600)).meta.mode == 0o600
    True
    """
    assert isinstance(node, File | Dir | Symlink | Device | Fifo)
    return replace(node, meta=meta)


def made_at(root: Dir, moment: int) -> Dir:
    """Return a tree as it is when all of it is made at a moment, in nanoseconds.

    >>> made_at(Dir({"dev": Dir()}), 5).children["dev"].meta.mtime
    5
    """
    return tree.mapped(root, lambda node: with_meta(node, replace(node.meta, mtime=moment)))
