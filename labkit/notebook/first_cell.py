"""What a kernel that `labkit start` opened says of a cell whose notebook's first cell was not run.

It is an extension of IPython, loaded by the kernel (jupyterlab/kernels). A restarted kernel knows none of a
notebook's names: of those that first cells make, one line says what to do, in place of a traceback.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from labkit.base.lazy import places

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Say what to do where a name or `%docker` is not there yet."""
    shell.set_custom_exc((NameError, UsageError), _told)  # type: ignore[no-untyped-call]


def _told(
    shell: InteractiveShell,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> None:
    if missing := first_cells(error):
        words = "run the first cell of this notebook (Shift+Enter), then this one again."
        print(f"{missing} is not there yet: {words}", file=sys.stderr)
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def first_cells(error: BaseException) -> str:
    """Return what a first cell would have made, of an error that says that it is missing; "" of any other.

    >>> first_cells(NameError("name 'Lab' is not defined", name="Lab")), first_cells(NameError("", name="x"))
    ('Lab', '')
    """
    if isinstance(error, NameError):
        return error.name if error.name in places("labkit") or error.name in ("lab", "labkit") else ""
    return "%docker" if "agic" in str(error) and "docker" in str(error) else ""
