"""Building an image from steps, as the classic builder does: each step starts from the last one's image.

The steps are Dockerfile instructions (moby, builder/dockerfile). RUN commits what the command changed,
COPY and ADD add files, WORKDIR makes a directory that is not there; everything else changes the config and
makes no layer. ARG, SHELL, a second FROM and the flags of COPY are not simulated.
"""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from labkit.engine import container, context, images, process
from labkit.engine.dockerfile import changed_config, check_arguments, command_words, shown_step, variables
from labkit.engine.dockerwords import expand, expand_words, pairs
from labkit.engine.engine import SECOND, Engine
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container, Options
from labkit.engine.storage.mounts import MountTable
from labkit.errors import DaemonError
from labkit.oci.gostruct import thaw
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.moment import rfc3339_nano
from labkit.oci.reference import parse_reference

_CONFIG = "CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME".split()
_KNOWN = (*_CONFIG, "ADD", "ARG", "COPY", "FROM", "MAINTAINER", "RUN", "SHELL", "WORKDIR")


@dataclass(frozen=True, slots=True)
class Instruction:
    """A step: the instruction's name in capitals, the rest of its line, and the line's number."""

    name: str
    rest: str
    line: int = 1


def instructions(steps: Sequence[str] | str) -> list[Instruction]:
    r"""Return the instructions of a Dockerfile's text or lines; comments and empty lines are dropped.

    >>> instructions("FROM busybox\n# a comment\nRUN echo \\\n  hi")
    [Instruction(name='FROM', rest='busybox', line=1), Instruction(name='RUN', rest='echo   hi', line=3)]
    """
    text = steps if isinstance(steps, str) else "\n".join(steps)
    found: list[Instruction] = []
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("#") or not line.strip():
            continue
        first = first or number
        whole += line.rstrip().removesuffix("\\") if line.rstrip().endswith("\\") else line
        if not line.rstrip().endswith("\\"):
            found.append(_instruction(whole, first))
            whole, first = "", 0
    return [*found, _instruction(whole, first)] if whole.strip() else found


def _instruction(text: str, line: int) -> Instruction:
    name, *rest = text.strip().split(None, 1)
    return Instruction(name.upper(), rest[0].strip() if rest else "", line)


def base_of(steps: Sequence[str] | str) -> str:
    """Return the image that the first step, FROM, names; raises DaemonError where a step is none.

    >>> base_of(["FROM ubuntu:15.04", "RUN true"])
    'ubuntu:15.04'
    """
    found = instructions(steps)
    if not found and "".join(steps).strip():
        raise DaemonError("failed to parse Dockerfile: file with no instructions")
    if not found:
        raise DaemonError("the Dockerfile (Dockerfile) cannot be empty")
    for step in found:
        _check(step, first=step is found[0])
    return found[0].rest.split()[0]


def _check(step: Instruction, *, first: bool) -> None:
    where = f"dockerfile parse error line {step.line}"
    if step.name not in _KNOWN:
        raise DaemonError(f"{where}: unknown instruction: {step.name}")
    if step.name == "FROM" and len(step.rest.split()) not in (1, 3):
        raise DaemonError(f"{where}: FROM requires either one or three arguments")
    if first and step.name != "FROM":
        raise DaemonError("no build stage in current context")
    try:
        check_arguments(step.name, step.rest)
    except DaemonError as error:
        raise DaemonError(f"{where}: {error}") from None
    if step.name in ("ENV", "LABEL"):
        try:
            pairs(step.name, step.rest, {})
        except DaemonError as error:
            raise DaemonError(f"failed to parse Dockerfile: {error}") from None
    unknown = step.name in ("ARG", "SHELL") or (step.name == "FROM" and not first)
    if unknown or (step.rest.startswith("--") and step.name in ("ADD", "COPY", "RUN", "FROM")):
        raise DaemonError(f"labkit: line {step.line}: {step.name} as it is used here is not simulated")
    if first and step.rest.split()[0] == "scratch":
        raise DaemonError("labkit: FROM scratch is not simulated; begin with a small image, FROM busybox")


def build(engine: Engine, tag: str, steps: Sequence[str] | str, files: context.Files) -> Image:
    """Build an image from steps and give it a name; return it.

    `files` is the build context: a path's text or bytes, or a number for that many bytes of filler.
    Raises DaemonError in the builder's words; then the cache is as it was.
    """
    before = engine.state
    try:
        image = images.find_image(engine, base_of(steps))
        builder = _Builder(engine, files)
        for step in instructions(steps)[1:]:
            engine.advance(SECOND)
            parent = image
            image = builder.step(image, step)
            images.add_image(engine, image, parent=parent.id)
        images.set_tag(engine, image.id, parse_reference(tag).with_default_tag())
    except Exception:
        engine.state = before
        raise
    return image


@dataclass(slots=True)
class _Builder:
    engine: Engine
    files: context.Files
    author: str = ""
    has_command: bool = False
    """Whether a CMD was among the steps: ENTRYPOINT drops the command of the base image only."""

    def step(self, image: Image, step: Instruction) -> Image:
        if step.name == "RUN":
            return self._run(image, step.rest)
        if step.name in ("COPY", "ADD"):
            return self._copy(image, step)
        config = dict(thaw(image.config.config))
        env = variables(config)
        if step.name == "MAINTAINER":
            self.author = step.rest
        else:
            config |= changed_config(step.name, step.rest, config)
        shown = shown_step(step.name, step.rest, config, env)
        self.has_command = self.has_command or step.name == "CMD"
        if step.name == "ENTRYPOINT" and not self.has_command:
            config["Cmd"] = None
        if step.name == "WORKDIR":
            box = container.create(self.engine, image.id, ["true"])
            mounts = container_mounts(self.engine, box, lambda: self.engine.now)
            _make_directories(mounts, config["WorkingDir"])
            return self._commit(image, replace(box, active=mounts.active), config, shown, named=True)
        return self._commit(image, None, config, shown, named=True)

    def _run(self, image: Image, rest: str) -> Image:
        argv = command_words(rest)
        box = container.create(self.engine, image.id, argv, options=Options(entrypoint=()))
        box = process.start(self.engine, box, detached=False)
        if box.running:
            raise DaemonError(f"labkit: the command '{' '.join(argv)}' does not end, nor would the build")
        if box.exit_code:
            raise DaemonError(f"The command '{' '.join(argv)}' returned a non-zero code: {box.exit_code}")
        config = dict(thaw(image.config.config))
        return self._commit(image, box, config, argv, changes={"Entrypoint": None})

    def _copy(self, image: Image, step: Instruction) -> Image:
        config = dict(thaw(image.config.config))
        env = variables(config)
        words = command_words(step.rest) if step.rest.startswith("[") else expand_words(step.rest, env)
        *given, target = [expand(word, env) for word in words] if step.rest.startswith("[") else words
        sources = [each for word in given for each in context.matching(self.files, word, step.name)]
        if len(sources) > 1 and not target.endswith("/"):
            raise DaemonError(
                f"When using {step.name} with more than one source file, the destination must be a directory "
                "and end with a /"
            )
        box = container.create(self.engine, image.id, ["true"])
        mounts = container_mounts(self.engine, box, lambda: self.engine.now)
        for source in sources:
            self._copy_one(mounts, step.name, source, posixpath.join("/", config["WorkingDir"], target))
        digest = context.digest_of(self.files, sources, step.name)
        shown = ["/bin/sh", "-c", f"#(nop) {step.name} {digest} in {target} "]
        return self._commit(image, replace(box, active=mounts.active), config, shown)

    def _copy_one(self, mounts: MountTable, name: str, source: str, target: str) -> None:
        for path, content in context.find(self.files, source, name).items():
            place = posixpath.join(target, path) if path else target
            if not path and (target.endswith("/") or _is_directory(mounts, target)):
                place = posixpath.join(target, posixpath.basename(source))
            _make_directories(mounts, posixpath.dirname(place))
            mounts.write(place, content)

    def _commit(
        self,
        image: Image,
        box: Container | None,
        config: dict[str, Any],
        command: Sequence[str],
        *,
        named: bool = False,
        changes: dict[str, Any] | None = None,
    ) -> Image:
        """Return the image with a step more; `named` steps note the name of the container that made them."""
        identity = box.id if box else self.engine.new_id()
        if box is not None:
            container.remove(self.engine, box.id, force=True, with_volumes=True)
        config = {**config, "Image": image.id}
        noted = {**config, "Cmd": list(command), **(changes or {})}
        if named:
            noted |= {"Hostname": identity[:12], "Labels": config.get("Labels") or {}}
        return image.append(
            Layer.of(box.upper) if box else None,
            created=rfc3339_nano(self.engine.now),
            author=self.author,
            config=config,
            container=identity if named or changes else "",
            container_config=noted,
        )


def _is_directory(mounts: MountTable, path: str) -> bool:
    return mounts.exists(path) and stat.S_ISDIR(mounts.stat(path).mode)


def _make_directories(mounts: MountTable, path: str) -> None:
    names = [name for name in path.split("/") if name]
    for depth in range(1, len(names) + 1):
        directory = "/" + "/".join(names[:depth])
        if not mounts.exists(directory):
            mounts.mkdir(directory)
