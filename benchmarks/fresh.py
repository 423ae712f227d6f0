"""Fresh Python processes: what only they can show, such as an import's time and a peak of memory.

They run byte-compiled code, as an installed package does, whatever the environment says about that.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

MEMORY = """
def memory(key):
    # Not getrusage's ru_maxrss: a process starts with the peak of the one that started it.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(key))
"""
"""Code that defines `memory`: "VmHWM:" gives the most that the process has had, "VmRSS:" what it has."""


def run(code: str, *arguments: str, cache: Path) -> str:
    """Run code in a new process and return what it prints; `cache` keeps the byte-compiled modules."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment["PYTHONPYCACHEPREFIX"] = str(cache)
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    )
    return done.stdout
