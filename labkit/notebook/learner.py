"""The learner's copy of a notebook: without outputs, and with folded away what tells before a guess.

The course's own notebooks keep their outputs, which the tests compare with. A cell tagged `after` belongs
below the run of a card: its text opens with a click, and the card's command as a cell has its source hidden.
"""

from __future__ import annotations

from typing import Any

_YOURS = "*Your copy: run it, change it, write into it. The course keeps its own.*"
_AFTER = "<details><summary><b>After the run</b></summary>\n\n{}\n\n</details>"
_OWN = "# optional: the card ran this; here you can run it yourself\n"
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""With both named, JupyterLab and JupyterLite open the notebook without asking for a kernel."""


def learners_copy(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the copy of a notebook, a dict of nbformat 4, that a learner works in; it is left as it was.

    >>> cell = {"cell_type": "markdown", "metadata": {"tags": ["after"]}, "source": "So it is."}
    >>> learners_copy({"cells": [cell]})["cells"][1]["source"].splitlines()[2]
    'So it is.'
    """
    yours = {"cell_type": "markdown", "id": "your-copy", "metadata": {}, "source": _YOURS}
    cells = [yours, *map(_copied, notebook["cells"])]
    return {**notebook, "cells": cells, "metadata": {**notebook.get("metadata", {}), **_METADATA}}


def _copied(cell: dict[str, Any]) -> dict[str, Any]:
    after = "after" in cell["metadata"].get("tags", ())
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        return {**cell, "source": _AFTER.format(source)} if after else dict(cell)
    made = {**cell, "outputs": [], "execution_count": None}
    if after:
        made["metadata"] = {**cell["metadata"], "jupyter": {"source_hidden": True}}
        made["source"] = source if source.startswith("%%") else _OWN + source
    return made
