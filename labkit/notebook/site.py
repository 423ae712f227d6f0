"""The whole course as static files for any web server: JupyterLite, Pyodide, labkit and the notebooks.

Python runs in the learner's browser, and no page asks another host for anything. JupyterLite builds the
pages; what is then added is Pyodide with the packages, and the first page. The same packages give the same
bytes. JupyterLite is no extra of labkit: docs/decisions/0026-the-site-is-built-by-what-is-not-installed.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import util
from pathlib import Path
from xml.etree import ElementTree as etree

from labkit.base.errors import LabkitError
from labkit.course.lesson import Lesson
from labkit.lessons import LESSONS
from labkit.notebook import copies, site_pyodide
from labkit.notebook.html import element, html

PACKAGES = ("jupyterlite-core==0.8.6", f"{site_pyodide.KERNEL}==0.8.6")
"""What builds the pages, and the command that brings them."""

BUILD = f"uv run {' '.join(f'--with {each}' for each in PACKAGES)} python -m labkit site DIR"
_TEMPLATES = Path(__file__).parent / "templates/site"
_CONFIG, _START = "jupyter_lite_config.json", "jupyter-lite.json"
_ADDRESS = "notebooks/index.html?path={}.ipynb"
_OURS = '<meta name="generator" content="labkit site">'
_NOT_NEEDED = ("*.map", "*.eot", "*.ttf", "fa-*.svg", "rspack.config*", "pypi/*.whl")
_MAY_CHANGE = {".html", ".ipynb", ".json", ".tar", ".webmanifest"}
"""The kinds of files whose names stay the same when what is in them changes."""


def write(folder: Path, *, pyodide: Path | None = None, say: Callable[[str], None] = print) -> None:
    """Write the course as static files into a folder, in the place of an older site; `say` tells how it goes.

    `pyodide` is a Pyodide that was downloaded. Without it npm's client is asked for the known one. Raises
    LabkitError, whose text is one line, where something is missing or the folder holds something else; the
    folder is then as it was.
    """
    folder = folder.resolve()
    _check(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".labkit-site-", dir=folder.parent) as name:
            work = Path(name)
            files, packages = site_pyodide.read(pyodide or site_pyodide.from_npm(work))
            say(f"JupyterLite builds the pages; {len(packages)} packages go with them")
            built = _built(work, packages)
            _finish(built, files)
            if folder.exists():
                folder.rename(work / "old")
            built.rename(folder)
    except OSError as error:
        raise LabkitError(f"{error.filename or folder}: {error.strerror or error}") from None
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    say(f"{folder}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB")


def _check(folder: Path) -> None:
    for package in PACKAGES:
        if util.find_spec(package.partition("==")[0].replace("-", "_")) is None:
            raise LabkitError(f"{package} is not installed: {BUILD}")
    index = folder / "index.html"
    ours = index.is_file() and _OURS in index.read_text("utf-8", "replace")
    if folder.exists() and not ours and (not folder.is_dir() or any(folder.iterdir())):
        raise LabkitError(f"{folder}: here is something else than a site that labkit wrote")


def _built(work: Path, packages: list[str]) -> Path:
    """Let JupyterLite build the pages, and return their folder."""
    lite, out = work / "lite", work / "out/site"  # it sets the times of all that lies beside its output
    lite.mkdir()
    _notebooks(lite / "files")
    config, start = (json.loads((_TEMPLATES / name).read_text("utf-8")) for name in (_CONFIG, _START))
    extensions = [str(each) for each in site_pyodide.front_ends()]
    config["LiteBuildConfig"] |= {"federated_extensions": extensions, "output_dir": str(out)}
    (kernel,) = start["jupyter-config-data"]["litePluginSettings"].values()
    kernel["loadPyodideOptions"]["packages"] = packages
    (lite / _CONFIG).write_text(json.dumps(config), "utf-8")
    (lite / _START).write_text(json.dumps(start), "utf-8")
    command = [sys.executable, "-m", "jupyterlite_core", "build"]
    done = subprocess.run(command, cwd=lite, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or [""]
        raise LabkitError(f"JupyterLite's build failed (exit code {done.returncode}): {said[-1]}")
    return out


def _notebooks(folder: Path) -> None:
    """Write the learner's copies of the notebooks, and the data that they read."""
    for name, file in copies.course().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(copies.content(name, file))


def _finish(out: Path, pyodide: dict[str, bytes]) -> None:
    """Add Pyodide and the first page, delete what no page needs, and set the times of what may change."""
    place = out / "static/pyodide"
    place.mkdir(parents=True)
    for name, data in pyodide.items():
        (place / name).write_bytes(data)
    lessons = html(*map(_lesson, LESSONS))
    for path in _TEMPLATES.glob("*.html"):
        page = path.read_text("utf-8").replace("<!-- lessons -->", lessons)
        (out / path.name).write_text(page, "utf-8")
    for pattern in _NOT_NEEDED:
        for path in list(out.rglob(pattern)):
            path.unlink()
    for path in out.rglob("*"):
        if path.suffix in _MAY_CHANGE:  # a browser asks for a file again after a tenth of its age
            os.utime(path)


def _lesson(lesson: Lesson) -> etree.Element:
    """Return a lesson's line of the first page."""
    parts = lesson.answers.split("`")  # every other one is code
    words = [element("code", part) if place % 2 else part for place, part in enumerate(parts)]
    links: list[etree.Element | str] = [element("a", lesson.heading, href=_ADDRESS.format(lesson.notebook))]
    if lesson.exercises:
        links += [" · ", element("a", "exercises", href=_ADDRESS.format(f"exercises/{lesson.notebook}"))]
    return element("li", element("p", *links), element("p", *words))
