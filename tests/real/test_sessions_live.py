"""Every session of the command line on a real engine and on labkit, both asked now.

The recordings of the same sessions are compared in tests/cli/test_recorded.py, where no engine runs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import sessions
from tests.real.engine import RealEngine

pytestmark = pytest.mark.real


@pytest.mark.parametrize("name", sessions.sessions())
def test_a_session_live(
    fresh_engine: RealEngine,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """Each side has a directory of its own: labkit must not find what the engine's client has written."""
    lines = sessions.sessions()[name]
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for directory in (theirs, ours):
        directory.mkdir()
        lab = sessions.loaded_lab(directory)
    monkeypatch.chdir(ours)
    answers = sessions.run_session(fresh_engine, lines, theirs)
    with sessions.hub_of(lines, real=True) as hub:
        pairs = list(sessions.beside(lab, answers, hub))
    different = [(told, said) for told, said in pairs if told != said]
    record_property("session compared live", (len(pairs), len(pairs) - len(different)))
    for told, said in different:
        assert said == told
