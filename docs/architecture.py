"""Draw docs/architecture.svg: `python docs/architecture.py [-]`; with `-` it is printed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import drawsvg

from labkit.notebook.pictures.svg import box, paint, text
from labkit.notebook.pictures.theme import BLUE, INK, ORANGE, PALE, QUIET, RULE

OUT = Path(__file__).with_suffix(".svg")
WIDTH = 960
FLOW = [
    ("registry", "store", "pull"),
    ("local cache", "engine", "stack"),
    ("mount", "engine", "run"),
    ("container", "engine", "diff, commit"),
    ("a new layer", "oci", ""),
]
ROOMS = [
    ("notebook", "what a learner sees", "magics, pictures, charts, widgets, exercises, handout"),
    ("lessons", "the content", "a module a lesson: questions, proofs, exercises; slides"),
    ("course", "what runs the content", "exercise, practice, progress, verify, slides"),
    ("lab, box", "one engine, hub and clock", "Lab, Box: pull, run, build, undo, reset"),
    ("cli", "what a learner types", "image, container, volume, system; parse, help, session"),
    ("dockerfile", "how it becomes an image", "parse, instructions, context, cache, builder"),
    ("engine", "what Docker does", "state, images, container, process, pull, push, volumes"),
    ("storage · shell · store", "", "drivers · a shell · registries, archives, hub"),
    ("oci", "what an image is", "digest, content, tree, layer, manifest, config, image"),
    ("go", "how Go writes and reads", "json, struct, template, quote, units, moment"),
]


def arrow(x: float, y: float, to_x: float, to_y: float) -> Any:
    """Return a straight arrow."""
    head = drawsvg.Marker(-8, -5, 1, 5, orient="auto", markerUnits="userSpaceOnUse")
    head.append(drawsvg.Lines(-8, -5, 0, 0, -8, 5, close=True, fill=QUIET))
    return drawsvg.Line(x, y, to_x, to_y, stroke=QUIET, stroke_width=2, marker_end=head)


def flow(top: int) -> list[Any]:
    """Return the way that data goes, from left to right."""
    shapes: list[Any] = []
    width, step = 104, 202
    for place, (name, room, verb) in enumerate(FLOW):
        x = 24 + place * step
        hue = ORANGE if name in ("container", "a new layer") else BLUE
        shapes += [
            box(x, top, width, 56, fill=hue.tint, line=hue.line),
            text(x + width / 2, top + 20, name, bold=True, anchor="middle"),
            text(x + width / 2, top + 40, room, fill=QUIET, anchor="middle"),
        ]
        if verb:
            shapes += [
                arrow(x + width + 4, top + 28, x + step - 4, top + 28),
                text(x + (width + step) / 2, top + 14, verb, anchor="middle"),
            ]
    last, cache = 24 + 4 * step + width / 2, 24 + step + width / 2
    back = drawsvg.Path(fill="none", stroke=QUIET, stroke_width=2).M(last, top + 56).V(top + 84).H(cache)
    return [*shapes, back, arrow(cache, top + 84, cache, top + 60)]


def rooms(top: int) -> list[Any]:
    """Return the rooms, one above the other."""
    shapes: list[Any] = []
    for place, (name, what, modules) in enumerate(ROOMS):
        y = top + place * 42
        shapes += [
            box(56, y, 740, 36, fill=PALE, line=RULE),
            text(72, y + 18, name, mono=True, bold=True, size=16),
            text(188, y + 18, what, fill=INK),
            text(396, y + 18, modules, fill=QUIET),
        ]
    bottom = top + 42 * len(ROOMS) - 6
    return [
        *shapes,
        arrow(36, top + 4, 36, bottom),
        box(808, top, 128, bottom - top, fill=PALE, line=RULE),
        text(872, top + 180, "base", mono=True, bold=True, anchor="middle"),
        text(872, top + 204, "for all rooms", fill=QUIET, anchor="middle"),
    ]


def draw() -> str:
    """Return the picture as SVG."""
    twin = "\n".join(f"{name}: {what}: {modules}" for name, what, modules in ROOMS)
    caption = text(24, 190, "The rooms: each imports only from those below it", bold=True, size=16)
    return paint(
        "The way of the data, and the rooms of the house",
        "A registry's image is pulled into the local cache, its layers are stacked to a mount, a container"
        " runs on it, and diff and commit make a new layer of what it wrote, which goes to the cache."
        " Below, the rooms of code: notebook, lessons, course, lab, cli, dockerfile, engine; storage, shell"
        " and store side by side; oci, go and, for all of them, base.",
        twin,
        WIDTH,
        214 + 42 * len(ROOMS) + 14,
        [*flow(64), caption, *rooms(210)],
    ).svg


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(draw() + "\n")
    else:
        OUT.write_text(draw() + "\n", "utf-8")
