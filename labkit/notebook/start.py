"""`labkit start`: the learner's copies are laid, and JupyterLab opens the first of them alone on its page.

JupyterLab's own way for one document at a time (`/doc`) shows neither files nor tabs. The folder beside this
module holds defaults for it, which put away the question about news, and a kernel that says when a first cell
was not run; what a user has set stays as it is, and nothing is written among his settings.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from labkit.base.errors import data_folder
from labkit.base.lazy import extra
from labkit.base.text import shown
from labkit.lessons import LESSONS
from labkit.notebook import copies
from labkit.notebook.copies import Laid

FIRST = f"{LESSONS[0].notebook}.ipynb"
_DEFAULTS = Path(__file__).parent / "jupyterlab"
_SAID = {
    "new": "new in the course: {}",
    "renewed": "newer now, as nobody had worked in it: {}",
    "outdated": "yours stay, and there are newer ones (--fresh lays one beside yours): {}",
    "kept": "yours, as you left them: {}",
}


def lay(folder: Path, fresh: str = "") -> tuple[list[str], list[Laid]]:
    """Lay the course's copies into a folder; return what to say of it, and what became of each."""
    laid = copies.lay(folder, fresh)
    place = shown(str(folder))
    if all(each.state == "new" for each in laid):
        return [f"{place}: the course's {len(laid)} files; work in them as you like"], laid
    lines = [f"{place}: your copies of the course"]
    for state, words in _SAID.items():
        if names := [each.path.relative_to(folder).as_posix() for each in laid if each.state == state]:
            lines.append(f"  {words.format(', '.join(names))}")
    return lines, laid


def open_course(folder: Path, options: Sequence[str], fresh: str = "") -> int:
    """Lay the copies and open the first of them, or what was laid anew, in JupyterLab until it is ended.

    `options` are JupyterLab's. Returns the exit code; raises MissingExtra where JupyterLab is missing.
    """
    with extra("course"):
        from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    lines, laid = lay(folder, fresh)
    anew = [each.path.relative_to(folder).as_posix() for each in laid if each.path != folder / each.name]
    opens = "is at the address below" if "--no-browser" in options else "opens in your browser"
    for line in (*lines, f"JupyterLab {opens}; Ctrl-C here, twice, ends it."):
        print(line, flush=True)
    if as_root():  # JupyterLab would refuse
        options = ("--allow-root", *options)
    own = {
        "ServerApp.root_dir": folder.resolve(),
        "LabApp.app_settings_dir": _DEFAULTS,
        "LabApp.workspaces_dir": data_folder() / "workspaces",  # which documents were open
        "LabApp.default_url": f"/doc/tree/{quote([*anew, FIRST][0])}",
    }
    kernels = (str(_DEFAULTS), os.environ.get("JUPYTER_PATH", ""))
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, kernels))
    LabApp.launch_instance([*(f"--{option}={value}" for option, value in own.items()), *options])
    return 0


def as_root() -> bool:
    """Tell whether this runs as root, as it does in most containers."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
