"""What `docker inspect`, `info` and `version` show, as the engine's API gives it.

Keys and their order are those of moby 20.10's types.ImageInspect, types.ContainerJSON, types.Info and
types.Version. What labkit does not simulate (limits, a network's identifiers and addresses) has the value
that a container has without such a flag, or none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labkit.base.text import packaged
from labkit.engine import container as containers
from labkit.engine import images, volumes
from labkit.engine.container import container_config, exposed_ports
from labkit.engine.engine import Engine, container_layers, layer_names
from labkit.engine.state import Container, MountFlag, VolumeMount
from labkit.engine.usage import snapshots
from labkit.go import path as gopath
from labkit.go.moment import rfc3339, rfc3339_nano
from labkit.go.struct import ZERO_TIME, thaw
from labkit.go.values import GoTime, NilList, NilMap, Struct
from labkit.oci.image import SERVER_VERSION, Image

# The Go types behind `docker inspect` (moby, api/types): which fields there are, and their kinds.
# A template meets these types, not the JSON: `{{.ID}}` is a field, `{{.Config.Volumes}}` prints `map[]`
# where JSON has null, `{{.Config.Healthcheck}}` prints `<nil>` where JSON has nothing.

# The table has for each struct its fields in Go's order, `Name` or `Name:kind` where it is no text, what a
# new container has where no flag changes it, and the names that differ from a key and from `types.KEY`.
_TABLE: dict[str, dict[str, Any]] = json.loads(packaged("labkit.cli", "documents.json"))


def _struct(go_type: str, document: object) -> Struct:
    row, found = _TABLE["structs"][go_type], document if isinstance(document, Mapping) else {}
    fields = (field.partition(":") for field in row["fields"].split())
    typed = {name: _of_kind(kind, found.get(name)) for name, _, kind in fields}
    return Struct(go_type, typed, omitempty=frozenset(row["omitempty"].split()))


def _of_kind(kind: str, value: object) -> object:
    """Type a field's value; a kind is one of _KINDS or a struct's type."""
    if kind in _KINDS:
        return _KINDS[kind](value)
    return None if value is None and kind.startswith("*") else _struct(kind, value)


def _set(value: object) -> object:
    empty = Struct("struct {}", {})
    return dict.fromkeys(value, empty) if isinstance(value, Mapping) else NilMap()


_KINDS: dict[str, Callable[[object], object]] = {
    "": lambda value: value or "",
    "number": lambda value: value or 0,
    "flag": bool,
    "pointer": lambda value: value,
    "list": lambda value: NilList() if value is None else value,
    "map": lambda value: NilMap() if value is None else value,
    "set": _set,
}

_GO_NAMES, _GO_TYPES = _TABLE["names"], _TABLE["types"]
_MAPS, _POINTERS = _TABLE["maps"], _TABLE["pointers"]
_OMITTED, _ABSENT = _TABLE["omitted"], _TABLE["absent"]
"""What JSON leaves out where it is empty, and the fields that no document here has."""


def typed_struct(go_type: str, document: Mapping[str, object]) -> Struct:
    """Type a JSON object whose keys are its struct's fields, and the objects in it.

    >>> image = typed_struct("*types.ImageInspect", {"Id": "sha256:27a1", "Config": {"Cmd": ["nginx"]}})
    >>> image.fields["ID"], image.fields["Config"].fields["Volumes"]
    ('sha256:27a1', {})
    """
    document = {**document, **_ABSENT.get(go_type, {})}
    names = {_GO_NAMES.get(key, key): key for key in document}
    fields = {name: _typed(key, document[key]) for name, key in names.items()}
    return Struct(go_type, fields, names, frozenset(_OMITTED.get(go_type, ())))


def _typed(key: str, value: object) -> object:
    if key in ("Config", "ContainerConfig"):
        return _of_kind("*container.Config", value)
    if value is None:
        return None if key in _POINTERS else NilMap() if key in _MAPS else NilList()
    if isinstance(value, list):
        return [_typed(key, item) for item in value]
    if not isinstance(value, Mapping):
        return GoTime(str(value)) if key == "LastTagTime" else value
    if key == "LogConfig":
        fields = {"Type": value["Type"], "Config": _typed("LogOptions", value["Config"])}
        return Struct(_GO_TYPES[key], fields)
    if key in _MAPS:
        return {name: _typed(f"{key}[]", item) for name, item in value.items()}
    return typed_struct("mount.Mount" if "Target" in value else _GO_TYPES.get(key, f"types.{key}"), value)


def graph_driver(engine: Engine, names: Sequence[str]) -> dict[str, Any]:
    """Return the member GraphDriver for a stack of layers, the top one first."""
    data = dict(engine.driver.metadata(engine.driver_home, names)) if names else {}
    return {"Data": data or None, "Name": engine.driver.name}


def image_struct(engine: Engine, name: str) -> Struct:
    """Return what `docker image inspect` shows of an image; raises NotFound."""
    return typed_struct("*types.ImageInspect", image_document(engine, images.find_image(engine, name)))


def image_document(engine: Engine, image: Image) -> dict[str, Any]:
    """Return what `docker image inspect` prints of an image."""
    config = image.config
    names = images.references(engine, image.id)
    tagged = engine.state.tagged.get(image.id)
    return {
        "Id": image.id,
        "RepoTags": [each.familiar for each in names if not each.digest],
        "RepoDigests": [each.familiar for each in names if each.digest],
        "Parent": engine.state.parents.get(image.id, ""),
        "Comment": config.comment or (config.history[-1].comment if config.history else ""),
        "Created": config.created,
        "Container": config.container,
        "ContainerConfig": thaw(config.container_config),
        "DockerVersion": config.docker_version,
        "Author": config.author,
        "Config": thaw(config.config) or None,
        "Architecture": config.architecture,
        "Variant": config.variant,
        "Os": config.os,
        "OsVersion": config.os_version,
        "Size": image.size,
        "VirtualSize": image.size,
        "GraphDriver": graph_driver(engine, layer_names(image)),
        "RootFS": {"Type": "layers", "Layers": [layer.diff_id for layer in image.layers]},
        "Metadata": {"LastTagTime": rfc3339_nano(tagged) if tagged else ZERO_TIME},
    }


def engine_document(engine: Engine) -> dict[str, Any]:
    """Return what `docker info` shows of the engine."""
    every = list(engine.state.containers.values())
    status = engine.driver.status(engine.driver_home, snapshots(engine))
    running = [each for each in every if each.running]
    return {
        "Containers": len(every),
        "ContainersRunning": len(running),
        "ContainersPaused": 0,
        "ContainersStopped": len(every) - len(running),
        "Images": len(engine.state.images),
        "Driver": engine.driver.name,
        "DriverStatus": [[name, value] for name, value in status.items()] or None,
        "ServerVersion": SERVER_VERSION,
        "OperatingSystem": "labkit, a simulated engine",
        "OSType": engine.os,
        "Architecture": "x86_64" if engine.architecture == "amd64" else engine.architecture,
        "Name": engine.hostname,
        "DockerRootDir": engine.data_root,
        "IndexServerAddress": "https://index.docker.io/v1/",
    }


def version_document(engine: Engine) -> dict[str, Any]:
    """Return what `docker version` shows: labkit answers as this version of client and engine."""
    facts = {"Version": SERVER_VERSION, "ApiVersion": "1.41", "Os": engine.os, "Arch": engine.architecture}
    return {"Client": facts, "Server": facts}


def container_document(engine: Engine, container: Container, *, size: bool = False) -> dict[str, Any]:
    """Return what `docker container inspect` prints of a container."""
    home = f"{engine.data_root}/containers/{container.id}"
    begun = bool(container.started)
    sizes = {"SizeRw": containers.size_rw(container), "SizeRootFs": containers.size_root(container)}
    return {
        **_TABLE["Container"],
        "Id": container.id,
        "Created": rfc3339_nano(container.created),
        "Path": container.command[0],
        "Args": list(container.command[1:]),
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"{home}/resolv.conf" if begun else "",
        "HostnamePath": f"{home}/hostname" if begun else "",
        "HostsPath": f"{home}/hosts" if begun else "",
        "LogPath": f"{home}/{container.id}-json.log" if begun else "",
        "Name": f"/{container.name}",
        "Driver": engine.driver.name,
        "Platform": engine.os,
        "HostConfig": _host_config(container),
        "GraphDriver": graph_driver(engine, container_layers(container)),
        **(sizes if size else {}),
        "Mounts": [
            *(_mount(engine, each) for each in container.volumes),
            *(_memory(each) for each in container.options.mounts if each.kind == "tmpfs"),
        ],
        "Config": container_config(container),
        "NetworkSettings": _network_settings(container),
    }


def _mount(engine: Engine, volume: VolumeMount) -> dict[str, Any]:
    return {
        **_TABLE["Mount"],
        "Type": "volume",
        "Name": volume.name,
        "Source": _mountpoint(engine, volume.name),
        "Destination": volume.destination,
        "Driver": "local",
        "Mode": volume.mode,
        "RW": not volume.read_only,
    }


def _mountpoint(engine: Engine, name: str) -> str:
    return f"{engine.data_root}/volumes/{name}/_data"


def _memory(flag: MountFlag) -> dict[str, Any]:
    place = gopath.clean(flag.target)
    return {**_TABLE["Mount"], "Type": flag.kind, "Destination": place, "RW": not flag.read_only}


def _state(container: Container) -> dict[str, Any]:
    return {
        **_TABLE["State"],
        "Status": container.status,
        "Running": container.running,
        "Pid": 1000 + container.number if container.running else 0,
        "ExitCode": container.exit_code,
        "Error": container.error,
        "StartedAt": rfc3339_nano(container.started) if container.started else ZERO_TIME,
        "FinishedAt": rfc3339_nano(container.finished) if container.finished else ZERO_TIME,
    }


def _port_bindings(container: Container) -> dict[str, Any]:
    ports = container.options.ports
    return {port.inner: [{"HostIp": port.ip, "HostPort": port.host}] for port in ports}


def _host_config(container: Container) -> dict[str, Any]:
    options = container.options
    policy, _, count = options.restart.partition(":")
    return {
        **_TABLE["HostConfig"],
        "Binds": [each for each in options.volumes if ":" in each] or None,
        "LogConfig": {"Type": options.log_driver, "Config": {}},
        "NetworkMode": options.network,
        "PortBindings": _port_bindings(container),
        "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(count or 0)},
        "AutoRemove": options.auto_remove,
        "PublishAllPorts": options.publish_all,
        "ReadonlyRootfs": options.read_only,
        "VolumesFrom": list(options.volumes_from) or None,
        "Tmpfs": dict(options.tmpfs),
        "Mounts": list(map(_mount_flag, options.mounts)),
    }


def _mount_flag(flag: MountFlag) -> dict[str, Any]:
    """Return a value of `--mount` as the API has it (api/types/mount)."""
    memory = {key: value for key, value in (("SizeBytes", flag.size), ("Mode", flag.mode)) if value}
    return {
        "Type": flag.kind,
        "Source": flag.source,
        "Target": flag.target,
        "ReadOnly": flag.read_only,
        "Consistency": "",
        "BindOptions": None,
        "VolumeOptions": {"NoCopy": True, "DriverConfig": {}} if flag.no_copy else None,
        "TmpfsOptions": memory or None,
    }


def _network_settings(container: Container) -> dict[str, Any]:
    """Return the network's part: labkit simulates no network, so nothing in it has an address."""
    options = container.options
    ports = dict.fromkeys(exposed_ports(container))
    shown = {**ports, **_port_bindings(container)} if container.running and options.network != "none" else {}
    name = "bridge" if options.network == "default" else options.network
    return {**_TABLE["NetworkSettings"], "Ports": shown, "Networks": {name: dict(_TABLE["Network"])}}


def volume_struct(engine: Engine, name: str) -> Struct:
    """Return what `docker volume inspect` shows of a volume; raises NotFound."""
    volume = volumes.find(engine, name)
    by_hand = volume.labels is not None
    fields: dict[str, Any] = {
        "CreatedAt": rfc3339(volume.created),
        "Driver": "local",
        "Labels": dict(volume.labels or ()) if by_hand else NilMap(),
        "Mountpoint": _mountpoint(engine, name),
        "Name": name,
        "Options": {} if by_hand else NilMap(),
        "Scope": "local",
    }
    return Struct("*types.Volume", fields)
