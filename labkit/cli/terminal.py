"""What a command works with: the engine, the registries, and where its output goes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from labkit.base.errors import DaemonError, LabkitError, NotFound, retold
from labkit.base.lazy import extra
from labkit.base.text import encode
from labkit.engine.container import find_container
from labkit.engine.engine import Engine
from labkit.engine.pull import Pulled
from labkit.engine.push import Pushed
from labkit.engine.schedule import Network, PullEvent
from labkit.engine.state import Container, Shells
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform
from labkit.oci.reference import Reference
from labkit.shell.files import Files
from labkit.shell.state import Suspended
from labkit.shell.streams import Reader
from labkit.storage.mounts import MountTable
from labkit.store.client import Client
from labkit.store.registry import Registry

if TYPE_CHECKING:
    from labkit.shell.parser import Rest
    from labkit.store.remote import Remote

Transfer = Generator[PullEvent, None, Pulled | Pushed]
Watch = Callable[[PullEvent], None]


HUB = "docker.io"
HOME = "/home/learner"


@dataclass(slots=True)
class Registries:
    """The registries that can be reached, by the host in an image's name.

    `hosts` are those in memory. With `online` any other host is a real registry, asked over the network;
    `hub` names one in place of the built-in hub.
    """

    hosts: dict[str, Registry]
    online: bool = False
    hub: str = ""
    _remotes: dict[str, Remote] = field(default_factory=dict)

    def client(self, host: str) -> Client:
        """Return a client of the registry at a host.

        Raises DaemonError, in the daemon's words for a name that leads nowhere, where labkit has none.

        >>> Registries({}).client("registry.example.com")
        Traceback (most recent call last):
        labkit.base.errors.DaemonError: Get "https://registry.example.com/v2/": dial tcp: lookup
        registry.example.com: no such host
        """
        host = self.hub if self.hub and host == HUB else host
        registry = self.hosts.get(host)
        if registry is not None:
            return Client(registry.handle)
        if not self.online:
            name = host.partition(":")[0]
            raise DaemonError(
                f'Get "https://{host}/v2/": dial tcp: lookup {name}: no such host', code="no-such-host"
            )
        with extra("registry"):
            from labkit.store import remote  # with its HTTP library, which nothing else needs

        if host not in self._remotes:
            self._remotes[host] = remote.Remote(remote.base_url(host))
        return self._remotes[host].client()

    def hint(self, reference: Reference) -> str:
        """Return labkit's own line about a name that leads nowhere, or "" where nothing is known.

        >>> from labkit.store.hub import docker_hub
        >>> Registries({"docker.io": docker_hub()}).hint(Reference("docker.io", "library/httpd", "2.5"))
        'labkit: did you mean httpd:2.4? httpd has the tags: 2, 2.4, 2.4.39, latest'
        """
        registry, name = self.hosts.get(reference.domain), reference.familiar_name
        if registry is None:
            return ""
        if reference.path in registry.names:
            tags = self.client(reference.domain).tags(reference.path)
            near = [f"{name}:{tag}" for tag in get_close_matches(reference.tag, tags, 1)]
            what = f"{name} has the tags: {', '.join(tags)}"
        elif reference.domain == HUB:
            names = [each.removeprefix("library/") for each in registry.names]
            elsewhere = [f"{host}/{name}" for host, each in self.hosts.items() if name in each.names]
            near = elsewhere or get_close_matches(name, names, 1)
            what = f"the built-in hub has: {', '.join(names)}"
        else:
            return ""
        return f"labkit: {f'did you mean {near[0]}? ' if near else ''}{what}"


@dataclass(frozen=True, slots=True)
class Attached:
    """A container whose shell the terminal types into: the main process', or that of a `docker exec`.

    `detached` is the docker command's exit code when it is left with Ctrl-P Ctrl-Q; `rest` is what stands
    after it on its line, still to be run.
    """

    container: str
    exec: Shells | None = None
    detached: int = 0
    rest: Rest = ()


class Attach(Suspended):
    """Raised where a docker command connects the terminal to a container's shell."""

    def __init__(self, attached: Attached) -> None:
        super().__init__()
        self.attached = attached


@dataclass(slots=True)
class Terminal:
    """A command's surroundings.

    `env` holds the variables of the prompt; `stdin` gives what is left of standard input, and a command that
    does not ask for it leaves it to the next one. `keyboard` is standard input where that is the terminal
    itself, at which somebody types; `reader` is either, for a command that asks for one line. `home` are the
    files of the pretend home as its user may use them, `mounts` the same without a look at who asks, and
    `cwd` is the directory in it.

    `tty` says whether its output goes to a terminal, which lines of a pull depend on. `watch` sees each event
    of a transfer or a build as it comes. Output is kept in order, as pairs of the stream, 1 or 2, and the
    bytes; `archived` is how many of them are an archive's, and no text that is shown; `hint` is labkit's own
    line after it; `errors` are those that were printed, from which it is chosen; `news` is a hint that the
    session gives once, if the command succeeds: which one, and its words.
    """

    engine: Engine
    registries: Registries
    network: Network
    platform: Platform
    home: Files
    mounts: MountTable
    cwd: str
    tty: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: Callable[[], bytes] = bytes
    keyboard: Reader | None = None
    reader: Reader | None = None
    watch: Watch | None = None
    hint: str = ""
    errors: list[LabkitError] = field(default_factory=list)
    output: list[tuple[int, bytes]] = field(default_factory=list)
    archived: int = 0
    news: tuple[str, str] = ("", "")

    def line(self) -> bytes:
        """The next line of standard input; a terminal waits for it."""
        return (self.reader.line() if self.reader else b"") or b""

    def sent(self, method: str, request: str) -> bytes:
        """Return standard input as it is sent to the daemon with a request."""
        try:
            return self.stdin()
        except LabkitError as error:
            raise self.not_sent(method, request, str(error)) from error

    def not_sent(self, method: str, request: str, reason: str) -> LabkitError:
        """Return the client's error for a request whose body cannot be read."""
        url = f"http://%2Fvar%2Frun%2Fdocker.sock/v1.41/{request}"
        return LabkitError(f'error during connect: {method} "{url}": {reason}')

    def out(self, text: str | bytes) -> None:
        """Write to standard output."""
        self.write(1, text)

    def archive(self, content: Content) -> None:
        """Write an archive to standard output: no text that is shown, and as large as its image."""
        self.archived += content.size
        self.out(content.read())

    def err(self, text: str | bytes, *errors: LabkitError) -> None:
        """Write to standard error, and note the errors that the text tells."""
        self.errors += errors
        self.write(2, text)

    def write(self, stream: int, text: str | bytes) -> None:
        """Write to standard output (1) or standard error (2)."""
        data = encode(text) if isinstance(text, str) else text
        if data:
            self.output.append((stream, data))

    def see(self, event: PullEvent) -> None:
        """Tell who watches of an event."""
        if self.watch is not None:
            self.watch(event)

    def for_each(self, names: Sequence[str], act: Callable[[str], str | None]) -> list[LabkitError]:
        """Do something with each name, print what it gives or the name, then the errors; return those."""
        errors: list[LabkitError] = []
        for name in names:
            try:
                text = act(name)
            except LabkitError as error:
                errors.append(error)
            else:
                self.out(f"{name}\n" if text is None else text)
        self.err("".join(f"{told_by_client(error)}\n" for error in errors), *errors)
        return errors


def told_by_client(error: LabkitError) -> str:
    """Return an error as the client prints it: the daemon's with a word about whose it is.

    >>> told_by_client(DaemonError("page not found"))
    'Error response from daemon: page not found'
    """
    return f"Error response from daemon: {error}" if isinstance(error, DaemonError) else str(error)


def named(engine: Engine, name: str) -> Container:
    """Return the container of a name or an identifier where the client asks for it first; raises LabkitError.

    >>> named(Engine(), "web")
    Traceback (most recent call last):
    labkit.base.errors.LabkitError: Error: No such container: web
    """
    with retold(LabkitError, NotFound, start="Error: "):
        return find_container(engine, name)
