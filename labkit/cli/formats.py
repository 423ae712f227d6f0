"""Sizes, ages, times, progress bars and aligned tables, as docker's command line prints them.

Sizes and ages follow docker/go-units, progress bars moby's pkg/jsonmessage, tables Go's text/tabwriter
with docker's settings (columns at least 10 wide, 3 spaces apart). Which command prints which size:
`images`, `history` and `ps -s` three significant digits; `system df`, prune and pull progress four.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labkit.oci.moment import SECOND, date_and_clock, fraction

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
    if hours < 24 * 7 * 2:
        return f"{hours // 24} days"
    if hours < 24 * 30 * 2:
        return f"{hours // 24 // 7} weeks"
    if hours < 24 * 365 * 2:
        return f"{hours // 24 // 30} months"
    return f"{int(seconds / 3600) // 24 // 365} years"


def ago(then: int, now: int) -> str:
    """Say how long before `now` a moment was; both in nanoseconds since 1970.

    The tables' creation times have whole seconds, so the fraction of `then` is dropped, as docker does.

    >>> from labkit.oci.moment import parse_time
    >>> ago(parse_time("2019-04-16T21:20:18.9Z"), parse_time("2019-04-26T12:00:00Z"))
    '9 days ago'
    """
    return age((now - then // SECOND * SECOND) / SECOND) + " ago"


def go_time(moment: int) -> str:
    """Write a moment as Go prints a time.Time, which is what `{{.CreatedAt}}` gives.

    Docker drops the fraction first: pass whole seconds for the tables.

    >>> from labkit.oci.moment import parse_time
    >>> go_time(parse_time("2019-04-16T21:20:18Z"))
    '2019-04-16 21:20:18 +0000 UTC'
    """
    return date_and_clock(moment, " ") + fraction(moment) + " +0000 UTC"


def ellipsis(text: str, width: int) -> str:
    """Cut text to `width` characters, the last of them `…` where something was cut.

    `history` cuts CREATED BY to 45, `ps` COMMAND to 20 before it quotes it.

    >>> ellipsis("docker-entrypoint.sh nginx", 20)
    'docker-entrypoint.s…'
    """
    if width <= 1:
        return text[: max(width, 0)]
    return text if len(text) <= width else text[: width - 1] + "…"


def tabwriter(rows: Iterable[Sequence[str]], min_width: int = 10, padding: int = 3) -> str:
    """Align rows of cells in columns, each line ending in a newline; the last cell is never padded.

    >>> print(tabwriter([["IMAGE", "SIZE"], ["27a188018e18", "0B"]]), end="")
    IMAGE          SIZE
    27a188018e18   0B
    """
    return align("".join("\t".join(row) + "\n" for row in rows), min_width, padding)


def align(text: str, min_width: int = 10, padding: int = 3) -> str:
    r"""Align text whose cells end in tabs (Go's text/tabwriter).

    A column is a run of lines that all have a cell there; a line without one ends it, and the lines
    below are measured anew.

    >>> align("a\tb\nlonger than ten\tc\n")
    'a                 b\nlonger than ten   c\n'
    """
    lines = [line.split("\t") for line in text.split("\n")]
    if len(lines[-1]) > 1 and not lines[-1][-1]:
        lines[-1].pop()  # without a newline after it, an empty cell is none
    for column in range(max(map(len, lines)) - 1):
        start = 0
        while start < len(lines):
            stop = start
            while stop < len(lines) and len(lines[stop]) - 1 > column:
                stop += 1
            block = lines[start:stop]
            width = max([min_width, *(len(line[column]) + padding for line in block)])
            for line in block:
                line[column] = line[column].ljust(width)
            start = stop + 1
    return "\n".join("".join(line) for line in lines)


def progress_bar(current: int, total: int, width: int = 200) -> str:
    """Draw how far a transfer is, for a terminal of `width` columns; empty while nothing is known.

    The bar of 50 cells appears on terminals wider than 110 columns; narrower ones get the counts
    alone. A total that is unknown or overrun is left out.

    >>> progress_bar(17140000, 88990000)
    '[=========>                                         ]  17.14MB/88.99MB'
    >>> progress_bar(17140000, 88990000, width=80)
    ' 17.14MB/88.99MB'
    """
    if current <= 0 and total <= 0:
        return ""
    counts = f"{human_size(current, 4):>8}"
    if total <= 0:
        return counts
    cells = min(max(int(current / total * 100) // 2, 0), 50)
    bar = f"[{'=' * cells}>{' ' * (50 - cells)}] " if width > 110 else ""
    return bar + counts + (f"/{human_size(total, 4)}" if current <= total else "")


def progress_line(layer: str, status: str, current: int = 0, total: int = 0, width: int = 200) -> str:
    """Write a layer's line of a pull or push as a terminal shows it.

    >>> progress_line("4ebb5e7ad6ac", "Downloading", 512, 2000, width=80)
    '4ebb5e7ad6ac: Downloading     512B/2kB'
    >>> progress_line("544ff12e028f", "Waiting")
    '544ff12e028f: Waiting '
    """
    return f"{layer}: {status} {progress_bar(current, total, width)}"
