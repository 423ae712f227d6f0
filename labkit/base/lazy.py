"""Names of a package that are imported when they are asked for (PEP 562): the package loads quickly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def fetcher(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__`; `places` tells in which module a name is.

    >>> fetcher("labkit", {"shown": "labkit.base.text"})("shown")("a")
    'a'
    """

    def fetch(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(places[name]), name)

    return fetch
