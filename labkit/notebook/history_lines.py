"""A line of `docker history` explained: the whole command, its layer or why there is none, its changes."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.cli.formats import human_size
from labkit.notebook.pictures.views import ImageView, image_view, instruction
from labkit.oci.digest import short
from labkit.oci.image import Image, Step

CHANGES = 8
"""The most lines that are told of a layer's changes."""
NOTES = {
    "ARG": "a variable of the build",
    "CMD": "the command that a container runs by default",
    "ENTRYPOINT": "the program that a container starts with",
    "ENV": "a variable of the environment",
    "EXPOSE": "a port on which the program listens",
    "HEALTHCHECK": "how to find out whether the program works",
    "LABEL": "a label",
    "MAINTAINER": "who keeps the image",
    "ONBUILD": "a step for images that are built on this one",
    "SHELL": "the shell of the RUN steps",
    "STOPSIGNAL": "the signal that stops the program",
    "USER": "the user that the program runs as",
    "VOLUME": "a directory whose files are kept outside the container's layer",
    "WORKDIR": "the directory that the program starts in",
}
"""What an instruction that changes no file notes in the image's config."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A line, 1 for the newest: names and values to show, and the lines of its layer's changes."""

    title: str
    command: str
    facts: tuple[tuple[str, str], ...]
    changes: tuple[str, ...] = ()


def explained_view(image: Image, name: str = "") -> ImageView:
    """Return what the explanations and the picture of an image need, computed once."""
    return image_view(image, name, changes=CHANGES)


def history_line(image: Image, view: ImageView, number: int) -> HistoryLine:
    """Explain a line of an image's history.

    >>> from labkit import Lab
    >>> image = Lab().pull("nginx")
    >>> dict(history_line(image, explained_view(image), 3).facts)["made a layer"]
    'no'
    """
    place = len(image.history) - number
    step, layer = image.history[place], view.history[place].layer
    facts = [("made a layer", "no" if layer is None else f"yes, layer {layer + 1} of {len(view.layers)}")]
    if step.layer is not None:
        facts += [("DiffID", step.layer.diff_id), ("size", f"{human_size(step.size)}, {step.size:,} bytes")]
    facts += [("why", _why(step)), ("IMAGE", _image(image, number))]
    if image.recorded and step.layer is not None:
        facts.append(("note", "A record: digests and sizes are the published ones, the files are stand-ins."))
    changes = () if layer is None else view.layers[layer].changes
    title = f"Line {number} of {len(image.history)}: {'0B' if not step.size else human_size(step.size)}"
    return HistoryLine(title, step.entry.created_by, tuple(facts), changes)


def _why(step: Step) -> str:
    word = instruction(step.entry.created_by).partition(" ")[0]
    notes = NOTES.get(word)
    if step.layer is None:
        did = (
            f"{word} notes {notes} in the image's config" if notes else "This step left every file as it was"
        )
        return f"{did}. No file changes, so there is no layer: the config marks this line as empty_layer."
    if step.size:
        return "It changed files, so it made a layer. SIZE is the bytes of the files in that layer."
    if step.layer.changes.children:
        return (
            "0B and a layer all the same: it changed the file system, but SIZE counts bytes in files. "
            "A new directory, an empty file or a mark for something deleted has none."
        )
    called = f"even for {word}, which changes no file" if notes else "even for one that changed no file"
    return (
        f"An empty layer. Before Docker 1.10 (2016) every step made a layer, {called}. Today it makes none."
    )


def _image(image: Image, number: int) -> str:
    if number == 1:
        return f"{short(image.id)}: after this line the image is complete."
    return (
        "<missing>, unless this computer has an image that ends with this line, because it was built or "
        "pulled here. Nothing is lost: a pull brings only the last image, and all its layers."
    )
