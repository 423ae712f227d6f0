"""A container's config: its image's, with what the flags of `docker create` set (moby, runconfig).

It is what `docker inspect` shows of a container and what `docker commit` gives the new image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from labkit.engine.state import Container


def container_config(container: Container) -> dict[str, Any]:
    """Return a container's config: the image's with what its flags set, keys in Docker's order."""
    options, image = container.options, container.image.config.config
    env = [*options.env, *_not_named_in(options.env, image.get("Env") or ())]
    labels = {**(image.get("Labels") or {}), **dict(options.labels)}
    own_entrypoint = options.entrypoint is not None
    command = container.cmd if container.cmd or own_entrypoint else image.get("Cmd")
    entrypoint = options.entrypoint if own_entrypoint else image.get("Entrypoint")
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
    published = {published_port(each)[1] for each in container.options.ports}
    return sorted({*(container.image.config.config.get("ExposedPorts") or {}), *published})


def published_port(text: str) -> tuple[str, str]:
    """Return the host's port, "" for any, and the container's, of a flag `-p`.

    >>> published_port("8080:80"), published_port("80")
    (('8080', '80/tcp'), ('', '80/tcp'))
    """
    host, _, inner = text.rpartition(":")
    return host.rpartition(":")[2], inner if "/" in inner else f"{inner}/tcp"


def _not_named_in(given: Sequence[str], env: Iterable[str]) -> list[str]:
    names = {each.partition("=")[0] for each in given}
    return [each for each in env if each.partition("=")[0] not in names]
