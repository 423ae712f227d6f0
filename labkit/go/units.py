"""Sizes, ages and times as Go's libraries write them for people (docker/go-units; package time)."""

from __future__ import annotations

from labkit.go.moment import SECOND, rfc3339_nano

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


def human_size(size: float, precision: int = 3) -> str:
    """Write a number of bytes in decimal units (go-units HumanSizeWithPrecision).

    >>> human_size(299341950), human_size(299341950, 4), human_size(22)
    ('299MB', '299.3MB', '22B')
    """
    size, unit = float(size), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    return f"{size:.{precision}g}{_UNITS[unit]}"


def age(seconds: float) -> str:
    """Write a duration as people say it (go-units HumanDuration).

    >>> age(0.5), age(90), age(5400), age(47.4 * 3600), age(9 * 86400)
    ('Less than a second', 'About a minute', '2 hours', '47 hours', '9 days')
    """
    minutes = int(seconds / 60)
    hours = int(seconds / 3600 + 0.5)
    if seconds < 1:
        return "Less than a second"
    if seconds < 60:
        return "1 second" if seconds < 2 else f"{int(seconds)} seconds"
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    for most, size, unit in ((2 * 7, 1, "days"), (2 * 30, 7, "weeks"), (2 * 365, 30, "months")):
        if hours < 24 * most:
            return f"{hours // 24 // size} {unit}"
    return f"{int(seconds / 3600) // 24 // 365} years"


def ago(then: int, now: int) -> str:
    """Say how long before `now` a moment was; both in nanoseconds since 1970.

    The tables' creation times have whole seconds, so the fraction of `then` is dropped, as docker does.

    >>> ago(-(10**20), 0)
    '292 years ago'
    >>> from labkit.go.moment import parse_time
    >>> ago(parse_time("2019-04-16T21:20:18.9Z"), parse_time("2019-04-26T12:00:00Z"))
    '9 days ago'
    """
    # A time.Duration has 64 bits: what is farther away is 292 years away (package time, Time.Sub).
    away = min(now - then // SECOND * SECOND, (1 << 63) - 1)
    return age(away / SECOND) + " ago"


def go_time(moment: int) -> str:
    """Write a moment as Go prints a time.Time, which is what `{{.CreatedAt}}` gives.

    Docker drops the fraction first: pass whole seconds for the tables.

    >>> from labkit.go.moment import parse_time
    >>> go_time(parse_time("2019-04-16T21:20:18Z"))
    '2019-04-16 21:20:18 +0000 UTC'
    """
    return rfc3339_nano(moment)[:-1].replace("T", " ") + " +0000 UTC"
