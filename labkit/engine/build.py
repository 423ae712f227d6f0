"""Building an image from steps, as the classic builder does: each step starts from the last one's image.

The steps are Dockerfile instructions: FROM, RUN, COPY, ENV, LABEL, EXPOSE, CMD, ENTRYPOINT, WORKDIR,
USER, VOLUME and STOPSIGNAL (moby, builder/dockerfile). RUN commits what the command changed, COPY adds
files, everything else changes the config and makes no layer.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labkit.engine import container, images, process
from labkit.engine.dockerfile import changed_config, command_words, comment
from labkit.engine.engine import SECOND, Engine
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container, Options
from labkit.errors import DaemonError
from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.oci.gostruct import thaw
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.moment import rfc3339_nano
from labkit.oci.reference import parse_reference


@dataclass(frozen=True, slots=True)
class Instruction:
    """A step: the instruction's name in capitals and the rest of its line."""

    name: str
    rest: str


def instructions(steps: Sequence[str] | str) -> list[Instruction]:
    r"""Return the instructions of a Dockerfile's text or lines; comments and empty lines are dropped.

    >>> instructions("FROM busybox\n# a comment\nRUN echo \\\n  hi")
    [Instruction(name='FROM', rest='busybox'), Instruction(name='RUN', rest='echo   hi')]
    """
    text = steps if isinstance(steps, str) else "\n".join(steps)
    found = []
    for line in text.replace("\\\n", "").splitlines():
        name, _, rest = line.strip().partition(" ")
        if name and not name.startswith("#"):
            found.append(Instruction(name.upper(), rest.strip()))
    return found


def base_of(steps: Sequence[str] | str) -> str:
    """Return the image that the first step, FROM, names; raises DaemonError where it is another step.

    >>> base_of(["FROM ubuntu:15.04", "RUN true"])
    'ubuntu:15.04'
    """
    found = instructions(steps)
    if not found:
        raise DaemonError("the Dockerfile (Dockerfile) cannot be empty")
    if found[0].name != "FROM" or not found[0].rest:
        raise DaemonError("no build stage in current context")
    return found[0].rest.split()[0]


def build(
    engine: Engine,
    tag: str,
    steps: Sequence[str] | str,
    files: Mapping[str, str | bytes | int],
) -> Image:
    """Build an image from steps and give it a name; return it.

    `files` is the build context: a path's text or bytes, or a number for that many bytes of filler.
    Raises DaemonError in the builder's words; then the cache is as it was.
    """
    before = engine.state
    try:
        image = images.find_image(engine, base_of(steps))
        for step in instructions(steps)[1:]:
            engine.advance(SECOND)
            parent = image
            image = _step(engine, image, step, files)
            images.add_image(engine, image, parent=parent.id)
        images.set_tag(engine, image.id, parse_reference(tag).with_default_tag())
    except Exception:
        engine.state = before
        raise
    return image


def _step(engine: Engine, image: Image, step: Instruction, files: Mapping[str, str | bytes | int]) -> Image:
    if step.name == "RUN":
        return _run(engine, image, step.rest)
    if step.name in ("COPY", "ADD"):
        return _copy(engine, image, step, files)
    config = dict(thaw(image.config.config))
    changed = changed_config(step.name, step.rest, config)
    shown = comment(step.name, step.rest, changed)
    return _commit(engine, image, None, config=config | changed, command=shown)


def _run(engine: Engine, image: Image, rest: str) -> Image:
    argv = command_words(rest)
    config = image.config.config
    options = Options(entrypoint=(), user=config.get("User") or None)
    box = container.create(engine, image.id, argv, options=options)
    box = process.start(engine, box, detached=False)
    if box.exit_code:
        shown = " ".join(argv)
        raise DaemonError(f"The command '{shown}' returned a non-zero code: {box.exit_code}")
    container.remove(engine, box.id, force=True)
    return _commit(engine, image, box, config=dict(thaw(config)), command=argv)


def _copy(engine: Engine, image: Image, step: Instruction, files: Mapping[str, str | bytes | int]) -> Image:
    *sources, target = step.rest.split()
    box = container.create(engine, image.id, ["true"])
    mounts = container_mounts(engine, box, lambda: engine.now)
    digests = []
    for source in sources:
        found = _context(files, source, step.name)
        digests.append(sha256(b"".join(path.encode() + content.read() for path, content in found.items())))
        for path, content in found.items():
            place = posixpath.join("/", target, path) if path else posixpath.join("/", target)
            if not path and target.endswith("/"):
                place = posixpath.join(place, posixpath.basename(source))
            _make_directories(mounts, posixpath.dirname(place))
            mounts.write(place, content)
    container.remove(engine, box.id)
    kind = "dir" if any(path for source in sources for path in _context(files, source, "")) else "file"
    named = " ".join(f"{kind}:{digest.removeprefix('sha256:')}" for digest in digests)
    box = replace(box, upper=mounts.upper)
    config = dict(thaw(image.config.config))
    words = ["/bin/sh", "-c", f"#(nop) {step.name} {named} in {target} "]
    return _commit(engine, image, box, config=config, command=words)


def _context(files: Mapping[str, str | bytes | int], source: str, name: str) -> dict[str, Content]:
    """Return the files that a source names, by the path below it; "" is the source itself."""
    wanted = posixpath.normpath(source)
    found = {}
    for path, value in files.items():
        known = posixpath.normpath(path)
        if known == wanted:
            found[""] = _content(value, path)
        elif wanted == "." or known.startswith(wanted + "/"):
            found[known if wanted == "." else known[len(wanted) + 1 :]] = _content(value, path)
    if not found:
        raise DaemonError(
            f"{name} failed: file not found in build context or excluded by .dockerignore: stat {source}: "
            "file does not exist"
        )
    return found


def _content(value: str | bytes | int, path: str) -> Content:
    if isinstance(value, int):
        return Content.filler(value, path)
    return Content.of(value.encode() if isinstance(value, str) else value)


def _make_directories(mounts: Any, path: str) -> None:
    names = [name for name in path.split("/") if name]
    for depth in range(1, len(names) + 1):
        directory = "/" + "/".join(names[:depth])
        if not mounts.exists(directory):
            mounts.mkdir(directory)


def _commit(
    engine: Engine, image: Image, box: Container | None, *, config: dict[str, Any], command: Sequence[str]
) -> Image:
    return image.append(
        Layer.of(box.upper) if box else None,
        created=rfc3339_nano(engine.now),
        config={**config, "Image": image.id},
        container=box.id if box else engine.new_id(),
        container_config={**config, "Cmd": list(command), "Image": image.id},
    )
