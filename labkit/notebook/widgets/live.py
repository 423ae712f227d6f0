"""Opens the stage and the terminal; what they are made of is imported with the first of them.

ipywidgets takes longer than all of a Lab, and a script that only names them need not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.lab import Lab

if TYPE_CHECKING:
    from labkit.notebook.widgets.stage import Stage
    from labkit.notebook.widgets.terminal import Terminal


def stage(lab: Lab | None = None) -> Stage:
    """Open the stage of a lab, by default the notebook's: a picture that moves with each command.

    >>> stage(Lab()).lab
    <Lab: 0 images, 0 containers>
    """
    from labkit.notebook.widgets.stage import Stage

    return Stage(lab or _notebooks())


def terminal(lab: Lab | None = None, buttons: Mapping[str, str] | None = None) -> Terminal:
    """Open the terminal of a lab, by default the notebook's, with the stage beside it.

    `buttons` are lines by what stands on their buttons: a press types the line and enters it.

    >>> terminal(Lab(), {"Pull nginx": "docker pull nginx"}).lab
    <Lab: 0 images, 0 containers>
    """
    from labkit.notebook.widgets.terminal import Terminal

    return Terminal(lab or _notebooks(), buttons)


def _notebooks() -> Lab:
    from labkit.notebook.output import lab_of_notebook

    return lab_of_notebook()
