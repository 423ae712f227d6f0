"""Starting a Lab, putting it back to its start, and one command."""

from __future__ import annotations

import time
from functools import partial

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.figures import Figure, Figures, Timed
from labkit import Lab
from tests.real.engine import RealEngine, why_not

COMMAND = "docker images"


def started_in() -> float | None:
    """Return the seconds in which a real engine starts, or None where none can."""
    if why_not(own=True):
        return None
    begin = time.perf_counter()
    with RealEngine(own=True):
        return time.perf_counter() - begin


def used_lab() -> Lab:
    """Return a lab in which a class has worked for a while."""
    lab = Lab()
    for line in ("pull nginx", "pull mysql", "run -d --name web nginx", "rm -f web", "rmi nginx"):
        assert lab.docker(line).exit_code == 0
    return lab


def test_start(benchmark: BenchmarkFixture, figures: Figures) -> None:
    theirs = started_in()
    benchmark.pedantic(Lab, rounds=20, warmup_rounds=1)
    figures.check(
        Figure("start a Lab", benchmark.stats.stats.median, "start dockerd", theirs, most=1, most_times=1)
    )


def test_reset(benchmark: BenchmarkFixture, figures: Figures) -> None:
    theirs = started_in()
    lab = used_lab()
    lab.reset()
    assert lab.images == []
    benchmark.pedantic(Lab.reset, setup=lambda: ((used_lab(),), {}), rounds=5, warmup_rounds=1)
    figures.check(
        Figure(
            "reset a used Lab",
            benchmark.stats.stats.median,
            "start dockerd anew",
            theirs,
            most=1,
            most_times=1,
        )
    )


def test_command(benchmark: BenchmarkFixture, figures: Figures, engine: RealEngine | None) -> None:
    lab = used_lab()
    docker = Timed(partial(engine.ok, COMMAND)) if engine else None
    benchmark.pedantic(lab.session.run, (COMMAND,), setup=docker, rounds=20, warmup_rounds=1)
    theirs = docker.best if docker else None
    figures.check(
        Figure("docker images, typed", benchmark.stats.stats.min, COMMAND, theirs, most=1, most_times=1)
    )
