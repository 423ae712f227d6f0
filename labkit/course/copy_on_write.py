"""What an operation on one file of a container does, step by step: the search, the copy-up, the change.

The steps are taken from the engine's own overlay (`labkit.engine.storage.trace`): it runs the operation on a
container of its own, or on what an existing container has come to, and the lab is left as it is. The words
are in `copy_words`.
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from labkit.cli.formats import human_size
from labkit.course import copy_words
from labkit.course.copy_search import Step, Subject, path_of
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container
from labkit.engine.storage.driver import ancestry
from labkit.engine.storage.mounts import MountTable
from labkit.engine.storage.overlay import Mount
from labkit.engine.storage.overlay2 import Overlay2
from labkit.engine.storage.paths import walk
from labkit.engine.storage.posix import Names
from labkit.engine.storage.trace import Look, Watched, search
from labkit.errors import FileSystemError, LabkitError
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.digest import short
from labkit.oci.tree import Dir, File, Node, Symlink, split_path

HELLO = b"hello\n"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something to do with a file: what a learner would type, and the system calls that it makes."""

    label: str
    command: Callable[[str, bool], str]
    """Gives a shell's command for a quoted path and whether a directory is there."""
    run: Callable[[MountTable, str], object]
    follow: bool = True
    """Whether a symbolic link in the last place is followed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A layer of the stack, the container's own or one that cannot be changed."""

    label: str
    words: str
    size: int
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """All that happens: the stack from the top down, what the search gave in it, and the steps."""

    name: str
    """The image or container."""
    operation: str
    path: str
    command: str
    rows: tuple[Row, ...]
    looks: tuple[Look, ...]
    lower: Dir
    before: Dir
    """The upper directory before the first step."""
    steps: tuple[Step, ...]

    @property
    def copied(self) -> int:
        """The bytes that all steps copied up."""
        return sum(step.copied for step in self.steps)


def _read(table: MountTable, path: str) -> None:
    if isinstance(table.stat(path).node, Dir):
        table.listdir(path)
    else:
        table.content(path)


def _chmod(table: MountTable, path: str) -> None:
    table.chmod(path, 0o700 if isinstance(table.stat(path).node, Dir) else 0o600)


def _delete(table: MountTable, path: str) -> None:
    """Remove a name and all below it, as `rm -r` does: it goes on after an error and leaves that in place."""
    if not isinstance(table.stat(path, follow=False).node, Dir):
        table.unlink(path)
        return
    failed: FileSystemError | None = None
    for name in table.listdir(path):
        try:
            _delete(table, f"{path.rstrip('/')}/{name}")
        except FileSystemError as error:
            failed = failed or error
    if failed:
        raise failed
    table.rmdir(path)


def _recreate(table: MountTable, path: str) -> None:
    if not isinstance(table.stat(path, follow=False).node, Dir):
        raise FileSystemError(errno.ENOTDIR, path)
    _delete(table, path)
    table.mkdir(path)


OPERATIONS: Mapping[str, Operation] = {
    "read": Operation("Read", lambda path, is_dir: f"{'ls' if is_dir else 'cat'} {path}", _read),
    "append": Operation(
        "Append", lambda path, _: f"echo hello >> {path}", lambda table, path: table.append(path, HELLO)
    ),
    "truncate": Operation(
        "Truncate", lambda path, _: f": > {path}", lambda table, path: table.write(path, b"")
    ),
    "chmod": Operation("chmod", lambda path, is_dir: f"chmod {700 if is_dir else 600} {path}", _chmod),
    "delete": Operation("Delete", lambda path, is_dir: f"rm {'-r ' * is_dir}{path}", _delete, False),
    "recreate": Operation(
        "Delete and make again", lambda path, _: f"rm -r {path} && mkdir {path}", _recreate, False
    ),
    "rename": Operation(
        "Rename",
        lambda path, _: f"mv {path} {_other(path, '.old')}",
        lambda table, path: table.rename(path, f"{path}.old"),
        False,
    ),
    "link": Operation(
        "Hard link",
        lambda path, _: f"ln {path} {_other(path, '.link')}",
        lambda table, path: table.link(path, f"{path}.link"),
        False,
    ),
}


def _other(path: str, end: str) -> str:
    return shlex.quote("".join(shlex.split(path)) + end)


def operation_named(name: str) -> Operation:
    """Return an operation; raises LabkitError for a name that is none.

    >>> operation_named("append").label
    'Append'
    """
    if name not in OPERATIONS:
        raise LabkitError(f"{name}: no such operation; there are {', '.join(OPERATIONS)}")
    return OPERATIONS[name]


def story(
    lab: Lab, name: str, path: str = "/etc/passwd", operation: str = "append", after: str = ""
) -> Story:
    """Return what an operation does on a new container of an image, or on a container of the lab.

    `after` names an operation that was done on the same path before. The image must be in the cache, see
    `ready`. Raises LabkitError where the lab's storage driver is not overlay2.

    >>> lab = Lab()
    >>> image = lab.pull("ubuntu:15.04")
    >>> told = story(lab, "ubuntu:15.04", "/etc/passwd", "chmod")
    >>> [step.kind for step in told.steps][-4:], told.copied
    (['directory', 'copy-up', 'change', 'result'], 266)
    """
    doing = operation_named(operation)
    if type(lab.engine.driver) is not Overlay2:
        raise LabkitError(f"these are the steps of overlay2; this lab's driver is {lab.engine.driver.name}")
    table, box = _mounted(lab, name)
    path = _path(table, path, operation)
    if after:
        _try(operation_named(after), table, _path(table, path, after))
    root = table.root_mount
    assert isinstance(root, Mount)
    watched = Watched(root.lower, root.upper, root.clock, root.whiteout)
    table.root_mount = watched
    names, is_link = _names(table, path, doing.follow)
    before = table.stat(path).node if table.exists(path) else None
    command = doing.command(shlex.quote(path), isinstance(before, Dir))
    rows, layers = _stack(box)
    looks = search([watched.upper, *layers], names)
    inside = table.tree_at(names)[0] is watched
    error = _try(doing, table, path) if inside else None
    subject = Subject(operation, path, names, is_link, tuple(row.label for row in rows), table, error)
    steps = copy_words.told_steps(subject, looks if inside else [], watched)
    return Story(name, operation, path, command, rows, tuple(looks), watched.lower, watched.uppers[0], steps)


def ready(lab: Lab, name: str) -> None:
    """Pull an image where neither it nor a container of that name is there; raises what a pull raises."""
    if images.lookup_image(lab.engine, name) is None and name not in lab.engine.state.names:
        lab.pull(name)


def _mounted(lab: Lab, name: str) -> tuple[MountTable, Container]:
    """Return the file systems of a container, and it; one that is made for it is not kept."""
    engine = replace(lab.engine)
    if images.lookup_image(engine, name) is None:
        box = containers.find_container(engine, name)
    else:
        box = containers.create(engine, name, ["sh"])
    return container_mounts(engine, box, lambda: engine.now), box


def _path(table: MountTable, path: str, operation: str) -> str:
    """Return an absolute path; a directory is made again, so of a file it is the one that holds it."""
    path = path if path.startswith("/") else f"/{path}"
    node = table.stat(path, follow=False).node if table.exists(path, follow=False) else None
    if operation == "recreate" and node is not None and not isinstance(node, Dir):
        return os.path.dirname(path.rstrip("/"))
    return path


def _try(doing: Operation, table: MountTable, path: str) -> FileSystemError | None:
    try:
        doing.run(table, path)
    except FileSystemError as error:
        return error
    return None


def _names(table: MountTable, path: str, follow: bool) -> tuple[Names, bool]:
    """Return the names that a path leads to, and whether a symbolic link on the way has changed it."""
    plain = tuple(split_path(path))
    try:
        found = walk(table, path, follow).names
    except FileSystemError:
        return plain, False
    return found, found != plain


def _stack(box: Container) -> tuple[tuple[Row, ...], list[Dir]]:
    """Return the layers from the top down: the container's, Docker's mount points, the image's."""
    layers = list(box.image.layers)
    rows = [Row("R/W", "the container's own layer", containers.size_rw(box), writable=True)]
    rows.append(Row("init", "Docker's mount points", 0))
    for place in range(len(layers) - 1, -1, -1):
        rows.append(Row(str(place + 1), short(layers[place].diff_id), layers[place].size))
    return tuple(rows), [each.changes for each in ancestry(box.active)[1:]]


def choices(lab: Lab, name: str) -> list[str]:
    """Return paths of an image or container that show something when they are tried.

    The well-known ones, what is in a layer that is not the base, the largest file, a small directory, a
    symbolic link.

    >>> lab = Lab()
    >>> image = lab.pull("busybox")
    >>> choices(lab, "busybox")[0]
    '/etc/passwd'
    """
    table, box = _mounted(lab, name)
    root = table.root_mount.root
    nodes = [
        (path, node) for path, node in tree.walk(root) if not table.is_mount_point((path.split("/")[0],))
    ]
    known = {path for path, _ in nodes}
    added = [
        path for layer in box.image.layers[:0:-1] for path, node in tree.walk(layer.changes) if _is_file(node)
    ]
    largest = max(((tree.stat_size(node), path) for path, node in nodes if _is_file(node)), default=(0, ""))[
        1
    ]
    found = [*("etc/passwd", "etc/motd", "bin/bash", "bin/busybox"), *added[:3], largest]
    small = [
        path for path, node in nodes if type(node) is Dir and path != "etc" and 0 < len(node.children) < 7
    ]
    held = [above for above in map(os.path.dirname, found) if above in small]
    found += (held or small)[:1]
    found += [path for path, node in nodes if type(node) is Symlink][:1]
    return [path_of(tuple(path.split("/"))) for path in dict.fromkeys(found) if path in known]


def _is_file(node: Node) -> bool:
    return type(node) is File


def summary(told: Story) -> str:
    """Return in one line what was done and what it copied.

    >>> lab = Lab()
    >>> image = lab.pull("busybox")
    >>> summary(story(lab, "busybox", "/etc/passwd", "read"))
    'cat /etc/passwd · copied up: 0B'
    """
    return f"{told.command} · copied up: {human_size(told.copied)}"
