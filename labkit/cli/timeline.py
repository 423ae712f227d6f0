"""The commands that were given, and the states that they led to: what undo, reset and a bar of time walk.

A state is a value, so that all of them are kept as they were. A command that changed nothing but the clock
is not kept: to take it back would show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from labkit.base.errors import LabkitError
from labkit.cli.session import Prompt
from labkit.engine.state import State, still

MOST = 200
"""The commands that are kept."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a lab stands: the engine's state, the prompt's, and the command that led there."""

    state: State
    place: Prompt
    did: str = ""


class Timeline:
    """Moments, one after each command, and which of them is now.

    >>> time = Timeline(Moment(State(), Prompt()))
    >>> time.add(Moment(State(started=1), Prompt(), "docker run busybox"))
    >>> time.go(0).state.started, time.commands, time.at
    (0, ['docker run busybox'], 0)
    """

    def __init__(self, start: Moment) -> None:
        self.start = start
        """Where `reset` leads."""
        self.at = 0
        self._moments = [start]
        self._forgotten = False

    @property
    def commands(self) -> list[str]:
        """The commands that are kept, those that were taken back included."""
        return [each.did for each in self._moments[1:]]

    def stand(self, now: Moment) -> None:
        """Take a moment for the one that is now: what changed since was no command."""
        self._moments[self.at] = replace(now, did=self._moments[self.at].did)

    def add(self, now: Moment, *, always: bool = False) -> None:
        """Go on to the moment that a command led to; what was taken back before is forgotten.

        A moment where nothing is different is not kept, unless `always` is given, nor one where the command
        is still being typed.
        """
        known, place = self._moments[self.at], now.place
        same = place.lasting == known.place.lasting and still(now.state) == still(known.state)
        if (same and not always) or place.unread or place.again:
            return
        self._moments[self.at + 1 :] = [now]
        self._forgotten = self._forgotten or len(self._moments) > MOST + 1
        del self._moments[: -MOST - 1]
        self.at = len(self._moments) - 1

    def go(self, at: int) -> Moment:
        """Go to the moment after so many commands, back or forward, and return it.

        Raises LabkitError where there is none.
        """
        if at < 0:
            start = f"undo goes back {MOST} commands at most; reset goes to the start"
            raise LabkitError(
                f"nothing to undo: {start if self._forgotten else 'this is where the lab started'}"
            )
        if at >= len(self._moments):
            raise LabkitError("nothing to do again: this is the last command")
        self.at = at
        return self._moments[at]
