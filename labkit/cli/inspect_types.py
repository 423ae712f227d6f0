"""The Go types behind `docker inspect` (moby, api/types): which fields there are, and their kinds.

A template meets these types, not the JSON: `{{.ID}}` is a field, `{{.Config.Volumes}}` prints `map[]`
where JSON has null, `{{.Config.Healthcheck}}` prints `<nil>` where JSON has nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labkit.cli.govalues import GoTime, NilList, NilMap, Struct

_Kind = Callable[[object], object]


def _text(value: object) -> object:
    return value or ""


def _number(value: object) -> object:
    return value or 0


def _flag(value: object) -> object:
    return bool(value)


def _pointer(value: object) -> object:
    return value


def _list(value: object) -> object:
    return NilList() if value is None else value


def _map(value: object) -> object:
    return NilMap() if value is None else value


def _set(value: object) -> object:
    empty = Struct("struct {}", {})
    return dict.fromkeys(value, empty) if isinstance(value, Mapping) else NilMap()


def _time(value: object) -> object:
    return GoTime(value or "0001-01-01T00:00:00Z")


_HEALTHCHECK: dict[str, _Kind] = {
    "Test": _list,
    "Interval": _number,
    "Timeout": _number,
    "StartPeriod": _number,
    "Retries": _number,
}


def _healthcheck(value: object) -> object:
    if value is None:
        return None
    return _struct("*container.HealthConfig", _HEALTHCHECK, value, omitempty=frozenset(_HEALTHCHECK))


_CONFIG: dict[str, _Kind] = {
    "Hostname": _text,
    "Domainname": _text,
    "User": _text,
    "AttachStdin": _flag,
    "AttachStdout": _flag,
    "AttachStderr": _flag,
    "ExposedPorts": _set,
    "Tty": _flag,
    "OpenStdin": _flag,
    "StdinOnce": _flag,
    "Env": _list,
    "Cmd": _list,
    "Healthcheck": _healthcheck,
    "ArgsEscaped": _flag,
    "Image": _text,
    "Volumes": _set,
    "WorkingDir": _text,
    "Entrypoint": _list,
    "NetworkDisabled": _flag,
    "MacAddress": _text,
    "OnBuild": _list,
    "Labels": _map,
    "StopSignal": _text,
    "StopTimeout": _pointer,
    "Shell": _list,
}
_CONFIG_OMITEMPTY = frozenset(
    (
        *("ExposedPorts", "Healthcheck", "ArgsEscaped", "NetworkDisabled"),
        *("MacAddress", "StopSignal", "StopTimeout", "Shell"),
    )
)


def _config(value: object) -> object:
    if value is None:
        return None
    return _struct("*container.Config", _CONFIG, value, omitempty=_CONFIG_OMITEMPTY)


def _graph_driver(value: object) -> object:
    return _struct("types.GraphDriverData", {"Data": _map, "Name": _text}, value)


def _rootfs(value: object) -> object:
    fields: dict[str, _Kind] = {"Type": _text, "Layers": _list, "BaseLayer": _text}
    return _struct("types.RootFS", fields, value, omitempty=frozenset(("Layers", "BaseLayer")))


def _metadata(value: object) -> object:
    return _struct("types.ImageMetadata", {"LastTagTime": _time}, value)


_IMAGE: dict[str, _Kind] = {
    "ID": _text,
    "RepoTags": _list,
    "RepoDigests": _list,
    "Parent": _text,
    "Comment": _text,
    "Created": _text,
    "Container": _text,
    "ContainerConfig": _config,
    "DockerVersion": _text,
    "Author": _text,
    "Config": _config,
    "Architecture": _text,
    "Variant": _text,
    "Os": _text,
    "OsVersion": _text,
    "Size": _number,
    "VirtualSize": _number,
    "GraphDriver": _graph_driver,
    "RootFS": _rootfs,
    "Metadata": _metadata,
}


def _struct(
    go_type: str,
    kinds: Mapping[str, _Kind],
    document: object,
    json_names: Mapping[str, str] | None = None,
    omitempty: frozenset[str] = frozenset(),
) -> Struct:
    keys = json_names or {}
    found = document if isinstance(document, Mapping) else {}
    fields = {name: kind(found.get(keys.get(name, name))) for name, kind in kinds.items()}
    return Struct(go_type, fields, keys, omitempty)


def image_inspect(document: Mapping[str, object]) -> Struct:
    """Type the JSON object of an image's inspect, for `inspect_element` and `go_json`.

    >>> image = image_inspect({"Id": "sha256:27a1", "Config": {"Cmd": ["nginx"]}})
    >>> image.fields["ID"], image.fields["Config"].fields["Volumes"]
    ('sha256:27a1', {})
    """
    return _struct("*types.ImageInspect", _IMAGE, document, {"ID": "Id"}, frozenset(("Variant", "OsVersion")))


_GO_NAMES = {
    "Id": "ID",
    "CpuShares": "CPUShares",
    "NanoCpus": "NanoCPUs",
    "CpuPeriod": "CPUPeriod",
    "CpuQuota": "CPUQuota",
    "CpuRealtimePeriod": "CPURealtimePeriod",
    "CpuRealtimeRuntime": "CPURealtimeRuntime",
    "CpuCount": "CPUCount",
    "CpuPercent": "CPUPercent",
    "Dns": "DNS",
    "DnsOptions": "DNSOptions",
    "DnsSearch": "DNSSearch",
    "HostIp": "HostIP",
    "ApiVersion": "APIVersion",
}
_GO_TYPES = {
    "State": "*types.ContainerState",
    "HostConfig": "*container.HostConfig",
    "LogConfig": "container.LogConfig",
    "RestartPolicy": "container.RestartPolicy",
    "GraphDriver": "types.GraphDriverData",
    "NetworkSettings": "*types.NetworkSettings",
    "Networks[]": "*network.EndpointSettings",
    "PortBindings[]": "nat.PortBinding",
    "Ports[]": "nat.PortBinding",
    "Client": "system.clientVersion",
    "Server": "*types.Version",
}
_MAPS = frozenset(("Data", "DriverOpts", "LogOptions", "Networks", "PortBindings", "Ports"))
_POINTERS = frozenset(("IPAMConfig", "MemorySwappiness", "PidsLimit"))


def container_inspect(document: Mapping[str, object]) -> Struct:
    """Type the JSON object of a container's inspect.

    >>> container_inspect({"Id": "4c01", "State": {"Pid": 0}}).fields["State"].go_type
    '*types.ContainerState'
    """
    return typed_struct("types.ContainerJSON", document)


def typed_struct(go_type: str, document: Mapping[str, object]) -> Struct:
    """Type a JSON object whose keys are all its struct's fields, and the objects in it.

    >>> typed_struct("types.Version", {"ApiVersion": "1.41"}).fields
    {'APIVersion': '1.41'}
    """
    names = {_GO_NAMES.get(key, key): key for key in document}
    fields = {name: _typed(key, document[key]) for name, key in names.items()}
    return Struct(go_type, fields, names)


def _typed(key: str, value: object) -> object:
    if key == "Config":
        return _config(value)
    if value is None:
        return None if key in _POINTERS else NilMap() if key in _MAPS else NilList()
    if isinstance(value, list):
        return [_typed(key, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if key == "LogConfig":
        fields = {"Type": value["Type"], "Config": _typed("LogOptions", value["Config"])}
        return Struct(_GO_TYPES[key], fields)
    if key == "State":
        fields = {**typed_struct("", value).fields, "Health": None}
        return Struct(_GO_TYPES[key], fields, omitempty=frozenset(("Health",)))
    if key in _MAPS:
        return {name: _typed(f"{key}[]", item) for name, item in value.items()}
    return typed_struct(_GO_TYPES.get(key, f"types.{key}"), value)
