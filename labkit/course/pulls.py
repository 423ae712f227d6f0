"""A pull that was done, to be looked at again at any moment of it: its lines, and what the cache saved.

The same pull into an empty cache, over the same network, tells what was saved.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from labkit.base.errors import LabkitError
from labkit.cli.transfer import event_line
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab
from labkit.oci.reference import parse_reference

HERE = "Already exists"
_EPSILON = 1e-6
_ARRIVED = ("Verifying Checksum", "Download complete", "Extracting", "Pull complete")


def tenths(seconds: float) -> float:
    """Return seconds in tenths, rounded up: all that happened by then is included.

    >>> tenths(12.207), tenths(3.5)
    (12.3, 3.5)
    """
    return math.ceil(round(seconds * 10, 6)) / 10


@dataclass(frozen=True)
class Playback:
    """What a pull printed before its layers' lines and after them, and its events.

    `alone` are the events of the same pull into an empty cache; none where that is not known, as for a
    registry across a network.
    """

    name: str
    before: tuple[str, ...] = ()
    events: tuple[PullEvent, ...] = field(default=(), repr=False)
    after: tuple[str, ...] = ()
    alone: tuple[PullEvent, ...] = field(default=(), repr=False)

    @property
    def end(self) -> float:
        """The moment at which all is done, in seconds."""
        return tenths(_end(self.events))

    @property
    def moments(self) -> tuple[float, ...]:
        """The moments at which the state of a layer changes, the beginning and the end among them."""
        found, states = {0.0, self.end}, dict[str, str]()
        for event in self.events:
            if states.get(event.layer) != event.state:
                found.add(tenths(event.at))
            states[event.layer] = event.state
        return tuple(sorted(found))

    def lines(self, at: float) -> list[str]:
        """Return what a terminal shows at a moment: one line for each layer, as the client prints it."""
        last = {event.layer: event for event in self._until(at)}
        return [*self.before, *map(event_line, last.values()), *(self.after if at >= self.end else ())]

    def _until(self, at: float) -> list[PullEvent]:
        return [event for event in self.events if event.at <= at + _EPSILON]

    @property
    def here(self) -> tuple[str, ...]:
        """The layers that need no download; all, where the image itself is in the cache."""
        layers = [event.layer for event in self.events if event.state == HERE]
        return tuple(layers if self.events else _sizes(self.alone))

    @property
    def layers(self) -> int:
        """How many layers the pull names; where the image is in the cache, how many it has."""
        return len({event.layer for event in self.events or self.alone})

    @property
    def size(self) -> int:
        """The bytes that the pull downloads."""
        return sum(_sizes(self.events).values())

    def downloaded(self, at: float) -> int:
        """Return the bytes that have come by a moment."""
        sizes, come = _sizes(self.events), dict[str, int]()
        for event in self._until(at):
            if event.state in _ARRIVED:
                come[event.layer] = sizes[event.layer]
            elif event.state == "Downloading":
                come[event.layer] = event.current
        return sum(come.values())

    @property
    def saved(self) -> tuple[int, float] | None:
        """The bytes and the seconds that layers in the cache have saved; None where that is not known."""
        if not self.alone:
            return None
        sizes = _sizes(self.alone)
        return sum(sizes.get(layer, 0) for layer in self.here), _end(self.alone) - _end(self.events)


def play_pull(lab: Lab, name: str) -> Playback:
    """Pull an image as `docker pull` on a terminal does, and return it as something to play.

    What goes wrong is told in the lines, in Docker's words.

    >>> lab = Lab()
    >>> play_pull(lab, "nginx").lines(0.1)[2]
    '27833a3ba0a5: Downloading [>                                                  ]  249.9kB/22.5MB'
    >>> lab.images[0].id[:19]
    'sha256:27a188018e18'
    """
    events: list[PullEvent] = []
    tty, lab.session.tty = lab.session.tty, True
    try:
        result = lab.docker(f"pull {shlex.quote(name)}", watch=events.append)
    finally:
        lab.session.tty = tty
    lines, layers = result.text.splitlines(), {event.layer for event in events}
    places = [place for place, line in enumerate(lines) if line.partition(":")[0] in layers]
    first, last = (places[0], places[-1] + 1) if places else (len(lines), len(lines))
    alone = _alone(lab, name) if result.exit_code == 0 else ()
    return Playback(name, tuple(lines[:first]), tuple(events), tuple(lines[last:]), alone)


def _alone(lab: Lab, name: str) -> tuple[PullEvent, ...]:
    """Return the events of a pull into an empty cache, where no registry across a network is asked."""
    try:
        live = lab.session.registries.client(parse_reference(name).domain).live
        return () if live is not None else tuple(pull_events(lab, name))
    except LabkitError:
        return ()


def pull_events(lab: Lab, name: str, after: Sequence[str] = ()) -> list[PullEvent]:
    """Return the events of a pull with a lab's network and registries, into a cache of its own.

    The cache has the images `after` which the pull comes, and nothing else.

    >>> len({event.layer for event in pull_events(Lab(), "nginx")})
    3
    """
    empty, events = Lab(network=lab.network, online=False), list[PullEvent]()
    empty.session.registries, empty.session.platform = lab.session.registries, lab.session.platform
    for each in after:
        empty.pull(each)
    empty.pull(name, events=events)
    return events


def _sizes(events: Sequence[PullEvent]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for event in events:
        sizes[event.layer] = max(sizes.get(event.layer, 0), event.total)
    return sizes


def _end(events: Sequence[PullEvent]) -> float:
    return max((event.at for event in events), default=0.0)
