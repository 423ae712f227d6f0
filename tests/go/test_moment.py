"""Moments as documents hold them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.go.moment import parse_time, rfc3339_nano


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:01.5Z", 15 * 10**8),
        ("1970-01-01T02:00:00+01:30", 1800 * 10**9),
        ("1970-01-01T00:00:00-01:00", 3600 * 10**9),
    ],
)
def test_a_text_is_a_moment(text: str, moment: int) -> None:
    assert parse_time(text) == moment


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_a_time_that_docker_prints_is_read_back(moment: int) -> None:
    assert parse_time(rfc3339_nano(moment)) == moment
