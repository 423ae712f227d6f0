"""Opening a real `docker save` archive of 223 MB and verifying every byte of its images."""

from __future__ import annotations

import hashlib
import json
import tarfile
import time
from pathlib import Path

from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import fresh
from benchmarks.figures import Figure, Figures, Timed
from labkit.engine.archives import load
from labkit.engine.engine import Engine
from labkit.store.archive import read_archive
from tests.real.engine import RealEngine

CHUNK = 1 << 20

OPEN = (
    fresh.MEMORY
    + """
import sys
from labkit.store.archive import read_archive
before = memory("VmHWM:")
archive = read_archive(sys.argv[1])
print(before, memory("VmHWM:"))
"""
)


def hash_bytes(archive: Path) -> str:
    """Hash an archive's bytes: what verifying it costs at least."""
    state = hashlib.sha256()
    with archive.open("rb") as file:
        while chunk := file.read(CHUNK):
            state.update(chunk)
    return state.hexdigest()


def walk_with_tarfile(archive: Path) -> int:
    """Read the headers of every layer with Python's tarfile and hash nothing; return how many there are."""
    entries = 0
    with tarfile.open(archive) as outer:
        listed = outer.extractfile("manifest.json")
        assert listed is not None
        names = {name for item in json.load(listed) for name in item["Layers"]}
        for member in outer.getmembers():
            if member.name in names and member.isreg():
                with tarfile.open(fileobj=outer.extractfile(member)) as layer:
                    entries += sum(1 for _ in layer)
    return entries


def test_open(benchmark: BenchmarkFixture, figures: Figures, archive: Path) -> None:
    hashing = Timed(lambda: hash_bytes(archive))
    walking = Timed(lambda: walk_with_tarfile(archive))

    def peers() -> None:
        hashing()
        walking()

    opened = benchmark.pedantic(read_archive, (archive,), setup=peers, rounds=15, warmup_rounds=1)
    assert opened.images
    best = benchmark.stats.stats.min
    size = archive.stat().st_size // 10**6
    what = f"open and verify an archive of {size} MB"
    figures.check(Figure(what, best, "hashlib over its bytes", hashing.best, most_times=4))
    figures.check(Figure(what, best, "tarfile over its layers, data skipped", walking.best))
    figures.check(Figure(what, best, "both of them", hashing.best + walking.best))


def test_peak_memory(figures: Figures, archive: Path, tmp_path: Path) -> None:
    before, peak = map(int, fresh.run(OPEN, str(archive), cache=tmp_path).split())
    what = "peak memory of a process that opens it"
    figures.check(Figure(what, peak, "the same before opening", before, unit="B", most=150e6))


def test_docker_load(
    benchmark: BenchmarkFixture, figures: Figures, archive: Path, needs_engine: None
) -> None:
    seconds: list[float] = []

    def load_in_new_engine() -> None:
        with RealEngine(own=True) as engine:
            begin = time.perf_counter()
            engine.ok(f"docker load --quiet --input {archive}")
            seconds.append(time.perf_counter() - begin)

    def load_here() -> None:
        assert load(Engine(), archive).images

    benchmark.pedantic(load_here, setup=load_in_new_engine, rounds=2)
    figures.check(
        Figure(
            "load the archive into a new engine",
            benchmark.stats.stats.min,
            "docker load",
            min(seconds),
            most_times=1,
        )
    )
