"""A Docker image engine small enough to read and exact enough to believe.

>>> from labkit import Lab
>>> Lab().docker("version --format '{{.Server.Version}}'").text
'20.10.24+dfsg1\\n'
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.base.lazy import fetcher

if TYPE_CHECKING:
    from labkit.lab import Lab
    from labkit.notebook import compare, load_ipython_extension, walkthrough
    from labkit.notebook.exercises import exercise, progress

__all__ = ["Lab", "compare", "exercise", "load_ipython_extension", "progress", "walkthrough"]

_PLACES = {
    "Lab": "labkit.lab",
    "compare": "labkit.notebook",
    "exercise": "labkit.notebook.exercises",
    "load_ipython_extension": "labkit.notebook",
    "progress": "labkit.notebook.exercises",
    "walkthrough": "labkit.notebook",
}

__getattr__ = fetcher(__name__, _PLACES)


def __dir__() -> list[str]:
    return __all__
