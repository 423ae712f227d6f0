"""Volumes: places for a container's files outside of all layers (moby, volume/local, daemon/volumes.go).

A new volume that a container is created with gets what the image has in its place. What is written there
is in no layer: `docker diff`, `ps --size` and `commit` do not see it, and it stays when the container goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from labkit.base.errors import Conflict, DaemonError, NotFound
from labkit.engine.engine import Engine
from labkit.engine.state import Container, Options, Volume, VolumeMount, identifier
from labkit.oci import tree
from labkit.oci.image import Image
from labkit.oci.tree import Dir, File, Meta, Node

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*", re.ASCII)
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


def users(engine: Engine, name: str) -> list[Container]:
    """Return the containers that have a volume."""
    found = engine.state.containers.values()
    return [each for each in found if any(mount.name == name for mount in each.volumes)]


def remove(engine: Engine, name: str) -> None:
    """Remove a volume with its files; raises NotFound, or Conflict where a container has it."""
    find(engine, name)
    if using := users(engine, name):
        raise Conflict(f"remove {name}: volume is in use - [{', '.join(each.id for each in using)}]")
    engine.change(volumes=engine.state.volumes.remove(name))


def unused(engine: Engine) -> list[Volume]:
    """Return the volumes that no container has, by name.

    >>> engine = Engine()
    >>> [create(engine, name).name for name in ("web", "db")], [each.name for each in unused(engine)]
    (['web', 'db'], ['db', 'web'])
    """
    return [each for name, each in sorted(engine.state.volumes.items()) if not users(engine, name)]


def remove_anonymous(engine: Engine, container: Container) -> None:
    """Remove the volumes that were made for a removed container and that no other has."""
    for each in container.volumes:
        if each.anonymous and each.name in engine.state.volumes and not users(engine, each.name):
            remove(engine, each.name)


def for_container(engine: Engine, identity: str, options: Options, image: Image) -> tuple[VolumeMount, ...]:
    """Return a new container's volumes, those of its flags and those of its image's VOLUME, all made.

    Raises DaemonError for a flag that is wrong.
    """
    wanted = _wanted(options.volumes)
    places = {each.destination for each in wanted}
    own = sorted(image.config.config.get("Volumes") or {})
    wanted += [VolumeMount("", path) for path in own if path not in places]
    mounts = []
    for each in wanted:
        known = engine.state.volumes.get(each.name)
        below = tree.get(engine.root(image), each.destination)
        if isinstance(below, File):
            place = f"{engine.mount_point(identity)}{each.destination}"
            if not each.name:
                raise DaemonError(f"cannot mount volume over existing file, file exists {place}")
            raise DaemonError(f"source {place} is not directory")
        volume = known or create(engine, each.name or identifier(identity, each.destination))
        if isinstance(below, Dir) and not volume.files.children and "nocopy" not in each.mode.split(","):
            _keep(
                engine, replace(volume, files=replace(tree.unnested(_copied(below, engine.now)), opaque=True))
            )
        mounts.append(replace(each, name=volume.name, anonymous=not each.name))
    return tuple(mounts)


def _copied(directory: Dir, now: int) -> tree.Nested[Dir]:
    """Return a directory as it is copied: one that gets files is changed by that."""
    children: dict[str, Node] = {}
    for name, node in directory.children.items():
        children[name] = (yield _copied(node, now)) if isinstance(node, Dir) else node
    meta = replace(directory.meta, mtime=now) if children else directory.meta
    return Dir(children, meta)


def _wanted(flags: Iterable[str]) -> list[VolumeMount]:
    found: dict[str, VolumeMount] = {}
    for flag in dict.fromkeys(flags):
        mount = _parsed(flag)
        if mount.destination in found:
            raise DaemonError(f"Duplicate mount point: {mount.destination}")
        found[mount.destination] = mount
    return list(found.values())


def _parsed(flag: str) -> VolumeMount:
    parts = flag.split(":")
    if len(parts) > 3 or "" in parts[:2]:
        raise DaemonError(f"invalid volume specification: '{flag}'")
    name, path, mode = ("", parts[0], "") if len(parts) == 1 else (parts[0], parts[1], "".join(parts[2:]))
    if not set(mode.split(",")) <= _MODES:
        raise DaemonError(f"invalid mode: {mode}")
    wrong = f"invalid volume specification: '{flag}': invalid mount config for type \"volume\": "
    if not path.startswith("/"):
        raise DaemonError(f"{wrong}invalid mount path: '{path}' mount path must be absolute")
    if not path.strip("/"):
        raise DaemonError(f"{wrong}invalid specification: destination can't be '/'")
    return VolumeMount(name, "/" + "/".join(tree.split_path(path)), mode)


def size(volumes: Iterable[Volume]) -> int:
    """Return the bytes of the files in some volumes.

    >>> size([Volume("data", 0)])
    0
    """
    return sum(tree.size(each.files) for each in volumes)
