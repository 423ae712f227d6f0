"""When the layers of a pull arrive: a simulation in virtual time.

As in moby's distribution/xfer: at most three downloads at once, started bottom-up; a download that
fails is tried again after 5, 10, 15 … seconds, five times; layers are extracted one after the other,
each after its parent. Downloads that run at once share the line equally.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labkit.engine.network import Network
from labkit.errors import DaemonError

MAX_DOWNLOADS = 3
MAX_RETRIES = 5
TICK = 0.1
"""Seconds between two reports on a download that goes on."""
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class PullEvent:
    """A step in the transfer of a layer, pulled or pushed.

    `layer` is its short identifier, `state` what the terminal prints after it, `current` and `total`
    bytes where it is under way, `at` seconds since the transfer began.
    """

    at: float
    layer: str
    state: str
    current: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """A layer to download: its short digest, compressed bytes and extracted bytes."""

    layer: str
    compressed: int
    extracted: int


@dataclass(slots=True)
class _Download:
    item: Item
    failures: int
    left: float
    phase: str = "queued"
    until: float = 0.0
    attempts: int = 0

    def begin(self, now: float, latency: float) -> None:
        self.phase, self.until, self.left = "asking", now + latency, float(self.item.compressed)
        self.attempts += 1

    @property
    def cut(self) -> float:
        """Bytes left at which this attempt breaks off."""
        return self.item.compressed / 2 if self.attempts <= self.failures else 0.0


def schedule(items: Sequence[Item], network: Network) -> Iterator[PullEvent]:
    """Yield the events of downloading and extracting layers, bottom layer first, in order of time.

    Raises DaemonError when a layer still fails after the last retry.

    >>> [event.state for event in schedule([Item("27833a3ba0a5", 10, 20)], Network(latency=0))]
    ['Downloading', 'Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete']
    """
    failures = dict(network.failures)
    downloads = [_Download(item, failures.get(item.layer, 0), item.compressed) for item in items]
    now, next_tick, extracting_until, extracted = 0.0, TICK, -1.0, 0
    for download in downloads[:MAX_DOWNLOADS]:
        download.begin(now, network.latency)
    for download in downloads[MAX_DOWNLOADS:]:
        yield PullEvent(now, download.item.layer, "Waiting")
    while extracted < len(items):
        moving = [each for each in downloads if each.phase == "moving"]
        rate = network.bandwidth / max(len(moving), 1)
        times = [next_tick, *(each.until for each in downloads if each.phase in ("asking", "pausing"))]
        times += [now + (each.left - each.cut) / rate for each in moving]
        if extracting_until >= 0:
            times.append(extracting_until)
        then = max(min(times), now)
        for each in moving:
            each.left = max(each.left - rate * (then - now), each.cut)
        now = then
        for each in downloads:
            yield from _step(each, now, network)
        if now >= next_tick - _EPSILON:
            next_tick += TICK
            yield from (_progress(each, now) for each in downloads if each.phase == "moving")
        running = sum(each.phase in ("asking", "moving", "pausing") for each in downloads)
        for each in [each for each in downloads if each.phase == "queued"][: MAX_DOWNLOADS - running]:
            each.begin(now, network.latency)
        if 0 <= extracting_until <= now + _EPSILON:
            yield PullEvent(now, items[extracted].layer, "Pull complete")
            extracting_until, extracted = -1.0, extracted + 1
        if extracting_until < 0 and extracted < len(items) and downloads[extracted].phase == "done":
            item = items[extracted]
            extracting_until = now + item.extracted / network.extraction
            yield PullEvent(now, item.layer, "Extracting", item.compressed, item.compressed)


def _progress(download: _Download, now: float) -> PullEvent:
    item = download.item
    return PullEvent(now, item.layer, "Downloading", int(item.compressed - download.left), item.compressed)


def _step(download: _Download, now: float, network: Network) -> Iterator[PullEvent]:
    """Take a download into its next phase where its time has come."""
    layer = download.item.layer
    if download.phase == "asking" and download.until <= now + _EPSILON:
        download.phase = "moving"
        yield _progress(download, now)
    elif download.phase == "pausing" and download.until <= now + _EPSILON:
        download.begin(now, network.latency)
    elif download.phase == "moving" and download.left <= download.cut + 1e-6:
        if download.cut:
            if download.attempts > MAX_RETRIES:
                raise DaemonError("unexpected EOF")
            pause = 5 * download.attempts
            download.phase, download.until = "pausing", now + pause
            for second in range(pause):
                left = pause - second
                yield PullEvent(now + second, layer, f"Retrying in {left} second{'s' if left > 1 else ''} ")
        else:
            download.phase = "done"
            yield PullEvent(now, layer, "Verifying Checksum")
            yield PullEvent(now, layer, "Download complete")
