"""What notebooks need as well as tests: pytest reads this file whatever it is asked for."""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
if str(ROOT) not in sys.path:  # so that `uv run pytest` finds the package `tests`, as `python -m pytest` does
    sys.path.insert(0, str(ROOT))

from tests.notebooks import prepare_kernels  # noqa: E402


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what the notebooks' kernels inherit, through xdist's workers too."""
    if not hasattr(config, "workerinput"):
        directory = tempfile.mkdtemp(prefix="labkit-ipython-")
        config.add_cleanup(functools.partial(shutil.rmtree, directory, ignore_errors=True))
        prepare_kernels(directory)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let matplotlib list the machine's fonts before a notebook does, where it would say so in an output."""
    if any(item.path.suffix == ".ipynb" for item in items):
        import matplotlib.font_manager  # noqa: F401
