"""Stacks of layers whose merged view is not plain: what hides what, and which attributes win.

Each stack is a list of layers, the lowest first, each a list of tar members in their order.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from tests.fixtures.small_tar import Entry, directory, entry

Stack = list[list[Entry]]
OPAQUE = ".wh..wh..opq"


def below() -> list[Entry]:
    """Give the layer below: a directory `d` of mode 0751 with two files and a directory, a file, links."""
    return [
        directory("d", 0o751),
        entry("d/one", b"lower one\n"),
        entry("d/two", b"lower two\n"),
        directory("d/sub", 0o700),
        entry("d/sub/deep", b"lower deep\n"),
        entry("f", b"lower f\n", mode=0o640, owner=7),
        entry("f-link", kind=tarfile.LNKTYPE, link="f"),
        entry("to-d", kind=tarfile.SYMTYPE, link="d"),
        entry("to-f", kind=tarfile.SYMTYPE, link="f"),
    ]


def stacks() -> Iterator[tuple[str, Stack]]:
    """Give each stack with its name."""
    symlink, hard = tarfile.SYMTYPE, tarfile.LNKTYPE
    new = entry("d/new", b"upper new\n")
    yield "parent missing in the tar, there below", [below(), [new]]
    yield "parent missing everywhere", [below(), [entry("x/y/z", b"new\n")]]
    yield "parent given after its child", [below(), [new, directory("d", 0o700)]]
    yield "directory of another mode", [below(), [directory("d", 0o700)]]
    yield "whiteout, then a directory of that name", [below(), [entry(".wh.d"), directory("d", 0o700), new]]
    yield "a directory, then a whiteout of that name", [below(), [directory("d", 0o700), new, entry(".wh.d")]]
    yield "whiteout, then a file in it without a directory", [below(), [entry(".wh.d"), new]]
    yield "a file in it without a directory, then whiteout", [below(), [new, entry(".wh.d")]]
    yield "whiteout, then a file of that name", [below(), [entry(".wh.f"), entry("f", b"upper f\n")]]
    yield "a file, then a whiteout of that name", [below(), [entry("f", b"upper f\n"), entry(".wh.f")]]
    yield "opaque first", [below(), [directory("d", 0o700), entry(f"d/{OPAQUE}"), new]]
    yield "opaque last", [below(), [directory("d", 0o700), new, entry(f"d/{OPAQUE}")]]
    yield "opaque without its directory", [below(), [entry(f"d/{OPAQUE}"), new]]
    yield (
        "opaque after a directory in it",
        [
            below(),
            [
                directory("d", 0o700),
                directory("d/sub", 0o711),
                entry("d/sub/upper", b"new\n"),
                entry(f"d/{OPAQUE}"),
            ],
        ],
    )
    yield "opaque, and below it a directory in both", [
        below(), [directory("d"), entry(f"d/{OPAQUE}"), directory("d/sub"), entry("d/sub/upper", b"new\n")],
    ]  # fmt: skip
    yield "opaque root", [below(), [entry(OPAQUE), entry("only", b"this\n")]]
    yield "whiteout of one file", [below(), [directory("d", 0o751), entry("d/.wh.one")]]
    yield "whiteout of what is not there", [below(), [entry(".wh.nothing"), entry("d/.wh.nothing")]]
    yield "whiteout that is a directory", [below(), [directory(".wh.d")]]
    yield "whiteout with content", [below(), [entry(".wh.f", b"content\n")]]
    yield "whiteout of a hard link", [below(), [entry(".wh.f")]]
    yield "whiteout in one layer, a file in the next", [below(), [entry(".wh.d")], [directory("d"), new]]
    yield "a file, a whiteout, a file", [below(), [entry(".wh.f")], [entry("f", b"third f\n")]]
    yield "file over a directory", [below(), [entry("d", b"now a file\n")]]
    yield "directory over a file", [below(), [directory("f"), entry("f/in", b"new\n")]]
    yield "symlink over a directory", [below(), [entry("d", kind=symlink, link="f")]]
    yield (
        "directory over a symlink to a directory",
        [below(), [directory("to-d"), entry("to-d/in", b"new\n")]],
    )
    yield "file through a lower symlink to a directory", [below(), [entry("to-d/in", b"new\n")]]
    yield "file over a symlink to a file", [below(), [entry("to-f", b"new\n")]]
    yield "file over one of two hard links", [below(), [entry("f", b"upper f\n")]]
    yield "same file twice", [below(), [entry("g", b"first\n"), entry("g", b"second\n", mode=0o600)]]
    yield "same lower file twice", [below(), [entry("f", b"first\n"), entry("f", b"second\n", mode=0o600)]]
    yield (
        "same directory twice",
        [below(), [directory("e", 0o700), entry("e/in", b"in\n"), directory("e", 0o711)]],
    )
    yield (
        "a directory, then a file of that name",
        [below(), [directory("e"), entry("e/in", b"in\n"), entry("e", b"e\n")]],
    )
    yield (
        "a file, then a directory of that name",
        [below(), [entry("e", b"e\n"), directory("e"), entry("e/in", b"in\n")]],
    )
    yield (
        "a file, then a symlink of that name",
        [below(), [entry("e", b"e\n"), entry("e", kind=symlink, link="f")]],
    )
    yield "hard linked file written again", [
        below(), [entry("g", b"first\n"), entry("h", kind=hard, link="g"), entry("g", b"second\n")],
    ]  # fmt: skip
    yield "names with ./ and /", [below(), [directory("./"), directory("./e/"), entry("./e/in", b"in\n")]]
    yield "names with // and /./", [below(), [entry("e//in", b"in\n"), entry("e/./also", b"in\n")]]
    yield "mode bits of a file type", [below(), [entry("g", b"g\n", mode=0o104755)]]
    yield "root's own mode", [below(), [directory("./", 0o700)]]
