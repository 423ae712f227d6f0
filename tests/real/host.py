"""What a real tool needs from the machine it runs on: a skip's reason, a directory, a process that ends."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def required() -> bool:
    """Say whether a missing real tool is a failure: so in CI, where .ci/run has installed them all."""
    return os.environ.get("CI") == "true" and os.environ.get("LABKIT_REQUIRE_REAL") == "1"


def missing(*programs: str) -> str:
    """Give the reason why these programs cannot be run, or nothing.

    >>> missing("sh")
    ''
    >>> missing("no-such-program")
    'no-such-program is not installed'
    """
    absent = [program for program in programs if shutil.which(program) is None]
    return f"{', '.join(absent)} is not installed" if absent else ""


def why_no_overlay(base: Path) -> str:
    """Give the reason why the kernel's overlay cannot be mounted over directories in `base`, or nothing."""
    if os.geteuid() != 0:
        return "not root"
    with tempfile.TemporaryDirectory(dir=base) as name:
        root = Path(name)
        lower, upper, work, merged = (root / part for part in ("lower", "upper", "work", "merged"))
        for directory in (lower, upper, work, merged):
            directory.mkdir()
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        command = ["mount", "-t", "overlay", "overlay", "-o", options, str(merged)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode:
            return f"cannot mount an overlay file system in {base}"
        subprocess.run(["umount", str(merged)], check=True)
    return ""


def free_port() -> int:
    """Give a loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float
) -> None:
    """Wait until `ready()`; raise with the end of the log if the process ends first or time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
            raise RuntimeError(f"{process.args!r} does not answer:\n{tail}")
        time.sleep(0.1)


def start(command: Sequence[str], log: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that writes into a log, and that is asked to end when this one does, even if killed."""
    ours = os.getpid()

    def follow() -> None:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG, see prctl(2)
        if os.getppid() != ours:  # it ended before
            os._exit(1)

    with log.open("wb") as stream:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            preexec_fn=follow if sys.platform == "linux" else None,
            **options,
        )


def stop(process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """End a process that we started: ask, then insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def remove_tree(root: Path) -> None:
    """Remove a directory and, first, whatever is still mounted in it (the deepest first)."""
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in sorted((mount for mount in mounts if mount.startswith(f"{root}/")), key=len, reverse=True):
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
    shutil.rmtree(root, ignore_errors=True)
