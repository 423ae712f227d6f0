"""Times: nanoseconds since 1970, and the texts that documents hold (RFC 3339, as Go writes it)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from labkit.errors import LabkitError

SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def parse_time(text: str) -> int:
    """Read an RFC 3339 time as nanoseconds since 1970; LabkitError if it is none.

    >>> parse_time("1970-01-01T00:00:01.5Z")
    1500000000
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise LabkitError(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse "{text}"')
    day, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    except ValueError:
        raise LabkitError(f'parsing time "{text}": out of range') from None
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return whole * SECOND + int((fraction or "").ljust(9, "0"))


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
    return (_EPOCH + timedelta(seconds=moment // SECOND)).isoformat(separator)[:19]


def fraction(moment: int) -> str:
    """Write a moment's fraction of a second without trailing zeros, or "".

    >>> fraction(1_500_000_000)
    '.5'
    """
    digits = f"{moment % SECOND:09d}".rstrip("0")
    return f".{digits}" if digits else ""
