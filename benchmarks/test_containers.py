"""Ten thousand containers of one image, which copy nothing of it.

Their time is processor time: creating one waits for nothing, and other work on the machine is not its own.
"""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import fresh
from benchmarks.figures import Figure, Figures, Timed
from benchmarks.stacks import engine_of, stack
from labkit.engine import container
from labkit.engine.engine import Engine
from tests.real.engine import RealEngine

MANY = 10_000
FEW = 10
CREATE = "docker create --network none app:1 sh"

MEMORY = (
    fresh.MEMORY
    + f"""
import gc, tracemalloc
from benchmarks.stacks import engine_of, stack
from labkit.engine import container

image = stack(2)

def create(engine, count):
    for _ in range(count):
        container.create(engine, "app:1")

create(engine_of(image), {FEW})
resident = engine_of(image)
before = memory("VmRSS:")
create(resident, {MANY})
resident_size = memory("VmRSS:") - before
gc.collect()
traced = engine_of(image)
tracemalloc.start()
create(traced, {MANY})
print(resident_size / {MANY}, tracemalloc.get_traced_memory()[0] / {MANY})
"""
)


def create_many(engine: Engine) -> None:
    for _ in range(MANY):
        container.create(engine, "app:1")


@pytest.mark.benchmark(timer=time.process_time)
def test_time(benchmark: BenchmarkFixture, figures: Figures, engine: RealEngine | None) -> None:
    theirs = None
    if engine is not None:
        docker = Timed(partial(engine.ok, CREATE))
        for _ in range(FEW):
            docker()
        theirs = sum(docker.times) / FEW
    image = stack(2)
    benchmark.pedantic(create_many, setup=lambda: ((engine_of(image),), {}), rounds=5, warmup_rounds=1)
    figures.check(
        Figure(
            f"create a container, mean of {MANY:,}",
            benchmark.stats.stats.min / MANY,
            f"docker create, mean of {FEW}",
            theirs,
            most=50e-6,
            most_times=1,
        )
    )


def test_memory(figures: Figures, engine: RealEngine | None, tmp_path: Path) -> None:
    stored = None
    if engine is not None:
        data = engine.directory / "data"
        before = disk(data)
        for _ in range(FEW):
            engine.ok(CREATE)
        stored = (disk(data) - before) / FEW
    resident, traced = map(float, fresh.run(MEMORY, cache=tmp_path).split())
    figures.check(
        Figure(
            f"memory of a container, mean of {MANY:,}",
            max(resident, traced),
            "disk blocks that docker create takes",
            stored,
            unit="B",
            most=2000,
            most_times=1,
        )
    )


def disk(root: Path) -> int:
    """Return the bytes of the blocks that a directory takes, as `du` counts them."""
    paths = (os.path.join(place, name) for place, below, files in os.walk(root) for name in below + files)
    return sum(os.lstat(path).st_blocks * 512 for path in paths)
