"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.lazy import fetcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from labkit.doctor import check
    from labkit.notebook.charts import pull_timeline, sizes
    from labkit.notebook.comparison import compare
    from labkit.notebook.driver_chart import driver_costs
    from labkit.notebook.pictures import history_map, on_one_image, shared, stack, steps
    from labkit.notebook.widgets.cow import cow_stepper
    from labkit.notebook.widgets.drivers import driver_explorer
    from labkit.notebook.widgets.history import history_explorer
    from labkit.notebook.widgets.inspect import inspect_explorer
    from labkit.notebook.widgets.layers import layer_explorer
    from labkit.notebook.widgets.play import playground
    from labkit.notebook.widgets.predict import predict
    from labkit.notebook.widgets.pull import pull_board
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
    "check": "labkit.doctor",
    "compare": "labkit.notebook.comparison",
    "cow_stepper": "labkit.notebook.widgets.cow",
    "driver_costs": "labkit.notebook.driver_chart",
    "driver_explorer": "labkit.notebook.widgets.drivers",
    "history_explorer": "labkit.notebook.widgets.history",
    "history_map": "labkit.notebook.pictures",
    "inspect_explorer": "labkit.notebook.widgets.inspect",
    "layer_explorer": "labkit.notebook.widgets.layers",
    "on_one_image": "labkit.notebook.pictures",
    "playground": "labkit.notebook.widgets.play",
    "predict": "labkit.notebook.widgets.predict",
    "pull_board": "labkit.notebook.widgets.pull",
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
    from labkit.notebook.comparison import show_comparisons
    from labkit.notebook.magics import DockerMagics

    shell.register_magics(DockerMagics)
    show_comparisons(shell)
