"""What a test has started ends with it, also when the run of the tests is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, need
from tests.real import engine, host

PROCESS = """
from pathlib import Path
from tests.real import host
print(host.start(["sleep", "600"], Path("log")).pid, ".", flush=True)
"""
ENGINE = """
from tests.real.engine import RealEngine
with RealEngine(own=True) as running:
    print((running.directory / "dockerd.pid").read_text(), running.directory, flush=True)
    input()
"""


def killed(program: str, directory: Path) -> tuple[int, Path]:
    """Run a program that prints what it has started, a process id and a directory; kill it, and give both."""
    with subprocess.Popen(
        [sys.executable, "-c", program + "input()\n"],
        cwd=directory,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        started, place = process.stdout.readline().decode().split()
        assert alive(int(started))
        process.kill()
    return int(started), Path(place)


def alive(process: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def ends(process: int, seconds: float) -> bool:
    """Wait until a process has ended."""
    deadline = time.monotonic() + seconds
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive(process)


@pytest.mark.skipif(sys.platform != "linux", reason="a process that follows its parent needs Linux")
def test_a_process_ends_with_the_run_that_is_killed(tmp_path: Path) -> None:
    assert ends(killed(PROCESS, tmp_path)[0], 10)


@pytest.mark.real
def test_an_engine_ends_with_the_run_that_is_killed(tmp_path: Path) -> None:
    need(engine.why_not(own=True))
    daemon, directory = killed(ENGINE, tmp_path)
    assert ends(daemon, 60)
    host.remove_tree(directory)
