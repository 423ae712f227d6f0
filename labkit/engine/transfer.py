"""Pulling and pushing images, as generators of events.

`Already exists` is decided as moby's distribution/xfer decides it: from the bottom up, by ChainID, for
blobs whose DiffID is known from an earlier pull or push; at the first layer that is not there it stops,
and all above is downloaded, even a blob that is in the cache on another base. A pull that fails leaves
the cache as it was.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.network import Network
from labkit.engine.schedule import Item, PullEvent, schedule
from labkit.errors import DaemonError, RecordedImage, RegistryError
from labkit.oci.config import ImageConfig, parse_config
from labkit.oci.content import Content
from labkit.oci.digest import chain_ids, sha256, short
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.manifest import DOCKER_CONFIG, DOCKER_LAYER, Descriptor, Platform, make_manifest
from labkit.oci.reference import Reference
from labkit.store.client import Client, Resolved
from labkit.store.gzip import decompressed, store_gzip


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: the image, the digest that its name led to, and whether it was here before."""

    image: Image
    digest: str
    up_to_date: bool


def pull(
    engine: Engine, client: Client, reference: Reference, network: Network, platform: Platform
) -> Generator[PullEvent, None, Pulled]:
    """Pull an image; yield an event for each step of each layer and return what was pulled.

    Raises DaemonError in the daemon's words: an unknown name or tag, a registry's refusal, damaged bytes.
    """
    try:
        found = client.resolve(reference.path, reference.digest or reference.tag, platform)
        if found.manifest.config.digest in engine.state.images:
            image = engine.state.images[found.manifest.config.digest]
            return _keep(engine, image, reference, found, up_to_date=True)
        config = _config(client, reference, found)
        present = _present(engine, found.manifest.layers)
        items = []
        layers = []
        for place, descriptor in enumerate(found.manifest.layers):
            name = short(descriptor.digest)
            if place < len(present):
                yield PullEvent(0.0, name, "Already exists")
                layers.append(present[place])
                continue
            yield PullEvent(0.0, name, "Pulling fs layer")
            layers.append(_layer(client, reference, descriptor, config.diff_ids[place]))
            items.append(Item(name, descriptor.size, layers[-1].size))
    except RegistryError as error:
        raise refusal(error, reference) from None
    yield from schedule(items, network)
    image = Image(config, tuple(layers), found.manifest.config.digest if found.recorded else "")
    _remember(engine, found.manifest.layers, config)
    return _keep(engine, image, reference, found, up_to_date=False)


def _config(client: Client, reference: Reference, found: Resolved) -> ImageConfig:
    config = parse_config(client.blob(reference.path, found.manifest.config).content.read())
    if len(config.diff_ids) != len(found.manifest.layers):
        raise DaemonError("invalid rootfs in image configuration")
    return config


def _present(engine: Engine, descriptors: tuple[Descriptor, ...]) -> list[Layer]:
    """Return the layers, from the bottom up, that are in the cache in this very order."""
    diff_ids: list[str] = []
    for descriptor in descriptors:
        diff_id = engine.state.diff_ids.get(descriptor.digest)
        if diff_id is None:
            break
        diff_ids.append(diff_id)
    present = []
    for chain in chain_ids(diff_ids):
        if chain not in engine.state.layers:
            break
        present.append(engine.state.layers[chain])
    return present


def _layer(client: Client, reference: Reference, descriptor: Descriptor, diff_id: str) -> Layer:
    blob = client.blob(reference.path, descriptor)
    if blob.layer is not None:
        return blob.layer
    return Layer.from_tar(decompressed(blob.content), diff_id)


def _remember(engine: Engine, descriptors: tuple[Descriptor, ...], config: ImageConfig) -> None:
    known = engine.state.diff_ids
    for descriptor, diff_id in zip(descriptors, config.diff_ids, strict=True):
        known = known.set(descriptor.digest, diff_id)
    engine.change(diff_ids=known)


def _keep(engine: Engine, image: Image, reference: Reference, found: Resolved, *, up_to_date: bool) -> Pulled:
    key = replace(reference, tag="").with_digest(found.digest)
    known = engine.state.digests.get(str(key)) == image.id
    images.add_image(engine, image)
    if reference.tag and engine.state.tags.get(str(reference)) != image.id:
        known = False
        images.set_tag(engine, image.id, reference)
    images.set_digest(engine, image.id, key)
    return Pulled(image, found.digest, up_to_date and known)


def refusal(error: RegistryError, reference: Reference) -> DaemonError:
    """Return a registry's error in the words of the daemon (moby, distribution/errors.go)."""
    if error.code in ("UNAUTHORIZED", "DENIED"):
        return DaemonError(
            f"pull access denied for {reference.familiar_name}, repository does not exist or may require "
            "'docker login': denied: requested access to the resource is denied"
        )
    if error.code == "NAME_UNKNOWN":
        return DaemonError(f"manifest for {reference.familiar} not found: name unknown: {error.message}")
    if error.code == "MANIFEST_UNKNOWN":
        return DaemonError(f"manifest for {reference.familiar} not found: manifest unknown: {error.message}")
    return DaemonError(error.message)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push left in the registry: the manifest's digest and size."""

    digest: str
    size: int


def push(
    engine: Engine, client: Client, reference: Reference, network: Network
) -> Generator[PullEvent, None, Pushed]:
    """Push an image; yield an event for each step of each layer, top layer first.

    Raises NotFound for a name that is not in the cache, RecordedImage for a record, DaemonError for a
    registry's refusal.
    """
    image_id = engine.state.tags.get(str(reference))
    if image_id is None:
        raise DaemonError(f"An image does not exist locally with the tag: {reference.familiar_name}")
    image = engine.state.images[image_id]
    if image.recorded:
        raise RecordedImage(
            f"{reference.familiar} is a record of the published image: its identifiers are real, its files "
            "are stand-ins, so labkit does not push it"
        )
    names = [short(layer.diff_id) for layer in image.layers]
    for name in reversed(names):
        yield PullEvent(0.0, name, "Preparing")
    now = 0.0
    descriptors: list[Descriptor] = []
    try:
        for layer, name in zip(image.layers, names, strict=True):
            assert layer.tar is not None
            blob = store_gzip(layer.tar)
            descriptor = Descriptor(DOCKER_LAYER, sha256(blob.chunks()), blob.size)
            descriptors.append(descriptor)
            now += network.latency
            if client.has_blob(reference.path, descriptor.digest):
                yield PullEvent(now, name, "Layer already exists")
                continue
            yield PullEvent(now, name, "Pushing", 0, layer.size)
            client.push_blob(reference.path, descriptor.digest, blob)
            now += blob.size / network.bandwidth
            yield PullEvent(now, name, "Pushed")
        config = Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw))
        if not client.has_blob(reference.path, config.digest):
            client.push_blob(reference.path, config.digest, Content.of(image.config.raw))
        manifest = make_manifest(config, descriptors)
        digest = client.push_manifest(reference.path, reference.tag, manifest.raw, manifest.media_type)
    except RegistryError as error:
        raise DaemonError(f"{error.code.lower().replace('_', ' ')}: {error.message}") from None
    known = engine.state.diff_ids
    for descriptor, layer in zip(descriptors, image.layers, strict=True):
        known = known.set(descriptor.digest, layer.diff_id)
    engine.change(diff_ids=known)
    images.set_digest(engine, image.id, replace(reference, tag="").with_digest(digest))
    return Pushed(digest, len(manifest.raw))
