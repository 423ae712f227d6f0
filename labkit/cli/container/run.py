"""`docker create`, `run`, `exec` and `start`: the commands that start a process."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from itertools import chain

from labkit.base.errors import DaemonError, LabkitError, retold
from labkit.cli.mounts import file_variables, lacks, parse_mount
from labkit.cli.table import Invocation, UsageError
from labkit.cli.terminal import Attach, Attached, Terminal, named, told_by_client
from labkit.cli.transfer import pull_image
from labkit.engine import container as containers
from labkit.engine import images, process, volumes
from labkit.engine.engine import Engine
from labkit.engine.process import ExecError, StartError
from labkit.engine.state import Container, LogLine, Options, Port, Shells
from labkit.oci.descriptor import Platform, parse_platform
from labkit.oci.image import Image
from labkit.oci.reference import parse_reference
from labkit.shell.streams import Reader, WouldRunForever

_NOT_A_TTY = "the input device is not a TTY"
_TTY_HINT = "labkit: standard input is a pipe or a file here: leave -t out, -i alone reads it"


def create(terminal: Terminal, call: Invocation) -> int:
    """Create a container without starting it."""
    try:
        container = _create(terminal, call)
    except UsageError as error:
        raise UsageError(error.text.replace("docker run", "docker create"), error.exit_code) from error
    terminal.out(f"{container.id}\n")
    return 0


def run(terminal: Terminal, call: Invocation) -> int:
    """Create a container and start it."""
    detached = bool(call.options["detach"])
    if not detached and call.options["interactive"]:
        _check_tty(terminal, bool(call.options["tty"]))
    try:
        container = _create(terminal, call)
    except UsageError:
        raise
    except LabkitError as error:
        told = told_by_client(error).removesuffix(".")
        raise UsageError(f"docker: {told}.\nSee 'docker run --help'.\n", 125) from error
    try:
        if detached:
            terminal.out(f"{container.id}\n")
        typed = detached and terminal.keyboard  # nobody types into what runs in the background
        stdin = _attached(terminal) if container.options.open_stdin and not typed else b""
        container = process.start(terminal.engine, container, detached=detached, stdin=stdin)
    except StartError as error:
        if container.options.auto_remove:
            containers.remove(terminal.engine, container.id, with_volumes=True)
        raise UsageError(f"docker: Error response from daemon: {error}.\n", error.status) from error
    if not detached:
        return _finish(terminal, container, container.log)
    if container.options.auto_remove and not container.running:
        containers.remove(terminal.engine, container.id, with_volumes=True)
    return 0


def _check_tty(terminal: Terminal, tty: bool) -> None:
    if tty and terminal.keyboard is None:
        raise UsageError(f"{_NOT_A_TTY}\n", 1, _TTY_HINT)


def _write(terminal: Terminal, stream: int, data: bytes, *, tty: bool) -> None:
    """Write what a process printed; a container's own terminal has one stream and ends lines with CR LF."""
    terminal.write(1 if tty else stream, data.replace(b"\n", b"\r\n") if tty else data)


def _attached(terminal: Terminal) -> bytes | Reader:
    try:
        return terminal.stdin() if terminal.keyboard is None else terminal.keyboard
    except LabkitError:  # a directory: the client notes it in its debug log alone
        return b""


def _finish(terminal: Terminal, container: Container, log: Sequence[LogLine], detached: int = 0) -> int:
    """Print what a foreground container has added to its log; return its exit code.

    `detached` is the exit code where somebody leaves it while it runs.
    """
    for line in log:
        _write(terminal, line.stream, line.data, tty=container.options.tty)
    if container.running and container.shells and terminal.keyboard and container.options.open_stdin:
        raise Attach(Attached(container.id, detached=detached))
    _wait_for_typing(terminal)
    if container.running:
        terminal.hint = (
            f"labkit: {container.command[0]} goes on running in {container.name}. A real terminal would wait "
            "here until you press Ctrl-C; see it with docker ps"
        )
        return 0
    if container.options.auto_remove:
        containers.remove(terminal.engine, container.id, with_volumes=True)
    return container.exit_code


def requested(engine: Engine, name: str) -> Container:
    """Return the container that a request's path names; raises DaemonError, as for no name at all.

    >>> requested(Engine(), "")
    Traceback (most recent call last):
    labkit.base.errors.DaemonError: page not found
    """
    if not name:
        raise DaemonError("page not found")
    return containers.find_container(engine, name)


def _wait_for_typing(terminal: Terminal) -> None:
    """Let the prompt wait as the program in the container does, for what will be typed."""
    if terminal.keyboard and terminal.keyboard.asked:
        raise WouldRunForever


def _create(terminal: Terminal, call: Invocation) -> Container:
    image, *command = call.args
    options = _options(terminal, call)
    _check(options)
    platform = str(call.options["platform"])
    _find_or_pull(terminal, image, str(call.options["pull"]), platform)
    name = str(call.options["name"])
    container = containers.create(terminal.engine, image, command or None, name=name, options=options)
    if not platform:
        _warn_of_platform(terminal, container.image)
    return container


def _warn_of_platform(terminal: Terminal, image: Image) -> None:
    """Warn of an image for another machine (moby, daemon/create.go); one that names none is for any."""
    config = image.config
    own = Platform(config.architecture, config.os, config.variant)
    host = Platform(terminal.engine.architecture, terminal.engine.os)
    if config.architecture and _other_platform(image, host):
        terminal.err(
            f"WARNING: The requested image's platform ({own}) does not match the detected host platform "
            f"({host}) and no specific platform was requested\n"
        )


def _find_or_pull(terminal: Terminal, name: str, policy: str, platform: str) -> None:
    reference = parse_reference(name).with_default_tag()
    with retold(LabkitError, start="error parsing specified platform: "):
        wanted = parse_platform(platform, terminal.platform) if platform else None
    found = images.lookup_image(terminal.engine, name)
    if policy == "always" or (policy == "missing" and (found is None or _other_platform(found, wanted))):
        if policy == "missing":
            terminal.err(f"Unable to find image '{reference.familiar}' locally\n")
        pull_image(terminal, reference, platform, stream=2)
        found = images.lookup_image(terminal.engine, name)
    if found is not None and (actual := _other_platform(found, wanted)):
        raise DaemonError(
            f"image with reference {name} was found but does not match the specified platform: "
            f"wanted {wanted}, actual: {actual}"
        )


def _other_platform(image: Image, wanted: Platform | None) -> str:
    """Return the platform of an image where another one is wanted, else nothing."""
    own = Platform(image.config.architecture, image.config.os).normalized()
    if wanted is None or (own.os, own.architecture) == (wanted.os, wanted.architecture):
        return ""
    return str(own)


def _check(options: Options) -> None:
    """Raise what the client and the daemon say of flags before they look for the image."""
    volumes.check(options)
    policy, _, count = options.restart.partition(":")
    if count and not count.isdecimal():
        raise UsageError("docker: maximum retry count must be an integer.\nSee 'docker run --help'.\n", 125)
    if policy != "no" and options.auto_remove:
        raise UsageError("docker: Conflicting options: --restart and --rm.\nSee 'docker run --help'.\n", 125)
    if policy not in ("no", "always", "on-failure", "unless-stopped"):
        raise DaemonError(f"invalid restart policy '{policy}'")
    if count and policy != "on-failure":
        raise DaemonError(f"maximum retry count cannot be used with restart policy '{policy}'")
    if options.working_dir and not options.working_dir.startswith("/"):
        raise DaemonError(
            f"the working directory '{options.working_dir}' is invalid, it needs to be an absolute path"
        )


def _variables(terminal: Terminal, call: Invocation) -> tuple[str, ...]:
    """Return the variables of files and of `-e`; a name alone takes its value at the prompt, if any."""
    files = (file_variables(terminal, path) for path in call.strings("env-file"))
    given = [*chain.from_iterable(files), *call.strings("env")]
    known = terminal.env
    return tuple(f"{e}={known[e]}" if "=" not in e else e for e in given if "=" in e or e in known)


def _options(terminal: Terminal, call: Invocation) -> Options:
    given = call.options
    entrypoint = str(given["entrypoint"])
    with retold(_refused):
        variables = _variables(terminal, call)
    return Options(
        env=variables,
        labels=tuple((name, value) for name, _, value in (e.partition("=") for e in call.strings("label"))),
        ports=tuple(map(parse_port, call.strings("publish"))),
        volumes=_volumes(call.strings("volume")),
        mounts=tuple(map(parse_mount, call.strings("mount"))),
        tmpfs=tuple(dict(each.partition(":")[::2] for each in call.strings("tmpfs")).items()),
        volumes_from=call.strings("volumes-from"),
        restart=str(given["restart"]) or "no",
        hostname=str(given["hostname"]),
        network=str(given["network"][-1]) if given["network"] else "default",  # type: ignore[index]
        user=str(given["user"]) if "user" in call.changed else None,
        working_dir=str(given["workdir"]) or None,
        tty=bool(given["tty"]),
        open_stdin=bool(given["interactive"]),
        auto_remove=bool(given.get("rm")),
        read_only=bool(given["read-only"]),
        entrypoint=((entrypoint,) if entrypoint else ()) if "entrypoint" in call.changed else None,
        publish_all=bool(given["publish-all"]),
        detached=bool(given.get("detach")),
    )


def _volumes(given: tuple[str, ...]) -> tuple[str, ...]:
    if any(each.startswith(("/", "~", ".")) and ":" in each for each in given):
        raise lacks("-v")
    return given


def execute(terminal: Terminal, call: Invocation) -> int:
    """Run a command in a running container."""
    name, *argv = call.args
    env = _variables(terminal, call)
    container = named(terminal.engine, name)
    tty, interactive = bool(call.options["tty"]), bool(call.options["interactive"])
    if not call.options["detach"] and interactive:
        _check_tty(terminal, tty)
    try:
        result = process.execute(
            terminal.engine,
            container,
            argv,
            env=env,
            user=str(call.options["user"]) or None,
            working_dir=str(call.options["workdir"]) or None,
            stdin=_attached(terminal) if interactive and not call.options["detach"] else b"",
            tty=tty,
        )
    except ExecError as error:
        terminal.out(f"{error}\r\n")
        terminal.errors.append(error)
        return 126
    if call.options["detach"]:
        return 0
    for chunk in result.chunks:
        _write(terminal, chunk.stream, chunk.data, tty=tty)
    if result.shells:
        shells = Shells(result.shells, str(call.options["user"]) or None, tty)
        raise Attach(Attached(container.id, shells, detached=1))
    _wait_for_typing(terminal)
    return result.exit_code


def attach(terminal: Terminal, call: Invocation) -> int:
    """Connect the terminal to a running container's main process."""
    container = named(terminal.engine, call.args[0])
    if not container.running:
        hint = f"labkit: docker start -ai {call.args[0]} starts it again, with what it wrote"
        raise UsageError("You cannot attach to a stopped container, start it first\n", 1, hint)
    if container.options.open_stdin and not call.options["no-stdin"]:
        _check_tty(terminal, container.options.tty)
    return _finish(terminal, container, (), 1)


def start(terminal: Terminal, call: Invocation) -> int:
    """Start stopped containers again, each with the read-write layer it had."""
    attach = bool(call.options["attach"] or call.options["interactive"])
    if attach and len(call.args) > 1:
        raise UsageError("you cannot start and attach multiple containers at once\n", 1, "")
    if attach:
        if not call.args[0]:
            raise DaemonError("page not found")
        container = named(terminal.engine, call.args[0])
        before = container.log
        stdin = _attached(terminal) if call.options["interactive"] else b""
        container = process.start(terminal.engine, container, detached=False, stdin=stdin)
        return _finish(terminal, container, container.log[len(before) :])
    failed = []

    def one(name: str) -> None:
        failed.append(name)
        process.start(terminal.engine, requested(terminal.engine, name), detached=True)
        failed.remove(name)

    if terminal.for_each(call.args, one):
        terminal.err(f"Error: failed to start containers: {', '.join(failed)}\n")
    return 1 if failed else 0


_RANGE = re.compile(r"\d+-\d+", re.ASCII)


def parse_port(text: str) -> Port:
    """Read `[[IP:]HOST:]CONTAINER[/PROTOCOL]`; raises UsageError in the client's words.

    >>> parse_port("127.0.0.1:8080:80")
    Port(ip='127.0.0.1', host='8080', inner='80/tcp')
    """
    outer, _, inner = text.rpartition(":")
    ip, _, host = outer.rpartition(":")
    inner, _, protocol = inner.partition("/")
    kind = protocol.lower() or "tcp"
    if not inner:
        raise _refused(f"No port specified: {text}<empty>")
    if ip and not _is_address(ip):
        raise _refused(f"Invalid ip address: {ip}")
    if any(map(_RANGE.fullmatch, (inner, host))):
        raise lacks("-p", "a range is not simulated; it would publish each port: give each a -p of its own")
    if not _is_port(inner):
        raise _refused(f"Invalid containerPort: {inner}")
    if host and not _is_port(host):
        raise _refused(f"Invalid hostPort: {host}")
    if kind not in ("tcp", "udp", "sctp"):
        raise _refused(f"Invalid proto: {protocol}")
    return Port(ip.strip("[]"), host, f"{inner}/{kind}")


def _refused(message: str) -> UsageError:
    return UsageError(f"docker: {message}.\nSee 'docker run --help'.\n", 125)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < 65536


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
