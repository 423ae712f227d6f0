"""The notebook's own lab: its variable `lab`, made where there is none."""

from __future__ import annotations

from typing import Any

from labkit.lab import Lab


def lab_of_notebook(shell: Any) -> Lab:
    """Return the lab of a notebook, by its IPython shell; without one, a new lab.

    >>> lab_of_notebook(None)
    <Lab: 0 images, 0 containers>
    """
    if shell is None:
        return Lab(tty=True)
    namespace: dict[str, Any] = shell.user_ns
    if not isinstance(namespace.get("lab"), Lab):
        namespace["lab"] = Lab(tty=True)
    lab: Lab = namespace["lab"]
    lab.session.tty = True
    return lab
