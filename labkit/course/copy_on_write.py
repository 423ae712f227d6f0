"""What an operation on one file of a container does, step by step: the search, the copy-up, the change.

The steps are taken from the engine's own overlay (`labkit.storage.trace`): it runs the operation on a
container of its own, or on what an existing container has come to, and the lab is left as it is. Each step
has a line of words and a line that says why.
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeAlias

from labkit.base.errors import FileSystemError, LabkitError
from labkit.base.text import one_line
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
    size: int
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


READ = Operation(
    "read",
    "Read",
    lambda path, is_dir: f"{'ls' if is_dir else 'cat'} {path}",
    _read,
)
APPEND = Operation(
    "append",
    "Append",
    lambda path, _: f"echo hello >> {path}",
    lambda table, path: table.append(path, b"hello\n"),
    "A layer of the image is read-only and shared: the file is copied up before it is changed.",
)
TRUNCATE = Operation(
    "truncate",
    "Truncate",
    lambda path, _: f": > {path}",
    lambda table, path: table.write(path, b""),
    "The old content is thrown away at once, so an empty copy will do.",
)
CHMOD = Operation(
    "chmod",
    "chmod",
    lambda path, is_dir: f"chmod {700 if is_dir else 600} {path}",
    _chmod,
    "Permissions are kept with the file, so overlay2 copies the whole file for them.",
)
DELETE = Operation(
    "delete",
    "Delete",
    lambda path, is_dir: f"rm {'-r ' * is_dir}{path}",
    _delete,
    "A name in a read-only layer cannot be taken away; it can only be hidden.",
    follow=False,
)
RECREATE = Operation(
    "recreate",
    "Delete and make again",
    lambda path, _: f"rm -r {path} && mkdir {path}",
    _recreate,
    "What the image has cannot be taken away, only hidden; then a new directory is made.",
    follow=False,
)
RENAME = Operation(
    "rename",
    "Rename",
    lambda path, _: f"mv {path} {_beside(path, '.old')}",
    lambda table, path: table.rename(path, f"{path}.old"),
    "Its name is in a read-only layer. The file is copied up, and the copy can get another name.",
    follow=False,
)
LINK = Operation(
    "link",
    "Hard link",
    lambda path, _: f"ln {path} {_beside(path, '.link')}",
    lambda table, path: table.link(path, f"{path}.link"),
    "A hard link is a second name of one file: the file must be in the layer where it is made.",
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
    rows = [StoryLayer("R/W", "the container's own layer", containers.size_rw(box), writable=True)]
    rows.append(StoryLayer("init", "Docker's mount points", 0))
    for place in range(len(layers) - 1, -1, -1):
        rows.append(StoryLayer(str(place + 1), short(layers[place].diff_id), layers[place].size))
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


# The search, in words


@dataclass(frozen=True, slots=True)
class _Subject:
    """What was done, to which names, in layers of which labels, and the error that it gave."""

    operation: Operation
    path: str
    names: Names
    is_link: bool
    labels: tuple[str, ...]
    error: FileSystemError | None


def path_of(names: Names) -> str:
    """Return an absolute path.

    >>> path_of(("etc", "motd"))
    '/etc/motd'
    """
    return "/" + "/".join(names)


def _quoted(names: Names) -> str:
    """Return an absolute path as it is shown on one line."""
    return one_line(path_of(names))


def _layer_words(label: str) -> str:
    """Return how a layer is called in a sentence.

    >>> _layer_words("R/W"), _layer_words("3")
    ('the read-write layer', 'layer 3')
    """
    return {"R/W": "the read-write layer", "init": "the init layer"}.get(label, f"layer {label}")


def _search_steps(subject: _Subject, looks: Sequence[Look], start: Dir) -> list[StoryStep]:
    """Return the steps of the search, one for each layer that is looked into."""
    searched = [place for place, look in enumerate(looks) if look.kind != "unsearched"]
    many = len(looks) > _MANY
    found = []
    # Those that have nothing and stop nothing are told together where there are many layers.
    for _, places in groupby(searched, lambda place: -1 if many and _empty(looks[place]) else place):
        run = tuple(places)
        last = subject.labels[run[-1]]
        if len(run) > 1:
            title = f"{len(run)} layers, {subject.labels[run[0]]} to {last}, have no {_quoted(subject.names)}"
            why = "If a layer does not have the name, the next one below is searched."
        else:
            title, why = _looked(subject, looks, run[0])
        found.append(StoryStep("search", title, why, start, run, names=subject.names))
    return found


def _empty(look: Look) -> bool:
    return look.kind == "absent" and look.opaque is None


def _looked(subject: _Subject, looks: Sequence[Look], place: int) -> tuple[str, str]:
    look, layer = looks[place], _layer_words(subject.labels[place])
    layer, name = layer[0].upper() + layer[1:], _quoted(look.names)
    unsearched = any(each.kind == "unsearched" for each in looks[place + 1 :])
    if look.kind == "whiteout":
        why = "A whiteout says that the name is deleted. The search ends, whatever the layers below have."
        return f"{layer} has a whiteout for {name}", why
    if look.opaque is not None:
        has = f"has {name}" if look.kind in ("found", "merged") else f"has no {name}"
        why = f"The directory {_quoted(look.opaque)} is opaque here: the layers below are not looked into."
        return f"{layer} {has}, and the search ends", why
    if look.kind == "absent":
        first = "A layer hides what is below it, so the search begins at the top."
        return f"{layer} has no {name}", first if place == 0 else "So the next layer below is looked into."
    if look.kind == "covered":
        return f"{layer} has {name}, which is no directory", "The search for this path ends here."
    if type(look.node) is Dir:
        why = "A directory is shown merged, so the layers below may add to it."
        return f"{layer} has the directory {name}{' too' if look.kind == 'merged' else ''}", why
    size = f", {look.node.content.size:,} bytes" if type(look.node) is File else ""
    rest = "The layers below are not looked into" if unsearched else "There is nothing below"
    return f"{layer} has {name}{size}: found", f"The first one from the top is seen. {rest}."


# The decision and the changes, in words


def _steps(subject: _Subject, looks: Sequence[Look], mount: Watched) -> tuple[StoryStep, ...]:
    """Return the steps in their order; without looks the path leads to another mount."""
    start = mount.uppers[0]
    why = "Which layers will be looked into, and how many bytes will be copied?"
    found = [StoryStep("start", "Before", why, start, names=subject.names)]
    if not looks:
        title = f"{one_line(subject.path)} is not in the layers: Docker mounts something of its own there"
        why = "A mount hides what is below it. What is written to it never reaches the read-write layer."
        return (*found, StoryStep("elsewhere", title, why, start, names=subject.names))
    if subject.is_link:
        title = f"{one_line(subject.path)} leads to {_quoted(subject.names)}"
        why = "There is a symbolic link on the way. It holds a path, and the search goes on with that path."
        found.append(StoryStep("link", title, why, start, names=subject.names))
    found += _search_steps(subject, looks, start)
    moments = mount.moments()
    found.append(_decision(subject, looks, moments, start))
    found += _changes(subject, moments)
    if subject.error is not None:
        found.append(_failed(subject, mount.upper))
    copied = sum(moment.copied for moment in moments)
    size = tree.size(mount.upper)
    why = f"{copied:,} bytes were copied up; the read-write layer has {size:,} bytes. The image is unchanged."
    found.append(StoryStep("result", _seen(subject, mount), why, mount.upper, names=subject.names))
    return tuple(found)


def _decision(subject: _Subject, looks: Sequence[Look], moments: Sequence[Moment], start: Dir) -> StoryStep:
    place = next((place for place, look in enumerate(looks) if look.kind == "found"), None)
    files = [each for each in moments if each.kind == "copy-up" and type(each.node) is not Dir]
    why = subject.operation.why
    if place is None:
        title = f"No layer shows {_quoted(subject.names)}: nothing to copy up"
        why = "A new file is made in the read-write layer." if moments else "There is nothing to work on."
    elif subject.operation is READ:
        title = "Nothing is copied up"
        why = "Reading changes nothing: the bytes are read where they are."
    elif subject.error is not None and not moments:
        title, why = "Nothing is copied up", "The call is refused before anything is changed."
    elif files:
        title = f"{_quoted(files[0].names)} has to be copied up"
    elif place == 0 and type(looks[0].node) is not Dir:
        title = "Nothing has to be copied up"
        why = "The file is in the read-write layer already. Only the first change of a file costs a copy."
    elif type(looks[place].node) is Dir and subject.operation is CHMOD:
        title, why = "No file has to be copied up", "For a directory, only the attributes are copied."
    else:
        title = "No file has to be copied up"
    return StoryStep("decide", title, why, start, names=subject.names)


def _changes(subject: _Subject, moments: Sequence[Moment]) -> list[StoryStep]:
    found = []
    for kind, group in groupby(moments, lambda moment: _kind(subject, moment)):
        run = list(group)
        if kind == "inside":
            found.append(_inside(subject, run))
        elif kind == "directory":
            names = " and ".join(_quoted(each.names) for each in run)
            title = f"{names} {'is' if len(run) == 1 else 'are'} made in the read-write layer"
            why = "A directory is copied up with its attributes and empty: the names in it stay below."
            found.append(StoryStep(kind, title, why, run[-1].upper, names=run[-1].names))
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


def _inside(subject: _Subject, run: Sequence[Moment]) -> StoryStep:
    marks = sum(moment.kind == "whiteout" for moment in run)
    gone = sum(moment.kind == "remove" for moment in run)
    parts = [f"{marks:,} {'name gets' if marks == 1 else 'names get'} a whiteout"] * bool(marks)
    parts += [f"{gone:,} {'name is' if gone == 1 else 'names are'} removed"] * bool(gone)
    title = f"In {_quoted(subject.names)}, {' and '.join(parts)}"
    why = "rm -r empties a directory before it removes it, one name after the other."
    return StoryStep("inside", title, why, run[-1].upper, names=subject.names)


def _one(subject: _Subject, kind: StepKind, moment: Moment) -> StoryStep:
    name = _quoted(moment.names)
    words: dict[StepKind, Callable[[_Subject, Moment, str], tuple[str, str]]] = {
        "copy-up": _copied,
        "change": _changed,
        "whiteout": _marked,
        "remove": _removed,
        "make": _made,
        "opaque": _made_opaque,
    }
    title, why = words[kind](subject, moment, name)
    return StoryStep(kind, title, why, moment.upper, copied=moment.copied, names=moment.names)


def _copied(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    if type(moment.node) is Symlink:
        return f"{name} is copied up: a symbolic link", "It holds a path only; that is all there is to copy."
    if subject.operation is TRUNCATE:
        return f"An empty {name} is made: 0 bytes are copied up", "Nobody would read the old content again."
    why = "overlay2 works with whole files: one byte or all, the copy costs the same."
    return f"{name} is copied up: {moment.copied:,} bytes", why


def _changed(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    if subject.operation is APPEND:
        why = "They go to the file in the read-write layer; the one in the image stays as it was."
        return f"6 bytes are written at the end of {name}", why
    if subject.operation is TRUNCATE:
        return f"{name} is empty, its time is set", "A change of the content sets a file's time."
    if subject.operation is CHMOD:
        why = "Only a few bits change, but the whole file has to be there for them."
        if type(moment.node) is Dir:
            why = "The names in it are still merged with those below: only its attributes are here."
        return f"The permissions of {name} are set", why
    return f"{name} is changed", "It is in the read-write layer."


def _marked(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    if subject.operation is RENAME:
        return f"A whiteout hides the old name {name}", "The image still has it, and it must not be seen."
    why = "The image still has it below; the mark hides it. Nothing in the image gets smaller."
    return f"A whiteout for {name} is made in the read-write layer", why


def _removed(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    why = "No layer below has this name, so there is nothing to hide."
    return f"{name} is removed from the read-write layer", why


def _made_opaque(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    why = "Otherwise the image's files would show in it again: directories of several layers are merged."
    return f"{name} is made and marked as opaque", why


def _made(subject: _Subject, moment: Moment, name: str) -> tuple[str, str]:
    if subject.operation is RENAME:
        return f"The file is called {name}", "In the read-write layer a name can be changed."
    if subject.operation is LINK:
        return f"{name} is a second name of the copy", "Both lead to one file: no bytes are copied for it."
    return f"{name} is made in the read-write layer", "Nothing below has this name, so nothing is copied."


def _failed(subject: _Subject, upper: Dir) -> StoryStep:
    assert subject.error is not None
    number = subject.error.errno or 0
    words = f"{subject.error.strerror} ({errno.errorcode.get(number, number)})"
    why = {
        errno.EXDEV: "A directory of the image would have to be copied up with all in it. The kernel "
        "refuses; mv then copies and deletes by itself.",
        errno.EPERM: "A directory cannot have a second name.",
        errno.EBUSY: f"Something is mounted at {one_line(str(subject.error.filename))}.",
    }.get(number, "The kernel gives this error to the program that asked.")
    return StoryStep("error", f"The call fails: {words}", why, upper, names=subject.names)


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
