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
    lines = sessions.sessions()[name]
    lab = sessions.loaded_lab(tmp_path)
    monkeypatch.chdir(tmp_path)
    answers = sessions.run_session(fresh_engine, lines, tmp_path)
    with sessions.hub_of(lines, real=True) as hub:
        pairs = list(sessions.beside(lab, answers, hub))
    different = [(told, ours) for told, ours in pairs if told != ours]
    record_property("session compared live", (len(pairs), len(pairs) - len(different)))
    for told, ours in different:
        assert ours == told
