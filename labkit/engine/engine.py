"""The engine's core: its one state, its clock, and the trees that it computes once and shares.

What the engine does stands beside this module, as functions that take an Engine first: `images`, `archives`,
`pull` and `push`, `container`, `process`, `mounts`, `container_files`, `volumes`, `usage`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from labkit.engine.state import Container, State, identifier
from labkit.oci.image import Image
from labkit.oci.tree import EMPTY_ROOT, Dir
from labkit.storage.driver import Active, Snapshot, StorageDriver
from labkit.storage.init_layer import init_changes
from labkit.storage.overlay2 import Overlay2


@dataclass(slots=True)
class Engine:
    """A Docker engine: images, containers and what they share.

    >>> len(Engine().state.images)
    0
    """

    state: State = field(default_factory=State)
    seed: str = "labkit"
    os: str = "linux"
    architecture: str = "amd64"
    data_root: str = "/var/lib/docker"
    hostname: str = "lab"
    disk_size: int = 64 << 30
    driver: StorageDriver = field(default_factory=Overlay2)
    _snapshots: dict[str, Snapshot] = field(default_factory=dict, repr=False)
    _inits: dict[str, tuple[int, Snapshot]] = field(default_factory=dict, repr=False)

    @property
    def driver_home(self) -> str:
        """The directory in which the storage driver keeps what it keeps."""
        return f"{self.data_root}/{self.driver.name}"

    @property
    def overlay(self) -> bool:
        """Tell whether the kernel's overlay is what shows a container's tree."""
        return self.driver.name == "overlay2"

    def mount_point(self, identity: str) -> str:
        """Return the directory at which a container's tree is mounted, for messages that name it.

        >>> Engine().mount_point("4c01")[:24], Engine().mount_point("4c01")[-7:]
        ('/var/lib/docker/overlay2', '/merged')
        """
        return self.driver.mount_point(self.driver_home, identifier("cache", identity))

    def change(self, **fields: object) -> None:
        """Go on to a state in which the given fields are others."""
        self.state = replace(self.state, **fields)  # type: ignore[arg-type]

    @property
    def now(self) -> int:
        """The engine's time in nanoseconds since 1970."""
        return self.state.now

    def advance(self, nanoseconds: int) -> None:
        """Let time pass.

        >>> from labkit.go.moment import SECOND
        >>> engine, before = Engine(), Engine().now
        >>> engine.advance(60 * SECOND)
        >>> (engine.now - before) // SECOND
        60
        """
        self.change(now=self.state.now + nanoseconds)

    def new_id(self) -> str:
        """Return an identifier that was not given before."""
        number = self.state.created + 1
        self.change(created=number)
        return identifier(self.seed, number)

    def snapshot(self, image: Image) -> Snapshot | None:
        """Return the layers of an image as a stack; each is laid over the one below it only once."""
        snapshot: Snapshot | None = None
        for layer, chain in zip(image.layers, image.chain_ids, strict=True):
            known = self._snapshots.get(chain)
            if known is None:
                known = self._snapshots[chain] = self.driver.commit(snapshot, layer.changes)
            snapshot = known
        return snapshot

    def root(self, image: Image) -> Dir:
        """Return the tree that an image's layers show."""
        snapshot = self.snapshot(image)
        return snapshot.root if snapshot else EMPTY_ROOT

    def prepare(self, image: Image) -> Active:
        """Return a read-write layer for a new container: on its image, and an init layer of its own.

        The init layer has the places that the engine mounts its own files over (/etc/hosts, /dev …). They
        would else be made in the read-write layer and show in `docker diff` and in every commit (moby,
        daemon/initlayer). On one image at the same time the init layers are alike, but each takes disk of
        its own.
        """
        made, init = self._inits.get(image.chain_id, (-1, None))
        if init is None or made != self.now:
            below = self.snapshot(image)
            changes = init_changes(below.root if below else EMPTY_ROOT, self.now)
            init = self.driver.commit(below, changes, init=True)
            self._inits[image.chain_id] = self.now, init
        return self.driver.prepare(self.driver.alike(init), self.now)


def layer_names(image: Image) -> list[str]:
    """Return the names that the driver knows an image's layers by, top first: identifiers of its own."""
    return [identifier("cache", chain) for chain in reversed(image.chain_ids)]


def container_layers(container: Container) -> list[str]:
    """Return the names of a container's layers, top first: its own, the init layer, its image's."""
    name = identifier("cache", container.id)
    return [name, f"{name}-init", *layer_names(container.image)]
