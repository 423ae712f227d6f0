"""A container's files as `docker cp` and `docker export` reach them (moby, daemon/archive.go, export.go).

The daemon mounts the container's layers, whether it runs or not, with what the engine keeps for it at
/etc/hosts and the like once it was started; /dev, /proc and /sys are what the layers have there. What is
copied in is a write to the read-write layer.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.engine import container as containers
from labkit.engine import gopath, members, mounts, process
from labkit.engine.container_config import container_config
from labkit.engine.engine import Engine
from labkit.engine.identity import identifier
from labkit.engine.members import Member
from labkit.engine.state import Container
from labkit.engine.storage.mounts import MountTable
from labkit.errors import DaemonError, FileSystemError, LabkitError, RecordedImage
from labkit.oci.content import Content
from labkit.oci.tar import failure
from labkit.oci.tar_writer import write_tar
from labkit.oci.tree import Dir, Node, Symlink, split_path

_LINKS = 255


class NoSuchPath(LabkitError):
    """There is no such file in the container."""


@dataclass(frozen=True, slots=True)
class PathStat:
    """What the daemon says of a path: the node, and where it leads if it is a symbolic link."""

    node: Node
    link_target: str


def stat_path(engine: Engine, container: Container, path: str) -> PathStat:
    """Return what is at a path, a link in the last place not followed.

    Raises NoSuchPath, or DaemonError.
    """
    files = mounts.daemon_mounts(engine, container)
    resolved, absolute = _resolve_path(files, path)
    node = _lstat(engine, container, files, resolved)
    return PathStat(node, _follow(files, absolute) if isinstance(node, Symlink) else "")


def read_path(engine: Engine, container: Container, path: str) -> list[Member]:
    """Return a file or a directory with all below it, named after the path.

    Raises NoSuchPath, or DaemonError.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> container_id = lab.docker("create busybox").stdout.split()[-1]
    >>> container = containers.find_container(lab.engine, container_id)
    >>> [each.name for each in read_path(lab.engine, container, "/etc/passwd")]
    ['passwd']
    """
    files = mounts.daemon_mounts(engine, container)
    resolved, absolute = _resolve_path(files, path)
    node = _lstat(engine, container, files, resolved)
    resolved = gopath.clean(resolved)
    directory, name = resolved, "."
    if not isinstance(node, Dir):
        directory, _, name = resolved.rpartition("/")
    return members.collect(files, directory or "/", name, gopath.base(absolute))


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
    try:
        members.unpack(files, target, given, lambda meta: user_id or (meta.uid, meta.gid))
    except members.UnpackError as error:
        raise DaemonError(str(failure(str(error)))) from None
    except FileSystemError as error:
        raise DaemonError(str(failure(_said(error)))) from None
    containers.keep(engine, mounts.written(engine, container, files))


def export(engine: Engine, container: Container) -> Content:
    """Return a container's files as one flat tar: no whiteouts, nothing of what is mounted into it.

    Raises RecordedImage for a record, whose files are stand-ins.
    """
    if container.image.recorded:
        raise RecordedImage(
            f"{container.image_name} is a record of the published image: its identifiers are real, its files "
            "are stand-ins, so labkit does not export them"
        )
    mounted = engine.driver.mount(container.active, lambda: engine.now)
    return write_tar(containers.committed(mounted.root))


def _said(error: FileSystemError) -> str:
    return f"{error.filename}: {(error.strerror or '').lower()}"


def _resolve_path(files: MountTable, path: str) -> tuple[str, str]:
    """Return where a path leads, its directory's links followed, and the absolute path itself."""
    absolute = gopath.keep_end(gopath.join("/", path), path)
    directory, _, last = absolute.rpartition("/")
    return f"{_follow(files, directory + '/').rstrip('/')}/{last}", absolute


def _follow(files: MountTable, path: str) -> str:
    """Return a path with all its symbolic links followed, inside of the container; it need not exist."""
    done, todo, links = "/", [name for name in gopath.clean(path).split("/") if name], 0
    while todo:
        name = todo.pop(0)
        if name == "..":
            done = gopath.join(done, "..")
            continue
        here = gopath.join(done, name)
        try:
            node = members.lstat(files, here)
        except FileSystemError:
            node = None
        if not isinstance(node, Symlink):
            done = here
            continue
        links += 1
        if links > _LINKS:
            raise DaemonError(f"evalSymlinksInScope: too many links in {path}")
        done = "/" if node.target.startswith("/") else done
        todo = [each for each in node.target.split("/") if each not in ("", ".")] + todo
    return done


def _lstat(engine: Engine, container: Container, files: MountTable, path: str) -> Node:
    try:
        return files.stat(path, False).node
    except FileSystemError as error:
        if error.errno == errno.ENOENT:
            raise NoSuchPath(path) from None
        merged = f"{engine.data_root}/{engine.driver.name}/{identifier('cache', container.id)}/merged"
        raise DaemonError(f"lstat {merged}{path}: {(error.strerror or '').lower()}") from None
