"""`python -m labkit`: the lab's terminal, and what can be done without a notebook.

python -m labkit shell            a terminal to type in
python -m labkit shell FILE       one command a line; `-` reads standard input
python -m labkit drivers [--json] what each storage driver takes on disk for the same work
python -m labkit exercises        the exercises; --verify replays them all, --nbgrader DIR exports them
python -m labkit doctor           what is installed, what is missing, what to do
python -m labkit handout [DIR]    the slides to print and as one web page, for which no kernel is needed
python -m labkit shell --hub 127.0.0.1:5000    a real registry in place of the built-in hub
python -m labkit shell --real [FILE]           the same lines on the Docker that you have
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from labkit.notebook import doctor

try:
    from labkit.base.errors import MissingExtra
    from labkit.base.lazy import extra
    from labkit.base.text import command_lines, shown
    from labkit.cli import own_docker
    from labkit.cli.formats import progress_line
    from labkit.cli.session import Result
    from labkit.engine.schedule import SPEEDS, PullEvent
    from labkit.lab import Lab
    from labkit.storage.drivers import DRIVERS, costs_json, costs_table
except ModuleNotFoundError:  # a package is missing: the doctor needs none, and says which
    sys.exit(doctor.report())

_FASTER = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `python -m labkit` with arguments; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m labkit", description="A Docker engine to learn with.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shell = commands.add_parser("shell", help="a terminal; with FILE, one command a line")
    shell.add_argument("file", nargs="?", metavar="FILE", help="commands to run; - for standard input")
    shell.add_argument("--network", choices=sorted(SPEEDS), default="classroom", help="how fast pulls are")
    drivers = commands.add_parser("drivers", help="what each storage driver takes on disk for the same work")
    drivers.add_argument("--json", action="store_true", help="the bytes of each step, by driver")
    shell.add_argument(
        "--hub", default="", metavar="HOST", help="a real registry in place of the built-in hub"
    )
    exercises = commands.add_parser("exercises", help="the exercises, and what can be done with all of them")
    exercises.add_argument("--verify", action="store_true", help="replay starts, solutions and wrong answers")
    exercises.add_argument("--nbgrader", metavar="DIR", help="write them as nbgrader's assignments")
    commands.add_parser("doctor", help="what is installed, what is missing, what to do")
    paper = commands.add_parser("handout", help="write the slides to print, and as one web page")
    paper.add_argument("directory", nargs="?", default=".", metavar="DIR", help="where to; here by default")
    shell.add_argument("--real", action="store_true", help="run docker's lines on the Docker that you have")
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a sign shows its number
            stream.reconfigure(errors="backslashreplace")
    try:
        if given.command == "drivers":
            print(costs_json(DRIVERS.values()) if given.json else costs_table(DRIVERS.values()), end="")
            status = 0
        elif given.command == "exercises":
            status = _exercises(given.verify, given.nbgrader)
        elif given.command == "doctor":
            status = doctor.report()
        elif given.command == "handout":
            status = _handout(Path(given.directory))
        else:
            lab = Lab(network=given.network, hub=given.hub)
            status = _shell(given.file, lab, own_docker.run if given.real else lab.shell)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return 141
    except KeyboardInterrupt:
        return 130
    except MissingExtra as error:
        print(error, file=sys.stderr)
        return 2
    return status


def _exercises(verify: bool, directory: str | None) -> int:
    from labkit.course.lesson import all_exercises
    from labkit.course.progress import listing
    from labkit.course.verify import replays, summary
    from labkit.course.worksheets import write_assignments
    from labkit.lessons import LESSONS

    exercises = all_exercises(LESSONS)
    if directory is not None:
        try:
            written = write_assignments(LESSONS, Path(directory))
        except OSError as error:
            print(f"python -m labkit exercises: {shown(directory)}: {error.strerror}", file=sys.stderr)
            return 2
        print(f"{len(written)} assignments, {len(exercises)} exercises: {shown(directory)}/source")
    if not verify:
        print(listing(LESSONS) if directory is None else "", end="")
        return 0
    line, problems = summary(each for exercise in exercises for each in replays(exercise))
    print("".join(f"{shown(problem)}\n" for problem in problems), end="")
    print(line)
    return 1 if problems else 0


def _handout(directory: Path) -> int:
    with extra("course"):
        from labkit.notebook.handout import handout

    try:
        for path in handout(directory):
            print(path)
    except OSError as error:
        print(f"python -m labkit handout: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _shell(file: str | None, lab: Lab, run: Callable[[str], Result]) -> int:
    if file is None and sys.stdin.isatty():
        return _interactive(lab, real=run != lab.shell)
    try:
        data = sys.stdin.buffer.read() if file in (None, "-") else Path(str(file)).read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        print(f"python -m labkit shell: {file or '-'}: {reason}", file=sys.stderr)
        return 2
    for line in command_lines(text):
        line = line.removeprefix("$ ")
        print(f"$ {shown(line)}")
        result, status = run_line(run, line)
        print(result, end="" if result.endswith("\n") or not result else "\n")
        if status:
            print(f"[exit {status}]")
    return 0


def run_line(run: Callable[[str], Result], line: str) -> tuple[str, int]:
    """Run a line; return its text, fit to be shown, and its exit code.

    >>> run_line(Lab().shell, "docker ps -q nonsense")[1]
    1
    """
    result = run(line)
    return shown(result.text), result.exit_code


def _interactive(lab: Lab, *, real: bool) -> int:
    what = "Your own Docker" if real else "A Docker engine to learn with"
    print(f"{what}. Try: docker {'image ls' if real else 'pull nginx'}. Leave with exit or Ctrl-D.")
    lab.session.tty = True
    while True:
        try:
            line = input("$ ")
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
            continue
        if line.strip() in ("exit", "logout"):
            return 0
        if real:
            if line.strip():
                print(shown(own_docker.run_attached(line).text), end="", flush=True)
            continue
        screen = _Screen()
        try:
            result = lab.shell(line, watch=screen.see)
        except KeyboardInterrupt:
            print("^C")
            continue
        screen.clear()
        print(shown(result.text), end="", flush=True)


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
        line = progress_line(event.layer, event.state, event.current, event.total, width)
        self._lines[event.layer] = line[: width - 1]
        print("".join(f"{line}\n" for line in self._lines.values()), end="", flush=True)

    def clear(self) -> None:
        """Take the lines off the screen."""
        if self._lines:
            print(f"\x1b[{len(self._lines)}A\x1b[J", end="")


if __name__ == "__main__":
    sys.exit(main())
