"""A Docker image engine small enough to read and exact enough to believe.

>>> from labkit import Lab
>>> Lab().docker("version --format '{{.Server.Version}}'").text
'20.10.24+dfsg1\\n'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import labkit` alone stays quick."""
    if name not in _PLACES:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
