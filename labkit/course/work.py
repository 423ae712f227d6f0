"""What was done in an exercise: kept beside the progress, and done again where the kernel was restarted.

What is kept are the commands that changed something, never Python. They are given again on a fresh lab; only
where this ends as the lab ended does the learner get it back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from labkit.base.errors import LabkitError, data_folder
from labkit.course.exercise import Exercise
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.blob import write_file
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File

_RESET, _WAIT = "reset", "waiting "
_PASSING = ("Hostname", "Image")
"""What a config has of the container or the step that it was made by."""
_SEEN = 65536
"""The bytes of a file that are compared, besides its size."""


@dataclass(frozen=True, slots=True)
class Work:
    """The commands that were given, the answers, and how the lab ended."""

    commands: Sequence[str] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    ending: str = ""


def done(lab: Lab, answers: Mapping[str, object]) -> Work:
    """Return what was done in a lab since its start."""
    commands = lab.commands[: lab.at]
    if _RESET in commands:
        commands = commands[len(commands) - commands[::-1].index(_RESET) :]
    return Work(commands, answers, fingerprint(lab))


def keep(exercise_id: str, work: Work) -> None:
    """Write down what was done; where that cannot be, the progress says so at the next check."""
    document = {"commands": work.commands, "answers": work.answers, "ending": work.ending}
    path = _path(exercise_id)
    with suppress(OSError, LabkitError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, [json.dumps(document, default=str, skipkeys=True).encode()])


def kept(exercise_id: str) -> Work:
    """Return what was kept; nothing where there is nothing, or nothing that can be read."""
    try:
        found = json.loads(_path(exercise_id).read_bytes())
        commands, answers = [str(each) for each in found["commands"]], dict(found["answers"])
        return Work(commands, answers, str(found["ending"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return Work()


def _path(exercise_id: str) -> Path:
    return data_folder() / "work" / f"{exercise_id}.json"


def again(exercise: Exercise, work: Work) -> Lab | None:
    """Give the commands again on a fresh lab; return it, or None where it ends otherwise."""
    for typed in (False, True):  # in a cell, or at a terminal, where a container's shell goes on
        lab = exercise.fresh_lab()
        for line in work.commands:
            with suppress(ValueError):
                if line.startswith(_WAIT):
                    lab.wait(float(line.split()[1]))
                    continue
            (lab.type if typed else lab.shell)(line)
        if fingerprint(lab) == work.ending:
            return lab
    return None


def fingerprint(lab: Lab) -> str:
    """Return a word that two labs share where they end alike.

    >>> fingerprint(Lab()) == fingerprint(Lab())
    True
    """
    return hashlib.sha256(repr(sorted(ending(lab).items())).encode()).hexdigest()


def ending(lab: Lab) -> dict[str, object]:
    """Return how a lab ended, by what there is: images and containers by their names, volumes, files at home.

    Dates and identifiers are left out: they follow the clock, which looking moves on, too.

    >>> lab = Lab()
    >>> box = lab.run("busybox", name="box")
    >>> sorted(ending(lab))
    ['container box', 'home', 'image busybox:latest', 'untagged']
    """
    state = lab.engine.state
    ends: dict[str, object] = {"home": files(lab.session.place.files)}
    for name, image_id in state.tags.items():
        ends[f"image {name.removeprefix('docker.io/library/')}"] = contents(state.images[image_id])
    loose = [each for each in state.images if each not in state.tags.values()]
    ends["untagged"] = sorted(repr(contents(state.images[each])) for each in loose)
    for box in state.containers.values():
        mounted = sorted((each.destination, each.name * (not each.anonymous)) for each in box.volumes)
        facts = (contents(box.image), files(box.active.tree), box.running, box.command, mounted)
        ends[f"container {box.name}"] = facts
    for volume in state.volumes.values():
        ends[f"volume {volume.name}"] = files(volume.files)
    return ends


def contents(image: Image) -> tuple[object, ...]:
    """Return what an image is: its layers' files, and what a container of it would start with."""
    found = image.config.config.items()
    config = sorted((name, str(value)) for name, value in found if value and name not in _PASSING)
    return (*(_layer(each) for each in image.layers), config)


@lru_cache(maxsize=4096)
def _layer(layer: Layer) -> str:
    return files(layer.changes)


def files(root: Dir) -> str:
    """Return a word for all files of a tree, without their dates."""
    return hashlib.sha256(repr(list(_lines(root))).encode()).hexdigest()[:16]


def _lines(root: Dir) -> Iterator[tuple[object, ...]]:
    for path, node in sorted(tree.walk(root), key=lambda each: each[0]):
        mode = node.meta.mode if hasattr(node, "meta") else 0
        if isinstance(node, File):
            start = hashlib.sha256(node.content.read(0, _SEEN)).hexdigest()
            yield path, mode, node.content.size, start
        else:
            yield path, mode, type(node).__name__, getattr(node, "target", "")
