"""Record what a real engine answers: a list of command lines with their output, as JSON that a test replays.

A recording is a list of `{"line", "at", "stdout", "stderr", "exit"}`, in the order run, from an engine that
held nothing at first. `at` is the engine's clock when the line was run: ages (`2 minutes ago`) and
`Metadata.LastTagTime` are told from it. Two things are the recording engine's own: the directory of its data,
written here as Docker's default `/var/lib/docker`, and its cache ids, the 64 random hex digits after
`overlay2/` in `GraphDriver`. The time zone is UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from tests.real.engine import RealEngine


class Answer(TypedDict):
    """One command line and what the engine answered."""

    line: str
    at: str
    stdout: str
    stderr: str
    exit: int


def now() -> str:
    """Give the time in the form of an answer's `at`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain(engine: RealEngine, text: str) -> str:
    """Write the engine's data directory as Docker's default."""
    return text.replace(f"{engine.directory}/data", "/var/lib/docker")


def record(engine: RealEngine, lines: list[str], cwd: Path) -> list[Answer]:
    """Run command lines in the directory `cwd` and give the answers."""
    answers = []
    for line in lines:
        at = now()
        result = engine.run(line, cwd=cwd)
        stdout, stderr = plain(engine, result.stdout), plain(engine, result.stderr)
        answers.append(Answer(line=line, at=at, stdout=stdout, stderr=stderr, exit=result.exit))
    return answers


def write(path: Path, document: object) -> None:
    """Write a recording so that its changes can be read in a diff."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
