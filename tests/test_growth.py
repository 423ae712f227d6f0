"""What takes time grows as the work grows: the benchmarks that say so, held by every run of the tests."""

from __future__ import annotations

import subprocess
import sys

from tests.notebooks import ROOT


def test_each_kind_of_work_takes_twice_the_time_for_twice_as_much() -> None:
    """In a process of their own: benchmarks/ runs one at a time and has a table of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "benchmarks/test_growth.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
