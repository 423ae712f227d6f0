"""The steps of a change under overlay: what a step is, and the words of the search.

The words of what follows it are in `copy_words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from labkit.engine.storage.mounts import MountTable
from labkit.engine.storage.posix import Names
from labkit.engine.storage.trace import Look
from labkit.errors import FileSystemError
from labkit.oci.tree import Dir, File
from labkit.text import one_line

MANY = 8
"""With more layers than this, those that have nothing of the name are told in one step."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `kind` is "link", "search", "decide", "directory", "copy-up", "change", "make", "opaque",
    "whiteout", "remove", "inside", "error", "elsewhere" or "result".
    """

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
class Subject:
    """What was done, and the file systems after it."""

    operation: str
    path: str
    names: Names
    is_link: bool
    labels: tuple[str, ...]
    table: MountTable
    error: FileSystemError | None


def path_of(names: Names) -> str:
    """Return an absolute path.

    >>> path_of(("etc", "motd"))
    '/etc/motd'
    """
    return "/" + "/".join(names)


def quoted(names: Names) -> str:
    """Return an absolute path as it is shown on one line."""
    return one_line(path_of(names))


def layer_words(label: str) -> str:
    """Return how a layer is called in a sentence.

    >>> layer_words("R/W"), layer_words("3")
    ('the read-write layer', 'layer 3')
    """
    return {"R/W": "the read-write layer", "init": "the init layer"}.get(label, f"layer {label}")


def search_steps(subject: Subject, looks: Sequence[Look], start: Dir) -> list[Step]:
    """Return the steps of the search, one for each layer that is looked into."""
    searched = [place for place, look in enumerate(looks) if look.kind != "unsearched"]
    many = len(looks) > MANY
    found = []
    # Those that have nothing and stop nothing are told together where there are many layers.
    for _, places in groupby(searched, lambda place: -1 if many and _empty(looks[place]) else place):
        run = tuple(places)
        last = subject.labels[run[-1]]
        if len(run) > 1:
            title = f"{len(run)} layers, {subject.labels[run[0]]} to {last}, have no {quoted(subject.names)}"
            why = "What a layer does not have is looked for in the next one below."
        else:
            title, why = _looked(subject, looks, run[0])
        found.append(Step("search", title, why, start, run, names=subject.names))
    return found


def _empty(look: Look) -> bool:
    return look.kind == "absent" and look.opaque is None


def _looked(subject: Subject, looks: Sequence[Look], place: int) -> tuple[str, str]:
    look, layer = looks[place], layer_words(subject.labels[place])
    layer, name = layer[0].upper() + layer[1:], quoted(look.names)
    unsearched = any(each.kind == "unsearched" for each in looks[place + 1 :])
    if look.kind == "whiteout":
        why = "A whiteout says that the name is deleted. The search ends, whatever the layers below have."
        return f"{layer} has a whiteout for {name}", why
    if look.opaque is not None:
        has = f"has {name}" if look.kind in ("found", "merged") else f"has no {name}"
        why = f"The directory {quoted(look.opaque)} is opaque here: the layers below are not looked into."
        return f"{layer} {has}, and the search ends", why
    if look.kind == "absent":
        first = "What is nearer to the top hides what is below, so the top is looked into first."
        return f"{layer} has no {name}", first if place == 0 else "So the next layer below is looked into."
    if look.kind == "covered":
        return f"{layer} has {name}, which is no directory", "The search for this path ends here."
    if type(look.node) is Dir:
        why = "A directory is shown merged, so the layers below may add to it."
        return f"{layer} has the directory {name}{' too' if look.kind == 'merged' else ''}", why
    size = f", {look.node.content.size:,} bytes" if type(look.node) is File else ""
    rest = "The layers below are not looked into" if unsearched else "There is nothing below"
    return f"{layer} has {name}{size}: found", f"The first one from the top is the one that is seen. {rest}."
