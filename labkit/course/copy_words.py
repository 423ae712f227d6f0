"""The steps of a change under overlay, each in a line of words and a line that says why."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from itertools import groupby

from labkit.course.copy_search import Step, Subject, quoted, search_steps
from labkit.engine.storage.trace import Look, Moment, Watched
from labkit.oci import tree
from labkit.oci.tree import Dir, File, Symlink, get
from labkit.text import one_line


def told_steps(subject: Subject, looks: Sequence[Look], mount: Watched) -> tuple[Step, ...]:
    """Return the steps in their order; without looks the path leads to another mount."""
    start = mount.uppers[0]
    why = "Which layers will be looked into, and how many bytes will be copied?"
    found = [Step("start", "Before", why, start, names=subject.names)]
    if not looks:
        title = f"{one_line(subject.path)} is not in the layers: Docker mounts something of its own there"
        why = "A mount hides what is below it. What is written to it never reaches the read-write layer."
        return (*found, Step("elsewhere", title, why, start, names=subject.names))
    if subject.is_link:
        title = f"{one_line(subject.path)} leads to {quoted(subject.names)}"
        why = "There is a symbolic link on the way. It holds a path, and the search goes on with that path."
        found.append(Step("link", title, why, start, names=subject.names))
    found += search_steps(subject, looks, start)
    moments = mount.moments()
    found.append(_decision(subject, looks, moments, start))
    found += _changes(subject, moments)
    if subject.error is not None:
        found.append(_failed(subject, mount.upper))
    copied = sum(moment.copied for moment in moments)
    size = tree.size(mount.upper)
    why = f"{copied:,} bytes were copied up; the read-write layer has {size:,} bytes. The image is unchanged."
    found.append(Step("result", _seen(subject, mount), why, mount.upper, names=subject.names))
    return tuple(found)


# The decision

_WHY = {
    "append": "A layer of the image is read-only and shared: the file is copied up before it is changed.",
    "truncate": "The old content is thrown away at once, so an empty copy will do.",
    "chmod": "Permissions are kept with the file, so overlay2 copies the whole file for them.",
    "delete": "A name in a read-only layer cannot be taken away; it can only be hidden.",
    "recreate": "What the image has cannot be taken away, only hidden; then a new directory is made.",
    "rename": "Its name is in a read-only layer. The file is copied up; there it can get another one.",
    "link": "A hard link is a second name of one file: the file must be in the layer where it is made.",
}


def _decision(subject: Subject, looks: Sequence[Look], moments: Sequence[Moment], start: Dir) -> Step:
    place = next((place for place, look in enumerate(looks) if look.kind == "found"), None)
    files = [each for each in moments if each.kind == "copy-up" and type(each.node) is not Dir]
    why = _WHY.get(subject.operation, "")
    if place is None:
        title = f"No layer shows {quoted(subject.names)}: nothing to copy up"
        why = "A new file is made in the read-write layer." if moments else "There is nothing to work on."
    elif subject.operation == "read":
        title = "Nothing is copied up"
        why = "Reading changes nothing: the bytes are read where they are."
    elif subject.error is not None and not moments:
        title, why = "Nothing is copied up", "The call is refused before anything is changed."
    elif files:
        title = f"{quoted(files[0].names)} has to be copied up"
    elif place == 0 and type(looks[0].node) is not Dir:
        title = "Nothing has to be copied up"
        why = "The file is in the read-write layer already. Only the first change of a file costs a copy."
    elif type(looks[place].node) is Dir and subject.operation == "chmod":
        title, why = "No file has to be copied up", "Of a directory the attributes alone are copied."
    else:
        title = "No file has to be copied up"
    return Step("decide", title, why, start, names=subject.names)


# The changes


def _changes(subject: Subject, moments: Sequence[Moment]) -> list[Step]:
    found = []
    for kind, group in groupby(moments, lambda moment: _kind(subject, moment)):
        run = list(group)
        if kind == "inside":
            found.append(_inside(subject, run))
        elif kind == "directory":
            names = " and ".join(quoted(each.names) for each in run)
            title = f"{names} {'is' if len(run) == 1 else 'are'} made in the read-write layer"
            why = "With the attributes of the image's directory, and empty: what is in it stays below."
            found.append(Step(kind, title, why, run[-1].upper, names=run[-1].names))
        else:
            found += [_one(subject, kind, moment) for moment in run]
    return found


def _kind(subject: Subject, moment: Moment) -> str:
    deep, target = len(moment.names) > len(subject.names), moment.names[: len(subject.names)] == subject.names
    if subject.operation in ("delete", "recreate") and deep and target:
        return "inside"
    if moment.kind == "copy-up" and type(moment.node) is Dir:
        return "directory"
    return "opaque" if moment.kind == "make" and moment.opaque else moment.kind


def _inside(subject: Subject, run: Sequence[Moment]) -> Step:
    marks = sum(moment.kind == "whiteout" for moment in run)
    gone = sum(moment.kind == "remove" for moment in run)
    parts = [f"{marks:,} get a whiteout"] * bool(marks) + [f"{gone:,} are removed"] * bool(gone)
    title = f"Of the names in {quoted(subject.names)} {' and '.join(parts)}"
    why = "rm -r empties a directory before it removes it, one name after the other."
    return Step("inside", title, why, run[-1].upper, names=subject.names)


def _one(subject: Subject, kind: str, moment: Moment) -> Step:
    name = quoted(moment.names)
    title, why = {
        "copy-up": _copied,
        "change": _changed,
        "whiteout": _marked,
        "remove": lambda *_: (
            f"{name} is removed from the read-write layer",
            "No layer below has this name, so there is nothing to hide.",
        ),
        "make": _made,
        "opaque": lambda *_: (
            f"{name} is made and marked as opaque",
            "Else the image's files would show in it again, as directories of several layers are merged.",
        ),
    }[kind](subject, moment, name)
    return Step(kind, title, why, moment.upper, copied=moment.copied, names=moment.names)


def _copied(subject: Subject, moment: Moment, name: str) -> tuple[str, str]:
    if type(moment.node) is Symlink:
        return f"{name} is copied up: a symbolic link", "It holds a path only; that is all there is to copy."
    if subject.operation == "truncate":
        return f"An empty {name} is made: 0 bytes are copied up", "Nobody would read the old content again."
    why = "overlay2 works with whole files: one byte or all, the copy costs the same."
    return f"{name} is copied up: {moment.copied:,} bytes", why


def _changed(subject: Subject, moment: Moment, name: str) -> tuple[str, str]:
    return {
        "append": (
            f"6 bytes are written at the end of {name}",
            "They go to the file in the read-write layer; the one in the image stays as it was.",
        ),
        "truncate": (f"{name} is empty, its time is set", "A change of the content sets a file's time."),
        "chmod": (
            f"The permissions of {name} are set",
            "The names in it are still merged with those below: only its attributes are here."
            if type(moment.node) is Dir
            else "A few bits were to change, and the whole file had to be there for them.",
        ),
    }.get(subject.operation, (f"{name} is changed", "It is in the read-write layer."))


def _marked(subject: Subject, moment: Moment, name: str) -> tuple[str, str]:
    if subject.operation == "rename":
        return f"A whiteout hides the old name {name}", "The image still has it, and it must not be seen."
    why = "The image still has it below; the mark hides it. Nothing in the image gets smaller."
    return f"A whiteout for {name} is made in the read-write layer", why


def _made(subject: Subject, moment: Moment, name: str) -> tuple[str, str]:
    if subject.operation == "rename":
        return f"The file is called {name}", "In the read-write layer a name can be changed."
    if subject.operation == "link":
        return f"{name} is a second name of the copy", "Both lead to one file: no bytes are copied for it."
    return f"{name} is made in the read-write layer", "Nothing below has this name, so nothing is copied."


def _failed(subject: Subject, upper: Dir) -> Step:
    assert subject.error is not None
    number = subject.error.errno or 0
    words = f"{subject.error.strerror} ({errno.errorcode.get(number, number)})"
    why = {
        errno.EXDEV: "A directory of the image would have to be copied up with all in it. The kernel "
        "refuses; mv then copies and deletes by itself.",
        errno.EPERM: "A directory cannot have a second name.",
        errno.EBUSY: f"Something is mounted at {one_line(str(subject.error.filename))}.",
    }.get(number, "The kernel gives this error to the program that asked.")
    return Step("error", f"The call fails: {words}", why, upper, names=subject.names)


def _seen(subject: Subject, mount: Watched) -> str:
    names = subject.names
    if subject.operation == "rename" and subject.error is None:
        names = (*names[:-1], f"{names[-1]}.old")
    node, name = get(mount.root, "/".join(names)), quoted(names)
    if node is None:
        return f"The container sees no {name}"
    if type(node) is Dir:
        return f"The container sees the directory {name} with {len(node.children):,} names"
    if type(node) is File:
        return f"The container sees {name} with {node.content.size:,} bytes, mode {node.meta.mode:o}"
    return f"The container sees {name}"
