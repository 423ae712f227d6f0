"""Lines of public tutorials: how many labkit answers as the recorded engine did."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.cli import public

RECORDED = public.recorded()
TUTORIALS = [each for found in RECORDED.values() for each in found]
AT_LEAST = 0.8
"""Of all lines, those that are to be equal."""


@cache
def compared(place: int) -> list[public.Pair]:
    """Give a tutorial's lines with both answers."""
    return list(public.beside(TUTORIALS[place]))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let labkit write what it saves into a directory of the test's own."""
    monkeypatch.chdir(tmp_path)


def test_every_tutorial_is_recorded() -> None:
    typed = {subject: public.tutorials(subject) for subject in public.subjects()}
    assert typed == {
        subject: {
            each["source"]: [
                public.Typed(answer["line"], answer["inside"], answer["opens"]) for answer in each["answers"]
            ]
            for each in found
        }
        for subject, found in RECORDED.items()
    }


def test_each_tutorial_names_its_source() -> None:
    for tutorial in TUTORIALS:
        assert re.match(r"https?://\w", tutorial["source"])


@pytest.mark.parametrize("place", range(len(TUTORIALS)), ids=lambda place: TUTORIALS[place]["source"])
def test_a_tutorial_is_answered(place: int, record_property: Callable[[str, object], None]) -> None:
    """Nothing that it types is a fault of labkit's; how much is equal is told at the run's end."""
    pairs = compared(place)
    record_property("public lines compared", (len(pairs), sum(pair.equal for pair in pairs)))
    assert not any("Traceback" in text for pair in pairs for text in pair.said[:2])


def test_enough_lines_are_equal() -> None:
    equal = [pair.equal for place in range(len(TUTORIALS)) for pair in compared(place)]
    assert len(equal) >= 180
    assert sum(equal) >= AT_LEAST * len(equal)
