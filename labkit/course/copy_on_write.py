"""What an operation on one file of a container does, step by step: the search, the copy-up, the change.

The steps are taken from the engine's own overlay (`labkit.storage.trace`): it runs the operation on a
container of its own, or on what an existing container has come to, and the lab is left as it is. Each step
has a line of words and a line that says why.
"""

from __future__ import annotations

import errno
import os
import shlex
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal, TypeAlias

from labkit.base.errors import FileSystemError, LabkitError
from labkit.base.text import one_line, packaged
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.digest import short
from labkit.oci.tree import Dir, File, Node, Symlink, get, split_path
from labkit.storage.calls import walk
from labkit.storage.driver import ancestry
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import Overlay2
from labkit.storage.posix import Names
from labkit.storage.trace import Look, Moment, MomentKind, Watched, search

_WORDS: dict[str, Any] = tomllib.loads(packaged("labkit.course", "copy_on_write.toml"))
_MANY = 8
"""With more layers than this, those that have nothing of the name are told in one step."""

StepKind: TypeAlias = (
    MomentKind
    | Literal["start", "elsewhere", "link", "search", "decide", "directory", "inside", "opaque"]
    | Literal["error", "result"]
)
"""What a step tells of: what became of the upper directory, or what leads to it and comes after it."""


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step of a story."""

    kind: StepKind
    title: str
    why: str
    upper: Dir
    """The upper directory after it."""
    layers: tuple[int, ...] = ()
    """The layers that are looked into, counted from the top."""
    copied: int = 0
    names: Names = ()


@dataclass(frozen=True, slots=True)
class StoryLayer:
    """A layer of the stack, the container's own or one that cannot be changed."""

    label: str
    words: str
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """All that happens: the stack from the top down, what the search gave in it, and the steps."""

    name: str
    """The image or container."""
    path: str
    command: str
    rows: tuple[StoryLayer, ...]
    looks: tuple[Look, ...]
    lower: Dir
    before: Dir
    """The upper directory before the first step."""
    steps: tuple[StoryStep, ...]

    @property
    def copied(self) -> int:
        """The bytes that all steps copied up."""
        return sum(step.copied for step in self.steps)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something to do with a file: what a learner would type, and the system calls that it makes."""

    name: str
    label: str
    command: Callable[[str, bool], str]
    """Gives a shell's command for a quoted path and whether a directory is there."""
    run: Callable[[MountTable, str], object]
    why: str = ""
    """Why something has to be copied up, or hidden, for it."""
    follow: bool = True
    """Whether a symbolic link in the last place is followed."""


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


def _beside(path: str, end: str) -> str:
    return shlex.quote("".join(shlex.split(path)) + end)


def _operation(
    name: str,
    command: Callable[[str, bool], str],
    run: Callable[[MountTable, str], object],
    *,
    follow: bool = True,
) -> Operation:
    words = _WORDS["operations"][name]
    return Operation(name, words["label"], command, run, words["why"], follow)


READ = _operation("read", lambda path, is_dir: f"{'ls' if is_dir else 'cat'} {path}", _read)
APPEND = _operation(
    "append", lambda path, _: f"echo hello >> {path}", lambda table, path: table.append(path, b"hello\n")
)
TRUNCATE = _operation("truncate", lambda path, _: f": > {path}", lambda table, path: table.write(path, b""))
CHMOD = _operation("chmod", lambda path, is_dir: f"chmod {700 if is_dir else 600} {path}", _chmod)
DELETE = _operation("delete", lambda path, is_dir: f"rm {'-r ' * is_dir}{path}", _delete, follow=False)
RECREATE = _operation("recreate", lambda path, _: f"rm -r {path} && mkdir {path}", _recreate, follow=False)
RENAME = _operation(
    "rename",
    lambda path, _: f"mv {path} {_beside(path, '.old')}",
    lambda table, path: table.rename(path, f"{path}.old"),
    follow=False,
)
LINK = _operation(
    "link",
    lambda path, _: f"ln {path} {_beside(path, '.link')}",
    lambda table, path: table.link(path, f"{path}.link"),
    follow=False,
)
OPERATIONS: Mapping[str, Operation] = {
    each.name: each for each in (READ, APPEND, TRUNCATE, CHMOD, DELETE, RECREATE, RENAME, LINK)
}


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
    path = _path(table, path, doing)
    if after:
        first = operation_named(after)
        _try(first, table, _path(table, path, first))
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
    subject = _Subject(doing, path, names, is_link, tuple(row.label for row in rows), error)
    steps = _steps(subject, looks if inside else [], watched)
    return Story(name, path, command, rows, tuple(looks), watched.lower, watched.uppers[0], steps)


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


def _path(table: MountTable, path: str, doing: Operation) -> str:
    """Return an absolute path; what is made again is a directory: for a file, the one that holds it."""
    path = path if path.startswith("/") else f"/{path}"
    node = table.stat(path, follow=False).node if table.exists(path, follow=False) else None
    if doing is RECREATE and node is not None and not isinstance(node, Dir):
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
        found = tuple(split_path(walk(table, path, follow).path))
    except FileSystemError:
        return plain, False
    return found, found != plain


def _stack(box: Container) -> tuple[tuple[StoryLayer, ...], list[Dir]]:
    """Return the layers from the top down: the container's, Docker's mount points, the image's."""
    layers = list(box.image.layers)
    rows = [StoryLayer("R/W", "the container's layer", writable=True)]
    rows.append(StoryLayer("init", "Docker's mount points"))
    for place in range(len(layers) - 1, -1, -1):
        rows.append(StoryLayer(str(place + 1), short(layers[place].diff_id)))
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
    sizes = [(tree.stat_size(node), path) for path, node in nodes if _is_file(node)]
    found = ["etc/passwd", "etc/motd", "bin/bash", "bin/busybox", *added[:3], max(sizes, default=(0, ""))[1]]
    directories = [(path, node) for path, node in nodes if type(node) is Dir and path != "etc"]
    small = [path for path, node in directories if 0 < len(node.children) < 7]
    held = [above for above in map(os.path.dirname, found) if above in small]
    found += (held or small)[:1]
    found += [path for path, node in nodes if type(node) is Symlink][:1]
    return [path_of(tuple(path.split("/"))) for path in dict.fromkeys(found) if path in known]


def _is_file(node: Node) -> bool:
    return type(node) is File


# The steps


@dataclass(frozen=True, slots=True)
class _Subject:
    """What was done, to which names, in layers of which labels, and the error that it gave."""

    operation: Operation
    path: str
    names: Names
    is_link: bool
    labels: tuple[str, ...]
    error: FileSystemError | None

    def step(self, kind: StepKind, upper: Dir, which: str = "", **values: Any) -> StoryStep:
        """Return a step of a kind, whose words may differ by `which`."""
        words = _WORDS[kind][which] if which else _WORDS[kind]
        values = {"name": _quoted(self.names), "path": one_line(self.path), **values}
        title, why = (words[part].format(**values) for part in ("title", "why"))
        return StoryStep(kind, title, why, upper, names=self.names)


def path_of(names: Names) -> str:
    """Return an absolute path.

    >>> path_of(("etc", "motd"))
    '/etc/motd'
    """
    return "/" + "/".join(names)


def _quoted(names: Names) -> str:
    return one_line(path_of(names))


def _steps(subject: _Subject, looks: Sequence[Look], mount: Watched) -> tuple[StoryStep, ...]:
    """Return the steps in their order; without looks the path leads to another mount."""
    start = mount.uppers[0]
    found = [subject.step("start", start)]
    if not looks:
        return (*found, subject.step("elsewhere", start))
    if subject.is_link:
        found.append(subject.step("link", start))
    found += _search_steps(subject, looks, start)
    moments = mount.moments()
    found.append(_decision(subject, looks, moments, start))
    found += _changes(subject, moments)
    if subject.error is not None:
        found.append(_failed(subject, subject.error, mount.upper))
    copied, size = sum(moment.copied for moment in moments), tree.size(mount.upper)
    seen = _seen(subject, mount)
    return (*found, subject.step("result", mount.upper, seen=seen, copied=copied, size=size))


def _search_steps(subject: _Subject, looks: Sequence[Look], start: Dir) -> list[StoryStep]:
    """Return the steps of the search, one for each layer that is looked into."""
    searched = [place for place, look in enumerate(looks) if look.kind != "unsearched"]
    many = len(looks) > _MANY
    found = []
    # Those that have nothing and stop nothing are told together where there are many layers.
    for _, places in groupby(searched, lambda place: -1 if many and _empty(looks[place]) else place):
        run = tuple(places)
        if len(run) > 1:
            first, last = subject.labels[run[0]], subject.labels[run[-1]]
            step = subject.step("search", start, "several", count=len(run), first=first, last=last)
        else:
            step = _looked(subject, looks, run[0], start)
        found.append(replace(step, layers=run))
    return found


def _empty(look: Look) -> bool:
    return look.kind == "absent" and look.opaque is None


def _looked(subject: _Subject, looks: Sequence[Look], place: int, start: Dir) -> StoryStep:
    look, label = looks[place], subject.labels[place]
    layer = {"R/W": "The read-write layer", "init": "The init layer"}.get(label, f"Layer {label}")
    size = f", {look.node.content.size:,} bytes" if type(look.node) is File else ""
    which: str = look.kind
    if look.opaque is not None and look.kind != "whiteout":
        which = "opaque with it" if look.kind in ("found", "merged") else "opaque without it"
    elif look.kind == "absent" and place == 0:
        which = "absent at the top"
    elif type(look.node) is Dir and look.kind in ("found", "merged"):
        which = f"{look.kind} directory"
    elif look.kind == "found" and all(each.kind != "unsearched" for each in looks[place + 1 :]):
        which = "found at the bottom"
    name, opaque = _quoted(look.names), _quoted(look.opaque or ())
    return subject.step("search", start, which, layer=layer, size=size, name=name, opaque=opaque)


def _decision(subject: _Subject, looks: Sequence[Look], moments: Sequence[Moment], start: Dir) -> StoryStep:
    place = next((place for place, look in enumerate(looks) if look.kind == "found"), None)
    files = [each for each in moments if each.kind == "copy-up" and type(each.node) is not Dir]
    if place is None:
        which = "new" if moments else "nothing there"
    elif subject.operation is READ:
        which = "read"
    elif subject.error is not None and not moments:
        which = "refused"
    elif files:
        which = "copy"
    elif place == 0 and type(looks[0].node) is not Dir:
        which = "there already"
    else:
        attributes = type(looks[place].node) is Dir and subject.operation is CHMOD
        which = "attributes" if attributes else "none"
    copied = _quoted(files[0].names) if files else ""
    return subject.step("decide", start, which, copied=copied, reason=subject.operation.why)


def _changes(subject: _Subject, moments: Sequence[Moment]) -> list[StoryStep]:
    found = []
    for kind, group in groupby(moments, lambda moment: _kind(subject, moment)):
        run = list(group)
        if kind == "inside":
            found.append(subject.step(kind, run[-1].upper, parts=_inside(run)))
        elif kind == "directory":
            made = " and ".join(_quoted(each.names) for each in run)
            made = f"{made} {'is' if len(run) == 1 else 'are'}"
            found.append(replace(subject.step(kind, run[-1].upper, made=made), names=run[-1].names))
        else:
            found += [_one(subject, kind, moment) for moment in run]
    return found


def _kind(subject: _Subject, moment: Moment) -> StepKind:
    deep, target = len(moment.names) > len(subject.names), moment.names[: len(subject.names)] == subject.names
    if subject.operation in (DELETE, RECREATE) and deep and target:
        return "inside"
    if moment.kind == "copy-up" and type(moment.node) is Dir:
        return "directory"
    return "opaque" if moment.kind == "make" and moment.opaque else moment.kind


def _inside(run: Sequence[Moment]) -> str:
    marks = sum(moment.kind == "whiteout" for moment in run)
    gone = sum(moment.kind == "remove" for moment in run)
    parts = [f"{marks:,} {'name gets' if marks == 1 else 'names get'} a whiteout"] * bool(marks)
    parts += [f"{gone:,} {'name is' if gone == 1 else 'names are'} removed"] * bool(gone)
    return " and ".join(parts)


def _one(subject: _Subject, kind: StepKind, moment: Moment) -> StoryStep:
    which = subject.operation.name
    if kind == "copy-up" and type(moment.node) is Symlink:
        which = "symbolic link"
    elif kind == "change" and subject.operation is CHMOD and type(moment.node) is Dir:
        which = "chmod of a directory"
    which = which if which in _WORDS[kind] else "else"
    step = subject.step(kind, moment.upper, which, name=_quoted(moment.names), copied=moment.copied)
    return replace(step, names=moment.names, copied=moment.copied)


def _failed(subject: _Subject, error: FileSystemError, upper: Dir) -> StoryStep:
    name = errno.errorcode.get(error.errno or 0, str(error.errno))
    mounted = one_line(str(error.filename))
    which = name if name in _WORDS["error"] else "else"
    return subject.step("error", upper, which, error=f"{error.strerror} ({name})", mounted=mounted)


def _seen(subject: _Subject, mount: Watched) -> str:
    names = subject.names
    if subject.operation is RENAME and subject.error is None:
        names = (*names[:-1], f"{names[-1]}.old")
    node, name = get(mount.root, "/".join(names)), _quoted(names)
    if node is None:
        return f"The container sees no {name}"
    if type(node) is Dir:
        return f"The container sees the directory {name} with {len(node.children):,} names"
    if type(node) is File:
        return f"The container sees {name} with {node.content.size:,} bytes, mode {node.meta.mode:o}"
    return f"The container sees {name}"
