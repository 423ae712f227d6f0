"""Bringing an image's layers from a registry: all at once, or as they come over a real line.

The built-in hub has all bytes at hand, and `engine.schedule` says afterwards what they would have taken. A
registry across a network is asked for three blobs at once, bottom first, as Docker does, and the events are
what happens: layers are extracted from the bottom up, each when it and all below it have come.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from itertools import takewhile

from labkit.engine.schedule import MAX_DOWNLOADS, PullEvent
from labkit.errors import (
    DigestMismatch,
    InvalidArchive,
    InvalidImage,
    InvalidLayer,
    LabkitError,
    RegistryError,
)
from labkit.oci.content import Content
from labkit.oci.digest import short
from labkit.oci.layer import Layer
from labkit.oci.manifest import Descriptor
from labkit.store.archived import unpacked
from labkit.store.client import Client, Live, words
from labkit.store.together import Finished, together

MISMATCH = "layers from manifest don't match image configuration"


def bring(
    client: Client, name: str, descriptors: Sequence[Descriptor], diff_ids: Sequence[str]
) -> dict[str, Layer]:
    """Return layers by the digests of their blobs; each blob is asked for once.

    Raises LabkitError for a registry's refusal and for damage.
    """
    got: dict[str, Layer] = {}
    for descriptor, diff_id in zip(descriptors, diff_ids, strict=True):
        if descriptor.digest in got:
            continue
        try:
            blob = client.blob(name, descriptor)
        except RegistryError as error:
            raise LabkitError(blob_refusal(error)) from None
        got[descriptor.digest] = blob.layer or _layer(blob.content, diff_id)
    return got


def bring_live(
    live: Live, name: str, descriptors: Sequence[Descriptor], diff_ids: Sequence[str], started: float
) -> Generator[PullEvent, None, dict[str, Layer]]:
    """Do as `bring` does, and yield what happens as it happens; `started` is when the pull began."""

    def event(descriptor: Descriptor, state: str, current: int = 0, total: int = 0) -> PullEvent:
        return PullEvent(live.clock() - started, short(descriptor.digest), state, current, total)

    diff_id_of = dict(zip((each.digest for each in descriptors), diff_ids, strict=True))
    wanted = {each.digest: each for each in descriptors}
    yield from (event(each, "Waiting") for each in [*wanted.values()][MAX_DOWNLOADS:])
    arrived: dict[str, Content] = {}
    got: dict[str, Layer] = {}
    jobs = {digest: partial(live.fetch, name, each) for digest, each in wanted.items()}
    downloads = together(jobs, MAX_DOWNLOADS)
    try:
        for digest, step in downloads:
            if not isinstance(step, Finished):
                yield event(wanted[digest], step.state, step.current, step.total)
                continue
            arrived[digest] = step.value
            yield event(wanted[digest], "Verifying Checksum")
            yield event(wanted[digest], "Download complete")
            for each in takewhile(lambda each: each.digest in arrived, [*wanted.values()][len(got) :]):
                yield event(each, "Extracting", each.size, each.size)
                got[each.digest] = _layer(arrived[each.digest], diff_id_of[each.digest])
                yield event(each, "Pull complete")
    except RegistryError as error:
        raise LabkitError(blob_refusal(error)) from None
    finally:
        downloads.close()
    return got


def _layer(content: Content, diff_id: str) -> Layer:
    try:
        return Layer.from_tar(unpacked(content), diff_id)
    except DigestMismatch:
        raise InvalidImage(MISMATCH) from None
    except (InvalidArchive, InvalidLayer) as error:
        raise InvalidLayer(f"failed to register layer: {error}") from None


def blob_refusal(error: RegistryError) -> str:
    """Return a registry's error about a blob in the daemon's words."""
    return "unknown blob" if error.status == 404 else words(error)
