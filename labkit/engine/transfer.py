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
from labkit.engine.bring import MISMATCH, blob_refusal, bring, bring_live
from labkit.engine.engine import Engine
from labkit.engine.network import Network
from labkit.engine.schedule import Item, PullEvent, schedule
from labkit.errors import (
    DaemonError,
    DigestMismatch,
    InvalidDocument,
    InvalidImage,
    LabkitError,
    RegistryError,
)
from labkit.oci.config import ImageConfig, parse_config
from labkit.oci.digest import chain_ids, short
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.manifest import Descriptor, Manifest, Platform
from labkit.oci.reference import Reference
from labkit.store.client import Client, Found, words


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
        raise DaemonError(refusal(error, reference)) from None
    except InvalidDocument as error:
        raise DaemonError(str(error)) from None
    try:
        manifest = client.manifest(reference.path, found, platform)
        image = engine.state.images.get(manifest.config.digest)
        if image is None:
            image = yield from _download(engine, client, reference, network, manifest, found.recorded)
    except RegistryError as error:
        raise LabkitError(refusal(error, reference)) from None
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
    started = client.live.clock() if client.live else 0.0
    layers = present(engine, manifest.layers)
    for descriptor in manifest.layers[: len(layers)]:
        yield PullEvent(0.0, short(descriptor.digest), "Already exists")
    missing = manifest.layers[len(layers) :]
    for digest in dict.fromkeys(each.digest for each in missing):
        yield PullEvent(0.0, short(digest), "Pulling fs layer")
    config = _config(engine, client, reference, manifest)
    diff_ids = config.diff_ids[len(layers) :]
    if client.live:
        got = yield from bring_live(client.live, reference.path, missing, diff_ids, started)
    else:
        got = bring(client, reference.path, missing, diff_ids)
    layers += [got[each.digest] for each in missing]
    image = Image(config, tuple(layers), manifest.config.digest if recorded else "")
    try:
        validate(image)
    except InvalidImage as error:
        known = "failed to register layer: max depth exceeded"
        raise InvalidImage(known if "max depth" in str(error) else MISMATCH) from None
    if client.live:
        client.live.forget([manifest.config.digest, *got])
    else:
        sizes = {each.digest: each.size for each in missing}
        yield from schedule(
            [Item(short(digest), sizes[digest], layer.size) for digest, layer in got.items()], network
        )
    engine.change(
        diff_ids=engine.state.diff_ids.update(
            dict(zip((each.digest for each in manifest.layers), config.diff_ids, strict=True))
        )
    )
    return image


def _config(engine: Engine, client: Client, reference: Reference, manifest: Manifest) -> ImageConfig:
    known = "error pulling image configuration"
    try:
        content = client.config(reference.path, manifest.config)
    except DigestMismatch:
        raise DigestMismatch(
            f"{known}: image config verification failed for digest {manifest.config.digest}"
        ) from None
    except RegistryError as error:
        attempts = client.live.attempts(error) if client.live else 1
        raise LabkitError(
            f"{known}: download failed after attempts={attempts}: {blob_refusal(error)}"
        ) from None
    try:
        config = parse_config(content.read())
    except InvalidDocument as error:
        without_rootfs = "no RootFS" in str(error)
        raise InvalidDocument(
            "invalid rootfs in image configuration" if without_rootfs else str(error)
        ) from None
    if config.os != engine.os:
        raise LabkitError(f'image operating system "{config.os}" cannot be used on this platform')
    if len(config.diff_ids) != len(manifest.layers):
        raise InvalidImage(MISMATCH)
    return config


def present(engine: Engine, descriptors: tuple[Descriptor, ...]) -> list[Layer]:
    """Return the layers, from the bottom up, that already exist: in the cache, in this very order."""
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


def refusal(error: RegistryError, reference: Reference) -> str:
    """Return a registry's error in the words of the daemon (moby, distribution/errors.go)."""
    known = {
        "DENIED": f"pull access denied for {reference.familiar_name}, repository does not exist or may "
        "require 'docker login'",
        "MANIFEST_UNKNOWN": f"manifest for {reference.familiar} not found",
        "NAME_UNKNOWN": f"repository {reference.familiar_name} not found",
    }.get(error.code)
    return f"{known}: {words(error)}" if known else words(error)
