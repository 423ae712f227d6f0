"""Moments in nanoseconds since 1970, and the texts for them.

`parse_time` and `rfc3339_nano` are for the texts of documents (RFC 3339, as Go writes it); `moment_of` reads
what a learner writes for `--since`, `--until` and the filter `until` (moby, api/types/time).
"""

from __future__ import annotations

import re
from datetime import date

from labkit.base.errors import LabkitError

SECOND = 1_000_000_000
"""In nanoseconds, the unit of every moment and duration here."""

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2,3}:\d\d)", re.ASCII
)
_EPOCH = date(1970, 1, 1).toordinal()
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
"""The calendar repeats after so many years: a date knows the years 1 to 9999, a time of Go's any."""


def parse_time(text: str) -> int:
    """Read an RFC 3339 time as nanoseconds since 1970; LabkitError if it is none.

    Each text that `struct.go_time` gives is one: Go has a year 0 and offsets of up to 100 hours.

    >>> parse_time("1970-01-01T00:00:01.5Z"), parse_time("0000-01-01T00:00:00Z") // SECOND
    (1500000000, -62167219200)
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise LabkitError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}"')
    moment = _moment(match)
    if moment is None:
        raise LabkitError(f'parsing time "{text}": out of range')
    return moment


def _moment(found: re.Match[str]) -> int | None:
    """Return the moment of year, month, day, hour, minute, second, fraction and zone; None out of range."""
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year + _CYCLE_YEARS if year < 1 else year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    days -= _CYCLE_DAYS if year < 1 else 0
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    zone = found[8] or "Z"
    if zone != "Z":
        hours, _, minutes = zone[1:].partition(":")
        away = int(hours) * 3600 + int(minutes) * 60
        seconds += away if zone[0] == "-" else -away
    return seconds * SECOND + int((found[7] or "").ljust(9, "0"))


def rfc3339(moment: int) -> str:
    """Write a moment in whole seconds, as `history -H=false` shows CREATED AT.

    >>> rfc3339(parse_time("2019-04-16T21:20:18.5Z"))
    '2019-04-16T21:20:18Z'
    """
    return date_and_clock(moment, "T") + "Z"


def rfc3339_nano(moment: int) -> str:
    """Write a moment as JSON documents hold it (Go's RFC3339Nano: no trailing zeros).

    >>> rfc3339_nano(parse_time("2019-04-16T21:20:18.500Z"))
    '2019-04-16T21:20:18.5Z'
    """
    return rfc3339(moment)[:-1] + fraction(moment) + "Z"


def date_and_clock(moment: int, separator: str) -> str:
    """Write a moment's date and time of day, in UTC.

    >>> date_and_clock(0, " ")
    '1970-01-01 00:00:00'
    """
    days, clock = divmod(moment // SECOND, 86_400)
    cycles, days = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    day = date.fromordinal(days + 1)
    year = day.year + cycles * _CYCLE_YEARS
    written = f"{'-' if year < 0 else ''}{abs(year):04}-{day.month:02}-{day.day:02}"
    return f"{written}{separator}{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}"


def fraction(moment: int) -> str:
    """Write a moment's fraction of a second without trailing zeros, or "".

    >>> fraction(1_500_000_000)
    '.5'
    """
    digits = f"{moment % SECOND:09d}".rstrip("0")
    return f".{digits}" if digits else ""


UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
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
        length = sum(int(float(number) * UNITS[unit]) for number, unit in parts)
        return now + length if found[1] == "-" else now - length
    if found := _UNIX.fullmatch(text):
        return int(found[1]) * SECOND + int((found[2] or "").ljust(9, "0"))
    return _moment(found) if (found := _TIME.fullmatch(text)) else None
