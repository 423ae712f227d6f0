"""Public names that are imported when they are asked for (PEP 562), and libraries that may be missing.

A package's names stand in its stub, `__init__.pyi`, and nowhere else: type checkers read the stub, and here
each of its lines tells in which module a name is (as in Scientific Python's lazy_loader, SPEC 1).
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

from labkit.base.errors import MissingExtra


def places(package: str) -> dict[str, str]:
    """Return the names in a package's stub, sorted, each with the module that it is in.

    >>> places("labkit")["Lab"]
    'labkit.lab'
    """
    stub = pkgutil.get_data(package, "__init__.pyi") or b""  # the package may lie in a zip
    lines = (line.split() for line in stub.decode().splitlines())
    return dict(sorted((line[-1], line[1]) for line in lines if line[:1] == ["from"]))


def fetcher(package: str, names: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__`; `names` tells in which module each is.

    A name whose module needs a library that is not installed is a function that says so when it is called.

    >>> fetcher("labkit", {"shown": "labkit.base.text"})("shown")("a")
    'a'
    """

    def fetch(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        try:
            with extra("course"):
                return getattr(import_module(names[name]), name)
        except MissingExtra as error:
            words = str(error)

            def refuse(*arguments: object, **options: object) -> NoReturn:
                raise MissingExtra(words)

            return refuse

    return fetch


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Raise MissingExtra, with what to install, where a library of one of labkit's extras is missing.

    >>> with extra("registry"):
    ...     import no_such_library
    Traceback (most recent call last):
    labkit.base.errors.MissingExtra: labkit: no_such_library is not installed: pip install 'labkit[registry]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library == "labkit":  # a mistake of labkit's own
            raise
        raise MissingExtra(f"labkit: {library} is not installed: {advice(name)}") from None


def advice(name: str) -> str:
    """Return what to do where a library of an extra is missing; in a browser nothing can be installed.

    >>> advice("course")
    "pip install 'labkit[course]'"
    """
    if sys.platform == "emscripten":
        return "this page was made without it"
    return f"pip install 'labkit[{name}]'"
