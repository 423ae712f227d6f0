"""The learner's own copies of the course: laid into a folder, and never over what somebody worked in.

The wheel carries the notebooks; in a clone they stand beside the package. A list in the folder keeps the
digest of each file as it was laid: so a copy that was worked in is told from one that was not, and the
course's own news from the learner's changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from labkit.base.errors import LabkitError
from labkit.notebook.learner import learners_copy
from labkit.oci.blob import write_file

LIST = ".labkit.json"
_NOTHING = ["", ""]
_IGNORE = "# Copies to work in: git has no need of them.\n*\n"


@dataclass(frozen=True, slots=True)
class Laid:
    """A file of the course in a learner's folder, and what became of it.

    `state` is "new" where it was written, "renewed" where it took the place of a copy that nobody had worked
    in, "same" where it is as it was, "kept" where the learner changed it, and "outdated" where that is so
    and the course has a newer one.
    """

    name: str
    path: Path
    state: str


def course() -> Mapping[str, Traversable]:
    """Return the course's files by their names: the notebooks, the exercises, and the data that they read.

    Raises LabkitError where the installation has none of them.

    >>> "exercises/01-image-layers.ipynb" in course()
    True
    """
    package = resources.files("labkit")
    beside = package.parent / "notebooks" if isinstance(package, Path) else package / "notebooks"
    for folder in (package / "notebooks", beside):
        if folder.is_dir():
            return dict(sorted(_files(folder, "")))
    raise LabkitError("labkit: this installation has no notebooks")


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir() and not each.name.startswith((".", "__")):
            yield from _files(each, f"{prefix}{each.name}/")
        elif not each.name.startswith("."):
            yield prefix + each.name, each


def lay(folder: Path, fresh: str = "") -> list[Laid]:
    """Lay the course's copies into a folder, which is made where it is missing; return what became of each.

    `fresh` is how a notebook's name begins ("2", "exercises/02"): it is laid once more beside the other,
    under a name that is free. Raises LabkitError where no notebook begins so, OSError where the folder
    cannot be written.
    """
    files = course()
    fresh = fresh.zfill(2) if fresh.isdigit() else fresh
    wanted = [name for name in files if fresh and name.startswith(fresh) and name.endswith(".ipynb")]
    if fresh and not wanted:
        known = ", ".join(name for name in files if name.endswith(".ipynb"))
        raise LabkitError(f"labkit: no notebook begins with {fresh}; there are {known}")
    if not folder.is_dir() or not any(folder.iterdir()):  # in a folder of somebody's, git sees to itself
        folder.mkdir(parents=True, exist_ok=True)
        write_file(folder / ".gitignore", [_IGNORE.encode()])
    before = _read(folder / LIST)
    digests, laid = dict(before), []
    for name, file in files.items():
        data = content(name, file)
        one = _lay(folder / name, name, data, before.get(name, _NOTHING))
        if name in wanted and one.state not in ("new", "renewed"):
            one = _lay(_free(folder / name), name, data, _NOTHING)
        if one.state != "outdated":
            digests[name] = _digests(data)
        laid.append(one)
    if digests != before:
        write_file(folder / LIST, [(json.dumps(digests, indent=1) + "\n").encode()])
    return laid


def content(name: str, file: Traversable) -> bytes:
    """Return what is laid of a file of the course: of a notebook the learner's copy."""
    data = file.read_bytes()
    if name.endswith(".ipynb"):
        text = json.dumps(learners_copy(json.loads(data)), indent=1, ensure_ascii=False, sort_keys=True)
        data = f"{text}\n".encode()
    return data


def _digests(data: bytes) -> list[str]:
    """Return the digest of a file, and that of what a person can have done in it.

    JupyterLab writes of its own accord which Python a notebook was opened with: that is nobody's work.
    """
    try:
        cells = json.loads(data)["cells"]
        work = [[cell["cell_type"], "".join(cell["source"]), cell.get("outputs")] for cell in cells]
    except (ValueError, LookupError, TypeError):
        return [sha256(data).hexdigest()] * 2
    return [sha256(each).hexdigest() for each in (data, json.dumps(work).encode())]


def _lay(path: Path, name: str, data: bytes, before: list[str]) -> Laid:
    """Write one file, unless a learner's work is there; `before` has the digests of what was laid last."""
    newest = _digests(data)
    here = _digests(path.read_bytes()) if path.exists() else []
    if here and here[1] not in (newest[1], before[1]):
        return Laid(name, path, "outdated" if any(before) and before != newest else "kept")
    if here and (before == newest or here == newest):
        return Laid(name, path, "same")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, [data])
    return Laid(name, path, "renewed" if here else "new")


def _free(path: Path) -> Path:
    number = 2
    while (found := path.with_name(f"{path.stem}-{number}{path.suffix}")).exists():
        number += 1
    return found


def _read(path: Path) -> dict[str, list[str]]:
    """Return the digests of what was laid; a list that is missing or damaged knows of nothing."""
    try:
        return {
            str(name): [str(file), str(work)] for name, (file, work) in json.loads(path.read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
