"""Pyodide for the site: where it comes from, and what of it the pages need."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from labkit.base.errors import LabkitError
from labkit.base.lazy import extra
from labkit.notebook import site_wheels

VERSION = "314.0.6"
SHA256 = "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2"
"""Of npm's tarball."""

_LOCK = "pyodide-lock.json"
_CORE = {"pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip", _LOCK}
_CHARTS = "matplotlib"


def from_npm(folder: Path) -> Path:
    """Let npm's client fetch its tarball into a folder; return the file, or raise LabkitError."""
    wanted = f"pyodide@{VERSION}"
    advice = f"fetch it by `npm pack {wanted}` and add --pyodide pyodide-{VERSION}.tgz"
    npm = shutil.which("npm")
    if npm is None:
        raise LabkitError(f"Pyodide {VERSION} is needed and there is no npm here: {advice}")
    command = [npm, "pack", "--silent", wanted]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    file = folder / f"pyodide-{VERSION}.tgz"
    if not file.is_file():
        raise LabkitError(f"npm did not bring {wanted} (exit code {done.returncode}): {advice}")
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256:
        raise LabkitError(f"npm brought another {wanted} than the known one, whose SHA-256 is {SHA256}")
    return file


def read(archive: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return Pyodide's files with the lessons' packages, and the names of those, to load when it starts.

    Where the archive has matplotlib, it goes in with all that it needs, to be loaded by the first chart.
    Raises LabkitError where the archive is no Pyodide, or a package is not installed here.
    """
    core = _members(archive, _CORE)
    if core.keys() != _CORE:
        raise LabkitError(f"{archive}: this is no Pyodide: it has no {min(_CORE - core.keys())}")
    try:
        lock: Any = json.loads(core[_LOCK])
        python, there = str(lock["info"]["python"]), dict(lock["packages"])
    except (ValueError, LookupError, TypeError):
        raise LabkitError(f"{archive}: its {_LOCK} is damaged") from None
    with extra("course"):
        wheels = site_wheels.wheels(python)
    own = {each.name: each.entry for each in wheels}
    drawing = site_wheels.closure([_CHARTS] if _CHARTS in there else [], lambda name: there[name]["depends"])
    names = {there[name]["file_name"] for name in drawing if name not in own}
    found = _members(archive, names)
    lock["packages"] = {name: there[name] for name in drawing if found.keys() == names} | own
    files = {**core, **found, _LOCK: json.dumps(lock, indent=1, sort_keys=True).encode()}
    return {**files, **{each.file: each.data for each in wheels}}, list(own)


def _members(archive: Path, names: Iterable[str]) -> dict[str, bytes]:
    """Return files of an archive by their names, in whatever folder of it they are."""
    found = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                name = member.name.rpartition("/")[2]
                if name in names and (data := tar.extractfile(member)):
                    found[name] = data.read()
    except (tarfile.TarError, EOFError, zlib.error):
        raise LabkitError(f"{archive}: this is no tar archive, or a part of one") from None
    return found
