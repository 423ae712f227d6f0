"""The packages of the site: what is installed here, packed again as wheels that Pyodide loads.

Nothing is downloaded. A wheel is made of the files that an installed package has, without what a browser does
not need, always in the same bytes. Its file's name carries a piece of its hash: a browser keeps files, and
one of yesterday's under the same name would not have the hash that the list names today.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePath

import labkit

KERNEL = "jupyterlite-pyodide-kernel"
_ROOTS = ("ipython", "ipywidgets", "anywidget", "drawsvg", "pyrsistent", "comm")
_FOR_SERVERS = ("jedi", "widgetsnbextension", "jupyterlab-widgets")
"""Required, but nothing fails without them: completion that takes 5 MB, and front ends, which pages have."""

_KERNEL_PARTS = ("ipykernel", "pyodide_kernel")
_NO_SUFFIXES = {".so", ".pyd", ".dylib", ".pyi", ".pyc", ".ipynb"}
_NO_NAMES = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
_NO_FOLDERS = {"tests", "labextension", "__pycache__"}

_PIPLITE = """\
_PIPLITE_URLS, _PIPLITE_DISABLE_PYPI = [], True


async def install(requirements, *_, **options):
    raise OSError(f"{requirements}: nothing can be installed here, this course asks no other host")
"""
_PIP = """\
async def get_transformed_code(words):
    return "print('nothing can be installed here: this course asks no other host')"
"""
_STUBS: Mapping[str, Mapping[str, str]] = {
    "jedi": {},
    "micropip": {},
    "piplite": {"piplite/__init__.py": "", "piplite/piplite.py": _PIPLITE, "piplite/cli.py": _PIP},
}
"""The kernel would install these itself, from another host, unless they are there by name."""


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
    found = [_installed(each) for each in _closure(_ROOTS, _markers(python))]
    for path in metadata.distribution(KERNEL).files or ():
        if path.name.endswith(".whl") and path.name.startswith(_KERNEL_PARTS) and "tests" not in path.parts:
            name, version = path.name.split("-")[:2]
            found.append(Wheel(name.replace("_", "-"), version, Path(str(path.locate())).read_bytes()))
    found += [_packed(name, "0", _bytes(files), ()) for name, files in _STUBS.items()]
    return sorted([*found, _own()], key=lambda each: each.name)


def _markers(python: str) -> dict[str, str]:
    return {
        "python_full_version": python,
        "python_version": ".".join(python.split(".")[:2]),
        "sys_platform": "emscripten",
        "platform_system": "Emscripten",
        "platform_machine": "wasm32",
        "os_name": "posix",
        "extra": "",
    }


def _closure(names: Iterable[str], markers: dict[str, str]) -> list[metadata.Distribution]:
    """Return packages and all that they require in the browser."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, metadata.Distribution] = {}
    waiting = list(names)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found or name in _FOR_SERVERS:
            continue
        found[name] = metadata.distribution(name)
        for each in map(Requirement, found[name].requires or ()):
            if each.marker is None or each.marker.evaluate(markers):
                waiting.append(each.name)
    return list(found.values())


def _installed(package: metadata.Distribution) -> Wheel:
    from packaging.utils import canonicalize_name

    inside = (path for path in package.files or () if ".." not in path.parts and _needed(path))
    files = {path.as_posix(): Path(str(path.locate())).read_bytes() for path in inside}
    return _zipped(canonicalize_name(package.name), package.version, files)


def _own() -> Wheel:
    """Return labkit itself; its metadata requires what is here, for the course's first check to read."""
    place = Path(labkit.__file__).parent
    paths = (path.relative_to(place.parent) for path in place.rglob("*") if path.is_file())
    needed = (
        path for path in paths if _needed(path) or path.suffix == ".pyi"
    )  # its stubs say where names are
    files = {path.as_posix(): (place.parent / path).read_bytes() for path in needed}
    return _packed("labkit", metadata.version("labkit"), files, _ROOTS)


def _needed(path: PurePath) -> bool:
    named = path.suffix in _NO_SUFFIXES or path.name in _NO_NAMES
    return not named and not _NO_FOLDERS & set(path.parts)


def _bytes(files: Mapping[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


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
