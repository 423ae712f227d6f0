"""`%docker` and `%%docker`: the lab's terminal in a notebook.

Both run on the notebook's `lab`, the variable of that name, and make one where there is none.
"""

from __future__ import annotations

import os
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from labkit.cli.session import Result
from labkit.lab import Lab
from labkit.notebook.progress import PullBars
from labkit.text import command_lines, shown


@magics_class
class DockerMagics(Magics):  # type: ignore[misc]
    """The magics that `%load_ext labkit` adds."""

    @no_var_expand
    @line_magic
    def docker(self, line: str) -> None:
        """Run one docker command: `%docker image ls`.

        Braces and dollar signs go to docker as they are: `--format "{{.ID}}"` is a template.
        """
        self._run(f"docker {line}")

    @cell_magic("docker")
    def docker_cell(self, line: str, cell: str) -> None:
        """Run a terminal's lines one after the other, each shown after `$ `.

        `docker` stands in front of docker's commands; other lines run in the lab's pretend home.
        """
        for each in command_lines(cell):
            print(f"$ {shown(each)}")
            result = self._run(each)
            if result.exit_code:
                print(f"[exit {result.exit_code}]")

    def _run(self, line: str) -> Result:
        lab = self._lab()
        bars = PullBars() if live() else None
        try:
            result = lab.shell(line, watch=bars.see if bars else None)
        finally:
            if bars:
                bars.close()
        text = shown(result.text)
        if bars and bars.shown:
            bars.replace(text)
        else:
            print(text, end="")
        return result

    def _lab(self) -> Lab:
        namespace: dict[str, Any] = self.shell.user_ns
        if not isinstance(namespace.get("lab"), Lab):
            namespace["lab"] = Lab(tty=True)
        lab: Lab = namespace["lab"]
        lab.session.tty = True
        return lab


def live() -> bool:
    """Tell whether a pull shows moving bars: unless LABKIT_PROGRESS=off, which tests set."""
    return os.environ.get("LABKIT_PROGRESS", "on") != "off"
