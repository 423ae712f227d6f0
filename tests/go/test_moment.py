"""Moments that a learner writes, as moby's GetTimestamp takes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.go.moment import duration, moment_of, parse_time, rfc3339_nano, wrong_duration

NOW = 1_000_000 * 10**9


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1h30m", NOW - 5400 * 10**9),
        ("1.5s", NOW - 15 * 10**8),
        ("-5s", NOW + 5 * 10**9),
        ("0", NOW),
        ("10", 10 * 10**9),
        ("10.5", 105 * 10**8),
        ("1970-01-02", 86_400 * 10**9),
        ("1970-01-01T01", 3600 * 10**9),
        ("1970-01-01T00:01", 60 * 10**9),
        ("1970-01-01T00:00:01.5Z", 15 * 10**8),
        ("1970-01-01T02:00:00+01:30", 1800 * 10**9),
        ("1970-01-01T00:00:00-01:00", 3600 * 10**9),
        ("1970-13-01", None),
        ("soon", None),
        ("", None),
        ("5 m", None),
    ],
)
def test_a_text_is_a_moment_or_none(text: str, moment: int | None) -> None:
    assert moment_of(text, NOW) == moment


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_a_time_that_docker_prints_is_read_back(moment: int) -> None:
    text = rfc3339_nano(moment)
    assert moment_of(text, NOW) == parse_time(text) == moment


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("0", 0), ("1h.5s", 3600 * 10**9 + 5 * 10**8), ("2.01s", 2010 * 10**6), ("-2ms", -2 * 10**6),
     ("2562047h", 2562047 * 3600 * 10**9), ("2562048h", None), (f"{'9' * 400}h", None), ("1h5", None),
     ("h", None), ("", None)],
)  # fmt: skip
def test_a_duration_has_a_unit_and_64_bits(text: str, nanoseconds: int | None) -> None:
    assert duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "reason"),
    [("", "invalid"), ("h", "invalid"), ("1h.", "invalid"), ("2562048h", "invalid"),
     ("1h5", "missing unit in"), ("1hx5s", 'unknown unit "hx" in'), ("1h2d", 'unknown unit "d" in'),
     ("2013-01-02", 'unknown unit "-" in')],
)  # fmt: skip
def test_why_a_text_is_no_duration(text: str, reason: str) -> None:
    assert wrong_duration(text) == f'time: {reason} duration "{text}"'
