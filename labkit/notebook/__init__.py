"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter.

Its functions are public at `labkit`, whose list of names they stand in; here they have the same names.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from labkit.base.lazy import fetcher, places

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from labkit import *  # noqa: F403

NAMES = {name: place for name, place in places("labkit").items() if place.startswith(f"{__name__}.")}
__getattr__ = fetcher(__name__, NAMES)


def __dir__() -> list[str]:
    return [*NAMES, "load_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%docker` and `%%docker` to a notebook, and let labs, images and boxes show themselves.

    `%load_ext labkit` does it.
    """
    from labkit.notebook import magics

    if magics.refuse_bare_lines in shell.input_transformers_cleanup:
        return
    shell.register_magics(magics.DockerMagics)
    shell.input_transformers_cleanup.append(magics.refuse_bare_lines)
    shell.input_transformers_post.append(magics.warn_of_own_docker)
    magics.show_values(shell)
    if find_spec("jedi") is None:  # JupyterLite's kernel wants it all the same, and then completes nothing
        shell.Completer.use_jedi = False
    # A first cell is run again, and IPython would say how to reload what is loaded.
    known: Any = shell.extension_manager
    shell.events.register("post_run_cell", lambda _: known.loaded.discard("labkit"))
