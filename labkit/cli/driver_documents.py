"""What `docker inspect` and `docker info` show of the storage driver.

The real engine was asked for overlay2, fuse-overlayfs, btrfs and vfs; aufs, devicemapper and zfs are as
moby 20.10's daemon/graphdriver gives them (GetMetadata, Status).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labkit.cli.formats import human_size
from labkit.engine.engine import Engine
from labkit.engine.identity import identifier
from labkit.engine.storage.devicemapper import BASE_SIZE, POOL_BLOCK
from labkit.engine.usage import disk_used
from labkit.oci.image import Image

_POOL = "docker-254:0-131074"
_DATASET = "zpool-docker/docker"


def layer_names(image: Image) -> list[str]:
    """Return the names that the driver knows an image's layers by, top first: identifiers of its own."""
    return [identifier("cache", chain) for chain in reversed(image.chain_ids)]


def graph_driver(engine: Engine, names: Sequence[str]) -> dict[str, Any]:
    """Return the member GraphDriver for a stack of layers, the top one first."""
    name = engine.driver.name
    data: dict[str, str] | None = None
    if names and name in ("overlay2", "fuse-overlayfs"):
        data = _overlay([f"{engine.data_root}/{name}/{each}" for each in names])
    elif names and name == "devicemapper":
        device = str(int(identifier("device", names[0])[:4], 16))
        data = {"DeviceId": device, "DeviceName": f"{_POOL}-{names[0]}", "DeviceSize": str(BASE_SIZE)}
    elif names and name == "zfs":
        mounted = f"{engine.data_root}/zfs/graph/{names[0]}"
        data = {"Dataset": f"{_DATASET}/{names[0]}", "Mountpoint": mounted}
    return {"Data": data, "Name": name}


def _overlay(directories: Sequence[str]) -> dict[str, str]:
    """Return the directories: the top one is the upper one, the others are below it."""
    top, *below = directories
    lower = {"LowerDir": ":".join(f"{each}/diff" for each in below)} if below else {}
    return {**lower, "MergedDir": f"{top}/merged", "UpperDir": f"{top}/diff", "WorkDir": f"{top}/work"}


def driver_status(engine: Engine) -> list[list[str]] | None:
    """Return what `docker info` lists below the driver's name, None where it lists nothing."""
    name = engine.driver.name
    if name == "overlay2":
        return [
            ["Backing Filesystem", "extfs"],
            ["Supports d_type", "true"],
            ["Native Overlay Diff", "true"],
            ["userxattr", "false"],
        ]
    if name == "btrfs":
        return [["Build Version", "Btrfs v6.2"], ["Library Version", "102"]]
    if name == "aufs":
        branches = len(engine.state.layers) + 2 * len(engine.state.containers)
        return [
            ["Root Dir", f"{engine.data_root}/aufs"],
            ["Backing Filesystem", "extfs"],
            ["Dirs", str(branches)],
            ["Dirperm1 Supported", "true"],
        ]
    if name == "devicemapper":
        return [
            ["Pool Name", f"{_POOL}-pool"],
            ["Pool Blocksize", human_size(POOL_BLOCK, 4)],
            ["Base Device Size", human_size(BASE_SIZE, 4)],
            ["Backing Filesystem", "ext4"],
            ["Udev Sync Supported", "true"],
            ["Data Space Used", human_size(disk_used(engine), 4)],
        ]
    if name == "zfs":
        return [
            ["Zpool", _DATASET.partition("/")[0]],
            ["Zpool Health", "ONLINE"],
            ["Parent Dataset", _DATASET],
            ["Space Used By Parent", str(disk_used(engine))],
            ["Parent Quota", "no"],
            ["Compression", "off"],
        ]
    return None
