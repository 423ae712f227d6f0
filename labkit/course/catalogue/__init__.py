"""The exercises, one module a lesson. Nothing in them is a trick: each says what its check looks at."""

from __future__ import annotations

from labkit.course.catalogue import container, copy_on_write, drivers, history, inspect, layers, since
from labkit.course.exercise import Exercise
from labkit.errors import NotFound

_MODULES = (layers, history, container, copy_on_write, drivers, inspect, since)
EXERCISES: tuple[Exercise, ...] = tuple(each for module in _MODULES for each in module.EXERCISES)


def find_exercise(name: str) -> Exercise:
    """Return the exercise of an id; raises NotFound, naming the nearest.

    >>> find_exercise("02-shared-base").title
    'Make two images share their base'
    """
    for each in EXERCISES:
        if each.id == name:
            return each
    from difflib import get_close_matches

    near = get_close_matches(name, [each.id for each in EXERCISES], 1, 0.4)
    text = f"did you mean {near[0]}?" if near else "python -m labkit exercises lists them"
    raise NotFound(f"there is no exercise {name}: {text}")
