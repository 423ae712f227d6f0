"""All that a Docker engine keeps, as one immutable value.

Every command leads from one State to another; `undo` puts an earlier one back. The maps are
persistent: a new state shares all but the changed path with the old one.

A real engine draws a container's identifier and name at random. Here the n-th of a lab depends on the lab's
seed and n alone, in the real form, so that a lesson prints the same on every run.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pyrsistent import PMap, pmap

from labkit.base.text import packaged
from labkit.engine.sources import Sources
from labkit.go.moment import SECOND
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.tree import EMPTY_ROOT, Dir, Whiteout
from labkit.shell.state import Waiting
from labkit.storage.driver import Active
from labkit.storage.overlay2 import Overlay2

TEXTS: dict[str, str] = tomllib.loads(packaged("labkit.engine", "texts.toml"))


def identifier(seed: str, number: int | str) -> str:
    """Return the identifier of 64 hexadecimal digits that a seed gives a number.

    >>> len(identifier("labkit", 1)), identifier("labkit", 1) == identifier("labkit", 1)
    (64, True)
    """
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def container_name(identity: str, taken: Collection[str] = ()) -> str:
    """Return a name for a container that has none, made of its identifier.

    `taken` is any container of names: one that is taken gets a digit, as Docker's do.

    >>> container_name(64 * "0")
    'admiring_archimedes'
    """
    number = int(identity[-12:], 16)
    adjectives, surnames = TEXTS["adjectives"].split(), TEXTS["surnames"].split()
    name = f"{adjectives[number % len(adjectives)]}_{surnames[number // len(adjectives) % len(surnames)]}"
    if name not in taken:
        return name
    return next(f"{name}{digit}" for digit in range(10**9) if f"{name}{digit}" not in taken)


COURSE_TIME = 1_556_280_000 * SECOND
"""The course's clock stands at 2019-04-26T12:00:00Z (nanoseconds since 1970)."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """Output of a container's main process: which stream, when (nanoseconds), and the bytes."""

    stream: int
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Volume:
    """A place for files outside of all layers; `labels` is None where it was made for a container."""

    name: str
    created: int
    labels: tuple[tuple[str, str], ...] | None = None
    files: Dir = EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class VolumeMount:
    """Where a container has a volume; an anonymous one was made for it and goes with `docker rm -v`."""

    name: str
    destination: str
    mode: str = ""
    anonymous: bool = False
    read_only: bool = False
    copied: bool = True
    """Whether a new volume gets what the image has in its place."""


@dataclass(frozen=True, slots=True)
class MountFlag:
    """A value of `--mount`, "volume" or "tmpfs"; `size` in bytes and `mode` are those of a tmpfs."""

    kind: str
    target: str
    source: str = ""
    read_only: bool = False
    no_copy: bool = False
    size: int = 0
    mode: int = 0

    @property
    def options(self) -> str:
        """What `--tmpfs` would say of a tmpfs."""
        access = "ro" if self.read_only else "rw"
        size = f",size={self.size}" if self.size else ""
        mode = f",mode={self.mode:o}" if self.mode else ""
        return f"{access}{size}{mode}"


class Port(NamedTuple):
    """A port that `-p` publishes (docker/go-connections, nat): the host's address and port or range, each
    perhaps "", and the container's port, as `80/tcp`.
    """

    ip: str
    host: str
    inner: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the flags of `docker create` and `docker run` set beside the image's config."""

    env: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    ports: tuple[Port, ...] = ()
    hostname: str = ""
    network: str = "default"
    restart: str = "no"
    user: str | None = None
    working_dir: str | None = None
    tty: bool = False
    open_stdin: bool = False
    auto_remove: bool = False
    read_only: bool = False
    entrypoint: tuple[str, ...] | None = None
    publish_all: bool = False
    volumes: tuple[str, ...] = ()
    """As `-v` has them: `name:/path`, `name:/path:ro` or `/path`."""
    mounts: tuple[MountFlag, ...] = ()
    tmpfs: tuple[tuple[str, str], ...] = ()
    """Where, and the options of mount(8)."""
    volumes_from: tuple[str, ...] = ()
    """Containers, `:ro` or `:rw` behind them."""
    detached: bool = False
    log_driver: str = "json-file"


NO_OPTIONS = Options()


@dataclass(frozen=True, slots=True)
class Shells:
    """Shells in a container that wait for what will be typed, the innermost last, and whose they are."""

    waiting: tuple[Waiting, ...]
    user: str | None = None
    """As the flag of `docker exec` has it; None for the container's own."""
    tty: bool = False


@dataclass(frozen=True, slots=True)
class Container:
    """A container: an image's layers, read only, and an upper directory of its own.

    `status` is "created", "running" or "exited". `ends_at` is when the main process will end by
    itself, or None where it goes on until it is stopped. Times are nanoseconds; 0 is never.
    """

    id: str
    name: str
    image: Image
    """What it stands on; its layers stay even when the image is deleted."""
    image_name: str
    """The image as it was named when the container was created."""
    command: tuple[str, ...]
    """The entrypoint and the command, as they will be run."""
    created: int
    number: int = 0
    """Its place in the order of creation."""
    options: Options = NO_OPTIONS
    cmd: tuple[str, ...] | None = None
    """The command given in place of the image's, if any."""
    status: str = "created"
    exit_code: int = 0
    started: int = 0
    finished: int = 0
    ends_at: int | None = None
    ends_with: int = 0
    """The exit code that it will have then."""
    service: bool = False
    """Whether the main process goes on until it is stopped, and then ends by itself."""
    active: Active = field(default_factory=lambda: Active(Overlay2(), None, EMPTY_ROOT))
    """Its read-write layer, as the storage driver keeps it."""
    whiteout: Whiteout | None = None
    """What the whiteouts made since it was started are links to, see overlay2."""
    volumes: tuple[VolumeMount, ...] = ()
    memory: PMap[str, Dir] = field(default_factory=pmap)
    """The files of its file systems in memory, while it runs, by where they are."""
    error: str = ""
    """Why it could not be started, as `docker inspect` shows it."""
    log: tuple[LogLine, ...] = ()
    shells: Shells | None = None
    """The shells of the main process, while it runs and they wait."""

    def printed(self, moment: int) -> tuple[LogLine, ...]:
        """Return what its main process has written up to a moment; `log` has what will come, too."""
        return tuple(line for line in self.log if line.at <= moment)

    @property
    def image_id(self) -> str:
        """The ID of the image that it was created from."""
        return self.image.id

    @property
    def upper(self) -> Dir:
        """What it changed, as a layer's changes: with overlay2, its upper directory."""
        return self.active.changes

    @property
    def running(self) -> bool:
        """Tell whether the main process runs."""
        return self.status == "running"


@dataclass(frozen=True, slots=True)
class State:
    """The engine's images, names, layers, containers and clock."""

    now: int = COURSE_TIME
    images: PMap[str, Image] = field(default_factory=pmap)
    """By image ID."""
    parents: PMap[str, str] = field(default_factory=pmap)
    """The image that a local build or commit started from, by image ID."""
    tags: PMap[str, str] = field(default_factory=pmap)
    """Image IDs by canonical name and tag, `docker.io/library/nginx:latest`."""
    digests: PMap[str, str] = field(default_factory=pmap)
    """Image IDs by canonical name and manifest digest, `docker.io/library/nginx@sha256:…`."""
    tagged: PMap[str, int] = field(default_factory=pmap)
    """When an image was last tagged here, by image ID."""
    layers: PMap[str, Layer] = field(default_factory=pmap)
    """By ChainID: what "Already exists" looks up."""
    came: PMap[str, int] = field(default_factory=pmap)
    """When each of these layers came here, in nanoseconds, by ChainID."""
    diff_ids: PMap[str, str] = field(default_factory=pmap)
    """DiffIDs by the digest of the blob they were pulled or pushed as; kept when the layer is deleted."""
    sources: Sources = field(default_factory=pmap)
    """Where a layer was pulled from and pushed to, by DiffID, the youngest last; kept as `diff_ids` are."""
    containers: PMap[str, Container] = field(default_factory=pmap)
    """By container ID."""
    names: PMap[str, str] = field(default_factory=pmap)
    """Container IDs by name."""
    volumes: PMap[str, Volume] = field(default_factory=pmap)
    """By name."""
    created: int = 0
    """How many identifiers were given out: the next one depends on it alone."""
    started: int = 0
    """How often a container was started."""


def still(state: State) -> State:
    """Return a state without what looking changes: the clock, and how many identifiers were given out.

    >>> still(State(created=1)) == still(State())
    True
    """
    return replace(state, now=0, created=0)


def keys_of(mapping: Mapping[str, str], wanted: str) -> list[str]:
    """Return the keys that lead to a value, sorted.

    >>> keys_of({"b": "1", "a": "1", "c": "2"}, "1")
    ['a', 'b']
    """
    return sorted(key for key, value in mapping.items() if value == wanted)
