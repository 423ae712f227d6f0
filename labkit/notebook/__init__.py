"""What a learner sees: magics, progress bars, pictures and charts. The only room that needs Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load_ipython_extension"]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Add `%docker` and `%%docker` to a notebook: `%load_ext labkit`."""
    from labkit.notebook.magics import DockerMagics

    shell.register_magics(DockerMagics)
