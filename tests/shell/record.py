"""Record what busybox answers to the scripts: `python -m tests.shell.record` (as root)."""

from __future__ import annotations

import json
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.shell.workload import HERE, build, by_busybox, scripts


def main() -> None:
    """Run every script on a fresh tree and write recordings.json."""
    now = int(time.time())
    rows = []
    for script in scripts():
        with tempfile.TemporaryDirectory() as directory:
            build(Path(directory))
            rows.append({"script": script, **asdict(by_busybox(script, Path(directory)))})
    (HERE / "recordings.json").write_text(json.dumps({"now": now, "recordings": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
