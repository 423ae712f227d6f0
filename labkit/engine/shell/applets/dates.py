"""Dates: strftime's conversions in UTC and the forms that busybox's date and touch read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from labkit.engine.shell.task import SECOND, CommandError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_CLOCK = r"(?P<hour>\d\d?):(?P<minute>\d\d)(:(?P<second>\d\d))?"
_FORMS = (
    re.compile(_CLOCK),
    re.compile(rf"(?P<month>\d\d?)\.(?P<day>\d\d?)-{_CLOCK}"),
    re.compile(rf"(?P<year>\d{{4}})[.-](?P<month>\d\d?)[.-](?P<day>\d\d?)([ -]{_CLOCK})?"),
    re.compile(
        r"((((?P<year>\d{4}|\d\d)?(?P<month>\d\d))?(?P<day>\d\d))?(?P<hour>\d\d))?"
        r"(?P<minute>\d\d)(\.(?P<second>\d\d))?"
    ),
)


def moment(nanoseconds: int) -> datetime:
    """Return the time of day in UTC, without fractions of a second."""
    return _EPOCH + timedelta(seconds=nanoseconds // SECOND)


def parse_date(text: str, now: int) -> int:
    """Return the nanoseconds since 1970 that a date means; raises CommandError.

    >>> parse_date("2019-04-26 12:00:00", 0) // SECOND
    1556280000
    """
    if re.fullmatch(r"@-?\d+", text):
        return int(text[1:]) * SECOND
    today = moment(now)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        given = {key: int(value) for key, value in match.groupdict().items() if value is not None}
        year = given.get("year", today.year)
        if year < 100:
            year += 1900 if year >= 69 else 2000
        try:
            when = datetime(
                year,
                given.get("month", today.month),
                given.get("day", today.day),
                given.get("hour", 0),
                given.get("minute", 0),
                given.get("second", 0),
                tzinfo=UTC,
            )
        except ValueError:
            break
        return int((when - _EPOCH).total_seconds()) * SECOND
    raise CommandError(f"invalid date '{text}'")


def strftime(form: str, nanoseconds: int) -> str:
    """Return a date in strftime's form, in English and UTC.

    >>> strftime("%a %b %e %H:%M:%S %Z %Y", 1556280000 * SECOND)
    'Fri Apr 26 12:00:00 UTC 2019'
    """
    when = moment(nanoseconds)
    day, month = _DAYS[when.weekday()], _MONTHS[when.month - 1]
    values = {
        "%": "%", "n": "\n", "t": "\t", "Y": f"{when.year}", "C": f"{when.year // 100:02}",
        "y": f"{when.year % 100:02}", "m": f"{when.month:02}", "d": f"{when.day:02}", "e": f"{when.day:2}",
        "H": f"{when.hour:02}", "k": f"{when.hour:2}", "I": f"{(when.hour + 11) % 12 + 1:02}",
        "l": f"{(when.hour + 11) % 12 + 1:2}", "M": f"{when.minute:02}", "S": f"{when.second:02}",
        "p": "AM" if when.hour < 12 else "PM", "P": "am" if when.hour < 12 else "pm", "a": day[:3], "A": day,
        "b": month[:3], "h": month[:3], "B": month, "j": f"{when.timetuple().tm_yday:03}", "Z": "UTC",
        "z": "+0000", "s": str(nanoseconds // SECOND), "u": str(when.isoweekday()),
        "w": str(when.isoweekday() % 7), "G": str(when.isocalendar()[0]), "V": f"{when.isocalendar()[1]:02}",
    }  # fmt: skip
    wholes = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "r": "%I:%M:%S %p",
              "c": "%a %b %e %H:%M:%S %Y", "x": "%m/%d/%y", "X": "%H:%M:%S"}  # fmt: skip

    def convert(match: re.Match[str]) -> str:
        letter = match[1]
        if letter in wholes:
            return strftime(wholes[letter], nanoseconds)
        return values.get(letter, match[0])

    return re.sub(r"%(.)", convert, form, flags=re.DOTALL)
