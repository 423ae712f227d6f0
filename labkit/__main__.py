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
import sys
from collections.abc import Sequence
from pathlib import Path

from labkit.notebook import doctor

try:
    from labkit.base.errors import MissingExtra
    from labkit.base.lazy import extra
    from labkit.base.text import shown
    from labkit.cli import own_docker
    from labkit.cli.session import answer, keystrokes
    from labkit.engine.schedule import SPEEDS
    from labkit.lab import Lab
    from labkit.notebook.console import converse
    from labkit.storage.drivers import DRIVERS, costs_json, costs_table
except ModuleNotFoundError:  # a package is missing: the doctor needs none, and says which
    sys.exit(doctor.report())


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
            status = _shell(given.file, lab, real=given.real)
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


def _shell(file: str | None, lab: Lab, *, real: bool) -> int:
    if file is None and sys.stdin.isatty():
        return converse(lab, real=real)
    try:
        data = sys.stdin.buffer.read() if file in (None, "-") else Path(str(file)).read_bytes()
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        print(f"python -m labkit shell: {file or '-'}: {reason}", file=sys.stderr)
        return 2
    if real:
        for echo, result in own_docker.answers(text):
            print(shown(echo + answer(lab.session, result)), end="")
        return 0
    for echo, line in keystrokes(lab.session, text):
        print(shown(echo), end="")
        print(shown(answer(lab.session, lab.type(line))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
