"""Pushing an image: which layers the registry has, which it takes over, and which are uploaded.

As in moby's distribution/push_v2.go: a layer whose blob is known from a pull or push is looked for in the
repository, then in the other repositories of the same registry, and uploaded only where it is in none.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from labkit.base.errors import LabkitError, RecordedImage, RegistryError
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.schedule import Network, PullEvent
from labkit.oci.content import Content
from labkit.oci.descriptor import DOCKER_CONFIG, DOCKER_LAYER, Descriptor
from labkit.oci.digest import sha256, short
from labkit.oci.gzip import store_gzip
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.manifest import make_manifest
from labkit.oci.reference import Reference, parse_reference
from labkit.store.client import Client, words

MAX_UPLOADS = 5
"""How many layers Docker uploads at once; here one comes after the other, and the rest is said to wait."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push left in the registry: the manifest's digest and size."""

    digest: str
    size: int


def push(
    engine: Engine, client: Client, reference: Reference, network: Network
) -> Generator[PullEvent, None, Pushed]:
    """Push an image; yield an event for each step of each layer.

    Raises LabkitError for a name that is not in the cache and a registry's refusal, RecordedImage for
    a record.
    """
    image_id = engine.state.tags.get(str(reference))
    if image_id is None:
        if tags_of(engine, reference):
            raise LabkitError(f"tag does not exist: {reference.familiar}")
        raise LabkitError(f"An image does not exist locally with the tag: {reference.familiar_name}")
    image = engine.state.images[image_id]
    if image.recorded:
        raise RecordedImage(
            f"{reference.familiar} is a record of the published image: its identifiers are real, its files "
            "are stand-ins, so labkit does not push it"
        )
    for layer in reversed(image.layers):
        yield PullEvent(0.0, short(layer.diff_id), "Preparing")
    for layer in [*reversed(image.layers)][MAX_UPLOADS:]:
        yield PullEvent(0.0, short(layer.diff_id), "Waiting")
    try:
        descriptors = yield from _push_layers(engine, client, reference, network, image)
        config = Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw))
        if client.blob_size(reference.path, config.digest) is None:
            client.push_blob(reference.path, config.digest, Content.of(image.config.raw))
        manifest = make_manifest(config, descriptors)
        client.push_manifest(reference.path, reference.tag, manifest)
    except RegistryError as error:
        raise LabkitError(words(error)) from error
    known = {each.digest: layer.diff_id for each, layer in zip(descriptors, image.layers, strict=True)}
    engine.change(diff_ids=engine.state.diff_ids.update(known))
    images.set_digest(engine, image.id, replace(reference, tag="").with_digest(manifest.digest))
    return Pushed(manifest.digest, len(manifest.raw))


def _push_layers(
    engine: Engine, client: Client, reference: Reference, network: Network, image: Image
) -> Generator[PullEvent, None, list[Descriptor]]:
    """Upload the layers that the registry does not have, bottom first; return their descriptors."""
    now, live = 0.0, client.live
    started = live.clock() if live else 0.0
    descriptors: list[Descriptor] = []
    for layer in image.layers:
        name = short(layer.diff_id)
        now = live.clock() - started if live else now + network.latency
        known = _pushed_before(engine, client, reference, layer)
        if known is not None:
            descriptors.append(known)
            yield PullEvent(now, name, "Layer already exists")
            continue
        assert layer.tar is not None
        mounted = _mounted(engine, client, reference, layer)
        if mounted is not None:
            source, known = mounted
            descriptors.append(known)
            yield PullEvent(now, name, f"Mounted from {source}")
            continue
        blob = store_gzip(layer.tar)
        descriptor = Descriptor(DOCKER_LAYER, sha256(blob.chunks()), blob.size)
        descriptors.append(descriptor)
        yield PullEvent(now, name, "Pushing", 0, layer.size)
        upload = partial(client.push_blob, reference.path, descriptor.digest, blob)
        if live:
            for step in live.retried(upload):
                yield PullEvent(live.clock() - started, name, step.state)
            now = live.clock() - started
        else:
            upload()
            now += blob.size / network.bandwidth
        yield PullEvent(now, name, "Pushed")
    return descriptors


def _pushed_before(engine: Engine, client: Client, reference: Reference, layer: Layer) -> Descriptor | None:
    """Return a blob of the layer, known from a pull or push, that the registry has, if any."""
    for digest, diff_id in sorted(engine.state.diff_ids.items()):
        if diff_id == layer.diff_id:
            size = client.blob_size(reference.path, digest)
            if size is not None:
                return Descriptor(DOCKER_LAYER, digest, size)
    return None


def _mounted(
    engine: Engine, client: Client, reference: Reference, layer: Layer
) -> tuple[str, Descriptor] | None:
    """Take a layer's blob over from another repository of the registry; return that one's name, if any.

    Those are asked for it under whose names, pulled or pushed, an image with the layer is here; the one
    whose name begins most like the wanted one comes first.
    """
    blobs = [digest for digest, diff_id in engine.state.diff_ids.items() if diff_id == layer.diff_id]
    names = {
        parse_reference(name)
        for name, image_id in engine.state.digests.items()
        if any(each.diff_id == layer.diff_id for each in engine.state.images[image_id].layers)
    }
    paths = {each.path for each in names if each.domain == reference.domain} - {reference.path}
    for path in sorted(paths, key=lambda path: (-_alike(path, reference.path), path)):
        for digest in sorted(blobs):
            size = client.blob_size(path, digest)
            if size is not None and client.mount_blob(reference.path, digest, path):
                return path, Descriptor(DOCKER_LAYER, digest, size)
    return None


def _alike(one: str, other: str) -> int:
    """Return how many parts two repositories' names have in common at their beginning."""
    parts = takewhile(lambda pair: pair[0] == pair[1], zip(one.split("/"), other.split("/"), strict=False))
    return sum(1 for _ in parts)


def tags_of(engine: Engine, reference: Reference) -> list[Reference]:
    """Return the names with a tag that a repository has in the cache, sorted."""
    found = [parse_reference(name) for name in sorted(engine.state.tags)]
    return [each for each in found if each.name == reference.name]
