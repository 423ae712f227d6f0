"""`--filter NAME=VALUE`, of lists and prunes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from labkit.base.errors import DaemonError, NotSimulated
from labkit.go.regexp import BadPattern, compiled


def filters(given: Iterable[str], known: Iterable[str], others: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the values of `--filter NAME=VALUE` by name, in order; of one that is not given there are none.

    Raises DaemonError for a name that Docker does not know, and NotSimulated for one of the others.

    >>> found = filters(["label=a", "label=b"], ["label", "name"])
    >>> found["label"], found["name"]
    (['a', 'b'], [])
    """
    values: dict[str, list[str]] = {name: [] for name in known}
    for text in given:
        name, _, value = text.partition("=")
        if name in others:
            raise NotSimulated(f"labkit: the filter {name} is not simulated; it would list what it matches")
        if name not in values:
            raise DaemonError(f"Invalid filter '{name}'")
        values[name].append(value)
    return values


def has_label(labels: Mapping[str, str], text: str) -> bool:
    """Tell whether a label is there, `name` or `name=value`."""
    name, equals, value = text.partition("=")
    return name in labels and (not equals or labels[name] == value)


def has_labels(labels: Mapping[str, str], wanted: Mapping[str, list[str]]) -> bool:
    """Tell whether labels have all of `label` and, where a prune is given any, not all of `label!`.

    >>> has_labels({"a": "1"}, {"label": ["a"], "label!": ["a", "b"]})
    True
    """
    others = wanted.get("label!")
    unwanted = others and all(has_label(labels, each) for each in others)
    return not unwanted and all(has_label(labels, each) for each in wanted["label"])


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text has what a filter names; a pattern that is none matches nothing, as in moby.

    >>> matches("^/?web[0-9]+$", "web12"), matches("[", "web12")
    (True, False)
    """
    try:
        return compiled(pattern).search(text)
    except BadPattern:
        return False
