"""Moments in nanoseconds since 1970, and the texts for them.

`parse_time` and `rfc3339_nano` are for the texts of documents (RFC 3339, as Go writes it); `moment_of` reads
what a learner writes for `--since`, `--until` and the filter `until` (moby, api/types/time).
"""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal

from labkit.base.errors import LabkitError

SECOND = 1_000_000_000
"""In nanoseconds, the unit of every moment and duration here."""

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{2,3}:\d\d)", re.ASCII
)
_EPOCH = date(1970, 1, 1).toordinal()
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097
"""The calendar repeats after so many years: a date knows the years 1 to 9999, a time of Go's any."""


def parse_time(text: str) -> int:
    """Read an RFC 3339 time as nanoseconds since 1970; LabkitError if it is none.

    Each text that `rewritten` gives is one: Go has a year 0 and offsets of up to 100 hours.

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


def rewritten(text: str) -> str | None:
    """Return an RFC 3339 time as Go writes it after reading it; None if it is none.

    >>> rewritten("2020-01-01T3:00:00.50+01:60"), rewritten("2020-02-30T00:00:00Z")
    ('2020-01-01T03:00:00.5+02:00', None)
    """
    found = _RFC3339.fullmatch(text)
    if found is None or len(found[8]) > len("+00:00") or _moment(found) is None:
        return None
    digits = (found[7] or "").rstrip("0")
    away = int(found[8][1:3]) * 60 + int(found[8][4:]) if found[8] != "Z" else 0
    zone = f"{found[8][0]}{away // 60:02}:{away % 60:02}" if away else "Z"
    day, minute = "-".join(found.group(1, 2, 3)), ":".join(found.group(5, 6))
    return f"{day}T{found[4]:>02}:{minute}{'.' * bool(digits)}{digits}{zone}"


def rfc3339(moment: int) -> str:
    """Write a moment in whole seconds, as `history -H=false` shows CREATED AT.

    >>> rfc3339(parse_time("2019-04-16T21:20:18.5Z"))
    '2019-04-16T21:20:18Z'
    """
    days, clock = divmod(moment // SECOND, 86_400)
    cycles, days = divmod(days + _EPOCH - 1, _CYCLE_DAYS)
    day = date.fromordinal(days + 1)
    year = day.year + cycles * _CYCLE_YEARS
    written = f"{'-' if year < 0 else ''}{abs(year):04}-{day.month:02}-{day.day:02}"
    return f"{written}T{clock // 3600:02}:{clock // 60 % 60:02}:{clock % 60:02}Z"


def rfc3339_nano(moment: int) -> str:
    """Write a moment as JSON documents hold it (Go's RFC3339Nano: no trailing zeros).

    >>> rfc3339_nano(parse_time("2019-04-16T21:20:18.500Z")), rfc3339_nano(0)
    ('2019-04-16T21:20:18.5Z', '1970-01-01T00:00:00Z')
    """
    return f"{rfc3339(moment)[:-1]}.{moment % SECOND:09d}".rstrip("0").removesuffix(".") + "Z"


UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_PART = rf"{_NUMBER}(ns|us|µs|ms|s|m|h)"
_DURATION = re.compile(rf"([+-]?)((?:{_PART})+)", re.ASCII)
_WRONG = re.compile(rf"[+-]?(?:{_PART}(?=[\d.]))*{_NUMBER}(?P<unit>[^\d.]*)", re.ASCII)
_UNIX = re.compile(r"(\d+)(?:\.(\d{1,9}))?", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def duration(text: str) -> int | None:
    """Return the nanoseconds of a duration as Go reads it (time.ParseDuration); None if it is none.

    >>> duration("1m30s") // SECOND, duration("-1.5s") // 10**6, duration("5")
    (90, -1500, None)
    """
    if text == "0":
        return 0
    found = _DURATION.fullmatch(text)
    parts = re.findall(_PART, found[2], re.ASCII) if found else ()
    length = sum(int(Decimal(number) * UNITS[unit]) for number, unit in parts)
    if found is None or length >= 1 << 63:
        return None
    return -length if found[1] == "-" else length


def wrong_duration(text: str) -> str:
    """Return Go's reason why a text is no duration.

    >>> wrong_duration("5"), wrong_duration("1h2d")
    ('time: missing unit in duration "5"', 'time: unknown unit "d" in duration "1h2d"')
    """
    reason, found = "invalid", _WRONG.match(text)
    if found and found["unit"] not in UNITS:
        reason = f"unknown unit {json.dumps(found['unit'])} in" if found["unit"] else "missing unit in"
    return f"time: {reason} duration {json.dumps(text)}"


def moment_of(text: str, now: int) -> int | None:
    """Return the moment in nanoseconds since 1970: a duration before now, a time, or seconds since 1970.

    A time without a zone is UTC. None for any other text.

    >>> moment_of("1m30s", 100 * 10**9), moment_of("1970-01-01T00:00:05Z", 0), moment_of("7", 0)
    (10000000000, 5000000000, 7000000000)
    """
    if (length := duration(text)) is not None:
        return now - length
    if found := _UNIX.fullmatch(text):
        return int(found[1]) * SECOND + int((found[2] or "").ljust(9, "0"))
    return _moment(found) if (found := _TIME.fullmatch(text)) else None
