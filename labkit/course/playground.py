"""Several containers on one image: what a learner can do with them.

Each action is one docker command, the same that a learner would type, and the line of Python that does it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labkit.base.errors import LabkitError
from labkit.base.text import one_line, python_text, shown
from labkit.cli.session import Result
from labkit.lab import Lab


@dataclass(frozen=True, slots=True)
class Fields:
    """What is filled in when a button is pressed."""

    image: str = ""
    name: str = ""
    """The new container's."""
    container: str = ""
    """The chosen one."""
    path: str = ""
    text: str = ""
    mode: str = ""
    target: str = ""
    """The name of the image that a commit makes."""

    @property
    def box(self) -> str:
        """The Python expression for the chosen container."""
        return f"lab.container({python_text(self.container)})"


@dataclass(frozen=True, slots=True)
class Action:
    """A button's words, the docker command, without `docker`, and the line of Python."""

    label: str
    line: Callable[[Fields], str]
    python: Callable[[Fields], str]
    on_container: bool = True


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An action that was done: the line for a terminal, the same in Python, and what was printed."""

    line: str
    python: str
    text: str = ""
    failed: bool = False


_word = shlex.quote


def _named(fields: Fields, template: str, words: Callable[[str], str]) -> str:
    return template.format(words(fields.name)) if fields.name else ""


def _in_box(label: str, script: Callable[[Fields], str]) -> Action:
    """Return a program that is started in the chosen container."""
    return Action(
        label,
        lambda it: f"exec {_word(it.container)} {script(it)}",
        lambda it: f"{it.box}.exec({python_text(script(it))})",
    )


def _line_into(label: str, sign: str, method: str) -> Action:
    """Return a line of text that goes into a file."""
    return Action(
        label,
        lambda it: (
            f"exec {_word(it.container)} sh -c {_word(f'echo {_word(it.text)} {sign} {_word(it.path)}')}"
        ),
        lambda it: f"{it.box}.{method}({python_text(it.path)}, {python_text(it.text + chr(10))})",
    )


ACTIONS: Mapping[str, Action] = {
    "run": Action(
        "Run a container",
        lambda it: f"run -dit {_named(it, '--name {} ', _word)}{_word(it.image)}",
        lambda it: f"lab.run({python_text(it.image)}{_named(it, ', name={}', python_text)})",
        on_container=False,
    ),
    "write": _line_into("Write a file", ">", "write"),
    "append": _line_into("Append to a file", ">>", "append"),
    "delete": _in_box("Delete", lambda it: f"rm -r {_word(it.path)}"),
    "chmod": _in_box("chmod", lambda it: f"chmod {_word(it.mode)} {_word(it.path)}"),
    "stop": Action("Stop", lambda it: f"stop {_word(it.container)}", lambda it: f"{it.box}.stop()"),
    "start": Action("Start", lambda it: f"start {_word(it.container)}", lambda it: f"{it.box}.start()"),
    "commit": Action(
        "Commit",
        lambda it: f"commit {_word(it.container)} {_word(it.target)}".rstrip(),
        lambda it: f"{it.box}.commit({python_text(it.target)})",
    ),
    "remove": Action(
        "Remove",
        lambda it: f"rm {_word(it.container)}",
        lambda it: f"lab.docker({python_text(f'rm {_word(it.container)}')})",
    ),
}


def act(lab: Lab, name: str, fields: Fields) -> LogEntry:
    """Do an action on a lab, or "undo" or "reset"; what goes wrong is in the entry, in Docker's words.

    >>> lab = Lab()
    >>> act(lab, "run", Fields(image="busybox", name="box1")).line
    'docker run -dit --name box1 busybox'
    >>> act(lab, "write", Fields(container="box1", path="/etc/motd", text="hi")).line
    "docker exec box1 sh -c 'echo hi > /etc/motd'"
    """
    if name in ("undo", "reset"):
        try:
            lab.undo() if name == "undo" else lab.reset()
        except LabkitError as error:
            return LogEntry("", f"lab.{name}()", str(error), failed=True)
        return LogEntry("", f"lab.{name}()")
    action = ACTIONS[name]
    if action.on_container and not fields.container:
        return LogEntry("", "", "There is no container yet: run one first.", failed=True)
    line = action.line(fields)
    result = _printed(lab, line)
    return LogEntry(f"docker {line}", action.python(fields), result.text, result.exit_code != 0)


def pull(lab: Lab, image: str) -> LogEntry:
    """Pull an image as a learner would; of what is printed only an error is kept."""
    line = f"pull {_word(image)}"
    result = _printed(lab, line)
    text = result.text if result.exit_code else ""
    return LogEntry(f"docker {line}", f"lab.pull({python_text(image)})", text, result.exit_code != 0)


def _printed(lab: Lab, line: str) -> Result:
    """Run a docker command as into a file: a terminal's moving bars have no place in a log."""
    tty, lab.session.tty = lab.session.tty, False
    try:
        return lab.docker(line)
    finally:
        lab.session.tty = tty


def look(lab: Lab, line: str) -> str:
    """Return what a docker command prints, and leave the lab as it was.

    >>> lab = Lab()
    >>> look(lab, "ps -q"), lab
    ('', <Lab: 0 images, 0 containers>)
    """
    with lab.looking():
        return lab.docker(line).text


def free_name(lab: Lab) -> str:
    """Return a name that no container has: box1, or the next one that is free.

    >>> free_name(Lab())
    'box1'
    """
    number = 1
    while f"box{number}" in lab.engine.state.names:
        number += 1
    return f"box{number}"


def log_lines(entry: LogEntry) -> list[str]:
    """Return an entry as it is shown: the terminal's line, the same in Python, and what was printed.

    >>> log_lines(LogEntry("docker stop box", 'lab.container("box").stop()', "box"))
    ['$ docker stop box', '  in Python: lab.container("box").stop()', 'box']
    """
    lines = [f"$ {one_line(entry.line)}"] if entry.line else []
    lines += [f"{'  in Python: ' if lines else '>>> '}{one_line(entry.python)}"] if entry.python else []
    return [*lines, *shown(entry.text).rstrip("\n").split("\n")] if entry.text.strip() else lines
