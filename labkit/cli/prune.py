"""What `docker system prune` and the prune of each kind share: the question, and the filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from labkit.base.errors import DaemonError
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.go.moment import moment_of
from labkit.go.regexp import BadPattern, compiled
from labkit.go.units import human_size


class Filters:
    """The values of `--filter NAME=VALUE` by name; raises DaemonError for a name that is not known.

    >>> Filters(["label=a", "label=b"], ["label"]).of("label")
    ['a', 'b']
    """

    def __init__(self, given: Iterable[str], known: Sequence[str]) -> None:
        self._values: dict[str, list[str]] = {}
        for text in given:
            name, _, value = text.partition("=")
            name = name.strip().lower()
            if name not in known:
                raise DaemonError(f"Invalid filter '{name}'")
            self._values.setdefault(name, []).append(value.strip())

    def of(self, name: str) -> list[str]:
        """Return the values of a name, in order."""
        return self._values.get(name, [])


def has_labels(labels: Mapping[str, str], wanted: Filters) -> bool:
    """Tell whether labels match all of `label` and none of `label!`.

    >>> has_labels({"a": "1"}, Filters(["label=a"], ["label"]))
    True
    """
    some = any(has_label(labels, text) for text in wanted.of("label!"))
    return not some and all(has_label(labels, text) for text in wanted.of("label"))


def has_label(labels: Mapping[str, str], text: str) -> bool:
    """Tell whether a label is there, `name` or `name=value`."""
    name, equals, value = text.partition("=")
    return name in labels and (not equals or labels[name] == value)


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text has what a filter names; a pattern that is none matches nothing, as in moby.

    >>> matches("^/?web[0-9]+$", "web12"), matches("[", "web12")
    (True, False)
    """
    try:
        return compiled(pattern).search(text)
    except BadPattern:
        return False


def until(wanted: Filters, now: int) -> int | None:
    """Return the moment of the filter `until` in nanoseconds, or None; raises DaemonError."""
    values = wanted.of("until")
    if not values:
        return None
    if len(values) > 1:
        raise DaemonError("more than one until filter specified")
    moment = moment_of(values[0], now)
    if moment is None:
        raise DaemonError(f'failed to parse value as time or duration: "{values[0]}"')
    return moment


def prune(
    terminal: Terminal, call: Invocation, warning: str, remove: Callable[[Sequence[str]], tuple[str, int]]
) -> int:
    """Ask, remove what the filters match, and say what went and how many bytes that freed."""
    if not call.options["force"] and not confirmed(terminal, warning):
        terminal.out("Total reclaimed space: 0B\n")
        return 0
    text, freed = remove(call.strings("filter"))
    terminal.out(f"{text}Total reclaimed space: {human_size(freed, 4)}\n")
    return 0


def confirmed(terminal: Terminal, warning: str) -> bool:
    """Ask before something is removed; the answer is the next line of standard input."""
    terminal.out(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ")
    return terminal.line().strip().lower() == b"y"
