"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.doctor import check
from labkit.notebook.charts import pull_timeline, sizes
from labkit.notebook.comparison import compare
from labkit.notebook.driver_chart import driver_costs
from labkit.notebook.pictures import history_map, on_one_image, shared, stack, steps
from labkit.notebook.widgets import (
    cow_stepper,
    driver_explorer,
    history_explorer,
    inspect_explorer,
    layer_explorer,
    playground,
    predict,
    pull_board,
    walkthrough,
)

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = [
    "check",
    "compare",
    "cow_stepper",
    "driver_costs",
    "driver_explorer",
    "history_explorer",
    "history_map",
    "inspect_explorer",
    "layer_explorer",
    "load_ipython_extension",
    "on_one_image",
    "playground",
    "predict",
    "pull_board",
    "pull_timeline",
    "shared",
    "sizes",
    "stack",
    "steps",
    "walkthrough",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%docker` and `%%docker` to a notebook: `%load_ext labkit`."""
    from labkit.notebook.comparison import show_comparisons
    from labkit.notebook.magics import DockerMagics

    shell.register_magics(DockerMagics)
    show_comparisons(shell)
