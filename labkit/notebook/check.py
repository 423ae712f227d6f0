"""What the start notebook tries, one line each: is everything there that the lessons need?"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable

from labkit.lab import Lab
from labkit.oci.image import validate


def check() -> None:
    """Print a line for each thing that the lessons need: ok, or what to do."""
    for what, problem in checks():
        print(f"{what + ' ':.<50} {problem or 'ok'}")


def checks() -> list[tuple[str, str]]:
    """Return what is tried and what is wrong with it, "" where nothing is.

    >>> all(problem == "" for _, problem in checks())
    True
    """
    found = [("Python 3.11 or newer", "" if sys.version_info >= (3, 11) else "install a newer Python")]
    for name in ("ipywidgets", "matplotlib", "drawsvg"):
        missing = importlib.util.find_spec(name) is None
        found.append((f"the package {name}", f"missing: pip install {name}" if missing else ""))
    tests: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("an image can be pulled and every byte verified", _pull),
        ("a container runs and keeps its changes", _run),
        ("the slides' image has its published ID", _record),
    )
    for what, test in tests:
        found.append((what, "" if test() else "this should not happen: please report it"))
    return found


def _pull() -> bool:
    image = Lab().pull("busybox")
    validate(image, contents=True)
    return True


def _run() -> bool:
    box = Lab().run("busybox")
    box.exec("echo hello > /etc/motd")
    return [f"{change.kind} {change.path}" for change in box.diff()] == ["C /etc", "C /etc/motd"]


def _record() -> bool:
    return Lab().pull("nginx:1.15.12").id.startswith("sha256:27a188018e18")
