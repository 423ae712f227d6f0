"""The facts that were written down about the real engine are still so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.real import archives, facts
from tests.real.engine import RealEngine
from tests.real.stacks import stacks

pytestmark = pytest.mark.real

FACTS = json.loads(facts.FACTS.read_text())
CASES = archives.cases()
STACKS = dict(stacks())
SLOW = ("layers: 125", "layers: 126")  # 12 s each


def test_every_case_has_its_fact() -> None:
    assert list(FACTS["archives"]) == list(CASES)
    assert list(FACTS["stacks"]) == list(STACKS)


# What the engine takes is asked by facts.py alone: with a container for each that is a minute.
REFUSED = [name for name in CASES if FACTS["archives"][name]["exit"] and name not in SLOW]


@pytest.mark.parametrize("name", REFUSED)
def test_the_engine_refuses_the_archive_as_written_down(fresh_engine: RealEngine, name: str) -> None:
    assert facts.ask(fresh_engine, CASES[name]) == FACTS["archives"][name]


@pytest.mark.parametrize("name", STACKS)
def test_a_container_sees_the_stack_as_written_down(fresh_engine: RealEngine, name: str) -> None:
    fact: dict[str, Any] = facts.ask(fresh_engine, facts.stack_archive(STACKS[name]))
    assert fact == FACTS["stacks"][name]
