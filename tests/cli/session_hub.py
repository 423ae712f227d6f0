"""The registry that a session's `$HUB` names: the same images in it for a real engine and for labkit.

Each side has one of its own, for a push changes it. Beside a real engine both are real registries; where
recordings are replayed labkit asks one in memory, over HTTP, too. Whatever the port is, `ADDRESS` is written.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from labkit import Lab
from tests.real.registry import RealRegistry
from tests.store.faulty import FaultyRegistry

ADDRESS = "127.0.0.1:50000"
_IMAGES = {
    "team/web:1": ["FROM base:1", "RUN echo one > /one", "RUN echo two > /two", 'CMD ["cat", "/one"]'],
    "team/web:2": ["FROM base:1", "RUN echo one > /one", "RUN echo three > /three", "ENV COLOUR=teal"],
    "team/web:latest": ["FROM base:1", "RUN echo one > /one", "RUN echo three > /three", "ENV COLOUR=teal"],
    "team/deep:8": ["FROM base:1", *(f"RUN echo {n} > /{n}" for n in range(7)), "LABEL depth=8"],
    "team/plain:1": ["FROM base:1", 'LABEL plain="<b>&amp;"'],
    "team/plain:latest": ["FROM base:1", 'LABEL plain="<b>&amp;"'],
}
_LAYER = re.compile(r"(\w{12}): (.*)")
_PASSING = ("Pulling fs layer", "Waiting", "Verifying Checksum", "Download complete", "Preparing")
"""States of a layer that the engine skips where the next one comes before it has told them.

moby's distribution/xfer/transfer.go hands what a transfer does to whoever watches it as the last state alone:
one that is overtaken is never seen. The last one always is.
"""


def needed(lines: list[str]) -> bool:
    """Say whether a session names the registry."""
    return any("$HUB" in line for line in lines)


def fill(address: str, archive: bytes) -> frozenset[str]:
    """Push the images, made of those in the archive, to an empty registry; give their digests' digits."""
    lab = Lab()
    with tempfile.NamedTemporaryFile() as file:
        file.write(archive)
        file.flush()
        lab.load(file.name)
    for name, steps in _IMAGES.items():
        lab.build("made", steps)
        lab.docker(f"tag made {address}/{name}")
        pushed = lab.docker(f"push {address}/{name}")
        assert pushed.exit_code == 0, pushed.text
    state = lab.engine.state
    digests = {name.partition("@")[2] for name in state.digests if name.startswith(address)}
    layers = {layer.diff_id for layer in state.layers.values()}
    known = {*digests, *state.diff_ids, *state.images, *state.layers, *layers}
    return frozenset(each.partition(":")[2] for each in known)


@contextmanager
def running(archive: bytes, *, real: bool) -> Iterator[str]:
    """Give the address of a registry that holds the images: a real one, or one in memory over HTTP."""
    with RealRegistry() if real else FaultyRegistry() as registry:
        fill(registry.address, archive)
        yield registry.address


def known(archive: bytes) -> frozenset[str]:
    """Give the hexadecimal digits of all digests of the images, in any registry."""
    with FaultyRegistry() as registry:
        return fill(registry.address, archive)


def plain(text: str, address: str) -> str:
    """Write a registry's address as ADDRESS, which is as long, and a layer's lines one after the other."""
    if not address:
        return text
    assert len(address) == len(ADDRESS), address
    lines = text.replace(address, ADDRESS).splitlines(keepends=True)
    for start, line in enumerate(lines):
        if _LAYER.match(line):
            end = next((n for n in range(start, len(lines)) if not _LAYER.match(lines[n])), len(lines))
            lines[start:end] = sorted(lines[start:end], key=lambda line: line[:12])
    return "".join(lines)


def without_skipped(ours: str, told: str) -> str:
    """Take from what labkit printed the passing states that a real engine has skipped."""
    seen = set(told.splitlines())
    return "".join(
        line
        for line in ours.splitlines(keepends=True)
        if (found := _LAYER.match(line)) is None
        or line.rstrip("\n") in seen
        or found[2].rstrip() not in _PASSING
    )
