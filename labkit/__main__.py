"""`python -m labkit`: the lab's terminal, and what can be done without a notebook.

python -m labkit shell            a terminal to type in
python -m labkit shell FILE       one command a line; `-` reads standard input
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from labkit.cli.formats import progress_line
from labkit.engine.network import SPEEDS
from labkit.engine.schedule import PullEvent
from labkit.errors import LabkitError
from labkit.lab import Lab
from labkit.text import command_lines, shown

_FASTER = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m labkit` with arguments; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m labkit", description="A Docker engine to learn with.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shell = commands.add_parser("shell", help="a terminal; with FILE, one command a line")
    shell.add_argument("file", nargs="?", metavar="FILE", help="commands to run; - for standard input")
    shell.add_argument("--network", choices=sorted(SPEEDS), default="classroom", help="how fast pulls are")
    given = parser.parse_args(arguments)
    try:
        return _shell(given.file, Lab(network=given.network))
    except (BrokenPipeError, KeyboardInterrupt):
        return 130


def _shell(file: str | None, lab: Lab) -> int:
    if file is None and sys.stdin.isatty():
        return _interactive(lab)
    if file in (None, "-"):
        text = sys.stdin.read()
    else:
        try:
            text = Path(str(file)).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            print(f"python -m labkit shell: {file}: {reason}", file=sys.stderr)
            return 2
    for line in command_lines(text):
        print(f"$ {shown(line)}")
        result = run_line(lab, line)
        print(result[0], end="")
        if result[1]:
            print(f"[exit {result[1]}]")
    return 0


def run_line(lab: Lab, line: str) -> tuple[str, int]:
    """Run a line; return its text, fit to be shown, and its exit code."""
    try:
        result = lab.shell(line)
    except LabkitError as error:
        return f"labkit: {shown(str(error))}\n", 1
    return shown(result.text), result.exit_code


def _interactive(lab: Lab) -> int:
    print("A Docker engine to learn with. Try: docker pull nginx. Leave with exit or Ctrl-D.")
    lab.session.tty = True
    while True:
        try:
            line = input("$ ")
        except EOFError:
            print()
            return 0
        if line.strip() in ("exit", "logout"):
            return 0
        screen = _Screen()
        result = lab.shell(line, watch=screen.see)
        screen.clear()
        print(shown(result.text), end="")


class _Screen:
    """A pull's lines on a real terminal, redrawn in place, faster than the pull would be."""

    def __init__(self) -> None:
        self._lines: dict[str, str] = {}
        self._at = 0.0

    def see(self, event: PullEvent) -> None:
        """Redraw with an event's line."""
        time.sleep(max(event.at - self._at, 0) / _FASTER)
        self._at = event.at
        self.clear()
        self._lines[event.layer] = progress_line(event.layer, event.state, event.current, event.total)
        print("".join(f"{line}\n" for line in self._lines.values()), end="", flush=True)

    def clear(self) -> None:
        """Take the lines off the screen."""
        if self._lines:
            print(f"\x1b[{len(self._lines)}A\x1b[J", end="")


if __name__ == "__main__":
    sys.exit(main())
