"""Widgets: things to choose from, with a picture that follows; one module each.

What a widget does can be done by one line of Python, which it shows. Its picture and its words are outputs
of their own beside the controls: they stay in the file when the notebook is opened without a kernel, where
no widget can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.engine.drivers import BIG_SIZE
from labkit.notebook.driver_chart import choice

if TYPE_CHECKING:
    from labkit.course.questions import Question
    from labkit.lab import Lab
    from labkit.notebook.widgets.drivers import DriverExplorer
    from labkit.notebook.widgets.history import HistoryExplorer
    from labkit.notebook.widgets.predict import Prediction
    from labkit.notebook.widgets.pull import PullBoard
    from labkit.oci.image import Image


def driver_explorer(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> DriverExplorer:
    """Open controls to choose storage drivers, steps and a file's size, with the chart of what they cost.

    It begins with what is given, as `driver_costs` takes it. Raises LabkitError as that does.

    >>> driver_explorer("overlay2", "btrfs", steps=["first write"]).code
    'driver_costs("overlay2", "btrfs", steps=["first write"])'
    """
    from labkit.notebook.widgets.drivers import DriverExplorer

    names, chosen = choice(drivers, steps)
    return DriverExplorer(drivers=names, steps=chosen, size=size)


def history_explorer(image: Image, *, name: str = "", line: int = 1, layer: int = 0) -> HistoryExplorer:
    """Open the history of an image: choose a line, and see its whole command and the layer that it made.

    `line` is 1 for the newest; `layer`, 1 for the base, chooses the line that made it.

    >>> from labkit import Lab
    >>> history_explorer(Lab().pull("nginx"), name="nginx", layer=2).line
    5
    """
    from labkit.notebook.widgets.history import HistoryExplorer

    chosen = {"layer": layer} if layer else {"line": line}
    return HistoryExplorer(image, name, **chosen)


def predict(question: Question | str, answer: str = "") -> Prediction:
    """Ask a question before a run: its choices, a guess, and the reason why it is right or not.

    `question` is one of `labkit.course.predictions` by its id, or any other. With an answer, a choice's
    letter or its text, that guess is checked at once. Raises LabkitError where there is no such question
    or answer.

    >>> predict("pull-layers", answer="3 files").code
    'predict("pull-layers", answer="B")'
    """
    from labkit.course.predictions import prediction
    from labkit.notebook.widgets.predict import Prediction, letter_of

    asked = prediction(question) if isinstance(question, str) else question
    return Prediction(asked, chosen=letter_of(asked, answer), checked=True) if answer else Prediction(asked)


def pull_board(lab: Lab, name: str, at: float | None = None) -> PullBoard:
    """Pull an image, and play what the terminal shows of it, with what the cache has saved beside it.

    `at` shows one moment instead, in seconds since the pull began.

    >>> from labkit import Lab
    >>> board = pull_board(Lab(), "nginx", at=2)
    >>> board.lines[3]
    'ea005e36e544: Downloading [=====================>                             ]   9.75MB/22.3MB'
    """
    from labkit.course.pulls import play_pull
    from labkit.notebook.widgets.pull import PullBoard

    return PullBoard(play_pull(lab, name), **({} if at is None else {"at": at}))
