"""Record what busybox, and Debian's shells with GNU's programs, answer to the scripts.

`python -m tests.shell.record` (as root, on Debian 12).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, astuple
from pathlib import Path

from tests.shell.workload import HERE, build, by_busybox, by_debian, scripts


def debian(now: int) -> None:
    """Run every script with this machine's bash and dash, and write debian.json."""
    rows = []
    for shell in ("bash", "sh"):
        for script in scripts():
            with tempfile.TemporaryDirectory() as directory, suppress(subprocess.TimeoutExpired):
                build(Path(directory))
                rows.append([shell, script, *astuple(by_debian(shell, script, Path(directory)))])
    kept = [row for row in rows if len(str(row)) < 2000]  # a program's whole --help is nobody's lesson
    text = json.dumps({"now": now, "rows": kept}).replace('], ["', '],\n["')
    (HERE / "debian.json").write_text(text + "\n")


def main() -> None:
    """Run every script on a fresh tree and write recordings.json."""
    now = int(time.time())
    rows = []
    for script in scripts():
        with tempfile.TemporaryDirectory() as directory:
            build(Path(directory))
            rows.append({"script": script, **asdict(by_busybox(script, Path(directory)))})
    (HERE / "recordings.json").write_text(json.dumps({"now": now, "recordings": rows}, indent=1) + "\n")
    debian(now)


if __name__ == "__main__":
    main()
