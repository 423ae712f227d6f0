"""What all tests share: the real engine and registry, Hypothesis's profile, and the summary's last lines.

Tests that need a real tool carry `@pytest.mark.real` and take one of the fixtures below. Where the tool is
missing they are skipped with the reason; in CI, where .ci/run installs everything, they fail instead.
"""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.real import engine, host, images, registry

ROOT = Path(__file__).parents[1]

# In CI the same examples on every run, and none that an earlier run left behind.
if os.environ.get("CI") == "true":
    hypothesis.settings.register_profile("labkit", deadline=None, derandomize=True, database=None)
else:
    hypothesis.settings.register_profile("labkit", deadline=None)
hypothesis.settings.load_profile("labkit")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks."""
    config.addinivalue_line("markers", "real: needs a real Docker Engine, registry or kernel overlay")


_DATA = itertools.count()


@pytest.fixture(autouse=True)
def data_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test find the progress or the work that another one has kept."""
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path_factory.getbasetemp() / f"data-{next(_DATA)}"))


def need(reason: str) -> None:
    """Skip the test if there is a reason to; where everything must be there, fail."""
    if reason and host.required():
        pytest.fail(f"a real tool is missing: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def real_engine() -> Iterator[engine.RealEngine]:
    """Give a running Docker Engine 20.10 with overlay2, shared by the session's tests."""
    need(engine.why_not())
    with engine.RealEngine() as running:
        yield running


@pytest.fixture(scope="module")
def fresh_engine() -> Iterator[engine.RealEngine]:
    """Give an engine that held nothing when the module's tests began: they may delete what they find."""
    need(engine.why_not(own=True))
    with engine.RealEngine(own=True) as running:
        yield running


@pytest.fixture(scope="session")
def real_registry() -> Iterator[registry.RealRegistry]:
    """Give a running registry on loopback, shared by the session's tests."""
    need(registry.why_not())
    with registry.RealRegistry() as running:
        yield running


@pytest.fixture(scope="session")
def real_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the directory for archives that take long to make, shared by xdist's workers."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "labkit-real"


@pytest.fixture(scope="session")
def tiny_archive(real_cache: Path) -> Path:
    """Give `docker save`'s archive of a tiny image that a real engine has just built."""
    need(engine.why_not(own=True) or images.why_not("tiny"))
    return images.cached_archive("tiny", real_cache)


@pytest.fixture(scope="session")
def debian_archive(real_cache: Path) -> Path:
    """Give `docker save`'s archive of a real nginx on a real Debian base: some 220 MB, made in a minute."""
    need(engine.why_not(own=True) or images.why_not("debian"))
    return images.cached_archive("debian", real_cache)


def _skip_reason(report: pytest.TestReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran, how many were skipped, and why."""
    stats = terminalreporter.stats
    ran = sum(
        report.when == "call"
        for kind in ("passed", "failed", "xfailed", "xpassed")
        for report in stats.get(kind, [])
    )
    ran += len(stats.get("error", []))
    skipped = stats.get("skipped", [])
    terminalreporter.write_line(f"tests run: {ran}, skipped: {len(skipped)}")
    for reason, count in sorted(Counter(map(_skip_reason, skipped)).items()):
        terminalreporter.write_line(f"  skipped {count}: {reason}")
    reports = [report for report in stats.get("", []) if report.when == "teardown"]  # those know all of it
    if compared := _properties(reports, "session compared live"):
        lines, equal = (sum(counts) for counts in zip(*compared, strict=True))
        terminalreporter.write_line(
            f"sessions compared live: {len(compared)}, commands in them: {lines}, equal: {equal}"
        )
    if public := _properties(reports, "public lines compared"):
        lines, equal = (sum(counts) for counts in zip(*public, strict=True))
        terminalreporter.write_line(f"public tutorials: {len(public)}, lines: {lines}, equal: {equal}")
    if kernel := _properties(reports, "kernel overlay compared"):
        sequences, operations = (sum(counts) for counts in zip(*kernel, strict=True))
        failed = sum("test_kernel_overlay" in report.nodeid for report in stats.get("failed", []))
        terminalreporter.write_line(
            f"kernel overlay: {sequences} sequences, {operations} operations, differences: {failed or 'none'}"
        )
    if opened := _properties(reports, "browser"):
        pages, done = (sum(counts) for counts in zip(*opened, strict=True))
        files = set(_properties(reports, "notebook"))
        widgets = set(_properties(reports, "widget"))
        terminalreporter.write_line(
            f"browser: {len(files)} notebooks, {len(widgets)} widgets, {pages} pages, {done} interactions"
        )


def _properties(reports: Iterable[pytest.TestReport], wanted: str) -> list[Any]:
    """Return what tests recorded under a name."""
    return [value for report in reports for name, value in report.user_properties if name == wanted]
