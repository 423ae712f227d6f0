"""Widgets: things to choose from, with a picture that follows; one module each.

What a widget does can be done by one line of Python, which it shows. Its picture and its words are outputs
of their own beside the controls: they stay in the file when the notebook is opened without a kernel, where
no widget can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.course.slides import SLIDES
from labkit.engine.drivers import BIG_SIZE
from labkit.errors import LabkitError
from labkit.notebook.driver_chart import choice

if TYPE_CHECKING:
    from labkit.box import Box
    from labkit.course.questions import Question
    from labkit.lab import Lab
    from labkit.notebook.widgets.cow import CowStepper
    from labkit.notebook.widgets.drivers import DriverExplorer
    from labkit.notebook.widgets.history import HistoryExplorer
    from labkit.notebook.widgets.inspect import InspectExplorer
    from labkit.notebook.widgets.layers import LayerExplorer
    from labkit.notebook.widgets.play import Playground
    from labkit.notebook.widgets.predict import Prediction
    from labkit.notebook.widgets.pull import PullBoard
    from labkit.notebook.widgets.walkthrough import Walkthrough
    from labkit.oci.image import Image


def cow_stepper(
    lab: Lab,
    name: str,
    *,
    path: str = "/etc/passwd",
    operation: str = "append",
    after: str = "",
    step: int = 0,
) -> CowStepper:
    """Open the steps of an operation on a file, for a new container of an image or a container of the lab.

    `operation` is "read", "append", "truncate", "chmod", "delete", "recreate" (delete and make again),
    "rename" or "link"; `after` is one that was done on the path before. Steps below zero are counted from
    the last one. The lab is left as it is, but for an image that it pulls. Raises LabkitError for an
    operation that there is not.

    >>> from labkit import Lab
    >>> cow_stepper(Lab(), "busybox", operation="read", step=2).code
    'cow_stepper(lab, "busybox", path="/etc/passwd", operation="read", step=2)'
    """
    from labkit.course.copy_on_write import operation_named
    from labkit.notebook.widgets.cow import CowStepper

    for each in (operation, *([after] if after else [])):
        operation_named(each)
    return CowStepper(lab, name, path, operation, after, step)


def driver_explorer(*drivers: str, steps: Sequence[str] = (), size: int = BIG_SIZE) -> DriverExplorer:
    """Open controls to choose storage drivers, steps and a file's size, with the chart of what they cost.

    It begins with what is given, as `driver_costs` takes it. Raises LabkitError as that does.

    >>> driver_explorer("overlay2", "btrfs", steps=["first write"]).code
    'driver_costs("overlay2", "btrfs", steps=["first write"])'
    """
    from labkit.notebook.widgets.drivers import DriverExplorer

    names, chosen = choice(drivers, steps)
    return DriverExplorer(drivers=names, steps=chosen, size=size)


def playground(lab: Lab, image: str) -> Playground:
    """Open buttons to run containers of an image, to write in them, to commit and to remove them.

    They work on the lab itself, which pulls the image where it is missing.

    >>> from labkit import Lab
    >>> playground(Lab(), "ubuntu:15.04").code
    'playground(lab, "ubuntu:15.04")'
    """
    from labkit.notebook.widgets.play import Playground

    return Playground(lab, image)


def layer_explorer(
    image: Image | Box,
    *,
    layer: int | None = None,
    path: str = "",
    filter: str = "",
    view: str = "changes",
    name: str = "",
) -> LayerExplorer:
    """Open a stack of layers to choose from: a layer's changes, the merged tree, or the wasted bytes.

    Layers are numbered from 1, the base; without a number the top one is chosen. Of a container, the top
    is its own read-write layer. `path` is a directory, `filter` letters of the paths to show, `view`
    "changes", "merged" or "waste", `name` the image's name to show. Raises LabkitError for a layer or a view
    that there is not.

    >>> from labkit import Lab
    >>> layer_explorer(Lab().pull("nginx"), layer=2, view="waste").table.rows[0].cells[:2]
    ('78,112', '/var/lib/dpkg/status')
    """
    from traitlets import TraitError

    from labkit.notebook.stacked import VIEWS, stacked
    from labkit.notebook.widgets.layers import LayerExplorer

    if view not in VIEWS:
        raise LabkitError(f"{view}: no such view; there are {', '.join(VIEWS)}")
    chosen = {} if layer is None else {"layer": layer}
    try:
        return LayerExplorer(stacked(image, name), path=path, filter=filter, view=view, **chosen)
    except TraitError as error:
        raise LabkitError(str(error)) from None


def inspect_explorer(lab: Lab, image: str, *, field: str = "Id") -> InspectExplorer:
    """Open what `docker image inspect` prints of an image, with an explanation of the chosen field.

    Raises NotFound for an image that is not in the cache, LabkitError for a field that it has not.

    >>> from labkit import Lab
    >>> lab = Lab()
    >>> image = lab.pull("nginx")
    >>> print(inspect_explorer(lab, "nginx", field="Os").outputs()[0][0]["text/plain"].splitlines()[1])
      What it is: The operating system whose kernel the programs need.
    """
    import difflib

    from traitlets import TraitError

    from labkit.course.inspect_document import inspected
    from labkit.notebook.widgets.inspect import InspectExplorer

    document = inspected(lab.engine, image)
    try:
        return InspectExplorer(document, field=field)
    except TraitError as error:
        near = difflib.get_close_matches(field, document.fields, 1)
        raise LabkitError(f"{error}{f'; {near[0]} is near' if near else ''}") from None


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


def walkthrough(start: str = "") -> Walkthrough:
    """Open the twelve slides for a class, at a slide by its ID.

    Raises LabkitError for a slide that there is not.

    >>> walkthrough(start="storage-drivers").title
    'Storage drivers'
    """
    from labkit.notebook.widgets.walkthrough import Walkthrough

    ids = [slide.id for slide in SLIDES]
    if start and start not in ids:
        raise LabkitError(f"{start}: no such slide; there are {', '.join(ids)}")
    return Walkthrough(slide=ids.index(start) if start else 0)
