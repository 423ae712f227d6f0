"""Scripts of the course: what a learner would type into a notebook's cell, run without a notebook.

A line that begins with `%docker` is a command; the rest is Python.
"""

from __future__ import annotations

import re
from typing import Any

from labkit.errors import LabkitError
from labkit.lab import Lab

_COMMAND = re.compile(r"^(\s*)%docker +(.*)$", re.MULTILINE)


def as_python(script: str) -> str:
    """Return a script as Python: a `%docker` line becomes a call.

    >>> as_python("%docker pull nginx")
    "_docker('pull nginx')"
    """
    return _COMMAND.sub(lambda match: f"{match[1]}_docker({match[2]!r})", script)


def run_script(script: str, lab: Lab, **names: Any) -> list[str]:
    """Run a script with `lab` and the given names; return what failed, one line for each.

    >>> run_script("%docker rm nobody", Lab())
    ['docker rm nobody: Error: No such container: nobody']
    """
    failed: list[str] = []

    def docker(line: str) -> None:
        result = lab.docker(line)
        if result.exit_code:
            first = (result.text.splitlines() or [f"exit {result.exit_code}"])[0]
            failed.append(f"docker {line}: {first}")

    try:
        exec(compile(as_python(script), "<script>", "exec"), {"lab": lab, "_docker": docker, **names})
    except LabkitError as error:
        failed.append(f"{type(error).__name__}: {error}")
    return failed
