"""What `docker inspect`, `info` and `version` show, as the engine's API gives it.

Keys and their order are those of moby 20.10's types.ImageInspect, types.Info and types.Version; a
container's are in `container_documents`.
"""

from __future__ import annotations

from typing import Any

from labkit.cli.driver_documents import driver_status, graph_driver, layer_names
from labkit.engine import images
from labkit.engine.engine import SERVER_VERSION, Engine
from labkit.oci.gostruct import thaw
from labkit.oci.image import Image
from labkit.oci.moment import rfc3339_nano

NEVER = "0001-01-01T00:00:00Z"


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
        "Metadata": {"LastTagTime": rfc3339_nano(tagged) if tagged else NEVER},
    }
    for key in ("Variant", "OsVersion"):
        if not document[key]:
            del document[key]
    if not image.layers:
        del document["RootFS"]["Layers"]
    return document


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
        "DriverStatus": driver_status(engine),
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
