"""Pulling an image, as a generator of events (moby, distribution/pull_v2.go).

`Already exists` is decided as moby's distribution/xfer decides it: from the bottom up, by ChainID, for
blobs whose DiffID is known from an earlier pull or push; at the first layer that is not there it stops,
and all above is downloaded, even a blob that is in the cache on another base. A pull that fails leaves
the cache as it was.

The built-in hub has all bytes at hand, and `engine.schedule` computes when they would have come. A registry
across a network is asked for three blobs at once, each in a thread, and the events are what happens.

The daemon has answered before it asks for layers, so an error that comes later is no DaemonError: it is
printed without "Error response from daemon: ".
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

from labkit.base.errors import (
    DaemonError,
    DigestMismatch,
    InvalidArchive,
    InvalidDocument,
    InvalidImage,
    InvalidLayer,
    LabkitError,
    RegistryError,
)
from labkit.base.text import told
from labkit.engine import images
from labkit.engine.engine import Engine
from labkit.engine.schedule import MAX_DOWNLOADS, Item, Network, PullEvent, schedule
from labkit.engine.sources import Source, added
from labkit.go.quote import go_quote
from labkit.oci.config import ImageConfig, parse_config
from labkit.oci.content import Content
from labkit.oci.descriptor import Descriptor, Platform
from labkit.oci.digest import chain_ids, short
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.manifest import Manifest
from labkit.oci.reference import Reference
from labkit.store.archive import unpacked
from labkit.store.client import Client, FoundManifest, words

if TYPE_CHECKING:
    from labkit.store.remote import Remote

MISMATCH = "layers from manifest don't match image configuration"

Step = TypeVar("Step")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull gives: the image, the digest that its name leads to, and whether it led there before."""

    image: Image
    digest: str
    up_to_date: bool


def pull(
    engine: Engine, client: Client, reference: Reference, network: Network, platform: Platform
) -> Generator[PullEvent, None, Pulled]:
    """Pull an image; yield an event for each step of each layer and return what was pulled.

    Raises DaemonError in the daemon's words for an unknown name or tag and a registry's refusal, and
    another LabkitError, in the same words, for what is found to be wrong after that: damaged bytes, no
    image for the platform. A name that has a digest is looked up by it, whatever its tag is.
    """
    if reference.familiar_name == "scratch":
        raise DaemonError("'scratch' is a reserved name")
    if reference.digest:
        reference = replace(reference, tag="")
    try:
        found = client.find(reference.path, reference.digest or reference.tag)
    except RegistryError as error:
        raise DaemonError(refusal(error, reference)) from error
    except InvalidDocument as error:
        raise DaemonError(str(error)) from None
    try:
        manifest = client.manifest(reference.path, found, platform)
        image = engine.state.images.get(manifest.config.digest)
        if image is None:
            image = yield from _download(engine, client, reference, network, manifest, found.recorded)
    except RegistryError as error:
        raise LabkitError(refusal(error, reference)) from error
    return _keep(engine, image, reference, found)


def _download(
    engine: Engine, client: Client, reference: Reference, network: Network, manifest: Manifest, recorded: bool
) -> Generator[PullEvent, None, Image]:
    """Download the layers that are missing, each blob once, and make the image of them."""
    started = client.live.clock() if client.live else 0.0
    layers = present(engine, manifest.layers)
    for descriptor in manifest.layers[: len(layers)]:
        yield PullEvent(0.0, short(descriptor.digest), "Already exists")
    missing = manifest.layers[len(layers) :]
    wanted = {each.digest: each for each in missing}
    for digest in wanted:
        yield PullEvent(0.0, short(digest), "Pulling fs layer")
    config = _config(engine, client, reference, manifest)
    diff_ids = dict(zip((each.digest for each in manifest.layers), config.diff_ids, strict=True))
    try:
        if client.live:
            got = yield from download_live(client.live, reference.path, wanted, diff_ids, started)
        else:
            got = download(client, reference.path, wanted, diff_ids)
    except RegistryError as error:
        raise LabkitError(blob_refusal(error)) from error
    layers += [got[each.digest] for each in missing]
    image = Image(config, tuple(layers), manifest.config.digest if recorded else "")
    try:
        validate(image)
    except InvalidImage as error:
        too_deep = error.code == "max-depth"
        raise InvalidImage(f"failed to register layer: {error}" if too_deep else MISMATCH) from error
    if client.live:
        # Only now: a pull that fails before this leaves what has come to the next one.
        client.live.forget([manifest.config.digest, *got])
    else:
        items = [Item(short(digest), wanted[digest].size, layer.size) for digest, layer in got.items()]
        yield from schedule(items, network)
    # Kept when the layers are deleted, as moby's distribution/metadata is: a later pull of another image
    # knows by them, before it downloads, which of its layers are here.
    sources = engine.state.sources
    for digest, diff_id in diff_ids.items():
        sources = added(sources, diff_id, Source(digest, reference.name))
    engine.change(diff_ids=engine.state.diff_ids.update(diff_ids), sources=sources)
    return image


def _config(engine: Engine, client: Client, reference: Reference, manifest: Manifest) -> ImageConfig:
    known = "error pulling image configuration"
    try:
        content = client.config(reference.path, manifest.config)
    except DigestMismatch:
        failed = f"image config verification failed for digest {manifest.config.digest}"
        raise DigestMismatch(f"{known}: {failed}") from None
    except RegistryError as error:
        attempts = client.live.attempts(error) if client.live else 1
        failed = f"download failed after attempts={attempts}: {blob_refusal(error)}"
        raise LabkitError(f"{known}: {failed}") from error
    try:
        config = parse_config(content.read())
    except InvalidDocument as error:
        if error.code != "no-rootfs":
            raise InvalidDocument(told(str(error))) from error
        raise InvalidDocument("invalid rootfs in image configuration") from error
    if config.os != engine.os:
        system = go_quote(config.os[:200])
        raise LabkitError(f"image operating system {system} cannot be used on this platform")
    if len(config.diff_ids) != len(manifest.layers):
        raise InvalidImage(MISMATCH)
    return config


def present(engine: Engine, descriptors: tuple[Descriptor, ...]) -> list[Layer]:
    """Return the layers, from the bottom up, that already exist: in the cache, in this very order.

    A ChainID names a layer with all below it, so the first one that is missing ends the search: the same
    blob on another base is another layer (moby, distribution/xfer/download.go, Download).
    """
    state = engine.state
    known = takewhile(state.diff_ids.__contains__, (each.digest for each in descriptors))
    chains = chain_ids([state.diff_ids[digest] for digest in known])
    return [state.layers[chain] for chain in takewhile(state.layers.__contains__, chains)]


def _keep(engine: Engine, image: Image, reference: Reference, found: FoundManifest) -> Pulled:
    """Let the name lead to the image; it is up to date where it led there before."""
    by_digest = replace(reference, tag="", digest=found.digest)
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


def download(
    client: Client, name: str, wanted: Mapping[str, Descriptor], diff_ids: Mapping[str, str]
) -> dict[str, Layer]:
    """Return layers by the digests of their blobs, as `wanted` and `diff_ids` have them.

    Raises RegistryError, and LabkitError for damage.
    """
    got: dict[str, Layer] = {}
    for digest, descriptor in wanted.items():
        blob = client.blob(name, descriptor)
        got[digest] = blob.layer or _layer(blob.body, diff_ids[digest])
    return got


def download_live(
    live: Remote, name: str, wanted: Mapping[str, Descriptor], diff_ids: Mapping[str, str], started: float
) -> Generator[PullEvent, None, dict[str, Layer]]:
    """Do as `download` does, and yield what happens as it happens; `started` is when the pull began."""

    def event(descriptor: Descriptor, state: str, current: int = 0, total: int = 0) -> PullEvent:
        return PullEvent(live.clock() - started, short(descriptor.digest), state, current, total)

    yield from (event(each, "Waiting") for each in [*wanted.values()][MAX_DOWNLOADS:])
    arrived: dict[str, Content] = {}
    got: dict[str, Layer] = {}
    jobs = {digest: partial(live.fetch, name, each) for digest, each in wanted.items()}
    downloads = in_parallel(jobs, MAX_DOWNLOADS, live.interrupt)
    try:
        for digest, step in downloads:
            if not isinstance(step, Finished):
                yield event(wanted[digest], step.state, step.current, step.total)
                continue
            arrived[digest] = step.value
            yield event(wanted[digest], "Verifying Checksum")
            yield event(wanted[digest], "Download complete")
            # Blobs come in any order, but a layer is registered on its parent, so it waits for that one.
            for each in takewhile(lambda each: each.digest in arrived, [*wanted.values()][len(got) :]):
                yield event(each, "Extracting", each.size, each.size)
                got[each.digest] = _layer(arrived[each.digest], diff_ids[each.digest])
                yield event(each, "Pull complete")
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


@dataclass(frozen=True, slots=True)
class Finished(Generic[Value]):
    """What a generator returned."""

    value: Value


_LAST_STEP = 0.3
"""Seconds that a job has for its last step, once what it waits for was interrupted."""


def in_parallel(
    jobs: Mapping[str, Callable[[], Generator[Step, None, Value]]],
    most: int,
    interrupt: Callable[[], None] = lambda: None,
) -> Generator[tuple[str, Step | Finished[Value]], None, None]:
    """Run jobs, at most `most` at once, in their order; yield each job's name and step as they come.

    The first error of any job is raised. Then, and where no more steps are asked for (Ctrl-C), `interrupt`
    ends what the others wait for, they end at their next step, and none is left running.

    >>> def job():
    ...     yield "half"
    ...     return "whole"
    >>> list(in_parallel({"a": job}, 3))
    [('a', 'half'), ('a', Finished(value='whole'))]
    """
    steps_done: SimpleQueue[tuple[str, Step | Finished[Value] | BaseException]] = SimpleQueue()
    stop = threading.Event()
    waiting = deque(jobs.items())

    def work() -> None:
        while not stop.is_set():
            try:
                name, job = waiting.popleft()
            except IndexError:
                return
            with closing(job()) as steps:
                try:
                    while not stop.is_set():
                        steps_done.put((name, next(steps)))
                except StopIteration as end:
                    steps_done.put((name, Finished(end.value)))
                except BaseException as error:  # it is raised where the steps are waited for
                    stop.set()
                    steps_done.put((name, error))

    # Daemons: one that cannot be interrupted, as while it looks up a host, keeps no program from ending.
    threads = [
        threading.Thread(target=work, name=f"labkit-download-{number}", daemon=True)
        for number in range(min(most, len(jobs)))
    ]
    try:
        for thread in threads:
            thread.start()
        left = len(jobs)
        while left:
            name, step = steps_done.get()
            if isinstance(step, BaseException):
                raise step
            left -= isinstance(step, Finished)
            yield name, step
    except BaseException:
        stop.set()
        interrupt()
        raise
    finally:
        for thread in threads:
            if thread.ident is not None:  # it was started
                thread.join(_LAST_STEP)
