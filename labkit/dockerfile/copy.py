"""Files of the context put into an image, as COPY and ADD do (moby, builder/dockerfile/copy.go, pkg/archive).

They keep their modes and, in whole seconds, their times, and belong to root or to whom `--chown` names; those
of another image stay whose they are. A directory's content is copied, not the directory itself. ADD unpacks a
tar, which may be compressed.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace

from labkit.base.errors import DaemonError, InvalidLayer, LabkitError
from labkit.dockerfile.context import CopySource, follow
from labkit.engine.container_files import Member, UnpackError, collect, read_members, unpack
from labkit.engine.mounts import make_directories
from labkit.go import path as gopath
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.gzip import decompressed
from labkit.oci.tar import entries, failure
from labkit.oci.tree import Dir, File, Node
from labkit.shell import users
from labkit.storage.overlay import Mount


@dataclass(frozen=True, slots=True)
class Target:
    """Where files are copied to: a mounted image, the path that errors call it by, and the new owner.

    Without an owner, None, what is copied keeps its own.
    """

    mount: Mount
    shown: str
    owner: tuple[int, int] | None = (0, 0)

    def copy(self, source: CopySource, path: str, *, unpack: bool = False) -> None:
        """Copy a source to an absolute path; raises DaemonError in the builder's words."""
        place = self._place(path)
        archive = archive_in(source.node) if unpack else None
        try:
            if isinstance(source.node, Dir):
                self._copy_directory(source.node, place)
            elif archive is not None:
                make_directories(self.mount, place)
                self._write(place, read_members(archive))
            else:
                self._copy_file(source, place, inside=path.endswith("/"))
        except (UnpackError, InvalidLayer) as error:
            told = failure(str(error)) if archive is not None and isinstance(error, UnpackError) else error
            raise DaemonError(f"failed to copy files: {told}") from None

    def _copy_file(self, source: CopySource, place: str, *, inside: bool) -> None:
        if inside or isinstance(tree.get(self.mount.root, place), Dir):
            place = posixpath.join(place, posixpath.basename(source.path))
        above, name = posixpath.split(place)
        if not isinstance(tree.get(self.mount.root, above), Dir | None):
            raise DaemonError(
                f"failed to copy files: failed to create new directory: mkdir {self.shown}{above}: "
                "not a directory"
            )
        for directory in make_directories(self.mount, above):
            self._chown(directory)
        node = source.node
        if isinstance(node, File):  # copied alone its tar has no extended attributes (CopyFileWithTar)
            node = replace(node, meta=replace(node.meta, xattrs=()))
        self._write(above, [Member(name, node)])
        self._chown(place)

    def _write(self, place: str, members: Sequence[Member]) -> None:
        unpack(self.mount, place, members, lambda meta: (meta.uid, meta.gid), shut_in=True)

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
        members = collect(Mount(source), "/", ".")
        self._write(place, members)
        for member in members[1:] if existed else members:
            self._chown(gopath.join(place, member.name))

    def _chown(self, path: str) -> None:
        """Give what was copied to its new owner, after all else: that takes a program's powers away."""
        if self.owner:
            self.mount.chown(path, *self.owner, follow=False)


def archive_in(node: Node) -> Content | None:
    """Return the tar that a file holds, or None where it holds none.

    >>> archive_in(File(Content.of(b"no archive"))) is None
    True
    """
    if not isinstance(node, File):
        return None
    try:
        content = decompressed(node.content)
        first = next(entries(content), None)
    except LabkitError:
        return None
    return None if first is None else content


def destination(directory: str, target: str) -> str:
    """Return the absolute path of a target, which keeps its slash at the end.

    >>> destination("/srv", "site/"), destination("/srv", "/etc/motd")
    ('/srv/site/', '/etc/motd')
    """
    if target.startswith("/"):
        return target
    path = gopath.clean(f"/{directory}/{target}")
    return path + "/" if target.endswith("/") and path != "/" else path


def owner(mount: Mount, text: str) -> tuple[int, int]:
    """Return the numbers of the user and the group that `--chown` names; raises DaemonError.

    >>> from labkit.storage.overlay import Mount
    >>> owner(Mount(Dir()), "1:2")
    (1, 2)
    """
    parts = text.split(":")
    failed = "unable to convert uid/gid chown string to host mapping: "
    if len(parts) > 2:
        raise DaemonError(f"{failed}invalid chown string format: {text}")
    found = []
    for kind, name, number_of in (("user", parts[0], users.user_id), ("group", parts[-1], users.group_id)):
        number = int(name) if name.isdecimal() else number_of(mount, name)
        if number is None:
            raise DaemonError(f"{failed}can't find {kind[0]}id for {kind} {name}: no such {kind}: {name}")
        found.append(number)
    return found[0], found[1]
