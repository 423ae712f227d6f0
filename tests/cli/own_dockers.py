"""Programs named `docker` that answer as the learner's own might: for every way in which it can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

CONTAINERD = '[["driver-type","io.containerd.snapshotter.v1"]]'
OVERLAY2 = '[["Backing Filesystem","extfs"],["Supports d_type","true"]]'


def docker_that(script: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a `docker` alone on PATH that runs a shell's script; its words come in `said`, one line a call."""
    program = directory / "bin" / "docker"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nfor word; do printf "[%s]" "$word"; done >> {directory}/said\n'
                       f'echo >> {directory}/said\n{script}\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}")
    return directory / "said"


def engine(directory: Path, monkeypatch: pytest.MonkeyPatch, version: str, store: str, answer: str) -> Path:
    """Put a `docker` on PATH that speaks of an engine of a version and answers each other line the same."""
    (directory / "answer").write_text(answer)
    script = (
        f"case $1 in version) echo '{version}';; info) echo '{store}';; *) while IFS= read -r line; "
        f'do printf "%s\\n" "$line"; done < {directory}/answer;; esac'
    )
    return docker_that(script, directory, monkeypatch)
