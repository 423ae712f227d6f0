"""date, and strftime's conversions in UTC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from labkit.engine.shell.applets.options import parse
from labkit.engine.shell.task import SECOND, CommandError, Task

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip


def strftime(form: str, nanoseconds: int) -> str:
    """Return a date in strftime's form, in English and UTC.

    >>> strftime("%a %b %e %H:%M:%S %Z %Y", 1556280000 * SECOND)
    'Fri Apr 26 12:00:00 UTC 2019'
    """
    when = _EPOCH + timedelta(seconds=nanoseconds // SECOND)
    day, month = _DAYS[when.weekday()], _MONTHS[when.month - 1]
    values = {
        "%": "%", "n": "\n", "Y": f"{when.year}", "y": f"{when.year % 100:02}", "m": f"{when.month:02}",
        "d": f"{when.day:02}", "e": f"{when.day:2}", "H": f"{when.hour:02}", "M": f"{when.minute:02}",
        "S": f"{when.second:02}", "a": day[:3], "A": day, "b": month[:3], "B": month,
        "j": f"{when.timetuple().tm_yday:03}", "Z": "UTC", "z": "+0000", "s": str(nanoseconds // SECOND),
        "u": str(when.isoweekday()),
    }  # fmt: skip
    wholes = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}
    form = re.sub(r"%([FTRD])", lambda match: wholes[match[1]], form)
    return re.sub(r"%(.)", lambda match: values.get(match[1], match[0]), form, flags=re.DOTALL)


def date(task: Task, args: Sequence[str]) -> int:
    """Print the date."""
    options = parse(args, "u", {"utc": "u"}, lacks="sdDrRI", most=1)
    form = options.operands[0] if options.operands else "+%a %b %e %H:%M:%S %Z %Y"
    if not form.startswith("+"):
        raise CommandError(f"invalid date '{form}'")
    task.out(strftime(form[1:], task.now) + "\n")
    return 0
