"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.notebook.charts import pull_timeline, sizes
from labkit.notebook.check import check
from labkit.notebook.compare import compare
from labkit.notebook.driver_chart import driver_costs
from labkit.notebook.pictures import history_map, shared, stack, steps
from labkit.notebook.widgets import driver_explorer

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "check",
    "compare",
    "driver_costs",
    "driver_explorer",
    "history_map",
    "load_ipython_extension",
    "pull_timeline",
    "shared",
    "sizes",
    "stack",
    "steps",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%docker` and `%%docker` to a notebook: `%load_ext labkit`."""
    from labkit.notebook.compare import show_comparisons
    from labkit.notebook.magics import DockerMagics

    shell.register_magics(DockerMagics)
    show_comparisons(shell)
