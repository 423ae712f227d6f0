"""The filters of `docker images` and `docker ps`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from labkit.base.errors import DaemonError
from labkit.go.regexp import BadPattern, compiled


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
