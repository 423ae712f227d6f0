"""What the benchmarks share: the archive, the real engine, and the table at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if str(ROOT) not in sys.path:  # so that `uv run pytest benchmarks` finds `benchmarks` and `tests`
    sys.path.insert(0, str(ROOT))

from benchmarks.figures import Figures, machine, table  # noqa: E402
from tests.real import images  # noqa: E402
from tests.real.engine import RealEngine, why_not  # noqa: E402

FIGURES = pytest.StashKey[Figures]()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run one benchmark at a time, whatever the tests do: two at once disturb each other."""
    config.option.numprocesses = 0


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make room for the figures; pytest-benchmark's own table says less than theirs."""
    config.stash[FIGURES] = Figures()
    config.option.benchmark_quiet = True


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Give the run's figures."""
    return request.config.stash[FIGURES]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give `docker save`'s archive of nginx on Debian: LABKIT_ARCHIVE, or one that a real engine makes."""
    if given := os.environ.get("LABKIT_ARCHIVE"):
        return Path(given)
    if reason := why_not(own=True) or images.why_not("debian"):
        pytest.skip(f"LABKIT_ARCHIVE names no archive, and none can be made: {reason}")
    return images.cached_archive("debian", tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def needs_engine() -> None:
    """Skip where no real engine of our own can run."""
    if reason := why_not(own=True):
        pytest.skip(reason)


@pytest.fixture(scope="session")
def engine() -> Iterator[RealEngine | None]:
    """Give a real engine that holds one image, `app:1`, which is one empty layer; None where none can run."""
    if why_not(own=True):
        yield None
        return
    with RealEngine(own=True) as running:
        running.ok("docker import - app:1", stdin=bytes(1024))
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table, and what was not measured."""
    rows = config.stash[FIGURES].rows
    if rows:
        terminalreporter.section("labkit beside its peers, measured in one run")
        terminalreporter.write_line(machine())
        for line in table(rows):
            terminalreporter.write_line(line)
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.write_line(f"not measured: {report.nodeid}: {reason.removeprefix('Skipped: ')}")
