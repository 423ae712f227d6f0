"""The classic builder: each step makes an image of the last one's (moby, builder/dockerfile).

RUN commits what its container changed, COPY and ADD add files, WORKDIR makes a directory that is not there;
everything else changes the config and makes no layer. A step that was done before is not done again, see
`cache`. What fails leaves the images of the steps before it, and its container.

Each FROM begins a stage, which starts anew but for the arguments declared before the first. All are built,
up to the target, whether a later one takes files from them or not; the last one's image gets the names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from labkit.base.errors import DaemonError, InvalidImage
from labkit.dockerfile import context, copy, instructions
from labkit.dockerfile.cache import Cache
from labkit.dockerfile.context import Context
from labkit.dockerfile.parse import Instruction, expand, instruction, parse
from labkit.engine import container as containers
from labkit.engine import images, process
from labkit.engine.engine import Engine
from labkit.engine.schedule import StepEvent
from labkit.engine.state import Container, Options
from labkit.go.moment import SECOND, rfc3339_nano
from labkit.go.path import clean
from labkit.go.struct import ZERO_TIME, thaw
from labkit.oci import tree
from labkit.oci.config import make_config
from labkit.oci.digest import short
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import Reference
from labkit.oci.tree import EMPTY_ROOT, File


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What a build is asked for beside its context: the flags of `docker build`."""

    tags: tuple[Reference, ...] = ()
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    use_cache: bool = True
    cache_from: tuple[str, ...] = ()
    pull: bool = False
    remove: bool = True
    force_remove: bool = False
    target: str = ""
    network: str = "default"


class StepFailed(DaemonError):
    """A command that ended with another code than 0; so does the build."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


Say = Callable[[int, str | bytes], None]
"""Takes what the builder prints: the stream, 1 or 2, and a piece of text."""
See = Callable[[StepEvent], None]
"""Is told of each step when it is done."""


def build(
    engine: Engine,
    files: Context,
    request: BuildRequest,
    *,
    pull: Callable[[str], object],
    say: Say,
    see: See,
) -> Image:
    """Build an image and give it its names; return it.

    `pull` fetches an image that is not there. Raises DaemonError in the builder's words, a labkit line for
    what it does not do.
    """
    files, found, warnings = read_steps(files, request)
    builder = Builder(engine, files, request, pull, say, see)
    if warnings:
        say(2, "\n".join(warnings) + "\n")
    image = builder.build(found)
    say(1, f"Successfully built {short(image.id)}\n")
    for reference in request.tags:
        images.set_tag(engine, image.id, reference)
        say(1, f"Successfully tagged {reference.familiar}\n")
    return image


def read_steps(files: Context, request: BuildRequest) -> tuple[Context, list[Instruction], tuple[str, ...]]:
    """Return the context for the steps, the steps themselves, and what is remarked on.

    Raises DaemonError for a Dockerfile that is none, NotSimulated for what labkit does not build.
    """
    name, text = files.read_dockerfile()
    try:
        dockerfile = parse(text)
    except DaemonError as error:
        raise DaemonError(f"failed to parse {name}: {error}") from None
    found = list(dockerfile.instructions)
    begun = False
    for step in found:
        try:
            instructions.check_instruction(step)
        except DaemonError as error:
            raise DaemonError(f"dockerfile parse error line {step.line}: {error}") from None
        begun = begun or step.name == "FROM"
        if not begun and step.name != "ARG":
            raise DaemonError("no build stage in current context")
    found = _until(request.target, found)
    for key, value in sorted(request.labels.items()):
        found.append(Instruction("LABEL", (key, value), f"LABEL {key}={value}", literal=True))
    return files.without_ignored(name), found, dockerfile.warnings


def _until(target: str, found: list[Instruction]) -> list[Instruction]:
    """Return the instructions up to the end of the target's stage, which is named, never numbered."""
    if not target:
        return found
    begins = [index for index, step in enumerate(found) if step.name == "FROM"]
    for begin, end in zip(begins, [*begins[1:], len(found)], strict=True):
        if _stage_name(found[begin]) == target.lower():
            return found[:end]
    raise DaemonError(f"failed to reach build target {target} in Dockerfile")


def _stage_name(step: Instruction) -> str:
    """Return the name that FROM gives its stage, in small letters, or ""."""
    return step.args[2].lower() if len(step.args) == 3 else ""


class Stage(NamedTuple):
    """A stage that is built: its name, if any, and its image, None where it is still nothing."""

    name: str
    image: Image | None


@dataclass
class Builder:
    """A build on its way: the image that it has come to, and the config that the next step starts from."""

    engine: Engine
    files: Context
    request: BuildRequest
    pull: Callable[[str], object]
    say: Say
    see: See
    stages: list[Stage] = field(default_factory=list)
    """Those before the one that is on its way."""
    name: str = ""
    image: Image | None = None
    config: dict[str, Any] = field(default_factory=dict)
    author: str = ""
    has_command: bool = False
    """Whether a CMD was among the steps: ENTRYPOINT drops the command of the base image only."""
    temporary: list[str] = field(default_factory=list)
    reused: bool = False
    """Whether the step was done before."""

    def __post_init__(self) -> None:
        self.arguments = Arguments(self.request.arguments)

    def build(self, found: Sequence[Instruction]) -> Image:
        """Run all steps; return the image of the last one."""
        begun = False
        for number, step in enumerate(found, 1):
            if step.name == "FROM":
                self._next_stage(_stage_name(step), first=not begun)
            self.say(1, f"Step {number}/{len(found)} : {step.original}\n")
            below, self.reused = self.image, False
            if step.name == "FROM":
                begun = True
                self._begin(step)
                below = self.image
            elif begun:
                self._dispatch(step)
            else:
                self._declare(instructions.expanded(step, self.arguments.allowed()))
                continue
            self.say(1, f" ---> {short(self.image.id) if self.image else ''}\n")
            chain = self.image.chain_id if self.image and self.image.layers else ""
            own = "" if below and below.chain_id == chain else chain
            self.see(StepEvent(number, own, "Using cache" if self.reused else "Built"))
        if not begun:
            raise DaemonError("unexpected EOF")  # what the daemon's panic leaves
        if self.image is None:
            raise DaemonError("No image was generated. Is your Dockerfile empty?")
        if unused := self.arguments.unused():
            self.say(1, f"[Warning] One or more build-args [{' '.join(unused)}] were not consumed\n")
        return self.image

    def _next_stage(self, name: str, *, first: bool) -> None:
        """End the stage before, if there is one, and forget what is its own."""
        if not first:
            self.stages.append(Stage(self.name, self.image))
        if name and self._named(name):
            raise DaemonError(f"{name} stage name already used")
        self.name, self.author, self.has_command = name, "", False
        self.cache = Cache(self.engine, used=self.request.use_cache, sources=self.request.cache_from)
        self.arguments.begin_stage(first=first)

    def _named(self, name: str) -> Stage | None:
        return next((stage for stage in self.stages if name and stage.name == name.lower()), None)

    def _begin(self, step: Instruction) -> None:
        name = expand(step.args[0], self.arguments.allowed(in_from=True))
        if not name:
            raise DaemonError(f"base name ({step.args[0]}) should not be blank")
        if stage := self._named(name):
            self.image = stage.image
        else:
            self.image = None if name == "scratch" else self._base(name)
        self.config = dict(thaw(self.image.config.config)) if self.image else {}
        if "PATH" not in instructions.variables(self.config):
            self.config["Env"] = [*(self.config.get("Env") or ()), f"PATH={process.PATH}"]
        self.config |= {"OpenStdin": False, "StdinOnce": False}
        triggers = self.config.get("OnBuild") or []
        self.config["OnBuild"] = None
        if triggers:
            self.say(1, f"# Executing {len(triggers)} build trigger{'s' * (len(triggers) > 1)}\n")
        for trigger in triggers:
            found = instruction(trigger)
            instructions.check_instruction(found)
            self._dispatch(found)

    def _base(self, name: str) -> Image:
        if self.request.pull or images.lookup_image(self.engine, name) is None:
            self.pull(name)
        return images.find_image(self.engine, name)

    def _declare(self, words: Sequence[str]) -> None:
        for word in words[1:]:
            name, equals, value = word.partition("=")
            self.arguments.add(name, value if equals else None)

    def _dispatch(self, step: Instruction) -> None:
        env = instructions.variables(self.config)
        words = instructions.expanded(step, {**self.arguments.allowed(), **env})
        with self._containers():
            if step.name == "RUN":
                self._run(step, words)
            elif step.name in ("ADD", "COPY"):
                flags = instructions.flags(step)
                if "chmod" in flags:
                    raise instructions.needs_buildkit("--chmod")
                chown = expand(flags.get("chown", ""), {**self.arguments.allowed(), **env})
                self._copy(words, chown, flags.get("from", ""))
            else:
                self._set(words)

    @contextmanager
    def _containers(self) -> Iterator[None]:
        """Remove the containers of a step: after it, and where it failed if that was asked for."""
        try:
            yield
        except BaseException:
            if self.request.force_remove:
                self._remove_containers()
            raise
        if self.request.remove or self.request.force_remove:
            self._remove_containers()

    def _remove_containers(self) -> None:
        for identity in self.temporary:
            containers.remove(self.engine, identity, force=True, with_volumes=True)
            self.say(1, f"Removing intermediate container {identity[:12]}\n")
        self.temporary = []

    def _set(self, words: Sequence[str]) -> None:
        """Run an instruction that changes the config; WORKDIR makes the directory as well."""
        name = words[0]
        if name == "ARG":
            self._declare(words)
        elif name == "MAINTAINER":
            self.author = words[1]
        before = (self.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
        if name == "HEALTHCHECK" and before[0] != "NONE":
            self.say(1, f"Note: overriding previous HEALTHCHECK: [{' '.join(before)}]\n")
        self.config |= instructions.changed_config(words, self.config)
        if name == "ENTRYPOINT" and not self.has_command:
            self.config["Cmd"] = None
        shown = instructions.comment(words, self.config)
        if name == "WORKDIR":
            command = [*instructions.shell(self.config), f"#(nop) WORKDIR {self.config['WorkingDir']}"]
        else:
            command = [*instructions.shell(self.config), "#(nop) ", shown]
        if not self._found({**self.config, "Cmd": command}):
            box = self._create(command, entrypoint=self.config.get("Entrypoint") or ())
            noted = {"Cmd": command, "Hostname": box.id[:12], "Labels": self.config.get("Labels") or {}}
            if directory := self.config.get("WorkingDir"):
                noted["WorkingDir"] = clean(directory)
            self._commit(Layer.of(box.upper), noted, container=box.id)
        self.has_command = self.has_command or (name == "CMD" and len(words) > 2)

    def _found(self, config: Mapping[str, Any]) -> bool:
        image = self.cache.find(self.image, config)
        if image is None:
            self.engine.advance(SECOND)
            return False
        self.say(1, " ---> Using cache\n")
        self.image, self.reused = image, True
        return True

    def _parent(self) -> Image:
        """Return the image that a step starts from; one of nothing after `FROM scratch`."""
        if self.image is not None:
            return self.image
        return Image(make_config(created=ZERO_TIME, architecture=self.engine.architecture, os=self.engine.os))

    def _create(
        self, command: Sequence[str], *, env: Sequence[str] = (), entrypoint: Sequence[str] = ()
    ) -> Container:
        """Make a step's container; the image's health check fills in what the config's does not say."""
        options = Options(
            entrypoint=tuple(entrypoint) if command else None,  # `RUN []` runs what the image would
            env=tuple(env),
            network=self.request.network,
            log_driver="none",
            user=self.config.get("User") or "",
            working_dir=clean(self.config["WorkingDir"]) if self.config.get("WorkingDir") else None,
        )
        parent = self._parent()
        name = self.image.id if self.image else ""
        for path in self.config.get("Volumes") or {}:
            if isinstance(tree.get(self.engine.root(parent), path), File):
                place = self.engine.mount_point(self.engine.new_id())
                raise DaemonError(f"cannot mount volume over existing file, file exists {place}{path}")
        box = containers.create(self.engine, name, command or None, options=options, image=parent)
        self.temporary.append(box.id)
        if check := self.config.get("Healthcheck"):
            image_check = parent.config.config.get("Healthcheck")
            self.config["Healthcheck"] = instructions.merged_healthcheck(
                check, image_check and thaw(image_check)
            )
        self.say(1, f" ---> Running in {box.id[:12]}\n")
        return box

    def _run(self, step: Instruction, words: Sequence[str]) -> None:
        if step.flags:
            raise instructions.needs_buildkit(step.flags[0].partition("=")[0])
        command = instructions.command(words, self.config)
        known = instructions.variables(self.config)
        given = {key: value for key, value in self.arguments.allowed().items() if key not in known}
        told = (key for key in given if key in self.arguments.declared or key not in PROXIES)
        shown = sorted(f"{key}={given[key]}" for key in told)
        noted = {"Cmd": [f"|{len(shown)}", *shown, *command] if given else command, "Entrypoint": None}
        if self._found({**self.config, **noted}):
            return
        box = self._create(command, env=[f"{key}={value}" for key, value in given.items()])
        box = process.start(self.engine, box, detached=False)
        for line in box.log:
            self.say(line.stream, line.data)
        box = containers.keep(self.engine, replace(box, log=()))
        if box.running:
            self._remove_containers()
            raise DaemonError(f"labkit: the command '{' '.join(command)}' does not end, nor would the build")
        if box.exit_code:
            raise StepFailed(
                f"The command '{' '.join(command)}' returned a non-zero code: {box.exit_code}", box.exit_code
            )
        self._commit(Layer.of(box.upper), noted, container=box.id)

    def _source(self, name: str) -> Context:
        """Return what `--from` names: a stage before this one, by its name or number, or an image."""
        try:
            if stage := self._named(name):
                image = stage.image
            elif re.fullmatch(r"[+-]?\d{1,18}", name, re.ASCII):
                if int(name) == len(self.stages):
                    raise DaemonError("refers to current build stage")
                if not 0 <= int(name) < len(self.stages):
                    raise DaemonError("index out of bounds")
                image = self.stages[int(name)].image
            else:
                image = self._base(name)
        except DaemonError as error:
            raise DaemonError(f"invalid from flag value {name}: {error}") from error
        return Context(self.engine.root(image) if image else EMPTY_ROOT, of_image=True)

    def _copy(self, words: Sequence[str], chown: str, origin: str) -> None:
        name, *names, target = words
        files = self._source(origin) if origin else self.files
        try:
            sources = context.sources(files, names)
        except DaemonError as error:
            raise DaemonError(f"{name} failed: {error}") from error
        if len(sources) > 1 and not target.endswith("/"):
            raise DaemonError(
                f"When using {name} with more than one source file, the destination must be a directory "
                "and end with a /"
            )
        digests = [source.digest for source in sources]
        digest = digests[0] if len(digests) == 1 else context.joined("multi", digests)
        by = f"--chown={chown}" if chown else ""
        command = [*instructions.shell(self.config), f"#(nop) {name} {by}{digest} in {target} "]
        if self._found({**self.config, "Cmd": command}):
            return
        engine = self.engine
        active = engine.driver.prepare(engine.snapshot(self._parent()), engine.now)
        mount = engine.driver.mount(active, lambda: engine.now)
        place = copy.destination(self.config.get("WorkingDir") or "", target)
        owner = copy.owner(mount, chown) if chown else None if origin else (0, 0)
        where = copy.Target(mount, engine.driver.mount_point(engine.driver_home, engine.new_id()), owner)
        for source in sources:
            where.copy(source, place, unpack=name == "ADD")
        self._commit(Layer.of(mount.active.changes), {"Cmd": command})

    def _commit(self, layer: Layer, noted: Mapping[str, Any], *, container: str = "") -> None:
        """Make the image of a step; `noted` is what its container's config has of its own."""
        parent = self.image
        config = {**self.config, "Image": parent.id if parent else ""}
        try:
            self.image = self._parent().append(
                layer,
                created=rfc3339_nano(self.engine.now),
                author=self.author,
                config=config,
                container=container,
                container_config={**config, **noted},
            )
        except InvalidImage as error:
            raise DaemonError(str(error)) from None
        images.add_image(self.engine, self.image, parent=parent.id if parent else "")


PROXIES = [made(f"{kind}_proxy") for kind in ("http", "https", "ftp", "no") for made in (str.upper, str)]
"""Allowed without ARG, and then left out of the history."""


@dataclass(slots=True)
class Arguments:
    """The arguments of a build: what ARG allows, and what `--build-arg` gives (moby, buildargs.go).

    `given` are those of the command line, None for one that has no value.

    >>> arguments = Arguments({"A": "2", "B": "3"})
    >>> arguments.add("A", "1")
    >>> arguments.allowed(), arguments.unused()
    ({'A': '2'}, ['B'])
    """

    given: Mapping[str, str | None]
    declared: dict[str, str | None] = field(default_factory=dict)
    before_from: dict[str, str | None] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def add(self, name: str, value: str | None) -> None:
        """Allow an argument, as ARG does; `value` is its default."""
        self.declared[name] = value
        self.used.add(name)

    def begin_stage(self, *, first: bool) -> None:
        """Keep what was declared before the first stage for FROM, and for an ARG that says its name again."""
        self.before_from, self.declared = self.declared if first else self.before_from, {}

    def allowed(self, *, in_from: bool = False) -> dict[str, str]:
        """Return the arguments that have a value here, or those that FROM may use."""
        declared, found = self.before_from if in_from else self.declared, dict[str, str]()
        for name in (*declared, *PROXIES):
            values = (source.get(name) for source in (self.given, declared, self.before_from))
            if (value := next((each for each in values if each is not None), None)) is not None:
                found[name] = value
        return found

    def unused(self) -> list[str]:
        """Return the names given on the command line that no ARG asked for."""
        return [name for name in self.given if name not in self.used and name not in PROXIES]
