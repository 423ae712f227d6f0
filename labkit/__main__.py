"""`labkit`, or `python -m labkit`: the course, the lab's terminal, and what else needs no notebook."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from labkit.notebook import doctor

try:
    from labkit.base.errors import LabkitError, go_words
    from labkit.base.lazy import extra
    from labkit.base.text import shown
    from labkit.cli import own_docker
    from labkit.cli.session import answer, keystrokes
    from labkit.engine.schedule import SPEEDS
    from labkit.lab import Lab
    from labkit.notebook import start
    from labkit.notebook.console import converse
    from labkit.storage.drivers import DRIVERS, STEPS, costs_json, costs_table
except ModuleNotFoundError:  # a package is missing: the doctor needs none, and says which
    sys.exit(doctor.report())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `labkit` with arguments; return the exit code."""
    parser = _parser()
    given, rest = parser.parse_known_args(arguments)
    if rest and given.command != "start":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    given.rest = [*rest, f"--port={given.port}"] if getattr(given, "port", None) else rest
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that lacks a sign shows its number
            stream.reconfigure(errors="backslashreplace")
    try:
        status = int(given.run(given) or 0)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return 141
    except KeyboardInterrupt:
        return 130
    except (OSError, LabkitError) as error:
        words = f"labkit {given.command}: {go_words(error)}" if isinstance(error, OSError) else str(error)
        print(shown(words), file=sys.stderr)
        return 2
    return status


def _parser() -> argparse.ArgumentParser:
    words = "A Docker engine to learn with, and a course."
    parser = argparse.ArgumentParser(prog="labkit", description=words)
    parser.add_argument("--version", action="version", version=f"labkit {_version()}")
    parser.set_defaults(run=lambda given: parser.print_help())
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for run, words, *options in _COMMANDS:
        name = run.__name__.strip("_")
        command = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        command.set_defaults(run=run)
        for names, settings in options:
            command.add_argument(*names, **settings)
    commands.choices["start"].epilog = "Any other option is JupyterLab's, as --name=value; --no-browser."
    return parser


def _version() -> str:
    try:
        return metadata.version("labkit")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _start(given: argparse.Namespace) -> int:
    return start.open_course(Path(given.folder), given.rest, fresh=given.fresh)


def _present(given: argparse.Namespace) -> None:
    with extra("course"):
        from labkit.notebook.present import PORT, present

    present(given.slides, given.port or PORT, browser=not given.no_browser)


def _lessons(given: argparse.Namespace) -> None:
    print("\n".join(start.lay(Path(given.folder), given.fresh)[0]))


def _progress(given: argparse.Namespace) -> None:
    from labkit.course.progress import load, progress_card
    from labkit.lessons import LESSONS

    print(progress_card(load(), LESSONS).text)


def _site(given: argparse.Namespace) -> None:
    # By its name: it needs packages that no other command does, and may be left out of an installation.
    import_module("labkit.notebook.site").write(Path(given.folder), pyodide=given.pyodide)


def _drivers(given: argparse.Namespace) -> None:
    found = DRIVERS.values()
    print(costs_json(found) if given.json else costs_table(found, given.step or ""), end="")


def _doctor(given: argparse.Namespace) -> int:
    return doctor.report()


def _exercises(given: argparse.Namespace) -> int:
    from labkit.course.lesson import all_exercises
    from labkit.course.progress import listing
    from labkit.course.verify import replays, summary
    from labkit.course.worksheets import write_assignments
    from labkit.lessons import LESSONS

    exercises = all_exercises(LESSONS)
    if given.nbgrader is not None:
        written = write_assignments(LESSONS, Path(given.nbgrader))
        print(f"{len(written)} assignments, {len(exercises)} exercises: {shown(given.nbgrader)}/source")
    if not given.verify:
        print(listing(LESSONS) if given.nbgrader is None else "", end="")
        return 0
    line, problems = summary(each for exercise in exercises for each in replays(exercise))
    print("".join(f"{shown(problem)}\n" for problem in problems), end="")
    print(line)
    return 1 if problems else 0


def _handout(given: argparse.Namespace) -> None:
    with extra("course"):
        from labkit.notebook.handout import handout

    teacher = given.reader == "teacher"
    for path in handout(Path(given.folder), given.slides, teacher=teacher, pdf=given.pdf):
        print(path)


def _shell(given: argparse.Namespace) -> int:
    lab, file = Lab(network=given.network, hub=given.hub), given.file
    if file is None and sys.stdin.isatty():
        return converse(lab, real=given.real)
    try:
        data = sys.stdin.buffer.read() if file in (None, "-") else Path(file).read_bytes()
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        print(f"labkit shell: {file or '-'}: not UTF-8 text", file=sys.stderr)
        return 2
    if given.real:
        for echo, result in own_docker.answers(text):
            print(shown(echo + answer(lab.session, result)), end="")
        return 0
    for echo, line in keystrokes(lab.session, text):
        print(shown(echo), end="")
        print(shown(answer(lab.session, lab.type(line))), end="")
    return 0


def _option(*names: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    return names, settings


_OWN = "your own slides, a .toml file; recap for the short deck"
_SLIDES = _option("slides", nargs="?", default="", metavar="FILE", help=_OWN)
_FOLDER = _option("folder", nargs="?", default="labkit-course", metavar="DIR", help="labkit-course without")
_PORT = _option("--port", type=int, metavar="8889", help="where the browser asks; another if it is taken")
_ALONE = _option(
    "--no-browser", action="store_true", help="open no window, and say only where the slides are"
)
_INTO = _option("folder", metavar="DIR", help="made where it is missing")
_FRESH = _option("--fresh", default="", metavar="02", help="lay this one anew, beside yours")
_COMMANDS: tuple[tuple[Any, ...], ...] = (
    (_start, "lay your copies of the lessons, and open the first in JupyterLab", _FOLDER, _FRESH, _PORT),
    (_present, "show the slides in a window of their own, to stand before a class", _SLIDES, _ALONE, _PORT),
    (_lessons, "lay your copies of the lessons into a folder", _INTO, _FRESH),
    (_progress, "how far you are in the course, and what is next"),
    (
        _shell,
        "a terminal to type docker commands in",
        _option("file", nargs="?", metavar="FILE", help="one command a line; - for standard input"),
        _option("--network", choices=sorted(SPEEDS), default="classroom", help="how fast pulls are"),
        _option("--hub", default="", metavar="HOST", help="a real registry in place of the built-in hub"),
        _option("--real", action="store_true", help="run docker's lines on the Docker that you have"),
    ),
    (
        _exercises,
        "the exercises, and what can be done with all of them",
        _option("--verify", action="store_true", help="replay starts, solutions and wrong answers"),
        _option("--nbgrader", metavar="DIR", help="write them as nbgrader's assignments"),
    ),
    (
        _handout,
        "write the slides to print, and as one web page",
        _option("folder", nargs="?", default=".", metavar="DIR", help="where to; here by default"),
        _option(
            "--for", dest="reader", choices=("teacher", "class"), default="class", help="with notes, or not"
        ),
        _option("--slides", default="", metavar="FILE", help=_OWN),
        _option("--pdf", action="store_true", help="print them, too, where Chromium is installed"),
    ),
    (
        _site,
        "write the course as a web page that needs no install",
        _INTO,
        _option("--pyodide", type=Path, metavar="FILE", help="Pyodide's archive, where it is not fetched"),
    ),
    (
        _drivers,
        "what each storage driver takes on disk for the same work",
        _option("step", nargs="?", choices=STEPS, help="one step alone: %(choices)s"),
        _option("--json", action="store_true", help="the bytes of each step, by driver"),
    ),
    (_doctor, "what is installed, what is missing, what to do"),
)


if __name__ == "__main__":
    sys.exit(main())
