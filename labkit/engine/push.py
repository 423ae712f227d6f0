"""Pushing an image: which layers the registry has, which it takes over, and which are uploaded.

As in moby's distribution/push_v2.go: the blob of a layer that is known from a pull or push is looked for in
the repository, then mounted from another repository of the same registry. Only where neither works is the
layer compressed and uploaded, so an image that was pulled is pushed again as the same manifest.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from functools import partial

from labkit.base.errors import LabkitError, RecordedImage, RegistryError
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.schedule import TICK, Network, PullEvent
from labkit.engine.sources import Source, Sources, added, likeliest, removed
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
_REPORTS = 10
"""On an upload that is simulated and takes long."""


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
        if images.tags_of(engine, reference):
            raise LabkitError(f"tag does not exist: {reference.familiar}")
        raise LabkitError(f"An image does not exist locally with the tag: {reference.familiar_name}")
    image = engine.state.images[image_id]
    if image.recorded:
        raise RecordedImage(reference.familiar, "push it")
    for layer in reversed(image.layers):
        yield PullEvent(0.0, short(layer.diff_id), "Preparing")
    for layer in [*reversed(image.layers)][MAX_UPLOADS:]:
        yield PullEvent(0.0, short(layer.diff_id), "Waiting")
    target = _Target(client, reference, engine.state.sources)
    try:
        descriptors = yield from _push_layers(target, network, image)
        config = Descriptor(DOCKER_CONFIG, image.id, len(image.config.raw))
        if client.blob_size(reference.path, config.digest) is None:
            client.push_blob(reference.path, config.digest, Content.of(image.config.raw))
        manifest = make_manifest(config, descriptors)
        client.push_manifest(reference.path, reference.tag, manifest)
    except RegistryError as error:
        raise LabkitError(words(error)) from error
    known = {each.digest: layer.diff_id for each, layer in zip(descriptors, image.layers, strict=True)}
    engine.change(diff_ids=engine.state.diff_ids.update(known), sources=target.sources)
    images.set_digest(engine, image.id, replace(reference, tag="", digest=manifest.digest))
    return Pushed(manifest.digest, len(manifest.raw))


@dataclass(slots=True)
class _Target:
    """The repository that is pushed to, what is known of layers, and the blobs that it is known to have."""

    client: Client
    reference: Reference
    sources: Sources
    there: dict[str, Descriptor] = field(default_factory=dict)
    """By DiffID."""

    def took(self, layer: Layer, digest: str, size: int) -> Descriptor:
        """Note that the repository has a layer as this blob; return its descriptor."""
        self.sources = added(self.sources, layer.diff_id, Source(digest, self.reference.name, pushed=True))
        self.there[layer.diff_id] = Descriptor(DOCKER_LAYER, digest, size)
        return self.there[layer.diff_id]

    def has(self, layer: Layer, most: int, others: bool, asked: set[str]) -> bool:
        """Look for a layer by the likeliest of its blobs, at most `most`, those of other repositories too."""
        name = self.reference.name
        known = likeliest(self.sources, layer.diff_id, name)
        known = [each for each in known if each.digest not in asked and (others or each.repository == name)]
        first = {each.digest: each for each in reversed(known)}
        for digest in [*dict.fromkeys(each.digest for each in known)][:most]:
            asked.add(digest)
            size = self.client.blob_size(self.reference.path, digest)
            if size is not None:
                self.took(layer, digest, size)
                return True
            if first[digest].repository == name:
                self.sources = removed(self.sources, layer.diff_id, first[digest])
        return False

    def mounts(self, layer: Layer, most: int) -> str:
        """Take a layer over from another repository of the registry; return that one's name, or ""."""
        name, here = self.reference.name, self.reference.domain
        known = [
            (each, other)
            for each in likeliest(self.sources, layer.diff_id, name)
            if each.repository != name and (other := parse_reference(each.repository)).domain == here
        ]
        for source, other in known[:most]:
            try:
                mounted = self.client.mount_blob(self.reference.path, source.digest, other.path)
            except RegistryError:  # which the upload meets, too, and tells
                mounted = False
            size = self.client.blob_size(self.reference.path, source.digest) if mounted else None
            if size is not None:
                self.took(layer, source.digest, size)
                return other.path
            self.sources = removed(self.sources, layer.diff_id, source)
        return ""

    def found(self, layer: Layer) -> str:
        """Return what is said of a layer that the registry has, or "" where it is to be uploaded."""
        # The smaller it is, the less is an upload to be spared (moby, getMaxMountAndExistenceCheckAttempts).
        others = layer.size > 10 << 20
        mounts, checks = 4 if others else 3 if layer.size > 100 << 10 else 1, 3 if others else 1
        asked = set[str]()
        if layer.diff_id in self.there or self.has(layer, 1, True, asked):
            return "Layer already exists"
        if source := self.mounts(layer, mounts):
            return f"Mounted from {source}"
        more = checks - len(asked)
        return "Layer already exists" if more > 0 and self.has(layer, more, others, asked) else ""


def _push_layers(
    target: _Target, network: Network, image: Image
) -> Generator[PullEvent, None, list[Descriptor]]:
    """Upload the layers that the registry does not have, bottom first; return their descriptors."""
    client = target.client
    now, live = 0.0, client.live
    started = live.clock() if live else 0.0
    for layer in image.layers:
        name = short(layer.diff_id)
        now = live.clock() - started if live else now + network.latency
        if said := target.found(layer):
            yield PullEvent(now, name, said)
            continue
        assert layer.tar is not None
        blob = store_gzip(layer.tar)
        digest = sha256(blob.chunks())
        yield PullEvent(now, name, "Pushing", 0, layer.size)
        upload = partial(client.push_blob, target.reference.path, digest, blob)
        if live:
            for step in live.retried(upload):
                yield PullEvent(live.clock() - started, name, step.state)
            now = live.clock() - started
        else:
            upload()
            seconds = blob.size / network.bandwidth
            parts = min(_REPORTS, int(seconds / TICK))
            for part in range(1, parts):
                share = part / parts
                yield PullEvent(now + seconds * share, name, "Pushing", int(layer.size * share), layer.size)
            now += seconds
        target.took(layer, digest, blob.size)
        yield PullEvent(now, name, "Pushed")
    return [target.there[each.diff_id] for each in image.layers]
