"""`%docker` and `%%docker`: the lab's terminal in a notebook.

Both run on the notebook's `lab`, the variable of that name, and make one where there is none.
"""

from __future__ import annotations

import os
import re
import sys
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand

from labkit.base.errors import LabkitError, NotFound
from labkit.box import Box
from labkit.cli import own_docker
from labkit.cli.own_docker import Comparison
from labkit.cli.session import Result, answer, keystrokes
from labkit.engine.scene import scene
from labkit.lab import Lab
from labkit.notebook.output import PullBars, bundle, lab_of_notebook, show
from labkit.notebook.pictures.views import notebook_shell
from labkit.oci.image import Image

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def show_values(shell: InteractiveShell) -> None:
    """Let a notebook show images and boxes as their stacks of layers, a lab as the stage.

    Lists and tuples of them show each. What else a list is, or a class made of one, is shown as before. A
    comparison is shown as on a terminal, so that its lines stand beside each other.
    """
    assert shell.display_formatter is not None
    shell.display_formatter.mimebundle_formatter.for_type(Comparison, lambda both: bundle(both.text))
    for kind in (Image, Box, Lab, list, tuple):
        shell.display_formatter.mimebundle_formatter.for_type(kind, shown_value)


MOST = 12
"""The most values of a list that are drawn."""


def shown_value(value: Any) -> Any:
    """Return what a notebook shows of an image, a box, a lab or a list of them; None for anything else.

    >>> shown_value([Lab()])["text/plain"]
    'nothing is here yet'
    """
    if not isinstance(value, list | tuple):
        return _shown_one(value)
    if type(value) not in (list, tuple):  # a class made of one of them may show itself
        own = getattr(value, "_repr_mimebundle_", None)
        return own() if own else None
    if not value or not all(isinstance(each, Image | Box | Lab) for each in value):
        return None
    parts = [_shown_one(each) for each in value[:MOST]]
    if len(value) > MOST:
        parts.append(bundle(f"… {len(value) - MOST} more"))
    plain = "\n".join(part["text/plain"] for part in parts)
    return {"text/html": "".join(part["text/html"] for part in parts), "text/plain": plain}


def _shown_one(value: Image | Box | Lab) -> Mapping[str, Any]:
    # late, as it brings the library that draws
    from labkit.notebook.pictures.layer_stack import stack
    from labkit.notebook.pictures.still import still

    try:
        drawn = still(scene(value.engine.state)) if isinstance(value, Lab) else stack(value)
        return drawn._repr_mimebundle_()
    except NotFound:  # the box is removed
        return bundle(repr(value))


def compare(line: str, lab: Lab | None = None) -> Comparison:
    """Run a docker line that changes nothing on a lab and on the learner's own Docker, and compare.

    Without `lab` it is the notebook's, as with `%docker`. Raises LabkitError for a line that could change
    something.
    """
    return (lab or lab_of_notebook()).compare(line)


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
            try:
                show(compare(rest).text)
            except LabkitError as error:
                show(str(error))
        else:
            show(self._run("", f"docker {line}", lab_of_notebook().shell))

    @cell_magic("docker")  # type: ignore[arg-type]
    def docker_cell(self, line: str, cell: str) -> None:
        """Run a terminal's lines one after the other, each shown after its prompt.

        `docker` stands in front of docker's commands; other lines run in the lab's pretend home, and those
        after `docker run -it` in the container, until `exit` or the cell's end. With `--real` docker's lines
        run on the Docker that you have.
        """
        lab, text = lab_of_notebook(), ""
        if line == "--real":
            text = "".join(echo + answer(lab.session, result) for echo, result in own_docker.answers(cell))
        elif line:
            words = f"docker {line.removeprefix('docker ')}"
            show(f"labkit: %%docker takes --real or nothing: write {words} below it, or %{words} alone")
        else:
            for echo, typed in keystrokes(lab.session, cell):
                text = self._run(text + echo, typed, lab.type, exit_code=True)
        show(text)

    @line_magic("docker-compose")  # type: ignore[arg-type]
    def docker_compose(self, line: str) -> None:
        """Say what `docker-compose` is."""
        show(self._run("", "docker-compose", lab_of_notebook().shell))

    def _run(self, before: str, line: str, run: Callable[..., Result], *, exit_code: bool = False) -> str:
        """Run a line; return the text that is still to be shown, `before` at its beginning.

        Where bars are shown, `before` stands above them and the line's own text takes their place.
        """
        bars = PullBars(lambda: show(before)) if live() else None
        result = run(line, watch=bars.see if bars else None)
        text = answer(lab_of_notebook().session, result) if exit_code else result.text
        if bars and bars.shown:
            bars.replace(text)
            return ""
        return before + text


_transformed: Callable[[str], str] = TransformerManager().transform_cell  # type: ignore[no-untyped-call]
_BELOW = re.compile(r"\s*(\$ )?docker [\w-]")
_OWN = re.compile(r"(\s*)get_ipython\(\)\.system\(['\"]docker\b")


def refuse_bare_lines(lines: list[str]) -> list[str]:
    """Say what to do where a cell is no Python because docker's lines stand in it as in a terminal.

    Raises SyntaxError, which a notebook shows; returns the cell's lines as they are.
    """
    bare = not lines[0].startswith("%%") and next(filter(_BELOW.match, lines), None)
    if bare:
        try:
            compile(_transformed("".join(lines)), "", "exec", PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            if error.text and error.text.strip() == bare.strip():
                raise SyntaxError(
                    "labkit: a notebook takes this for Python; %docker runs one line of docker's, and "
                    "%%docker on top of the cell all of its lines"
                ) from None
    return lines


def warn_of_own_docker(lines: list[str]) -> list[str]:
    """Let a line `!docker …` say whom it asks."""
    warning = "labkit: !docker asks this machine's own Docker, where undo does not help; %docker asks the lab"
    return [
        f"{found[1]}print({warning!r})\n{line}" if (found := _OWN.match(line)) else line for line in lines
    ]


def vscode() -> bool:
    """Tell whether the notebook is open in VS Code, which leaves a name in it."""
    shell = notebook_shell()
    return shell is not None and "__vsc_ipynb_file__" in shell.user_ns


def live() -> bool:
    """Tell whether a page follows what a cell shows, with controls and moving bars.

    A page names its cell when it asks the kernel to run it: JupyterLab, Notebook 7, JupyterLite. A runner as
    nbval, nbclient or papermill names none, and would keep what a pull shows first. LABKIT_PROGRESS, on or
    off, decides it otherwise.
    """
    if chosen := os.environ.get("LABKIT_PROGRESS"):
        return chosen != "off"
    if sys.platform == "emscripten" or os.environ.get("SERVER_SOFTWARE", "").startswith("voila/"):
        return True  # Voila runs cells as nbclient does, and shows them in a page all the same
    if vscode():
        return True
    shell = notebook_shell()
    request = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return "cellId" in request.get("metadata", {})
