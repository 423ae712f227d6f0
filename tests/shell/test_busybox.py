"""labkit's shell and commands answer as busybox does, word for word."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.shell.workload import BUSYBOX, HERE, Answer, build, by_busybox, by_labkit, scripts, tree

DIFFERENCES = {
    "PATH=/nope ls; echo $?": "Debian's build prefers its own commands to PATH; Docker's does not",
    "find dir -delete": "Debian's build leaves -delete out; Docker's has it",
    "id; id -u": "in a container the process has its group as a supplementary one",
}
"""Scripts, by their first words, whose answers differ, and why."""


def differs(script: str) -> bool:
    return script.startswith(tuple(DIFFERENCES))


@functools.cache
def recordings() -> tuple[int, dict[str, Answer]]:
    document = json.loads((HERE / "recordings.json").read_text())
    return document["now"], {row.pop("script"): Answer(**row) for row in document["recordings"]}


LOWER = tree()


def test_every_script_is_recorded() -> None:
    assert list(recordings()[1]) == scripts()


@pytest.mark.parametrize("script", scripts())
def test_answers_as_recorded(script: str) -> None:
    now, answers = recordings()
    answer = by_labkit(script, LOWER, now)
    if differs(script):
        assert answer != answers[script]
    else:
        assert answer == answers[script]


@functools.cache
def missing() -> str:
    if not BUSYBOX.exists():
        return "busybox is not installed"
    if shutil.which("unshare") is None or os.geteuid() != 0:
        return "needs root and unshare"
    with tempfile.TemporaryDirectory() as directory:
        try:
            build(Path(directory))
            works = by_busybox("true", Path(directory)).exit_code == 0
        except (OSError, subprocess.SubprocessError):
            works = False
    return "" if works else "no new namespaces here"


def test_answers_as_busybox_itself(tmp_path: Path) -> None:
    if missing():
        pytest.skip(missing())
    for number, script in enumerate(scripts()[:: max(len(scripts()) // 40, 1)]):
        if differs(script):
            continue
        root = tmp_path / str(number)
        root.mkdir()
        build(root)
        assert by_labkit(script, LOWER, int(time.time())) == by_busybox(script, root), script
        shutil.rmtree(root)
