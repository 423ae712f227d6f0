"""A terminal session: one command line after another, run on an engine.

A line is a shell's line in a pretend home directory, where `docker` is one more command: pipes,
redirections and `$(docker ps -q)` work. The home is not the learner's real one. Only what docker's own
commands take as a file or a directory (build, load, save, import, export, cp) can be a real one: a path that
the home lacks.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.base.errors import DaemonError, FileSystemError, LabkitError, Unexpected
from labkit.base.text import shown
from labkit.cli.commands import HANDLERS
from labkit.cli.parse import Printed, parse
from labkit.cli.table import UsageError
from labkit.cli.terminal import Registries, Terminal, Watch
from labkit.engine.engine import Engine
from labkit.engine.mounts import home_mounts
from labkit.engine.process import settle
from labkit.engine.schedule import Network
from labkit.go.moment import SECOND
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform
from labkit.oci.tree import EMPTY_ROOT, Dir
from labkit.shell.applets import APPLETS
from labkit.shell.run import run_script
from labkit.shell.streams import MAX_TEXT, MEBIBYTE, Output, Reader, TooMuch, endless
from labkit.shell.task import Process, Task
from labkit.storage.mounts import MountTable

HOME = "/home/learner"
_ENOUGH = 1 << 20
_A_COMMAND = 400  # steps: docker's commands cost more than a shell's
_ENV = {"HOME": HOME, "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "learner"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a command printed, and its exit code: of `Lab.docker`, `Lab.shell` and `Box.exec`.

    `hint` is labkit's own line about it, a next step, or "". Printing a Result prints its text.

    >>> from labkit import Lab
    >>> result = Lab().run("busybox").exec("echo out; echo err >&2; exit 3")
    >>> result.stdout, result.stderr, result.exit_code
    ('out\\n', 'err\\n', 3)
    >>> print(result, end="")
    out
    err
    """

    output: tuple[tuple[int, bytes], ...]
    exit_code: int
    hint: str = ""

    @property
    def text(self) -> str:
        """All output in order, with the hint."""
        return _text(self.output, (1, 2)) + (f"{self.hint}\n" if self.hint else "")

    @property
    def stdout(self) -> str:
        """Standard output."""
        return _text(self.output, (1,))

    @property
    def stderr(self) -> str:
        """Standard error, without labkit's hint."""
        return _text(self.output, (2,))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Result: {self.text!r}, exit code {self.exit_code}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the text where a notebook's cell ends with a Result."""
        printer.text(shown(self.text).rstrip("\n"))


def _sh(task: Task, argv: list[str]) -> int:
    return task.run.shell(task, ["sh", *argv])


def _rest(reader: object) -> bytes:
    """Return what is left to read; a source without an end, such as /dev/zero, gives its beginning."""
    if not isinstance(reader, Reader):
        return b""
    try:
        content = reader.rest()
    except FileSystemError as error:
        raise LabkitError(f"read /dev/stdin: {error}") from error
    if not endless(content) and content.size > 2 * MAX_TEXT:
        raise TooMuch(f"docker reads at most {2 * MAX_TEXT // MEBIBYTE} MB of standard input")
    return content.read(0, _ENOUGH) if endless(content) else content.read()


def _text(output: Sequence[tuple[int, bytes]], streams: tuple[int, ...]) -> str:
    return b"".join(data for stream, data in output if stream in streams).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where a session stands: its home's files, its directory and its variables."""

    files: Dir = EMPTY_ROOT
    cwd: str = HOME
    env: Mapping[str, str] = field(default_factory=lambda: dict(_ENV))


@dataclass(slots=True)
class _EngineClock:
    """The engine's time, as the shell's clock: sleeping at the prompt lets the engine's time pass."""

    engine: Engine

    @property
    def now(self) -> int:
        return self.engine.now

    @now.setter
    def now(self, moment: int) -> None:
        self.engine.advance(moment - self.engine.now)
        settle(self.engine)


@dataclass(slots=True)
class Session:
    """Runs command lines on an engine.

    `tty` says whether output goes to a terminal or notebook, where a pull leaves one line for each
    layer, or to a file or pipe, where each step is a line. A second of the engine's time passes with
    each line.
    """

    engine: Engine
    registries: Registries
    network: Network
    platform: Platform
    tty: bool = False
    watch: Watch | None = None
    place: Prompt = field(default_factory=Prompt)
    log: str = ""
    """The traceback of the last line that could not be run."""

    def run(self, line: str, *, stdin: bytes = b"") -> Result:
        """Run a command line; nothing that is typed raises an error.

        An error that nobody foresaw ends the line with exit code 125 and puts back the state before it.

        >>> from labkit.engine.schedule import network
        >>> session = Session(Engine(), Registries({}), network("fast"), Platform("amd64", "linux"))
        >>> session.run("docker images").text
        'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\\n'
        """
        before = self.engine.state, self.place
        try:
            return self._run(line, stdin)
        except Exception as error:
            self.engine.state, self.place = before
            return self.failed(error)

    def failed(self, error: Exception) -> Result:
        """Return the one line for a command that ended in an error which nobody foresaw."""
        told = Unexpected(error)
        self.log = told.log
        return Result(((2, f"{told}\n".encode()),), told.exit_code)

    def _run(self, line: str, stdin: bytes) -> Result:
        self.engine.advance(SECOND)
        settle(self.engine)
        hints: list[str] = []
        line = line.removeprefix("$ ").encode("utf-8", "surrogatepass").decode("utf-8", "replace")
        line = line.replace("\0", "")  # which no terminal and no argument of a program can have

        def docker(task: Task, argv: list[str]) -> int:
            return self._docker(task, argv, hints, fs)

        fs = home_mounts(self.place.files, lambda: self.engine.now)
        process = Process(
            fs=fs,
            clock=_EngineClock(self.engine),
            env=self.place.env,
            cwd=self.place.cwd,
            uid=1000,
            gid=1000,
            hostname=self.engine.hostname,
            stdin=stdin,
            programs={**APPLETS, "docker": docker, "sh": _sh},
            most_output=MEBIBYTE,
            dialect="gnu",
        )
        result = run_script(f"set -a; {line}", process)  # so that a variable is there on the next line, too
        self.place = Prompt(fs.upper, result.cwd, result.env)
        output = tuple((chunk.stream, chunk.data) for chunk in result.chunks)
        if not result.finished and not hints:
            hints.append("labkit: this goes on; a real terminal would wait here until you press Ctrl-C")
        if result.exit_code == 127 and not hints:
            hints += _unknown_command(line)
        return Result(output, result.exit_code, "\n".join(hints))

    def _docker(self, task: Task, argv: list[str], hints: list[str], mounts: MountTable) -> int:
        terminal = Terminal(
            self.engine,
            self.registries,
            self.network,
            self.platform,
            task.fs,
            mounts,
            task.cwd,
            tty=self.tty and isinstance(task.fds.get(1), Output),
            env=task.env,
            read_stdin=lambda: _rest(task.fds.get(0)),
            watch=self.watch,
        )
        task.run.step(_A_COMMAND)
        status = dispatch(terminal, argv)
        if {"save", "export", "cp"} & set(argv[:2]):
            # An archive is no text that is shown: it is as large as its image.
            task.run.printed -= sum(len(data) for stream, data in terminal.output if stream == 1)
        for stream, data in terminal.output:
            task.write(Content.of(data), stream)
        if status and not terminal.hint:
            terminal.hint = hint(terminal.errors)
        if terminal.hint and terminal.hint not in hints:
            hints.append(terminal.hint)
        return status


def dispatch(terminal: Terminal, words: Sequence[str]) -> int:
    """Run the words after `docker`; return the exit code."""
    try:
        call = parse(words)
        if isinstance(call, Printed):
            terminal.out(call.stdout)
            terminal.err(call.stderr)
            return 0
        return HANDLERS[call.command.action](terminal, call)
    except UsageError as error:
        terminal.err(error.text, error)
        terminal.hint = error.hint
        return error.exit_code
    except DaemonError as error:
        return terminal.daemon_error(error)
    except LabkitError as error:
        terminal.err(f"{error}\n", error)
        return error.exit_code


HINTS = {
    "no-such-image": "docker images lists what is here, docker pull {0} fetches an image",
    "no-such-container": "docker ps -a lists all containers, the stopped ones too",
    "no-such-object": "docker images and docker ps -a list what there is to inspect",
    "container-not-running": "docker start {0} starts it again, with what it wrote",
    "container-running": "docker stop {0} comes first, or docker rm -f {0}",
    "name-in-use": "docker rm {0} comes first; docker rmi -f would take only the name away",
    "image-of-running-container": "docker stop {0} and docker rm {0} come first",
    "image-of-stopped-container": "docker rm {0} comes first",
    "image-has-children": "an image made from it is still here: remove that one first",
    "image-has-several-names": "it has several names: remove one by one, or use -f",
    "container-name-taken": "docker rm {0} frees the name, or choose another one",
    "no-dockerfile": "write it first: printf 'FROM busybox\\nRUN ls\\n' > {0}",
    "not-in-context": "COPY and ADD take files of the directory that is built alone",
    "uppercase-name": "write the name in small letters",
    "invalid-reference": "a name looks like nginx, nginx:1.15.12 or team/app:v2",
    "no-such-program": "the image has no program named {0}",
    "no-such-program-file": "the image has no file {0}",
    "no-such-host": "names without a host, like nginx, need no network",
    "ENOENT": "a path that is not in the pretend home starts where labkit was started",
}
"""What to do next, by an error's code; {0} is its subject. Of several errors the first row counts."""


def hint(errors: Sequence[LabkitError]) -> str:
    """Return labkit's own line below some errors of Docker's, or "" where there is none.

    Docker's words stay as they are; the line is for somebody who meets them for the first time.

    >>> from labkit.base.errors import NotFound
    >>> hint([NotFound.of("container", "web")])
    'labkit: docker ps -a lists all containers, the stopped ones too'
    """
    subjects = {error.code: error.subject for error in reversed(errors)}
    found = (text.format(subjects[code]) for code, text in HINTS.items() if code in subjects)
    return next((f"labkit: {text}" for text in found), "")


def _unknown_command(line: str) -> list[str]:
    words = line.split()
    if not words or words[0] in ("docker", *APPLETS):
        return []
    close = difflib.get_close_matches(words[0], ["docker", *APPLETS], 1, 0.7)
    if close:
        return [f"labkit: did you mean '{' '.join([close[0], *words[1:]])}'?"]
    return ["labkit: this is a pretend home: docker and the everyday commands (ls, cat, grep …) work here"]
