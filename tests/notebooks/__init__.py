"""The lessons as the tests see them: which there are, and what their kernels inherit."""

from __future__ import annotations

import os
from pathlib import Path

from labkit import lessons

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LESSONS = [ROOT / "notebooks" / f"{lesson.notebook}.ipynb" for lesson in lessons.LESSONS]
"""Those that lead from one to the next; beside them stands the walkthrough."""


def prepare_kernels(ipython_dir: str) -> None:
    """Set the environment that a kernel inherits, so that a notebook's outputs are the same everywhere.

    A pull leaves text and no moving bars; neither the user's IPython profile nor the user's progress, choice
    of a backend or of warnings counts.
    """
    os.environ["LABKIT_PROGRESS"] = "off"
    os.environ["IPYTHONDIR"] = ipython_dir
    os.environ["LABKIT_DATA"] = os.path.join(ipython_dir, "labkit-data")
    for name in ("MPLBACKEND", "PYTHONWARNINGS"):
        os.environ.pop(name, None)
