"""What an operation on one file of a container does, step by step: the search, the copy-up, the change.

The steps are taken from the engine's own overlay (`labkit.storage.trace`): it runs the operation on a
container of its own, or on what an existing container has come to, and the lab is left as it is. Each step
has a line of words and a line that says why; the words are in copy_on_write.toml.
"""

from __future__ import annotations

import errno
import os
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from labkit.base.errors import FileSystemError, LabkitError
from labkit.base.text import one_line, packaged
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.digest import short
from labkit.oci.tree import Dir, File, Symlink, get, split_path
from labkit.storage.calls import walk
from labkit.storage.driver import ancestry
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import Overlay2
from labkit.storage.posix import Names
from labkit.storage.trace import Look, Moment, Watched, search

_WORDS: dict[str, Any] = tomllib.loads(packaged("labkit.course", "copy_on_write.toml"))
_MANY = 8
"""With more layers than this, those that have nothing of the name are told in one step."""


@dataclass(frozen=True, slots=True)
class StoryStep:
    """One step of a story; its kind is a table of copy_on_write.toml."""

    kind: str
    title: str
    why: str
    upper: Dir
    """The upper directory after it."""
    layers: tuple[int, ...] = ()
    """The layers that are looked into, counted from the top."""
    copied: int = 0
    names: Names = ()


@dataclass(frozen=True, slots=True)
class Story:
    """All that happens: the stack from the top down, what the search gave in it, and the steps."""

    path: str
    command: str
    rows: tuple[tuple[str, str], ...]
    """A mark and words for each layer, the container's own first."""
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
    run: Callable[[MountTable, str], object]
    label: str
    command: str
    """What is typed; `directory` is typed for a directory, and `end` ends the name of another file."""
    why: str = ""
    """Why something has to be copied up, or hidden, for it."""
    directory: str = ""
    end: str = ""
    follow: bool = True
    """Whether a symbolic link in the last place is followed."""

    def typed(self, path: str, is_dir: bool) -> str:
        """Return the command for a path."""
        command = self.directory if is_dir and self.directory else self.command
        return command.format(path=shlex.quote(path), other=shlex.quote(path + self.end))


def _is_dir(table: MountTable, path: str, follow: bool = True) -> bool:
    return isinstance(table.stat(path, follow).node, Dir)


def _delete(table: MountTable, path: str) -> None:
    """Remove a name and all below it, as `rm -r` does: it goes on after an error and leaves that in place."""
    if not _is_dir(table, path, follow=False):
        table.unlink(path)
        return
    failed: FileSystemError | None = None
    for name in table.listdir(path):
        error = _try(_delete, table, f"{path.rstrip('/')}/{name}")
        failed = failed or error
    if failed:
        raise failed
    table.rmdir(path)


def _recreate(table: MountTable, path: str) -> None:
    _delete(table, path)
    table.mkdir(path)


_CALLS: Mapping[str, Callable[[MountTable, str], object]] = {
    "read": lambda table, path: (table.listdir if _is_dir(table, path) else table.content)(path),
    "append": lambda table, path: table.append(path, b"hello\n"),
    "truncate": lambda table, path: table.write(path, b""),
    "chmod": lambda table, path: table.chmod(path, 0o700 if _is_dir(table, path) else 0o600),
    "delete": _delete,
    "recreate": _recreate,
    "rename": lambda table, path: table.rename(path, f"{path}.old"),
    "link": lambda table, path: table.link(path, f"{path}.link"),
}
OPERATIONS: Mapping[str, Operation] = {
    name: Operation(name, run, **_WORDS["operations"][name]) for name, run in _CALLS.items()
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
        _try(first.run, table, _path(table, path, first))
    root = table.root_mount
    assert isinstance(root, Mount)
    watched = Watched(root.lower, root.upper, root.clock, root.whiteout)
    table.root_mount = watched
    names, is_link = _names(table, path, doing.follow)
    is_dir = table.exists(path) and _is_dir(table, path)
    layers = box.image.layers
    rows = [("R/W", "the container's layer"), ("init", "Docker's mount points")]
    rows += [(str(number), short(layers[number - 1].diff_id)) for number in range(len(layers), 0, -1)]
    stack = [watched.upper, *(each.changes for each in ancestry(box.active)[1:])]
    looks, inside, start = search(stack, names), table.tree_at(names)[0] is watched, watched.upper
    error = _try(doing.run, table, path) if inside else None
    telling = _Telling(doing, path, names, [mark for mark, _ in rows], looks, watched, error)
    steps = tuple(telling.all(start, is_link, inside))
    command = doing.typed(path, is_dir)
    return Story(path, command, tuple(rows), tuple(looks), watched.lower, start, steps)


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
    if doing.name == "recreate" and not isinstance(node, Dir | None):
        return os.path.dirname(path.rstrip("/"))
    return path


def _try(run: Callable[[MountTable, str], object], table: MountTable, path: str) -> FileSystemError | None:
    try:
        run(table, path)
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
    nodes = {
        path: node
        for path, node in tree.walk(table.root_mount.root)
        if not table.is_mount_point((path.split("/")[0],))
    }
    upper = [pair for layer in box.image.layers[:0:-1] for pair in tree.walk(layer.changes)]
    found = ["etc/passwd", "etc/motd", "bin/bash", "bin/busybox"]
    found += [path for path, node in upper if type(node) is File][:3]
    sizes = {path: tree.stat_size(node) for path, node in nodes.items() if type(node) is File}
    found += [max(sizes, key=lambda path: (sizes[path], path), default="")]
    small = [path for path, node in nodes.items() if type(node) is Dir and 0 < len(node.children) < 7]
    held = [os.path.dirname(path) for path in found]
    found += sorted(small, key=lambda path: path not in held)[:1]
    found += [path for path, node in nodes.items() if type(node) is Symlink][:1]
    return [f"/{path}" for path in dict.fromkeys(found) if path in nodes]


def path_of(names: Names) -> str:
    """Return an absolute path.

    >>> path_of(("etc", "motd"))
    '/etc/motd'
    """
    return "/" + "/".join(names)


def _quoted(names: Names) -> str:
    return one_line(path_of(names))


@dataclass(frozen=True)
class _Telling:
    """What was done, to which names, what the search gave in layers of which labels, and the error."""

    operation: Operation
    path: str
    names: Names
    labels: Sequence[str]
    looks: Sequence[Look]
    mount: Watched
    error: FileSystemError | None

    def step(self, kind: str, upper: Dir, which: str = "", **values: Any) -> StoryStep:
        """Return a step of a kind, whose words may differ by `which`."""
        words = _WORDS[kind][which] if which else _WORDS[kind]
        values = {"name": _quoted(self.names), "path": one_line(self.path), **values}
        title, why = (words[part].format(**values) for part in ("title", "why"))
        return StoryStep(kind, title, why, upper, names=self.names)

    def all(self, start: Dir, is_link: bool, inside: bool) -> Iterator[StoryStep]:
        """Give the steps in their order; there are none where the path leads to another mount."""
        moments = self.mount.moments
        yield self.step("start", start)
        if not inside:
            yield self.step("elsewhere", start)
            return
        if is_link:
            yield self.step("link", start)
        yield from self._search(start)
        yield self._decision(moments, start)
        for kind, group in groupby(moments, self._kind):
            yield from self._changes(kind, list(group))
        upper = self.mount.upper
        if self.error is not None:
            name = errno.errorcode.get(self.error.errno or 0, str(self.error.errno))
            which, mounted = name if name in _WORDS["error"] else "else", one_line(str(self.error.filename))
            yield self.step("error", upper, which, error=f"{self.error.strerror} ({name})", mounted=mounted)
        copied = sum(moment.copied for moment in moments)
        yield self.step("result", upper, seen=self._seen(), copied=copied, size=tree.size(upper))

    def _search(self, start: Dir) -> Iterator[StoryStep]:
        """Give the steps of the search, one for each layer that is looked into."""
        searched = [place for place, look in enumerate(self.looks) if look.kind != "unsearched"]
        # Those that have nothing and stop nothing are told together where there are many layers.
        nothing = [
            len(self.looks) > _MANY and look.kind == "absent" and look.opaque is None for look in self.looks
        ]
        for _, places in groupby(searched, lambda place: -1 if nothing[place] else place):
            run = tuple(places)
            step = self._looked(run[0], start)
            if len(run) > 1:
                ends = {"first": self.labels[run[0]], "last": self.labels[run[-1]]}
                step = self.step("search", start, "several", count=len(run), **ends)
            yield replace(step, layers=run)

    def _looked(self, place: int, start: Dir) -> StoryStep:
        look, label = self.looks[place], self.labels[place]
        layer = {"R/W": "The read-write layer", "init": "The init layer"}.get(label, f"Layer {label}")
        size = f", {look.node.content.size:,} bytes" if type(look.node) is File else ""
        which: str = look.kind
        if look.opaque is not None and look.kind != "whiteout":
            which = "opaque with it" if look.kind in ("found", "merged") else "opaque without it"
        elif look.kind == "absent" and place == 0:
            which = "absent at the top"
        elif type(look.node) is Dir and look.kind in ("found", "merged"):
            which = f"{look.kind} directory"
        elif look.kind == "found" and all(each.kind != "unsearched" for each in self.looks[place + 1 :]):
            which = "found at the bottom"
        name, opaque = _quoted(look.names), _quoted(look.opaque or ())
        return self.step("search", start, which, layer=layer, size=size, name=name, opaque=opaque)

    def _decision(self, moments: Sequence[Moment], start: Dir) -> StoryStep:
        found = next((look for look in self.looks if look.kind == "found"), None)
        files = [each for each in moments if each.kind == "copy-up" and type(each.node) is not Dir]
        if found is None:
            which = "new" if moments else "nothing there"
        elif self.operation.name == "read":
            which = "read"
        elif self.error is not None and not moments:
            which = "refused"
        elif files:
            which = "copy"
        elif type(found.node) is Dir:
            which = "attributes" if self.operation.name == "chmod" else "none"
        else:
            which = "there already" if found is self.looks[0] else "none"
        copied = _quoted(files[0].names) if files else ""
        return self.step("decide", start, which, copied=copied, reason=self.operation.why)

    def _kind(self, moment: Moment) -> str:
        deep = len(moment.names) > len(self.names) and moment.names[: len(self.names)] == self.names
        if self.operation.name in ("delete", "recreate") and deep:
            return "inside"
        if moment.kind == "copy-up" and type(moment.node) is Dir:
            return "directory"
        return "opaque" if moment.kind == "make" and moment.opaque else moment.kind

    def _changes(self, kind: str, run: Sequence[Moment]) -> Iterator[StoryStep]:
        """Give the steps of changes of one kind; directories, and what is inside of one, are told at once."""
        last = run[-1]
        if kind == "inside":
            marks = sum(moment.kind == "whiteout" for moment in run)
            gone = sum(moment.kind == "remove" for moment in run)
            parts = [f"{marks:,} {'name gets' if marks == 1 else 'names get'} a whiteout"] * bool(marks)
            parts += [f"{gone:,} {'name is' if gone == 1 else 'names are'} removed"] * bool(gone)
            yield self.step(kind, last.upper, parts=" and ".join(parts))
        elif kind == "directory":
            made = " and ".join(_quoted(each.names) for each in run)
            made = f"{made} {'is' if len(run) == 1 else 'are'}"
            yield replace(self.step(kind, last.upper, made=made), names=last.names)
        else:
            for moment in run:
                told = {"name": _quoted(moment.names), "copied": moment.copied}
                step = self.step(kind, moment.upper, self._which(kind, moment), **told)
                yield replace(step, names=moment.names, copied=moment.copied)

    def _which(self, kind: str, moment: Moment) -> str:
        which = self.operation.name
        if kind == "copy-up" and type(moment.node) is Symlink:
            which = "symbolic link"
        elif kind == "change" and which == "chmod" and type(moment.node) is Dir:
            which = "chmod of a directory"
        return which if which in _WORDS[kind] else "else"

    def _seen(self) -> str:
        names = self.names
        if self.operation.name == "rename" and self.error is None:
            names = (*names[:-1], names[-1] + self.operation.end)
        node, name = get(self.mount.root, "/".join(names)), _quoted(names)
        if node is None:
            return f"The container sees no {name}"
        if type(node) is Dir:
            return f"The container sees the directory {name} with {len(node.children):,} names"
        if type(node) is File:
            return f"The container sees {name} with {node.content.size:,} bytes, mode {node.meta.mode:o}"
        return f"The container sees {name}"
