"""What is installed, what is missing, what to do: one line each, in the terminal and in the start notebook.

It imports nothing but the standard library until it is asked, so that it can say what is missing.
"""

from __future__ import annotations

import platform
import re
import shutil
import site
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
_FRONT_ENDS = {"ipywidgets": "@jupyter-widgets/jupyterlab-manager", "anywidget": "anywidget"}
_IN_A_BROWSER = sys.platform == "emscripten"
_REPORT = "this should not happen: please report it"


@dataclass(frozen=True, slots=True)
class Check:
    """What was tried: what is there of it, and what to do where nothing or something else is.

    `optional` says what it is needed for, where the lessons do without it.
    """

    what: str
    found: str = ""
    do: str = ""
    optional: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether it is as it should be."""
        return not self.do

    def line(self, *, versions: bool = True) -> str:
        """Return the line to print; without `versions` it is the same on every machine where all is well.

        >>> Check("Python 3.11 or newer", "3.12.1").line()
        'ok        Python 3.11 or newer: 3.12.1'
        >>> Check("chromium", do="apt-get install chromium", optional="tests in a browser").line()
        'optional  chromium, for tests in a browser: apt-get install chromium'
        """
        state = "ok" if self.ok else "optional" if self.optional else "missing"
        what = f"{self.what}, for {self.optional}" if self.optional else self.what
        found = f": {self.found}" if self.found and (versions or not self.ok) else ""
        return f"{state:9} {what}{found}{'' if self.ok else f': {self.do}'}"


def doctor(*, optional: bool = True) -> list[Check]:
    """Try everything; without `optional` only what the lessons need.

    >>> [check.line() for check in doctor(optional=False) if not check.ok]
    []
    """
    checks = [_python(), *_packages(), *_front_ends(), *_lab()]
    return [*checks, _docker(), _chromium()] if optional and not _IN_A_BROWSER else checks


def check() -> None:
    """Print a line for each thing that the lessons need: ok, or what to do."""
    for each in doctor(optional=False):
        print(each.line(versions=False))


def report() -> int:
    """Print a line for each check; return 1 where something is missing that the lessons need, else 0."""
    checks = doctor()
    for each in checks:
        print(each.line())
    return int(any(not each.ok and not each.optional for each in checks))


def _python() -> Check:
    what, have = "Python 3.11 or newer", platform.python_version()
    return Check(what, have, "" if sys.version_info >= (3, 11) else "install one of these versions")


def _packages() -> Iterator[Check]:
    try:
        wanted = metadata.requires("labkit") or []
    except metadata.PackageNotFoundError:
        yield Check("the package labkit", do="pip install -e '.[course]' in its folder")
        return
    for requirement, _, marker in sorted(each.partition(";") for each in wanted):
        if "extra" in marker and not re.search(r"""extra == ['"]course['"]""", marker):
            continue
        name, spec = re.match(r"([\w.-]+)\s*(.*)", requirement).groups()  # type: ignore[union-attr]
        try:
            have = metadata.version(name)
        except metadata.PackageNotFoundError:
            have = ""
        fix = "" if have and in_range(have, spec) else _install(f'"{name}{spec}"')
        yield Check(f"the package {name}", have, fix)


def _install(what: str) -> str:
    return "this page was made without it" if _IN_A_BROWSER else f"pip install {what}"


def in_range(version: str, wanted: str) -> bool:
    """Tell whether a version is within bounds such as `>=4.4,<5`.

    >>> in_range("4.10.1", ">=4.4,<5"), in_range("5.0", ">=4.4,<5"), in_range("4", ">=4.4")
    (True, False, False)
    """

    def numbers(text: str) -> list[int]:
        return [*map(int, re.findall(r"\d+", text)), 0, 0, 0][:3]

    bounds = re.findall(r"(>=|<)([\d.]+)", wanted)
    return all((numbers(version) >= numbers(bound)) == (sign == ">=") for sign, bound in bounds)


def _front_ends() -> Iterator[Check]:
    if _IN_A_BROWSER:  # the page brings its own
        return
    places = [Path(place, "share/jupyter/labextensions") for place in (sys.prefix, site.getuserbase())]
    for name, extension in _FRONT_ENDS.items():
        there = any((place / extension / "package.json").exists() for place in places)
        fix = "" if there else f"pip install --force-reinstall {name}, then reload the page"
        yield Check(f"the front end of {name} in JupyterLab", do=fix)


def _lab() -> Iterator[Check]:
    tests: dict[str, Callable[[Any], bool]] = {
        "an image can be pulled and every byte verified": _pull,
        "a container runs and keeps its changes": _run,
        "the slides' image has its published ID": (
            lambda lab: lab().pull("nginx:1.15.12").id.startswith("sha256:27a188018e18")
        ),
    }
    for what, test in tests.items():
        try:
            from labkit.lab import Lab

            fix = "" if test(Lab) else _REPORT
        except ImportError as error:
            fix = _install(str(error.name))
        yield Check(what, do=fix)


def _pull(lab: Any) -> bool:
    from labkit.oci.image import validate

    validate(lab().pull("busybox"), contents=True)
    return True


def _run(lab: Any) -> bool:
    box = lab().run("busybox")
    box.exec("echo hello > /etc/motd")
    return [f"{change.kind} {change.path}" for change in box.diff()] == ["C /etc", "C /etc/motd"]


def _docker() -> Check:
    what, use = "Docker Engine 20.10", "a comparison with a real engine"
    program = shutil.which("docker")
    if program is None:
        return Check(what, do="apt-get install docker.io, on Debian 12", optional=use)
    command = [program, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return Check(what, "its program does not answer", "start the engine", use)
    version = done.stdout.strip()
    if done.returncode or not version:
        return Check(what, "the program is there, no engine answers", "start the engine", use)
    other = "" if version.startswith("20.10.") else "another version prints some of it differently"
    return Check(what, version, other, use)


def chromium() -> str | None:
    """Return where a browser of Chromium's kind is, which opens a window without bars and prints; or None."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def _chromium() -> Check:
    found = chromium()
    fix = "" if found else "apt-get install chromium"
    return Check("Chromium", Path(found or "").name, fix, "slides, PDF and tests in a browser")
