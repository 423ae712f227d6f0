"""Volumes: places for a container's files outside of all layers (moby, volume/local, daemon/volumes.go).

A new volume that a container is created with gets what the image has in its place. What is written there
is in no layer: `docker diff`, `ps --size` and `commit` do not see it, and it stays when the container goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from labkit.base.errors import Conflict, DaemonError, NotFound
from labkit.engine.engine import Engine
from labkit.engine.state import Container, Options, State, Volume, VolumeMount, identifier
from labkit.go import path as gopath
from labkit.oci import tree
from labkit.oci.image import Image
from labkit.oci.tree import Dir, File, Meta, Node
from labkit.storage.posix import meta_of, with_meta

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
Find = Callable[[str], Container]
_MODES = {"", "rw", "ro", "z", "Z", "nocopy"}


def create(engine: Engine, name: str = "", labels: Mapping[str, str] | None = None) -> Volume:
    """Return a volume, made if there is none of its name; without a name it gets an identifier.

    Raises DaemonError for a name that is none.

    >>> engine = Engine()
    >>> create(engine, "data") is find(engine, "data")
    True
    """
    name = name or engine.new_id()
    known = engine.state.volumes.get(name)
    if known is not None:
        return known
    if len(name) == 1:
        raise DaemonError(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
    if not _NAME.fullmatch(name):
        raise DaemonError(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute '
            "path"
        )
    given = None if labels is None else tuple(sorted(labels.items()))
    files = Dir(meta=Meta(0o755, mtime=engine.now), opaque=True)
    return _keep(engine, Volume(name, engine.now, given, files))


def _keep(engine: Engine, volume: Volume) -> Volume:
    engine.change(volumes=engine.state.volumes.set(volume.name, volume))
    return volume


def find(engine: Engine, name: str) -> Volume:
    """Return a volume; raises NotFound."""
    try:
        return engine.state.volumes[name]
    except KeyError:
        raise NotFound.of("volume", name) from None


def users(state: State, name: str) -> list[Container]:
    """Return the containers that have a volume."""
    found = state.containers.values()
    return [each for each in found if any(mount.name == name for mount in each.volumes)]


def remove(engine: Engine, name: str) -> None:
    """Remove a volume with its files; raises NotFound, or Conflict where a container has it."""
    find(engine, name)
    if using := users(engine.state, name):
        raise Conflict(f"remove {name}: volume is in use - [{', '.join(each.id for each in using)}]")
    engine.change(volumes=engine.state.volumes.remove(name))


def unused(engine: Engine) -> list[Volume]:
    """Return the volumes that no container has, by name.

    >>> engine = Engine()
    >>> [create(engine, name).name for name in ("web", "db")], [each.name for each in unused(engine)]
    (['web', 'db'], ['db', 'web'])
    """
    return [each for name, each in sorted(engine.state.volumes.items()) if not users(engine.state, name)]


def remove_anonymous(engine: Engine, container: Container) -> None:
    """Remove the volumes that were made for a removed container and that no other has."""
    for each in container.volumes:
        if each.anonymous and each.name in engine.state.volumes and not users(engine.state, each.name):
            remove(engine, each.name)


def for_container(
    engine: Engine, identity: str, options: Options, image: Image, find: Find
) -> tuple[VolumeMount, ...]:
    """Return a new container's volumes, those of its flags and those of its image's VOLUME, all made.

    `find` finds a container by its name. Raises DaemonError for a flag that is wrong.
    """
    wanted = _wanted(options, find)
    for path in sorted(image.config.config.get("Volumes") or {}):
        wanted.setdefault(path, VolumeMount("", path))
    mounts = []
    for each in filter(None, wanted.values()):
        known = engine.state.volumes.get(each.name)
        below = tree.get(engine.root(image), each.destination)
        if isinstance(below, File):
            place = f"{engine.mount_point(identity)}{each.destination}"
            if not each.name:
                raise DaemonError(f"cannot mount volume over existing file, file exists {place}")
            raise DaemonError(f"source {place} is not directory")
        volume = known or create(engine, each.name or identifier(identity, each.destination))
        if isinstance(below, Dir) and not volume.files.children and each.copied:
            copied = tree.mapped(below, lambda node: _copied(node, engine.now))
            _keep(engine, replace(volume, files=replace(copied, opaque=True)))
        mounts.append(replace(each, name=volume.name, anonymous=each.anonymous or not each.name))
    return tuple(mounts)


def _copied(node: Node, now: int) -> Node:
    """Return a node as it is copied: a directory that gets files is changed by that."""
    changed = isinstance(node, Dir) and node.children
    return with_meta(node, replace(meta_of(node), mtime=now)) if changed else node


def check(options: Options) -> None:
    """Raise what the daemon says of mounts before it looks for the image: DaemonError."""
    for each in options.mounts:
        wrong = f'invalid mount config for type "{each.kind}": '
        _check_place(each.target, wrong)
        if each.kind not in ("volume", "tmpfs"):
            raise DaemonError(f"{wrong}mount type unknown")
        if each.kind == "tmpfs" and each.source:
            raise DaemonError(f"{wrong}field Source must not be specified")
        if each.kind == "volume" and each.read_only and not each.source:
            raise DaemonError(f"{wrong}must not set ReadOnly mode when using anonymous volumes")
    for path, _ in options.tmpfs:
        _check_place(path, "")


def _check_place(path: str, wrong: str) -> None:
    if not gopath.clean(path).strip("/"):
        raise DaemonError(f"{wrong}invalid specification: destination can't be '/'")
    if not path.startswith("/"):
        raise DaemonError(f"{wrong}invalid mount path: '{path}' mount path must be absolute")


def _wanted(options: Options, find: Find) -> dict[str, VolumeMount | None]:
    """Return what the flags mount, by place; None for a file system in memory."""
    found: dict[str, VolumeMount | None] = {}
    for name in options.volumes_from:
        found |= {each.destination: each for each in _inherited(name, find)}
    flags = [_parsed(flag) for flag in dict.fromkeys(options.volumes)]
    named: dict[str, VolumeMount | None] = {}
    for each in (each for each in flags if each.name):
        if each.destination in named or each.destination in dict(options.tmpfs):
            raise DaemonError(f"Duplicate mount point: {each.destination}")
        named[each.destination] = each
    for flag in options.mounts:
        place = gopath.clean(flag.target)
        if place in named:
            raise DaemonError(f"Duplicate mount point: {flag.target}")
        volume = VolumeMount(flag.source, place, "z", read_only=flag.read_only, copied=not flag.no_copy)
        named[place] = volume if flag.kind == "volume" else None
    return {**{each.destination: each for each in flags if not each.name}, **found, **named}


def _inherited(text: str, find: Find) -> list[VolumeMount]:
    """Return the volumes of the container that a value of `--volumes-from` names."""
    name, colon, mode = text.partition(":")
    if not text:
        raise DaemonError("volumes-from specification cannot be an empty string")
    if colon and not set(mode.split(",")) <= _MODES - {"", "nocopy"}:
        raise DaemonError(f"invalid mode: {mode}")
    read_only = "ro" in mode.split(",")
    return [
        replace(each, mode="", copied=False, read_only=each.read_only or read_only)
        for each in find(name).volumes
    ]


def _parsed(flag: str) -> VolumeMount:
    parts = flag.split(":")
    if len(parts) > 3 or "" in parts[:2]:
        raise DaemonError(f"invalid volume specification: '{flag}'")
    name, path, mode = ("", parts[0], "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))
    if not set(mode.split(",")) <= _MODES:
        raise DaemonError(f"invalid mode: {mode}")
    wrong = f"invalid volume specification: '{flag}': invalid mount config for type \"volume\": "
    _check_place(path, wrong)
    modes = mode.split(",")
    shown = mode or ("z" if name else "")
    return VolumeMount(name, gopath.clean(path), shown, read_only="ro" in modes, copied="nocopy" not in modes)


def size(volumes: Iterable[Volume]) -> int:
    """Return the bytes of the files in some volumes.

    >>> size([Volume("data", 0)])
    0
    """
    return sum(tree.size(each.files) for each in volumes)
