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
    """Keep what is the user's own out of a kernel: profile, progress, choice of a backend and of warnings.

    The notebooks' outputs need none of it (see test_commands.py); but a test must not write into the
    user's progress.
    """
    os.environ["IPYTHONDIR"] = ipython_dir
    os.environ["LABKIT_DATA"] = os.path.join(ipython_dir, "labkit-data")
    for name in ("MPLBACKEND", "PYTHONWARNINGS", "LABKIT_PROGRESS"):
        os.environ.pop(name, None)
