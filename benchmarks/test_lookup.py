"""Looking a path up in a container: over 120 layers it takes what it takes over 2.

The kernel's overlay is the peer. It asks one layer after the other for a name that it has not looked for
before, and remembers the answer; so hits are of names that it knows, and misses of names that are new.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.figures import Figure, Figures, Timed
from benchmarks.stacks import DEEP, FILES, engine_of, layers, stack
from labkit.engine import container
from labkit.engine.mounts import container_mounts
from labkit.oci.tree import Dir, File, walk
from labkit.storage.mounts import MountTable
from tests.real import host

DEPTH = 120
ROUNDS = 20
_fresh = itertools.count()

Names = Callable[[], list[str]]
CASES: dict[str, Names] = {
    "hit, first component": lambda: [f"/file{number}" for number in range(FILES)],
    "hit, deep path": lambda: [f"/{DEEP}/file{number}" for number in range(FILES)],
    "miss, first component": lambda: [f"/new{next(_fresh)}" for _ in range(FILES)],
    "miss, deep path": lambda: [f"/{DEEP}/new{next(_fresh)}" for _ in range(FILES)],
}
cases = pytest.mark.parametrize("case", CASES)


def look_up(stat: Callable[[str], object], paths: Sequence[str]) -> int:
    """Ask for each path; return how many there are."""
    found = 0
    for path in paths:
        try:
            stat(path)
        except OSError:
            continue
        found += 1
    return found


def mounted(count: int) -> MountTable:
    """Return a container over an image of so many layers, as its processes see it."""
    engine = engine_of(stack(count))
    return container_mounts(engine, container.create(engine, "app:1"), lambda: engine.now)


@pytest.fixture(scope="module")
def deep() -> MountTable:
    return mounted(DEPTH)


@pytest.fixture(scope="module")
def shallow() -> MountTable:
    return mounted(2)


def lay(path: Path, changes: Dir) -> None:
    """Write a layer to a directory."""
    path.mkdir()
    for name, node in walk(changes):
        if isinstance(node, File):
            (path / name).write_bytes(node.content.read())
        else:
            (path / name).mkdir()


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a mount of the kernel's overlay over the same 120 layers and an upper directory."""
    base = tmp_path_factory.mktemp("overlay")
    if reason := host.why_no_overlay(base):
        pytest.skip(reason)
    for place, changes in enumerate(layers(DEPTH)):
        lay(base / str(place), changes)
    for name in ("upper", "work", "merged"):
        (base / name).mkdir()
    lower = ":".join(str(place) for place in reversed(range(DEPTH)))
    options = f"lowerdir={lower},upperdir=upper,workdir=work"
    libc = ctypes.CDLL(None, use_errno=True)
    with contextlib.chdir(base):  # short names: the options have one page of memory
        if libc.mount(b"overlay", b"merged", b"overlay", 0, options.encode()):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    try:
        yield base / "merged"
    finally:
        subprocess.run(["umount", str(base / "merged")], check=True)


def measure(
    benchmark: BenchmarkFixture,
    stat: Callable[[str], object],
    peer: Callable[[str], object],
    names: Names,
) -> tuple[float, float]:
    """Return the seconds that one lookup takes here and there, taking turns over the same names.

    The peer gets them relative to its root.
    """
    there: list[Timed] = []

    def setup() -> tuple[tuple[object, ...], dict[str, object]]:
        paths = names()
        timed = Timed(partial(look_up, peer, [path.lstrip("/") for path in paths]))
        timed()
        there.append(timed)
        return (stat, paths), {}

    benchmark.pedantic(look_up, setup=setup, rounds=ROUNDS, warmup_rounds=2)
    return benchmark.stats.stats.min / FILES, min(timed.best for timed in there) / FILES


@cases
def test_layers(
    benchmark: BenchmarkFixture, figures: Figures, deep: MountTable, shallow: MountTable, case: str
) -> None:
    names = CASES[case]
    assert look_up(deep.stat, names()) == (FILES if case.startswith("hit") else 0)
    ours, theirs = measure(benchmark, deep.stat, shallow.stat, names)
    figures.check(
        Figure(f"{case}, {DEPTH} layers", ours, "labkit, the same over 2 layers", theirs, most_times=1.2)
    )


@cases
def test_kernel(
    benchmark: BenchmarkFixture, figures: Figures, deep: MountTable, overlay: Path, case: str
) -> None:
    names = CASES[case]
    hit = case.startswith("hit")
    with contextlib.chdir(overlay):  # so that the kernel walks the same names
        assert look_up(os.stat, [path.lstrip("/") for path in names()]) == (FILES if hit else 0)
        ours, theirs = measure(benchmark, deep.stat, os.stat, names)
    peer = "os.stat on the kernel's overlay, " + ("known names" if hit else "new names")
    figures.check(Figure(f"{case}, {DEPTH} layers", ours, peer, theirs, most_times=None if hit else 1))
