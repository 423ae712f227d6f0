"""Containers: an image's read-only layers and a read-write layer of their own.

Creating one copies nothing. All it writes goes to its upper directory; `diff` and `size` read that
directory, `commit` makes a layer of it, and `remove` throws it away (moby, daemon/create.go,
daemon/commit.go, daemon/delete.go).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from labkit.base.errors import Conflict, DaemonError, FileSystemError, InvalidImage, NotFound, retold
from labkit.engine import images, volumes
from labkit.engine.engine import Engine
from labkit.engine.mounts import make_directories
from labkit.engine.state import NO_OPTIONS, Container, Options, container_name, identifier
from labkit.go.moment import SECOND, rfc3339_nano
from labkit.oci import changeset, tree
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import CAPABILITY, EMPTY_ROOT, Dir, Node, Whiteout


def container_config(container: Container) -> dict[str, Any]:
    """Return a container's config: the image's with what its flags set, keys in Docker's order.

    `docker inspect` shows it, and `docker commit` gives it to the new image (moby, runconfig).
    """
    options, image = container.options, container.image.config.config
    own = {each.partition("=")[0] for each in options.env}
    env = [*options.env, *(each for each in image.get("Env") or () if each.partition("=")[0] not in own)]
    labels = {**(image.get("Labels") or {}), **dict(options.labels)}
    entrypoint, command = _started(image, container.cmd, options)
    attached = not options.detached
    own_volumes = [each for each in options.volumes if ":" not in each]
    config: dict[str, Any] = {
        "Hostname": options.hostname or container.id[:12],
        "Domainname": "",
        "User": options.user if options.user is not None else image.get("User", ""),
        "AttachStdin": options.open_stdin and attached,
        "AttachStdout": attached,
        "AttachStderr": attached,
    }
    if ports := exposed_ports(container):
        config["ExposedPorts"] = {port: {} for port in ports}
    config |= {
        "Tty": options.tty,
        "OpenStdin": options.open_stdin,
        "StdinOnce": options.open_stdin and attached,
        "Env": env or None,
        "Cmd": list(command) if command else None,
        "Image": container.image_name,
        "Volumes": {**(image.get("Volumes") or {}), **{each: {} for each in own_volumes}} or None,
        "WorkingDir": options.working_dir if options.working_dir is not None else image.get("WorkingDir", ""),
        "Entrypoint": list(entrypoint) if entrypoint else None,
        "OnBuild": image.get("OnBuild"),
        "Labels": labels,
    }
    if signal := image.get("StopSignal"):
        config["StopSignal"] = signal
    return config


def exposed_ports(container: Container) -> list[str]:
    """Return the ports that the image exposes or the flags publish, sorted: `80/tcp`."""
    published = (each.inner for each in container.options.ports)
    return sorted({*(container.image.config.config.get("ExposedPorts") or {}), *published})


_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+", re.ASCII)


def find_container(engine: Engine, name: str) -> Container:
    """Return the container of an identifier, a name or the beginning of an identifier.

    Raises NotFound with the daemon's words.
    """
    containers = engine.state.containers
    known = containers.get(name) or containers.get(engine.state.names.get(name.removeprefix("/"), ""))
    if known is not None:
        return known
    found = [each for each in containers if each.startswith(name)] if name else []
    if len(found) > 1:
        raise DaemonError(f"Multiple IDs found with provided prefix: {name}")
    if not found:
        raise NotFound.of("container", name)
    return containers[found[0]]


def create(
    engine: Engine,
    image_name: str,
    command: Sequence[str] | None = None,
    *,
    name: str = "",
    options: Options = NO_OPTIONS,
    image: Image | None = None,
) -> Container:
    """Create a container of an image that is in the cache, or of one at hand, which is known by that name.

    Raises NotFound for the image, Conflict where the name is taken, DaemonError for a bad name or where
    there is no command.
    """
    image = image or images.find_image(engine, image_name)
    name = _free_name(engine, name) if name else ""
    argv = [word for words in _started(image.config.config, command, options) for word in words]
    if not argv:
        raise DaemonError("No command specified")
    before, number = engine.state, engine.state.created + 1
    identity = identifier(engine.seed, number)
    try:
        container = Container(
            id=identity,
            name=name or container_name(identity, engine.state.names),
            image=image,
            image_name=image_name,
            command=tuple(argv),
            created=engine.now,
            number=number,
            options=options,
            cmd=tuple(command) if command else None,
            active=engine.prepare(image),
            volumes=volumes.for_container(engine, identity, options, image, partial(find_container, engine)),
        )
        directory = options.working_dir or image.config.config.get("WorkingDir") or "/"
        if directory != "/":
            container = _with_working_dir(engine, container, directory)
    except DaemonError:
        engine.state = before  # without the volumes that were made for it
        raise
    return keep(engine, container, created=number)


def _with_working_dir(engine: Engine, container: Container, directory: str) -> Container:
    """Make the directory that the main process will start in, where the image does not have it."""
    mount = engine.driver.mount(container.active, lambda: engine.now)
    try:
        make_directories(mount, directory)
        mount.listdir(directory)
    except FileSystemError as error:
        if error.errno != errno.ENOTDIR:
            raise DaemonError(f"mkdir {engine.mount_point(container.id)}{error}") from None
        raise DaemonError(f"Cannot mkdir: {directory} is not a directory") from None
    return replace(container, active=mount.active)


def _free_name(engine: Engine, name: str) -> str:
    """Return a name without its slash; raises DaemonError where it is none, Conflict where it is taken."""
    if not _NAME.fullmatch(name):
        raise DaemonError(f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    name = name.removeprefix("/")
    if name in engine.state.names:
        raise Conflict(
            f'Conflict. The container name "/{name}" is already in use by container '
            f'"{engine.state.names[name]}". You have to remove (or rename) that container to be able to '
            "reuse that name.",
            code="container-name-taken",
            subject=name,
        )
    return name


def rename(engine: Engine, container: Container, name: str) -> Container:
    """Give a container another name; raises DaemonError where it is none, Conflict where it is taken."""
    if name.removeprefix("/") == container.name:
        raise DaemonError("Renaming a container with the same name as its current name")
    try:
        name = _free_name(engine, f"/{name.removeprefix('/')}")
    except DaemonError as error:
        raise type(error)(f"Error when allocating new name: {error}") from error
    engine.change(names=engine.state.names.remove(container.name))
    return keep(engine, replace(container, name=name))


def _started(
    image: Mapping[str, Any], command: Sequence[str] | None, options: Options
) -> tuple[Sequence[str], Sequence[str]]:
    """Return the entrypoint and the command; with an entrypoint of one's own the image's command goes."""
    if options.entrypoint is not None:
        return options.entrypoint, command or ()
    return image.get("Entrypoint") or (), command or image.get("Cmd") or ()


def keep(engine: Engine, container: Container, **fields: object) -> Container:
    """Put a container, new or changed, into the engine's state; `fields` change with it."""
    state = engine.state
    engine.change(
        **fields,
        containers=state.containers.set(container.id, container),
        names=state.names if container.name in state.names else state.names.set(container.name, container.id),
    )
    return container


def ended(container: Container, moment: int, exit_code: int) -> Container:
    """Return a container whose main process ended at a moment: what was still to come is in no log."""
    log = container.printed(moment)
    return replace(container, status="exited", exit_code=exit_code, finished=moment, ends_at=None, log=log)


def keep_ended(engine: Engine, container: Container) -> Container:
    """Put a container that has ended into the engine's state, or remove it where `--rm` asked for that."""
    keep(engine, container)
    return remove(engine, container.id, with_volumes=True) if container.options.auto_remove else container


def listed_containers(engine: Engine, *, everything: bool = False) -> list[Container]:
    """Return the running containers, or all of them, newest first."""
    shown = [each for each in engine.state.containers.values() if everything or each.running]
    return sorted(shown, key=lambda each: (each.created, each.number), reverse=True)


def remove(engine: Engine, name: str, *, force: bool = False, with_volumes: bool = False) -> Container:
    """Remove a container and its read-write layer, `with_volumes` its anonymous volumes too; return it.

    Raises Conflict for a running container, unless `force` is given.
    """
    container = find_container(engine, name)
    if container.running and not force:
        raise Conflict(
            f"You cannot remove a running container {container.id}. Stop the container before attempting "
            "removal or force remove",
            code="container-running",
            subject=container.id[:12],
        )
    state = engine.state
    engine.change(containers=state.containers.remove(container.id), names=state.names.discard(container.name))
    if container.image_id not in engine.state.images:
        images.release_layers(engine, container.image)
    if with_volumes:
        volumes.remove_anonymous(engine, container)
    return container


def diff(engine: Engine, container: Container) -> list[changeset.Change]:
    """Return what a container changed of its image, as `docker diff` lists it."""
    below = container.active.parent
    return list(changeset.changes(below.root if below else EMPTY_ROOT, container.upper))


def size_rw(container: Container) -> int:
    """Return the bytes in a container's read-write layer, as `docker ps -s` counts them."""
    return tree.size(container.upper)


def size_root(container: Container) -> int:
    """Return the bytes of the image and of the read-write layer: `docker ps -s` says "virtual"."""
    return container.image.size + size_rw(container)


def commit(
    engine: Engine,
    container: Container,
    target: str = "",
    *,
    message: str = "",
    author: str = "",
    config: Mapping[str, Any] | None = None,
) -> Image:
    """Make an image of a container: its image's layers and one of what it changed.

    `config` replaces keys of the container's config in the new image. Nothing is added for a container
    that changed nothing: the history entry is then marked as an empty layer. Raises DaemonError where
    the image would have too many layers, or was deleted.
    """
    reference = parse_reference(target).with_default_tag() if target else None
    if container.image_id not in engine.state.images:
        config_file = f"image/{engine.driver.name}/imagedb/content/{container.image_id.replace(':', '/')}"
        raise DaemonError(
            f"failed to get digest {container.image_id}: open {engine.data_root}/{config_file}: "
            "no such file or directory"
        )
    settings = container_config(container)
    with retold(DaemonError, InvalidImage):
        image = container.image.append(
            Layer.of(committed(container.upper)),
            created=rfc3339_nano(engine.now),
            author=author,
            comment=message,
            config={**settings, **(config or {})},
            container=container.id,
            container_config=settings,
        )
    images.add_image(engine, image, parent=container.image_id)
    if reference:
        images.set_tag(engine, image.id, reference)
    return image


def committed(upper: Dir) -> Dir:
    """Return what a layer's tar takes of a tree."""
    return tree.mapped(upper, archived)


def archived(node: Node) -> Node:
    """Return what a tar takes of a file: of extended attributes capabilities alone.

    The daemon's tar reads no other (moby, pkg/archive/archive.go, ReadSecurityXattrToTarHeader).
    """
    if isinstance(node, Whiteout) or not node.meta.xattrs:
        return node
    xattrs = tuple(each for each in node.meta.xattrs if each[0] == CAPABILITY)
    return replace(node, meta=replace(node.meta, xattrs=xattrs))


_SIGNALS = frozenset(
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS "
    "TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX".split()
)
"""Signals of Linux that Docker knows by name; those between RTMIN and RTMAX are left out."""
_NUMBERED = {"1": "HUP", "2": "INT", "3": "QUIT", "9": "KILL", "15": "TERM"}


def signal_name(text: str) -> str:
    """Return a signal's name without SIG, or its number; raises DaemonError for none (moby, pkg/signal).

    >>> signal_name("sigterm"), signal_name("9")
    ('TERM', 'KILL')
    """
    name = text.upper().removeprefix("SIG")
    if name in _SIGNALS or (name.isascii() and name.isdecimal() and int(name)):
        return _NUMBERED.get(name, name)
    raise DaemonError(f"Invalid signal: {text}")


def stop(engine: Engine, container: Container, *, timeout: int = 10, kill: bool = False) -> Container:
    """Stop a container; its read-write layer stays.

    A service ends by itself on the image's stop signal. A shell or `sleep` as process 1 ignores it, so
    the engine waits `timeout` seconds and kills it, exit code 137, unless it ends by itself before.
    """
    if not container.running:
        return container
    graceful = container.service and not kill
    finished, exit_code = engine.now, 0 if graceful else 137
    if not graceful and not kill:
        finished += timeout * SECOND
        if container.ends_at is not None and container.ends_at <= finished:
            finished, exit_code = max(container.ends_at, engine.now), container.ends_with
    engine.advance(finished - engine.now)
    return keep_ended(engine, ended(container, finished, exit_code))
