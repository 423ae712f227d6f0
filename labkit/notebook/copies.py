"""The learner's own copies of the course: laid into a folder, and never over what somebody worked in.

The wheel carries the notebooks; in a clone they stand beside the package. A copy is without outputs, and with
folded away what tells before a guess; the course's own keep their outputs, which the tests compare with. A
list in the folder keeps the digest of each file as it was laid: so a copy that was worked in is told from one
that was not, and the course's own news from the learner's changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import count
from pathlib import Path
from typing import Any

from labkit.base.errors import LabkitError
from labkit.course.worksheets import KERNEL
from labkit.oci.blob import write_file

LIST = ".labkit.json"
_NOTHING = ["", ""]
_IGNORE = "# Copies to work in: git has no need of them.\n*\n"
_YOURS = "*Your copy: run it, change it, write into it. The course keeps its own.*"
_AFTER = "<details><summary><b>After the run</b></summary>\n\n{}\n\n</details>"
_OWN = "# optional: the card ran this; here you can run it yourself\n"
_METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
"""With both named, JupyterLab and JupyterLite open the notebook without asking for a kernel."""


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


def learners_copy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the copy of a notebook, a dict of nbformat 4, that a learner works in; it is left as it was.

    A cell tagged `after` belongs below the run of a card: its text opens with a click, and the card's command
    as a cell has its source hidden.

    >>> cell = {"cell_type": "markdown", "metadata": {"tags": ["after"]}, "source": "So it is."}
    >>> learners_copy({"cells": [cell]})["cells"][1]["source"].splitlines()[2]
    'So it is.'
    """
    yours = {"cell_type": "markdown", "id": "your-copy", "metadata": {}, "source": _YOURS}
    cells = [yours, *map(_copied, notebook["cells"])]
    return {**notebook, "cells": cells, "metadata": {**notebook.get("metadata", {}), **_METADATA}}


def _copied(cell: dict[str, Any]) -> dict[str, Any]:
    after = "after" in cell["metadata"].get("tags", ())
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        return {**cell, "source": _AFTER.format(source)} if after else dict(cell)
    made = {**cell, "outputs": [], "execution_count": None}
    if after:
        made["metadata"] = {**cell["metadata"], "jupyter": {"source_hidden": True}}
        made["source"] = source if source.startswith("%%") else _OWN + source
    return made


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
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in count(2))
    return next(each for each in numbered if not each.exists())


def _read(path: Path) -> dict[str, list[str]]:
    """Return the digests of what was laid; a list that is missing or damaged knows of nothing."""
    try:
        return {
            str(name): [str(file), str(work)] for name, (file, work) in json.loads(path.read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
