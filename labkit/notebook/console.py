"""The lab's terminal on a real one: lines are edited and remembered, Tab completes, a pull's lines move.

That needs prompt_toolkit; without it a line is read as it is typed.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from labkit.base.errors import LabkitError, data_folder
from labkit.base.lazy import advice
from labkit.base.text import shown
from labkit.cli import own_docker
from labkit.cli.completion import completions, split_word
from labkit.cli.session import CTRL_C, CTRL_D, DETACH
from labkit.cli.transfer import event_line
from labkit.engine.schedule import PullEvent
from labkit.lab import Lab

_FASTER = 10
_HELP = """\
docker …      as on your machine: docker pull nginx, docker run -it ubuntu:15.04 bash, docker help
ls, cat, …    the everyday commands, with pipes, redirections and loops, in a pretend home
undo          takes the last command back, in a container too; reset takes all back
exit, Ctrl-D  leaves: a container's shell, then labkit; Ctrl-P Ctrl-Q lets the container run on
Tab           completes commands, flags, images, containers, volumes and paths; Ctrl-C drops a line
"""


def converse(lab: Lab, *, real: bool = False) -> int:
    """Read lines at a terminal and run them until the user leaves; return the exit code.

    With `real` they run on the learner's own Docker, which has the terminal meanwhile.
    """
    what, line = ("Your own Docker", "image ls") if real else ("A Docker engine to learn with", "pull nginx")
    print(f"{what}. Try: docker {line}. {'' if real else 'All else: help. '}Leave with exit or Ctrl-D.")
    lab.session.tty = True
    read = _reader(lab)
    while True:
        try:
            lines = read(lab.prompt).split("\n")
        except EOFError:
            lines = [CTRL_D]
        except KeyboardInterrupt:
            lab.type(CTRL_C)
            print()
            continue
        for number, line in enumerate(lines):
            if number:  # several were pasted
                print(f"{lab.prompt}{line}")
            if lab.session.at_home and line.strip() in ("exit", "logout", CTRL_D):
                print("\n" if line == CTRL_D else "", end="")
                return 0
            if real:
                text = own_docker.run_attached(line).text if line.strip() else ""
            else:
                text = own_word(lab, line.strip()) or _typed(lab, line)
            print(shown(text), end="", flush=True)


def own_word(lab: Lab, word: str) -> str:
    """Do what a word of labkit's own says and return what to print; "" for any other line."""
    try:
        if word == "undo" and not (lab.session.place.unread or lab.session.place.again):
            return f"labkit: took back: {lab.undo()}\n"
        if word == "reset" and lab.session.at_home:
            lab.reset()
            return "labkit: took all back; undo brings it again\n"
    except LabkitError as error:
        return f"labkit: {error}\n"
    return _HELP if word == "help" and lab.session.at_home else ""


def _typed(lab: Lab, line: str) -> str:
    screen = _Screen()
    try:
        text = lab.type(line, watch=screen.see).text
    except KeyboardInterrupt:
        return "^C\n"
    screen.clear()
    return text


def _reader(lab: Lab) -> Callable[[str], str]:
    """Return what reads a line after a prompt."""
    try:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import Completer, Completion
        from prompt_toolkit.history import FileHistory, History, InMemoryHistory
        from prompt_toolkit.key_binding import KeyBindings
        from prompt_toolkit.shortcuts import CompleteStyle
    except ImportError:
        print(f"Without arrow keys and Tab: prompt_toolkit is not installed ({advice('course')}).")
        return input
    if not sys.stdout.isatty():
        return input

    class Tab(Completer):
        def get_completions(self, document: Any, complete_event: object) -> Iterator[Completion]:
            text = document.text_before_cursor
            for each in completions(lab.session, text):
                whole = each if each.endswith("/") else f"{each} "
                yield Completion(whole, -len(split_word(text)[1]), display=each)

    keys = KeyBindings()
    keys.add("c-p", "c-q")(lambda event: event.app.exit(result=DETACH))
    history: History = InMemoryHistory()
    try:
        data_folder().mkdir(parents=True, exist_ok=True)
        (data_folder() / "history").touch()
        history = FileHistory(str(data_folder() / "history"))
    except (OSError, RuntimeError):  # no folder to write to: the lines of this run are remembered
        pass
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=Tab(),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
        key_bindings=keys,
    )
    return session.prompt


class _Screen:
    """A pull's lines on a real terminal, redrawn in place, faster than the pull would be."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._started = time.monotonic()

    def see(self, event: PullEvent) -> None:
        """Redraw with an event's line."""
        time.sleep(max(event.at / _FASTER - (time.monotonic() - self._started), 0))
        self.clear()
        width = shutil.get_terminal_size().columns
        line = event_line(event, width)
        self._lines[event.layer] = line[: width - 1]
        print("".join(f"{line}\n" for line in self._lines.values()), end="", flush=True)

    def clear(self) -> None:
        """Take the lines off the screen."""
        if self._lines:
            print(f"\x1b[{len(self._lines)}A\x1b[J", end="")
