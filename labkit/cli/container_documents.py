"""What `docker inspect` shows of a container: its details as the engine's API gives them.

Keys and their order are those of moby 20.10's types.ContainerJSON. What labkit does not simulate
(limits, mounts, a network's identifiers and addresses) has the value that a container has without such
a flag, or none.
"""

from __future__ import annotations

from typing import Any

from labkit.cli.documents import NEVER
from labkit.cli.driver_documents import graph_driver, layer_names
from labkit.cli.ports import parse_port
from labkit.engine import container as containers
from labkit.engine.container_config import container_config, exposed_ports
from labkit.engine.engine import Engine
from labkit.engine.identity import identifier
from labkit.engine.state import Container, VolumeMount
from labkit.oci.moment import rfc3339_nano


def container_document(engine: Engine, container: Container, *, size: bool = False) -> dict[str, Any]:
    """Return what `docker container inspect` prints of a container."""
    home = f"{engine.data_root}/containers/{container.id}"
    begun = bool(container.started)
    name = identifier("cache", container.id)
    document: dict[str, Any] = {
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
        "RestartCount": 0,
        "Driver": engine.driver.name,
        "Platform": engine.os,
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": _host_config(container),
        "GraphDriver": graph_driver(engine, [name, f"{name}-init", *layer_names(container.image)]),
        "Mounts": [_mount(engine, each) for each in container.volumes],
        "Config": container_config(container),
        "NetworkSettings": _network_settings(container),
    }
    if size:
        before = {"SizeRw": containers.size_rw(container), "SizeRootFs": containers.size_root(container)}
        items = list(document.items())
        place = [key for key, _ in items].index("Mounts")
        document = dict([*items[:place], *before.items(), *items[place:]])
    return document


def _mount(engine: Engine, volume: VolumeMount) -> dict[str, Any]:
    return {
        "Type": "volume",
        "Name": volume.name,
        "Source": f"{engine.data_root}/volumes/{volume.name}/_data",
        "Destination": volume.destination,
        "Driver": "local",
        "Mode": volume.mode or ("" if volume.anonymous else "z"),
        "RW": not volume.read_only,
        "Propagation": "",
    }


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
        "Error": container.error,
        "StartedAt": rfc3339_nano(container.started) if container.started else NEVER,
        "FinishedAt": rfc3339_nano(container.finished) if container.finished else NEVER,
    }


def _port_bindings(container: Container) -> dict[str, Any]:
    published = map(parse_port, container.options.ports)
    return {port.inner: [{"HostIp": port.ip, "HostPort": port.host}] for port in published}


def _host_config(container: Container) -> dict[str, Any]:
    options = container.options
    policy, _, count = options.restart.partition(":")
    no_limits: dict[str, Any] = dict.fromkeys(("CpuShares", "Memory", "NanoCpus"), 0)
    return {
        "Binds": [each for each in options.volumes if ":" in each] or None,
        "ContainerIDFile": "",
        "LogConfig": {"Type": options.log_driver, "Config": {}},
        "NetworkMode": options.network,
        "PortBindings": _port_bindings(container),
        "RestartPolicy": {"Name": policy, "MaximumRetryCount": int(count or 0)},
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
    options = container.options
    ports = dict.fromkeys(exposed_ports(container))
    shown = {**ports, **_port_bindings(container)} if container.running and options.network != "none" else {}
    empty = dict.fromkeys(
        ("IPAMConfig", "Links", "Aliases", "NetworkID", "EndpointID", "Gateway", "IPAddress"), None
    )
    name = "bridge" if options.network == "default" else options.network
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
