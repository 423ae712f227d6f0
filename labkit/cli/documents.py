"""What `docker inspect` shows: an image's or a container's details as the engine's API gives them.

Keys and their order are those of moby 20.10's types.ImageInspect and types.ContainerJSON. What labkit
does not simulate (limits, networks, mounts) has the value that a container has without such a flag.
"""

from __future__ import annotations

from typing import Any

from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.engine import SERVER_VERSION, Engine
from labkit.engine.identity import identifier
from labkit.engine.state import Container
from labkit.oci.gostruct import thaw
from labkit.oci.image import Image
from labkit.oci.moment import rfc3339_nano

_NEVER = "0001-01-01T00:00:00Z"


def image_document(engine: Engine, image: Image) -> dict[str, Any]:
    """Return what `docker image inspect` prints of an image."""
    config = image.config
    names = images.references(engine, image.id)
    tagged = engine.state.tagged.get(image.id)
    document = {
        "Id": image.id,
        "RepoTags": [each.familiar for each in names if not each.digest],
        "RepoDigests": [each.familiar for each in names if each.digest],
        "Parent": engine.state.parents.get(image.id, ""),
        "Comment": config.comment,
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
        "GraphDriver": _graph_driver(engine, _layer_directories(engine, image)),
        "RootFS": {"Type": "layers", "Layers": [layer.diff_id for layer in image.layers]},
        "Metadata": {"LastTagTime": rfc3339_nano(tagged) if tagged else _NEVER},
    }
    for key in ("Variant", "OsVersion"):
        if not document[key]:
            del document[key]
    if not image.layers:
        del document["RootFS"]["Layers"]
    return document


def _layer_directories(engine: Engine, image: Image) -> list[str]:
    """Return each layer's directory, top first; the engine names it by an identifier of its own."""
    return [
        f"{engine.data_root}/overlay2/{identifier('cache', chain)}" for chain in reversed(image.chain_ids)
    ]


def _graph_driver(engine: Engine, directories: list[str]) -> dict[str, Any]:
    """Return the storage driver's data: the top directory is the upper one, the others are below it."""
    if not directories:
        return {"Data": None, "Name": engine.driver.name}
    top, *below = directories
    data = {
        "LowerDir": ":".join(f"{each}/diff" for each in below),
        "MergedDir": f"{top}/merged",
        "UpperDir": f"{top}/diff",
        "WorkDir": f"{top}/work",
    }
    if not below:
        del data["LowerDir"]
    return {"Data": data, "Name": engine.driver.name}


def container_document(engine: Engine, container: Container, *, size: bool = False) -> dict[str, Any]:
    """Return what `docker container inspect` prints of a container."""
    home = f"{engine.data_root}/containers/{container.id}"
    directory = f"{engine.data_root}/overlay2/{identifier('cache', container.id)}"
    document: dict[str, Any] = {
        "Id": container.id,
        "Created": rfc3339_nano(container.created),
        "Path": container.command[0],
        "Args": list(container.command[1:]),
        "State": _state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"{home}/resolv.conf",
        "HostnamePath": f"{home}/hostname",
        "HostsPath": f"{home}/hosts",
        "LogPath": f"{home}/{container.id}-json.log",
        "Name": f"/{container.name}",
        "RestartCount": 0,
        "Driver": engine.driver.name,
        "Platform": engine.os,
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": _host_config(container),
        "GraphDriver": _graph_driver(
            engine,
            [directory, f"{directory}-init", *_layer_directories(engine, container.image)],
        ),
        "Mounts": [],
        "Config": containers.container_config(container),
        "NetworkSettings": _network_settings(container),
    }
    if size:
        before = {"SizeRw": containers.size_rw(container), "SizeRootFs": containers.size_root(container)}
        items = list(document.items())
        place = [key for key, _ in items].index("Mounts")
        document = dict([*items[:place], *before.items(), *items[place:]])
    return document


def _state(container: Container) -> dict[str, Any]:
    return {
        "Status": container.status,
        "Running": container.running,
        "Paused": False,
        "Restarting": False,
        "OOMKilled": False,
        "Dead": False,
        "Pid": 1000 + container.number if container.running else 0,
        "ExitCode": container.exit_code,
        "Error": "",
        "StartedAt": rfc3339_nano(container.started) if container.started else _NEVER,
        "FinishedAt": rfc3339_nano(container.finished) if container.finished else _NEVER,
    }


def _port_bindings(container: Container) -> dict[str, Any]:
    published = map(containers.published_port, container.options.ports)
    return {inner: [{"HostIp": "", "HostPort": host}] for host, inner in published}


def _host_config(container: Container) -> dict[str, Any]:
    options = container.options
    no_limits: dict[str, Any] = dict.fromkeys(("CpuShares", "Memory", "NanoCpus"), 0)
    return {
        "Binds": None,
        "ContainerIDFile": "",
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": options.network,
        "PortBindings": _port_bindings(container),
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": options.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": None,
        "CapAdd": None,
        "CapDrop": None,
        "CgroupnsMode": "host",
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "ExtraHosts": None,
        "GroupAdd": None,
        "IpcMode": "private",
        "Cgroup": "",
        "Links": None,
        "OomScoreAdj": 0,
        "PidMode": "",
        "Privileged": False,
        "PublishAllPorts": options.publish_all,
        "ReadonlyRootfs": options.read_only,
        "SecurityOpt": None,
        "UTSMode": "",
        "UsernsMode": "",
        "ShmSize": 67108864,
        "Runtime": "runc",
        "ConsoleSize": [0, 0],
        "Isolation": "",
        **no_limits,
        "CgroupParent": "",
        "BlkioWeight": 0,
        "BlkioWeightDevice": [],
        "BlkioDeviceReadBps": None,
        "BlkioDeviceWriteBps": None,
        "BlkioDeviceReadIOps": None,
        "BlkioDeviceWriteIOps": None,
        "CpuPeriod": 0,
        "CpuQuota": 0,
        "CpuRealtimePeriod": 0,
        "CpuRealtimeRuntime": 0,
        "CpusetCpus": "",
        "CpusetMems": "",
        "Devices": [],
        "DeviceCgroupRules": None,
        "DeviceRequests": None,
        "KernelMemory": 0,
        "KernelMemoryTCP": 0,
        "MemoryReservation": 0,
        "MemorySwap": 0,
        "MemorySwappiness": None,
        "OomKillDisable": False,
        "PidsLimit": None,
        "Ulimits": None,
        "CpuCount": 0,
        "CpuPercent": 0,
        "IOMaximumIOps": 0,
        "IOMaximumBandwidth": 0,
        "MaskedPaths": [f"/proc/{name}" for name in _MASKED] + ["/sys/firmware"],
        "ReadonlyPaths": [f"/proc/{name}" for name in ("bus", "fs", "irq", "sys", "sysrq-trigger")],
    }


_MASKED = "asound acpi kcore keys latency_stats timer_list timer_stats sched_debug scsi".split()


def _network_settings(container: Container) -> dict[str, Any]:
    """Return the network's part: labkit simulates no network, so nothing in it has an address."""
    ports = dict.fromkeys(containers.exposed_ports(container))
    shown = {**ports, **_port_bindings(container)} if container.running else {}
    empty = dict.fromkeys(
        ("IPAMConfig", "Links", "Aliases", "NetworkID", "EndpointID", "Gateway", "IPAddress"), None
    )
    name = "bridge" if container.options.network == "default" else container.options.network
    network = {
        **empty,
        "NetworkID": "",
        "EndpointID": "",
        "Gateway": "",
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "MacAddress": "",
        "DriverOpts": None,
    }
    return {
        "Bridge": "",
        "SandboxID": "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": shown,
        "SandboxKey": "",
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": "",
        "Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": "",
        "IPPrefixLen": 0,
        "IPv6Gateway": "",
        "MacAddress": "",
        "Networks": {name: network},
    }


def engine_document(engine: Engine) -> dict[str, Any]:
    """Return what `docker info` shows of the engine."""
    every = list(engine.state.containers.values())
    running = [each for each in every if each.running]
    return {
        "Containers": len(every),
        "ContainersRunning": len(running),
        "ContainersPaused": 0,
        "ContainersStopped": len(every) - len(running),
        "Images": len(engine.state.images),
        "Driver": engine.driver.name,
        "DriverStatus": [
            ["Backing Filesystem", "extfs"],
            ["Supports d_type", "true"],
            ["Native Overlay Diff", "true"],
            ["userxattr", "false"],
        ],
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
