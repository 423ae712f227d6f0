"""What `import labkit` takes, and what it leaves out."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks import fresh
from benchmarks.figures import Figure, Figures, Timed

LATER = ("matplotlib", "ipywidgets", "IPython", "drawsvg")
LAB = "from labkit import Lab; Lab()"


@pytest.mark.parametrize("code", ["import labkit", LAB])
def test_leaves_out(code: str, tmp_path: Path) -> None:
    check = f"import sys; {code}; print(*sorted(set({LATER}) & set(sys.modules)))"
    assert fresh.run(check, cache=tmp_path).split() == []


@pytest.mark.parametrize(("code", "most"), [("import labkit", 0.080), (LAB, 1.0)])
def test_time(benchmark: BenchmarkFixture, figures: Figures, tmp_path: Path, code: str, most: float) -> None:
    python = Timed(lambda: fresh.run("pass", cache=tmp_path))
    benchmark.pedantic(fresh.run, (code,), {"cache": tmp_path}, setup=python, rounds=10, warmup_rounds=1)
    figures.check(
        Figure(
            f"python -c '{code}'",
            benchmark.stats.stats.median,
            "python -c pass",
            median(python.times),
            most=most,
        )
    )
