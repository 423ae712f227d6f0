"""`%docker` and `%%docker`: the lab's terminal in a notebook.

Both run on the notebook's `lab`, the variable of that name, and make one where there is none.
"""

from __future__ import annotations

import os
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from labkit.lab import Lab
from labkit.notebook.progress import PullBars
from labkit.notebook.terminal import show
from labkit.text import command_lines


@magics_class
class DockerMagics(Magics):
    """The magics that `%load_ext labkit` adds."""

    @no_var_expand
    @line_magic
    def docker(self, line: str) -> None:
        """Run one docker command: `%docker image ls`.

        Braces and dollar signs go to docker as they are: `--format "{{.ID}}"` is a template.
        """
        show(self._run("", f"docker {line}"))

    @cell_magic("docker")  # type: ignore[arg-type]
    def docker_cell(self, line: str, cell: str) -> None:
        """Run a terminal's lines one after the other, each shown after `$ `.

        `docker` stands in front of docker's commands; other lines run in the lab's pretend home.
        """
        text = ""
        for each in command_lines(cell):
            text = self._run(f"{text}$ {each}\n", each, exit_code=True)
        show(text)

    def _run(self, before: str, line: str, *, exit_code: bool = False) -> str:
        """Run a line; return the text that is still to be shown, `before` at its beginning.

        Where bars are shown, `before` stands above them and the line's own text takes their place.
        """
        lab = self._lab()
        bars = PullBars(lambda: show(before)) if live() else None
        result = lab.shell(line, watch=bars.see if bars else None)
        text = result.text
        if exit_code and result.exit_code:
            text += f"[exit {result.exit_code}]\n"
        if bars and bars.shown:
            bars.replace(text)
            return ""
        return before + text

    def _lab(self) -> Lab:
        assert self.shell is not None
        namespace: dict[str, Any] = self.shell.user_ns
        if not isinstance(namespace.get("lab"), Lab):
            namespace["lab"] = Lab(tty=True)
        lab: Lab = namespace["lab"]
        lab.session.tty = True
        return lab


def live() -> bool:
    """Tell whether a pull shows moving bars: unless LABKIT_PROGRESS=off, which tests set."""
    return os.environ.get("LABKIT_PROGRESS", "on") != "off"
