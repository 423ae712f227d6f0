"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.base.lazy import fetcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from labkit.notebook.charts import pull_timeline, sizes
    from labkit.notebook.doctor import check
    from labkit.notebook.driver_chart import driver_costs
    from labkit.notebook.magics import compare
    from labkit.notebook.pictures import history_map, on_one_image, shared, stack, steps
    from labkit.notebook.widgets.cow_stepper import cow_stepper
    from labkit.notebook.widgets.driver_explorer import driver_explorer
    from labkit.notebook.widgets.history_explorer import history_explorer
    from labkit.notebook.widgets.inspect_explorer import inspect_explorer
    from labkit.notebook.widgets.layer_explorer import layer_explorer
    from labkit.notebook.widgets.playground import playground
    from labkit.notebook.widgets.prediction import predict
    from labkit.notebook.widgets.pull_board import pull_board
    from labkit.notebook.widgets.walkthrough import walkthrough

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

_PLACES = {
    "check": "labkit.notebook.doctor",
    "compare": "labkit.notebook.magics",
    "cow_stepper": "labkit.notebook.widgets.cow_stepper",
    "driver_costs": "labkit.notebook.driver_chart",
    "driver_explorer": "labkit.notebook.widgets.driver_explorer",
    "history_explorer": "labkit.notebook.widgets.history_explorer",
    "history_map": "labkit.notebook.pictures",
    "inspect_explorer": "labkit.notebook.widgets.inspect_explorer",
    "layer_explorer": "labkit.notebook.widgets.layer_explorer",
    "on_one_image": "labkit.notebook.pictures",
    "playground": "labkit.notebook.widgets.playground",
    "predict": "labkit.notebook.widgets.prediction",
    "pull_board": "labkit.notebook.widgets.pull_board",
    "pull_timeline": "labkit.notebook.charts",
    "shared": "labkit.notebook.pictures",
    "sizes": "labkit.notebook.charts",
    "stack": "labkit.notebook.pictures",
    "steps": "labkit.notebook.pictures",
    "walkthrough": "labkit.notebook.widgets.walkthrough",
}
__getattr__ = fetcher(__name__, _PLACES)


def __dir__() -> list[str]:
    return __all__


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%docker` and `%%docker` to a notebook: `%load_ext labkit`."""
    from labkit.notebook.magics import DockerMagics, show_comparisons

    shell.register_magics(DockerMagics)
    show_comparisons(shell)
