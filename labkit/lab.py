"""The Lab: one engine, the built-in hub, one clock and one terminal session.

    from labkit import Lab
    lab = Lab()
    lab.pull("nginx:1.15.12")
    lab.image("nginx").history        # ten steps
    lab.image("nginx").layers         # three layers
    box = lab.run("ubuntu:15.04", name="box")
    box.write("/etc/motd", "hello")   # copy-up
    box.diff()                        # C /etc, C /etc/motd
    lab.docker("ps -s").text

Everything starts from the same state: the same commands give the same identifiers, on any machine and
on any day.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock
from typing import IO, TYPE_CHECKING, Protocol
from weakref import WeakSet

from labkit import dockerfile as build
from labkit.base.errors import DaemonError, raises_labkit_errors
from labkit.box import Box
from labkit.cli.session import CTRL_C, KEYS, Result, Session
from labkit.cli.terminal import HUB, Registries, Watch
from labkit.cli.timeline import Moment, Timeline
from labkit.engine import archives, container, images, process, usage
from labkit.engine import pull as transfer
from labkit.engine.engine import Engine
from labkit.engine.schedule import Network, PullEvent, StepEvent
from labkit.engine.schedule import network as network_of
from labkit.engine.state import COURSE_TIME, Container, Options, State
from labkit.go.moment import SECOND, parse_time
from labkit.oci.descriptor import Platform, parse_platform
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from labkit.storage.drivers import driver_named
from labkit.store.client import followed
from labkit.store.hub import docker_hub
from labkit.store.registry import Registry

if TYPE_CHECKING:
    from labkit.cli.explain import Explanation
    from labkit.cli.own_docker import Comparison


class Watcher(Protocol):
    """What is told when a lab has changed, with the events of the transfer or build that changed it."""

    def see(self, events: Sequence[PullEvent]) -> None:
        """Look at the lab again."""


@raises_labkit_errors
class Lab:
    """A Docker engine of one's own, with a hub, a clock and a terminal.

    `network` is "fast", "classroom" or "slow", or a Network; it sets the seconds that a pull's events
    carry. `clock` is the time the lab starts at, RFC 3339 text or nanoseconds since 1970. `registries`
    adds registries in memory by host; any other host that a name has is a real registry, asked over the
    network unless `online` is False, and `hub` names one in place of the built-in hub. `tty` makes commands
    print as to a terminal. `storage_driver` is one of `labkit.storage.drivers`. `disk_size` is what `df`
    says of the disk, in bytes; it is never full.

    >>> lab = Lab()
    >>> lab.pull("nginx:1.15.12").id[:19]
    'sha256:27a188018e18'
    >>> len(lab.image("nginx:1.15.12").history), len(lab.image("nginx:1.15.12").layers)
    (10, 3)
    """

    def __init__(
        self,
        *,
        network: str | Network = "classroom",
        clock: str | int = COURSE_TIME,
        seed: str = "labkit",
        platform: str = "linux/amd64",
        registries: Mapping[str, Registry] | None = None,
        online: bool = True,
        hub: str = "",
        tty: bool = False,
        storage_driver: str = "overlay2",
        disk_size: int = 64 << 30,
    ) -> None:
        now = parse_time(clock) if isinstance(clock, str) else clock
        machine = parse_platform(platform, Platform("amd64", "linux"))
        self.engine = Engine(
            State(now=now),
            seed=seed,
            os=machine.os,
            architecture=machine.architecture,
            driver=driver_named(storage_driver),
            disk_size=disk_size,
        )
        self.network = network_of(network)
        self.session = Session(
            self.engine,
            Registries({**({} if hub else {HUB: docker_hub()}), **(registries or {})}, online, hub),
            self.network,
            machine,
            tty=tty,
        )
        self._time = Timeline(self._moment())
        self._lock, self._busy = RLock(), False
        self._events: list[PullEvent] = []
        self.watchers: WeakSet[Watcher] = WeakSet()

    def docker(self, line: str, *, stdin: bytes | None = None, watch: Watch | None = None) -> Result:
        """Run a docker command line, given without the word `docker`.

        >>> print(Lab().docker("image ls"), end="")
        REPOSITORY   TAG       IMAGE ID   CREATED   SIZE
        """
        return self.shell(f"docker {line}", stdin=stdin, watch=watch)

    def shell(self, line: str, *, stdin: bytes | None = None, watch: Watch | None = None) -> Result:
        """Run a line at the prompt of the lab's home; it never raises.

        `stdin` is its standard input; without it nobody types, so that a shell that it opens in a container
        ends at once: see `type`.

        >>> Lab().shell("docker ps -aq | wc -l").text
        '0\\n'
        """
        with self.doing(line):
            self.session.watch = self._watched(watch)
            return self.session.run(line, stdin=stdin)

    def type(self, line: str, *, watch: Watch | None = None) -> Result:
        """Type a line at the lab's terminal; it never raises.

        After `docker run -it IMAGE`, `exec -it`, `start -ai` and `attach` lines go to the container's shell
        until it ends, and `prompt` is its prompt. Ctrl-C is "\\x03", Ctrl-D "\\x04"; "\\x10\\x11" leaves it.

        >>> lab = Lab()
        >>> for line in ("docker run -it --name box busybox", "cd /tmp", "touch x"):
        ...     result = lab.type(line)
        >>> lab.prompt, lab.container("box").listdir("/tmp")
        ('/tmp # ', ['x'])
        """
        place = self.session.place
        if line == CTRL_C and not place.again:  # it drops a line that was not yet given: that is no command
            with self.alone():
                return self.session.type(line)
        given = place.again.line if place.again else None
        with self.doing(given or KEYS.get(line, place.unread + line)):
            self.session.watch = self._watched(watch)
            return self.session.type(line)

    @property
    def prompt(self) -> str:
        """What the lab's terminal shows before the next line: "> " where a command goes on."""
        return self.session.prompt

    def compare(self, line: str) -> Comparison:
        """Run a docker line that changes nothing here and on the learner's own Docker, and compare.

        Raises LabkitError for a line that could change something; where there is no Docker, the comparison
        says what to do.

        >>> Lab().compare("rmi nginx")
        Traceback (most recent call last):
        labkit.base.errors.LabkitError: labkit: compare runs only what changes nothing on your Docker, not
        'docker rmi': see --real
        """
        from labkit.cli.own_docker import compare

        return compare(line, self.shell)

    def pull(self, name: str, *, events: list[PullEvent] | None = None) -> Image:
        """Pull an image and return it; its events are added to `events` when a list is given.

        Raises DaemonError for a name that the registry does not have.

        >>> Lab().pull("busybox").recorded
        False
        """
        with self.doing(f"docker pull {name}"):
            reference = parse_reference(name).with_default_tag()
            client = self.session.registries.client(reference.domain)
            steps = transfer.pull(self.engine, client, reference, self.network, self.session.platform)
            try:
                pulled = followed(steps, self._watched(None if events is None else events.append))
            except DaemonError as error:
                error.add_note(self.session.registries.hint(reference))
                raise
            return self._named(pulled.image, name)

    def _watched(self, watch: Watch | None) -> Watch:
        def see(event: PullEvent) -> None:
            self._events.append(event)
            if watch and not isinstance(event, StepEvent):
                watch(event)

        return see

    def image(self, name: str) -> Image:
        """Return an image of the cache; raises NotFound."""
        return self._named(images.find_image(self.engine, name), name)

    @property
    def images(self) -> list[Image]:
        """The images of the cache, newest first."""
        return [self._named(each) for each in images.listed_images(self.engine)]

    def load(self, file: str | os.PathLike[str] | IO[bytes]) -> list[Image]:
        """Load the images of an archive that `docker save` or another tool has written."""
        with self.doing():
            loaded = archives.load(self.engine, file)
            self._events += loaded.events
            return [self._named(each) for each in loaded.images]

    def save(
        self, names: str | Sequence[str], file: str | os.PathLike[str], *, format: str = "docker"
    ) -> None:
        """Write images to an archive that Docker, skopeo, umoci and `load` open.

        `format` is "docker" for the archive of `docker save`, "oci" for an OCI layout in a tar.

        >>> import tempfile
        >>> lab = Lab()
        >>> image = lab.pull("busybox")
        >>> with tempfile.TemporaryDirectory() as home:
        ...     lab.save("busybox", f"{home}/layout.tar", format="oci")
        ...     Lab().load(f"{home}/layout.tar") == [image]
        True
        """
        wanted = [names] if isinstance(names, str) else names
        with self.doing():
            archives.save(self.engine, wanted, Path(file), form=format)
            self._events += archives.saving(self.engine, wanted)

    def build(
        self, tag: str, steps: Sequence[str] | str, files: Mapping[str, str | bytes | int] | None = None
    ) -> Image:
        """Build an image from steps as they stand in a Dockerfile; see `labkit.dockerfile`.

        >>> lab = Lab()
        >>> lab.build("hello", ["FROM busybox", "RUN echo hello > /hello"]).layers[-1].size
        6
        """
        with self.doing(f"docker build -t {tag}"):
            image = build.build_steps(
                self.engine, tag, steps, files or {}, pull=self.pull, see=self._events.append
            )
            return self._named(image, tag)

    def create(self, image: str, command: Sequence[str] = (), *, name: str = "") -> Box:
        """Create a container without starting it; pulls the image where it is missing."""
        with self.doing(f"docker create {image}"):
            return Box(self, self._created(image, command, name, Options()).id)

    def run(self, image: str, command: Sequence[str] = (), *, name: str = "") -> Box:
        """Create a container and start it in the background, as `docker run -dit`.

        >>> Lab().run("ubuntu:15.04", name="box").status
        'running'
        """
        options = Options(detached=True, tty=True, open_stdin=True)
        with self.doing(f"docker run {image}"):
            made = self._created(image, command, name, options)
            process.start(self.engine, made, detached=True)
            return Box(self, made.id)

    def _created(self, image: str, command: Sequence[str], name: str, options: Options) -> Container:
        if images.lookup_image(self.engine, image) is None:
            self.pull(image)
        return container.create(self.engine, image, list(command) or None, name=name, options=options)

    def container(self, name: str) -> Box:
        """Return a container of the lab; raises NotFound."""
        return Box(self, container.find_container(self.engine, name).id)

    @property
    def containers(self) -> list[Box]:
        """All containers, running or not, newest first."""
        return [Box(self, each.id) for each in container.listed_containers(self.engine, everything=True)]

    def explain(self, name: str) -> Explanation:
        """Return what something of the lab is, by any name or identifier that Docker prints of it.

        A file is given as `CONTAINER:/PATH`. Raises NotFound where nothing has the name.

        >>> lab = Lab()
        >>> image = lab.pull("nginx")
        >>> lab.explain("27833a3ba0a5").facts[0].command
        'docker pull prints the first 12 digits of it'
        """
        from labkit.cli.explain import explain  # late, as compare's: a first lab need not wait for it

        return explain(self.engine, name)

    def disk_usage(self) -> int:
        """Return the bytes of all layers in the cache, each counted once, and of the containers."""
        return usage.layers_size(self.engine) + usage.container_usage(self.engine).size

    def wait(self, seconds: float) -> None:
        """Let time pass in the lab.

        >>> lab = Lab()
        >>> box = lab.run("busybox", ["sleep", "60"])
        >>> lab.wait(61)
        >>> box.status
        'exited'
        """
        with self.doing(f"waiting {seconds:g} s", always=True):
            self.engine.advance(int(seconds * SECOND))
            process.settle(self.engine)

    @property
    def commands(self) -> list[str]:
        """The commands that `undo` knows, oldest first; those that were taken back too."""
        return self._time.commands

    @property
    def at(self) -> int:
        """How many of the commands have been given; fewer than there are after `undo`."""
        return self._time.at

    def go(self, at: int) -> None:
        """Go back or forward to where the lab was after so many of its commands.

        The next command goes on from there, and what was beyond is forgotten. Raises LabkitError where there
        is no such place.

        >>> lab = Lab()
        >>> image = lab.pull("nginx")
        >>> lab.go(0); len(lab.images)
        0
        >>> lab.go(1); len(lab.images)
        1
        """
        with self._lock:
            self._time.stand(self._moment())
            self._restore(self._time.go(at))
            self._tell()

    def undo(self) -> str:
        """Put the lab back to where it was before the last command; return what was taken back.

        Commands that only looked are passed over. Raises LabkitError at the start.

        >>> lab = Lab()
        >>> image = lab.pull("nginx")
        >>> looked = lab.docker("images")
        >>> lab.undo()
        'docker pull nginx'
        >>> lab.images
        []
        """
        did = self.commands[self.at - 1] if self.at else ""
        self.go(self.at - 1)
        return did

    def reset(self) -> None:
        """Put the lab back to where it started; `undo` brings it back."""
        with self.doing("reset"):
            self._restore(self._time.start)

    def _named(self, image: Image, name: str = "") -> Image:
        """Return an image with the name that it was asked for by, or else the first that it has here."""
        names = [each.familiar for each in images.references(self.engine, image.id)]
        asked = f"{name}:latest" if f"{name}:latest" in names else name
        return image.named(asked if asked in names else names[0] if names else "")

    def begin_here(self, like: Lab | None = None) -> None:
        """Begin at the present state, or another lab's: `reset` goes back to it, `undo` not before.

        >>> lab = Lab()
        >>> image = lab.pull("busybox")
        >>> lab.begin_here()
        >>> lab.reset()
        >>> len(lab.images)
        1
        """
        if like:
            self._restore(like._moment())
        self._time = Timeline(self._moment())
        self._tell()

    @contextmanager
    def doing(self, did: str = "a change in Python", *, always: bool = False) -> Iterator[None]:
        """Do something as one command: one thread at a time, kept for `undo`, and told to who watches.

        What is done inside another command is part of that one. A command that Ctrl-C ends leaves nothing.
        `always` keeps what only moved the clock, too.
        """
        with self._lock:
            if self._busy:
                yield
                return
            before = self._moment()
            if not (before.place.unread or before.place.again):
                self._time.stand(before)
            self._busy = True
            try:
                yield
            except KeyboardInterrupt:
                self._restore(before)
                self._events = []
                raise
            finally:  # what ended in an error has changed something, too
                self._busy = False
                self._time.add(self._moment(did), always=always)
                self._tell()

    def alone(self) -> AbstractContextManager[object]:
        """Keep other threads out: commands of a cell and of a terminal may come at once."""
        return self._lock

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Do something, and leave the lab as it was: the clock, and the commands that `undo` knows, too.

        >>> lab = Lab()
        >>> with lab.looking():
        ...     image = lab.pull("busybox")
        >>> lab.images, lab.commands
        ([], [])
        """
        with self._lock:
            before, time, watchers = self._moment(), self._time, self.watchers
            self._time, self.watchers = Timeline(before), WeakSet()
            try:
                yield
            finally:
                self._time, self.watchers = time, watchers
                self._restore(before)

    def _tell(self) -> None:
        events, self._events = self._events, []
        for watcher in list(self.watchers):
            try:
                watcher.see(events)
            except Exception as error:  # a command has been run, whether or not somebody can show it
                self.session.failed(error)

    def _moment(self, did: str = "") -> Moment:
        return Moment(self.engine.state, self.session.place, did)

    def _restore(self, point: Moment) -> None:
        self.engine.state, self.session.place = point.state, point.place

    def __repr__(self) -> str:
        state = self.engine.state
        return f"<Lab: {len(state.images)} images, {len(state.containers)} containers>"
