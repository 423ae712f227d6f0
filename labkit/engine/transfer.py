"""Pulling and pushing images, as generators of events.

`Already exists` is decided as moby's distribution/xfer decides it: from the bottom up, by ChainID, for
blobs whose DiffID is known from an earlier pull or push; at the first layer that is not there it stops,
and all above is downloaded, even a blob that is in the cache on another base. A pull that fails leaves
the cache as it was.

The daemon has answered before it asks for layers, so an error that comes later is no DaemonError: it is
printed without "Error response from daemon: ".
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.network import Network
from labkit.engine.schedule import Item, PullEvent, schedule
from labkit.errors import (
    DaemonError,
    DigestMismatch,
    InvalidArchive,
    InvalidDocument,
    InvalidImage,
    InvalidLayer,
    LabkitError,
    RecordedImage,
    RegistryError,
)
from labkit.oci.config import ImageConfig, parse_config
from labkit.oci.content import Content
from labkit.oci.digest import chain_ids, sha256, short
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.manifest import DOCKER_CONFIG, DOCKER_LAYER, Descriptor, Manifest, Platform, make_manifest
from labkit.oci.reference import Reference
from labkit.store.archived import unpacked
from labkit.store.client import Client, Found
from labkit.store.gzip import store_gzip


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought: the image, the digest that its name led to, and whether the name led there."""

    image: Image
    digest: str
    up_to_date: bool


def pull(
    engine: Engine, client: Client, reference: Reference, network: Network, platform: Platform
) -> Generator[PullEvent, None, Pulled]:
    """Pull an image; yield an event for each step of each layer and return what was pulled.

    Raises DaemonError in the daemon's words for an unknown name or tag and a registry's refusal, and
    another LabkitError, in the same words, for what is found to be wrong after that: damaged bytes, no
    image for the platform. Of a name with a tag and a digest the tag is not looked at.
    """
    if reference.digest:
        reference = replace(reference, tag="")
    try:
        found = client.find(reference.path, reference.digest or reference.tag)
    except RegistryError as error:
        raise DaemonError(_refusal(error, reference)) from None
    except InvalidDocument as error:
        raise DaemonError(str(error)) from None
    try:
        manifest = client.manifest(reference.path, found, platform)
        image = engine.state.images.get(manifest.config.digest)
        if image is None:
            image = yield from _download(engine, client, reference, network, manifest, found.recorded)
    except RegistryError as error:
        raise LabkitError(_refusal(error, reference)) from None
    return _keep(engine, image, reference, found)


def _download(
    engine: Engine,
    client: Client,
    reference: Reference,
    network: Network,
    manifest: Manifest,
    recorded: bool,
) -> Generator[PullEvent, None, Image]:
    """Bring the layers that are missing, each blob once, and put the image together."""
    layers = _present(engine, manifest.layers)
    for descriptor in manifest.layers[: len(layers)]:
        yield PullEvent(0.0, short(descriptor.digest), "Already exists")
    missing = manifest.layers[len(layers) :]
    for digest in dict.fromkeys(each.digest for each in missing):
        yield PullEvent(0.0, short(digest), "Pulling fs layer")
    config = _config(engine, client, reference, manifest)
    got: dict[str, Layer] = {}
    items = []
    for descriptor, diff_id in zip(missing, config.diff_ids[len(layers) :], strict=True):
        if descriptor.digest not in got:
            layer = got[descriptor.digest] = _layer(client, reference, descriptor, diff_id)
            items.append(Item(short(descriptor.digest), descriptor.size, layer.size))
        layers.append(got[descriptor.digest])
    image = Image(config, tuple(layers), manifest.config.digest if recorded else "")
    try:
        validate(image)
    except InvalidImage as error:
        known = "failed to register layer: max depth exceeded"
        raise InvalidImage(known if "max depth" in str(error) else _MISMATCH) from None
    yield from schedule(items, network)
    engine.change(
        diff_ids=engine.state.diff_ids.update(
            dict(zip((each.digest for each in manifest.layers), config.diff_ids, strict=True))
        )
    )
    return image


_MISMATCH = "layers from manifest don't match image configuration"


def _config(engine: Engine, client: Client, reference: Reference, manifest: Manifest) -> ImageConfig:
    known = "error pulling image configuration"
    try:
        blob = client.blob(reference.path, manifest.config)
    except DigestMismatch:
        raise DigestMismatch(
            f"{known}: image config verification failed for digest {manifest.config.digest}"
        ) from None
    except RegistryError as error:
        raise LabkitError(f"{known}: download failed after attempts=1: {_blob_refusal(error)}") from None
    try:
        config = parse_config(blob.content.read())
    except InvalidDocument as error:
        without_rootfs = "no RootFS" in str(error)
        raise InvalidDocument(
            "invalid rootfs in image configuration" if without_rootfs else str(error)
        ) from None
    if config.os != engine.os:
        raise LabkitError(f'image operating system "{config.os}" cannot be used on this platform')
    if len(config.diff_ids) != len(manifest.layers):
        raise InvalidImage(_MISMATCH)
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
    try:
        blob = client.blob(reference.path, descriptor)
    except RegistryError as error:
        raise LabkitError(_blob_refusal(error)) from None
    if blob.layer is not None:
        return blob.layer
    try:
        return Layer.from_tar(unpacked(blob.content), diff_id)
    except DigestMismatch:
        raise InvalidImage(_MISMATCH) from None
    except (InvalidArchive, InvalidLayer) as error:
        raise InvalidLayer(f"failed to register layer: {error}") from None


def _keep(engine: Engine, image: Image, reference: Reference, found: Found) -> Pulled:
    """Let the name lead to the image; it is up to date where it led there before."""
    by_digest = replace(reference, tag="").with_digest(found.digest)
    names = engine.state.tags if reference.tag else engine.state.digests
    up_to_date = names.get(str(reference)) == image.id
    images.add_image(engine, image)
    if reference.tag and not up_to_date:
        images.set_tag(engine, image.id, reference, dated=False)
    images.set_digest(engine, image.id, by_digest)
    return Pulled(image, found.digest, up_to_date)


def _refusal(error: RegistryError, reference: Reference) -> str:
    """Return a registry's error in the words of the daemon (moby, distribution/errors.go)."""
    known = {
        "DENIED": f"pull access denied for {reference.familiar_name}, repository does not exist or may "
        "require 'docker login'",
        "MANIFEST_UNKNOWN": f"manifest for {reference.familiar} not found",
        "NAME_UNKNOWN": f"repository {reference.familiar_name} not found",
    }.get(error.code)
    return f"{known}: {_words(error)}" if known else _words(error)


def _blob_refusal(error: RegistryError) -> str:
    return "unknown blob" if error.status == 404 else _words(error)


def _words(error: RegistryError) -> str:
    """Return a registry's error as Docker's client of the API prints it (distribution, errcode)."""
    return f"{error.code.lower().replace('_', ' ')}: {error.message}" if error.code else error.message


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
        raise LabkitError(f"An image does not exist locally with the tag: {reference.familiar_name}")
    image = engine.state.images[image_id]
    if image.recorded:
        raise RecordedImage(
            f"{reference.familiar} is a record of the published image: its identifiers are real, its files "
            "are stand-ins, so labkit does not push it"
        )
    for layer in reversed(image.layers):
        yield PullEvent(0.0, short(layer.diff_id), "Preparing")
    try:
        descriptors = yield from _push_layers(engine, client, reference, network, image)
        config = Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw))
        if client.blob_size(reference.path, config.digest) is None:
            client.push_blob(reference.path, config.digest, Content.of(image.config.raw))
        manifest = make_manifest(config, descriptors)
        client.push_manifest(reference.path, reference.tag, manifest)
    except RegistryError as error:
        raise LabkitError(_words(error)) from None
    known = {each.digest: layer.diff_id for each, layer in zip(descriptors, image.layers, strict=True)}
    engine.change(diff_ids=engine.state.diff_ids.update(known))
    images.set_digest(engine, image.id, replace(reference, tag="").with_digest(manifest.digest))
    return Pushed(manifest.digest, len(manifest.raw))


def _push_layers(
    engine: Engine, client: Client, reference: Reference, network: Network, image: Image
) -> Generator[PullEvent, None, list[Descriptor]]:
    """Upload the layers that the registry does not have, bottom first; return their descriptors."""
    now = 0.0
    descriptors: list[Descriptor] = []
    for layer in image.layers:
        name = short(layer.diff_id)
        now += network.latency
        known = _pushed_before(engine, client, reference, layer)
        if known is not None:
            descriptors.append(known)
            yield PullEvent(now, name, "Layer already exists")
            continue
        assert layer.tar is not None
        blob = store_gzip(layer.tar)
        descriptor = Descriptor(DOCKER_LAYER, sha256(blob.chunks()), blob.size)
        descriptors.append(descriptor)
        yield PullEvent(now, name, "Pushing", 0, layer.size)
        client.push_blob(reference.path, descriptor.digest, blob)
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
