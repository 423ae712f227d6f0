"""Pyodide for the site: where it comes from, what of it the pages need, and the packages that go with it.

A package is packed again as a wheel that Pyodide loads: what is installed here, without what a browser does
not need, always in the same bytes. Its name carries a piece of its hash: browsers keep files, and yesterday's
would not have today's hash.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePath
from typing import Any

import labkit
from labkit.base.errors import LabkitError
from labkit.base.lazy import extra

VERSION = "314.0.6"
SHA256 = "d78ac549b28a2a58600cd06f44e017024151775f8c6b2d73fab1475400d38ea2"
"""Of npm's tarball."""

_LOCK = "pyodide-lock.json"
_CORE = {"pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "python_stdlib.zip", _LOCK}

KERNEL = "jupyterlite-pyodide-kernel"
_ROOTS = ("ipython", "ipywidgets", "anywidget", "drawsvg", "pyrsistent", "comm")
_FOR_SERVERS = ("jedi", "widgetsnbextension", "jupyterlab-widgets")
"""Required, but nothing fails without them: completion that takes 5 MB, and front ends, which pages have."""

_BROWSER = {"sys_platform": "emscripten", "platform_system": "Emscripten", "os_name": "posix", "extra": ""}
_KERNEL_PARTS = ("ipykernel", "pyodide_kernel")
_NO_SUFFIXES = {".so", ".pyd", ".dylib", ".pyc", ".ipynb"}
_NO_NAMES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_NO_FOLDERS = {"tests", "labextension", "__pycache__"}

_PIP = b"""\
async def get_transformed_code(words):
    return "print('nothing can be installed here: this course asks no other host')"
"""
_STUBS: Mapping[str, Mapping[str, bytes]] = {
    "jedi": {},
    "micropip": {},
    "piplite": {"piplite/__init__.py": b"", "piplite/piplite.py": b"", "piplite/cli.py": _PIP},
}
"""The kernel would install these itself, from another host, unless they are there by name."""


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

    Raises LabkitError where the archive is no Pyodide, or a package is not installed here.
    """
    core = _members(archive, _CORE)
    if core.keys() != _CORE:
        raise LabkitError(f"{archive}: this is no Pyodide: it has no {min(_CORE - core.keys())}")
    try:
        lock: Any = json.loads(core[_LOCK])
        python = str(lock["info"]["python"])
    except (ValueError, LookupError, TypeError):
        raise LabkitError(f"{archive}: its {_LOCK} is damaged") from None
    with extra("course"):
        packages = wheels(python)
    lock["packages"] = {each.name: each.entry for each in packages}
    files = {**core, _LOCK: json.dumps(lock, indent=1, sort_keys=True).encode()}
    return {**files, **{each.file: each.data for each in packages}}, list(lock["packages"])


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


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel: the package's name, its version, and the file's bytes."""

    name: str
    version: str
    data: bytes

    @property
    def file(self) -> str:
        """The file's name, with a piece of its hash as the build's tag.

        >>> Wheel("a-b", "1.0", b"").file
        'a_b-1.0-0e3b0c442-py3-none-any.whl'
        """
        return f"{self.name.replace('-', '_')}-{self.version}-0{self._digest[:8]}-py3-none-any.whl"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def entry(self) -> dict[str, object]:
        """What pyodide-lock.json says of it; all wheels are loaded at the start, so none names another."""
        return {
            "depends": [],
            "file_name": self.file,
            "imports": [],
            "install_dir": "site",
            "name": self.name,
            "package_type": "package",
            "sha256": self._digest,
            "unvendored_tests": False,
            "version": self.version,
        }


def wheels(python: str) -> list[Wheel]:
    """Return the wheels that the lessons need in a browser whose Python has this version.

    Raises importlib.metadata.PackageNotFoundError where one is not installed.
    """
    found = list(map(_installed, closure(_ROOTS, requires(python))))
    for path in metadata.distribution(KERNEL).files or ():
        if path.name.endswith(".whl") and path.name.startswith(_KERNEL_PARTS) and "tests" not in path.parts:
            name, version = path.name.split("-")[:2]
            found.append(Wheel(name.replace("_", "-"), version, Path(str(path.locate())).read_bytes()))
    found += [_packed(name, "0", files, ()) for name, files in _STUBS.items()]
    return sorted([*found, _own()], key=lambda each: each.name)


def closure(names: Iterable[str], requires: Callable[[str], Iterable[str]]) -> list[str]:
    """Return names and all that they require.

    >>> closure("a", {"a": "bc", "b": "a", "c": ""}.__getitem__)
    ['a', 'c', 'b']
    """
    found: list[str] = []
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.append(name)
            waiting += requires(name)
    return found


def requires(python: str) -> Callable[[str], list[str]]:
    """Return what tells the packages that a package requires in a browser with this version of Python."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    markers = _BROWSER | {"python_version": ".".join(python.split(".")[:2])}

    def required(name: str) -> list[str]:
        wanted = map(Requirement, metadata.distribution(name).requires or ())
        there = (each for each in wanted if each.marker is None or each.marker.evaluate(markers))
        return [found for each in there if (found := canonicalize_name(each.name)) not in _FOR_SERVERS]

    return required


def _installed(name: str) -> Wheel:
    package = metadata.distribution(name)
    inside = (path for path in package.files or () if ".." not in path.parts and _needed(path))
    files = {path.as_posix(): Path(str(path.locate())).read_bytes() for path in inside}
    return _zipped(name, package.version, files)


def _own() -> Wheel:
    """Return labkit itself; its metadata requires what is here, for the course's first check to read."""
    place = Path(labkit.__file__).parent
    paths = (path.relative_to(place.parent) for path in place.rglob("*") if path.is_file())
    files = {path.as_posix(): (place.parent / path).read_bytes() for path in paths if _needed(path)}
    return _packed("labkit", metadata.version("labkit"), files, _ROOTS)


def _needed(path: PurePath) -> bool:
    named = path.suffix in _NO_SUFFIXES or path.name in _NO_NAMES
    return not named and not _NO_FOLDERS & set(path.parts)


def _packed(name: str, version: str, files: Mapping[str, bytes], requires: Iterable[str]) -> Wheel:
    """Return a wheel with metadata of its own."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {each}" for each in requires]
    about = {f"{name}-{version}.dist-info/METADATA": "".join(f"{line}\n" for line in lines).encode()}
    return _zipped(name, version, {**files, **about})


def _zipped(name: str, version: str, files: Mapping[str, bytes]) -> Wheel:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(files):
            archive.writestr(zipfile.ZipInfo(path), files[path], zipfile.ZIP_DEFLATED, 9)
    return Wheel(name, version, out.getvalue())


def front_ends() -> Iterator[Path]:
    """Give the folders of the front ends that pages need: widgets' and the kernel's.

    They are found by their packages' own lists of files: an environment may be laid over another one.
    """
    for name in ("jupyterlab-widgets", "anywidget", KERNEL):
        for path in metadata.distribution(name).files or ():
            if path.name == "package.json" and "labextensions" in path.parts:
                yield Path(str(path.locate())).resolve().parent
