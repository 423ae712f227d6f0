"""`%docker` and `%%docker`: the lab's terminal in a notebook.

Both run on the notebook's `lab`, the variable of that name, and make one where there is none.
"""

from __future__ import annotations

import os
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from labkit.cli import own_docker
from labkit.cli.session import Result
from labkit.errors import LabkitError
from labkit.notebook.comparison import html
from labkit.notebook.progress import PullBars
from labkit.notebook.shell import lab_of_notebook
from labkit.notebook.terminal import show
from labkit.text import command_lines


@magics_class
class DockerMagics(Magics):
    """The magics that `%load_ext labkit` adds."""

    @no_var_expand
    @line_magic
    def docker(self, line: str) -> None:
        """Run one docker command: `%docker image ls`.

        Braces and dollar signs go to docker as they are: `--format "{{.ID}}"` is a template. With `--real`
        in front the line runs on the Docker that you have, with `--compare` on both.
        """
        option, _, rest = line.partition(" ")
        if option == "--real":
            show(own_docker.run(f"docker {rest}").text)
        elif option == "--compare":
            self._compare(rest)
        else:
            show(self._run("", f"docker {line}"))

    @cell_magic("docker")  # type: ignore[arg-type]
    def docker_cell(self, line: str, cell: str) -> None:
        """Run a terminal's lines one after the other, each shown after `$ `.

        `docker` stands in front of docker's commands; other lines run in the lab's pretend home. With
        `--real` docker's lines run on the Docker that you have.
        """
        if line not in ("", "--real"):
            show(f"labkit: %%docker takes --real or nothing, not {line!r}")
            return
        text = ""
        for each in command_lines(cell):
            before = f"{text}$ {each}\n"
            if line:
                result = own_docker.run(each)
                text = before + text_of(result)
            else:
                text = self._run(before, each, exit_code=True)
        show(text)

    def _compare(self, line: str) -> None:
        try:
            comparison = lab_of_notebook(self.shell).compare(line)
        except LabkitError as error:
            show(str(error))
            return
        from IPython import display

        publish: Any = display.display
        publish({"text/html": html(comparison), "text/plain": comparison.text.rstrip("\n")}, raw=True)

    def _run(self, before: str, line: str, *, exit_code: bool = False) -> str:
        """Run a line; return the text that is still to be shown, `before` at its beginning.

        Where bars are shown, `before` stands above them and the line's own text takes their place.
        """
        lab = lab_of_notebook(self.shell)
        bars = PullBars(lambda: show(before)) if live() else None
        result = lab.shell(line, watch=bars.see if bars else None)
        text = text_of(result) if exit_code else result.text
        if bars and bars.shown:
            bars.replace(text)
            return ""
        return before + text


def text_of(result: Result) -> str:
    """Return a line's text, with its exit code where that is not 0."""
    return result.text + (f"[exit {result.exit_code}]\n" if result.exit_code else "")


def live() -> bool:
    """Tell whether a pull shows moving bars: unless LABKIT_PROGRESS=off, which tests set."""
    return os.environ.get("LABKIT_PROGRESS", "on") != "off"
