"""Moments as a learner writes them for `--since`, `--until` and the filter `until` (moby, api/types/time)."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SECOND = 10**9
_UNITS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": _SECOND,
    "m": 60 * _SECOND,
    "h": 3600 * _SECOND,
}
_PART = r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(rf"([+-]?)((?:{_PART})+)", re.ASCII)
_UNIX = re.compile(r"(\d+)(?:\.(\d{1,9}))?", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def moment_of(text: str, now: int) -> int | None:
    """Return the moment in nanoseconds since 1970: a duration before now, a time, or seconds since 1970.

    A time without a zone is UTC. None for any other text.

    >>> moment_of("1m30s", 100 * 10**9), moment_of("1970-01-01T00:00:05Z", 0), moment_of("7", 0)
    (10000000000, 5000000000, 7000000000)
    """
    if text == "0":
        return now
    if found := _DURATION.fullmatch(text):
        parts = re.findall(_PART, found[2], re.ASCII)
        length = sum(int(float(number) * _UNITS[unit]) for number, unit in parts)
        return now + length if found[1] == "-" else now - length
    if found := _UNIX.fullmatch(text):
        return int(found[1]) * _SECOND + int((found[2] or "").ljust(9, "0"))
    return _time(found) if (found := _TIME.fullmatch(text)) else None


def _time(found: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        seconds = int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        return None
    zone = found[8] or "Z"
    if zone != "Z":
        away = int(zone[1:3]) * 3600 + int(zone[4:]) * 60
        seconds += away if zone[0] == "-" else -away
    return seconds * _SECOND + int((found[7] or "").ljust(9, "0"))
