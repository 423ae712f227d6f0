"""A simulated network: what a classroom's downloads would take.

Time is virtual: a pull of 109 MB is over at once and its events carry the seconds that they would have
come at.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """A line to the registry and the disk behind it.

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
