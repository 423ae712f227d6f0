"""Comparing values in a template: eq and lt, from which the others follow (text/template, funcs.go)."""

from __future__ import annotations

from labkit.cli.govalues import MISSING, GoTime, NilList, NilMap, type_name
from labkit.cli.templates.printing import go_print
from labkit.cli.templates.quoting import go_bytes


class CallError(Exception):
    """A function of a template that cannot do its work."""


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float"
    return "string" if isinstance(value, str) and not isinstance(value, GoTime) else ""


def _is_nil(value: object) -> bool:
    return value is MISSING or value is None or isinstance(value, NilList | NilMap)


def equal(first: object, *others: object) -> bool:
    """Tell whether the first value equals one of the others; CallError if they cannot be compared.

    >>> equal("a", "b", "a")
    True
    """
    if not others:
        raise CallError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: object, other: object) -> bool:
    if _kind(first) != _kind(other):
        if first in (MISSING, None) or other in (MISSING, None):
            return False
        raise CallError("incompatible types for comparison")
    if _kind(first):
        return first == other
    if _is_nil(first) or _is_nil(other):
        return _is_nil(first) == _is_nil(other)
    if type(first) is not type(other):
        sides = f"{go_print(first)}: {type_name(first)}, {type_name(other)}: {go_print(other)}"
        raise CallError(f"non-comparable types {sides}")
    if isinstance(other, dict | list):
        raise CallError(f"non-comparable type {go_print(other)}: {type_name(other)}")
    return first == other


def less(first: object, second: object) -> bool:
    """Tell whether a value is below another; numbers and strings have an order, nothing else.

    >>> less(2, 10), less("2", "10")
    (True, False)
    """
    if not _kind(first) or not _kind(second):
        raise CallError("invalid type for comparison")
    if _kind(first) != _kind(second):
        raise CallError("incompatible types for comparison")
    if isinstance(first, str) and isinstance(second, str):
        return go_bytes(first) < go_bytes(second)
    if isinstance(first, bool) or not isinstance(first, int | float) or not isinstance(second, int | float):
        raise CallError("invalid type for comparison")
    return first < second
