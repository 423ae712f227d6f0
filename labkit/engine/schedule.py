"""When the layers of a pull arrive: a simulation in virtual time.

As in moby's distribution/xfer: at most three downloads at once, started bottom-up; a download that
breaks off goes on where it stopped after 5, 10, 15 … seconds, five times; layers are extracted one after
the other, each after its parent. Downloads that run at once share the line equally.

Nothing waits: a pull of 109 MB is over at once, and its events carry the seconds at which they would have
come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labkit.base.errors import LabkitError


@dataclass(frozen=True, slots=True)
class Network:
    """A simulated line to the registry, and the disk behind it: what a classroom's downloads would take.

    `bandwidth` and `extraction` are bytes a second, `latency` is seconds for each request, `failures`
    is how many times the download of a layer, by its short digest, is cut off half-way before it works.
    """

    bandwidth: float = 10_000_000
    latency: float = 0.05
    extraction: float = 100_000_000
    failures: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.bandwidth <= 0 or self.extraction <= 0 or self.latency < 0:
            raise ValueError(
                "a network's bandwidth and extraction are more than 0, its latency no less than 0"
            )


SPEEDS = {
    "fast": Network(bandwidth=100_000_000, latency=0.01),
    "classroom": Network(),
    "slow": Network(bandwidth=1_000_000, latency=0.2),
}


def network(speed: str | Network) -> Network:
    """Return the network of a name: "fast", "classroom" or "slow"; a Network is given back.

    Raises ValueError for another name.

    >>> network("slow").bandwidth
    1000000
    """
    if isinstance(speed, Network):
        return speed
    if speed not in SPEEDS:
        raise ValueError(f"no such network: {speed!r}; there are {', '.join(SPEEDS)}")
    return SPEEDS[speed]


MAX_DOWNLOADS = 3
MAX_RETRIES = 5
TICK = 0.1
"""Seconds between two reports on a download that goes on, or more where it takes long."""
_MOST_TICKS = 2000
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
class StepEvent(PullEvent):
    """A step of what goes on in the cache itself, a build or a save: no line of a transfer.

    `layer` is the ChainID of the layer that was made, found or read, or "", `at` counts the steps, and `text`
    is what was printed since the last one.
    """

    text: str = ""


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
    pause: int = 0
    cut: float = 0.0
    """Bytes left at which this attempt breaks off."""

    def begin(self, now: float, latency: float) -> None:
        self.phase, self.until = "asking", now + latency
        self.attempts += 1
        self.cut = self.left / 2 if self.attempts <= self.failures else 0.0

    def move(self, seconds: float, rate: float, epsilon: float) -> None:
        """Bring what comes in some seconds; what would come within `epsilon` of them comes too."""
        arrives = (self.left - self.cut) / rate
        self.left = self.cut if arrives <= seconds + epsilon else self.left - rate * seconds

    def next_change(self, now: float, rate: float) -> float | None:
        """Return when something happens to it by itself."""
        if self.phase in ("asking", "pausing"):
            return self.until
        return now + (self.left - self.cut) / rate if self.phase == "moving" else None


def schedule(items: Sequence[Item], network: Network) -> Iterator[PullEvent]:
    """Yield the events of downloading and extracting layers, bottom layer first, in order of time.

    Raises LabkitError when a layer still fails after the last retry.

    >>> [event.state for event in schedule([Item("27833a3ba0a5", 10, 20)], Network(latency=0))]
    ['Downloading', 'Verifying Checksum', 'Download complete', 'Extracting', 'Pull complete']
    """
    failures = dict(network.failures)
    downloads = [_Download(item, failures.get(item.layer, 0), item.compressed) for item in items]
    tick = max(TICK, sum(item.compressed for item in items) / network.bandwidth / _MOST_TICKS)
    now, next_tick, extracting_until, extracted = 0.0, tick, -1.0, 0
    for download in downloads[:MAX_DOWNLOADS]:
        download.begin(now, network.latency)
    for download in downloads[MAX_DOWNLOADS:]:
        yield PullEvent(now, download.item.layer, "Waiting")
    while extracted < len(items):
        moving = [each for each in downloads if each.phase == "moving"]
        rate = network.bandwidth / max(len(moving), 1)
        times = [time for each in downloads if (time := each.next_change(now, rate)) is not None]
        times += [next_tick] if moving else []
        times += [extracting_until] if extracting_until >= 0 else []
        then = max(min(times), now)
        # A sum of floats misses a moment by some units in its last place, which grow with the moment: what
        # lacks less than that has arrived. Else a download would be left with bytes that take no time, and
        # `now` would stand still for ever.
        for each in moving:
            each.move(then - now, rate, _EPSILON * max(then, 1.0))
        now = then
        for each in downloads:
            yield from _step(each, now, network)
        if now >= next_tick - _EPSILON:
            next_tick = now + tick
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
    due = download.until <= now + _EPSILON
    if download.phase == "asking" and due:
        download.phase = "moving"
        yield _progress(download, now)
    elif download.phase == "pausing" and due:
        download.pause -= 1
        if download.pause:
            download.until += 1
            yield _retrying(download, now)
        else:
            download.begin(now, network.latency)
    elif download.phase == "moving" and download.left <= download.cut:
        if download.attempts <= download.failures:
            if download.attempts > MAX_RETRIES:
                raise LabkitError("unexpected EOF")
            download.phase, download.until = "pausing", now + 1
            download.pause = 5 * download.attempts
            yield _retrying(download, now)
        else:
            download.phase = "done"
            yield PullEvent(now, layer, "Verifying Checksum")
            yield PullEvent(now, layer, "Download complete")


def _retrying(download: _Download, now: float) -> PullEvent:
    seconds = f"{download.pause} second{'' if download.pause == 1 else 's'}"
    return PullEvent(now, download.item.layer, f"Retrying in {seconds}")
