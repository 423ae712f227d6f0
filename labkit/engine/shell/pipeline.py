"""Commands that run beside each other in virtual time: pipelines and those in the background."""

from __future__ import annotations

from typing import Any

from labkit.engine.shell.streams import Pipe, Reader, WouldRunForever
from labkit.engine.shell.syntax import Node
from labkit.oci.content import EMPTY


def run_background(shell: Any, body: Node) -> None:
    """Run a command beside the shell: it starts now, and the shell's time does not pass."""
    clock, run = shell.task.run.process.clock, shell.task.run
    begun, steps = clock.now, run.steps
    task = shell.task.child(fds={**shell.task.fds, 0: Reader.of(EMPTY, clock)})
    ended: int | None
    try:
        shell.in_subshell(body, task)
        ended = clock.now
    except WouldRunForever:
        ended = None
    run.next_pid += 1
    shell.jobs.append(ended)
    clock.now, run.steps = begun, steps
    shell.status = 0


def run_pipeline(shell: Any, stages: tuple[Node, ...]) -> int:
    """Run the stages of a pipeline, which start together, and return its status.

    A stage that would run for ever ends when it writes and nobody reads any more.
    """
    run, clock = shell.task.run, shell.task.run.process.clock
    begun, ended, status = clock.now, clock.now, 0
    reader = shell.task.fds.get(0)
    hung: list[Reader] = []
    for index, stage in enumerate(stages):
        clock.now, steps = begun, run.steps
        task = shell.task.child()
        if reader is not None:
            task.fds[0] = reader
        pipe = Pipe(clock)
        last = index == len(stages) - 1
        if not last:
            task.fds[1] = pipe
        hangs = False
        try:
            status = shell.in_subshell(stage, task)
        except WouldRunForever:
            if last:
                raise
            hangs, run.steps = True, steps
        ended = max(ended, begun if hangs else clock.now)
        if not last:
            reader = Reader(pipe.segments, clock, hangs=hangs, ended_at=0 if hangs else clock.now)
            if hangs:
                hung.append(reader)
    for waiting in hung:
        written = waiting.next_write()
        if written is None:
            raise WouldRunForever
        ended = max(ended, written)
    clock.now = ended
    return status
