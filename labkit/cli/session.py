"""A terminal session: one command line after another, run on an engine.

A line is a shell's line in a pretend home directory, where `docker` is one more command: pipes,
redirections and `$(docker ps -q)` work. The home is not the learner's real one. What docker's own commands
take as a file or a directory (build, load, save, import, export, cp) is there, too: see `places`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import chain
from typing import Any

from labkit.base.errors import FileSystemError, LabkitError, Unexpected, retold
from labkit.base.text import shown
from labkit.cli.parse import Printed, command_hint, parse
from labkit.cli.table import COMMANDS, WORDS, UsageError, find
from labkit.cli.terminal import HOME, Attach, Attached, Registries, Terminal, Watch, told_by_client
from labkit.engine import process, usage
from labkit.engine.engine import Engine
from labkit.engine.machine import MACHINE, Machine, Overlay
from labkit.engine.schedule import Network
from labkit.engine.state import Container, Shells, State
from labkit.go.moment import SECOND
from labkit.oci.content import Content
from labkit.oci.descriptor import Platform
from labkit.oci.tree import Dir
from labkit.shell.applets import APPLETS
from labkit.shell.run import resume
from labkit.shell.state import Waiting
from labkit.shell.streams import MAX_TEXT, MEBIBYTE, Output, Reader, TooMuch, endless
from labkit.shell.task import Process, Task
from labkit.storage.mounts import MountTable

_ENOUGH = 1 << 20
GOES_ON = "labkit: this goes on; a real terminal would wait here until you press Ctrl-C"
NOT_HERE = "labkit: this line went to the container, where no docker is: leave it with exit first"
NOBODY_TYPES = (
    "labkit: nothing more was typed, so that shell ended as with Ctrl-D. Type into a container in a cell of "
    "%%docker, in labkit shell, or with lab.type(line)"
)
_A_COMMAND = 400  # steps: docker's commands cost more than a shell's
_ENV = {"HOME": HOME, "PATH": "/usr/local/bin:/usr/bin:/bin", "USER": "learner", "PWD": HOME}


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


def _rest(reader: Reader) -> bytes:
    """Return what is left to read; a source without an end, such as /dev/zero, gives its beginning."""
    with retold(LabkitError, FileSystemError, start="read /dev/stdin: "):
        content = reader.rest()
    if not endless(content) and content.size > 2 * MAX_TEXT:
        raise TooMuch(f"docker reads at most {2 * MAX_TEXT // MEBIBYTE} MB of standard input")
    return content.read(0, _ENOUGH) if endless(content) else content.read()


def _text(output: Sequence[tuple[int, bytes]], streams: tuple[int, ...]) -> str:
    return b"".join(data for stream, data in output if stream in streams).decode("utf-8", "replace")


CTRL_C, CTRL_D, DETACH = "\x03", "\x04", "\x10\x11"
"""Keys that `Session.type` takes in place of a line; the last are Docker's own."""
KEYS = {CTRL_C: "Ctrl-C", CTRL_D: "Ctrl-D", DETACH: "Ctrl-P Ctrl-Q"}
_SLIDE = re.compile(r"\s*(?:\$ |#\s*(?=docker (\w+)))")
_PROMPT, _GOES_ON = "$ ", "> "
_AT_HOME = Waiting.started(_ENV, HOME, "bash")


@dataclass(frozen=True, slots=True)
class Again:
    """A line whose program reads what is typed: it runs again from where it began, with all of that."""

    state: State
    place: Prompt
    line: str | None
    typed: bytes = b""
    shown: int = 0
    """The bytes of output that were shown already."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where a session stands: its machine's files, the shell there, and what the terminal is connected to.

    `outer` are the shells around it, where `sh` was typed. `unread` are lines that are no whole command yet.
    """

    files: Dir = MACHINE
    overlays: tuple[Overlay, ...] = ()
    shell: Waiting = _AT_HOME
    outer: tuple[Waiting, ...] = ()
    attached: Attached | None = None
    unread: str = ""
    again: Again | None = None
    told: frozenset[str] = frozenset()
    """The hints that are given only once."""

    @property
    def lasting(self) -> object:
        """What a line can have changed: all but how it ended."""
        kept = ("cwd", "variables", "exported", "functions", "options")
        memory = [self.shell.memory.get(name) or None for name in kept]
        return self.files, self.overlays, self.attached, self.told, memory


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
        process.settle(self.engine)


@dataclass(slots=True)
class Session:
    """Runs command lines on an engine.

    `tty` says whether output goes to a terminal or notebook, where a pull leaves one line for each layer, or
    to a file or pipe, where each step is a line. A second of the engine's time passes with each line.
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
    dialect: str = "gnu"
    """Whose words the programs at the prompt speak."""
    _attach: Attached | None = None
    _hints: list[str] = field(default_factory=list)

    @property
    def attached(self) -> bool:
        """Tell whether what is typed goes to a container, or to a program that reads it."""
        return self.inside is not None or self.place.again is not None

    @property
    def at_home(self) -> bool:
        """Tell whether the next line is a new command at the home's prompt."""
        return not (self.attached or self.place.unread)

    @property
    def prompt(self) -> str:
        """What the terminal shows before the next line; "" where a program reads it."""
        if self.place.again:
            return ""
        if self.place.unread:
            return _GOES_ON
        found = self.inside
        return process.prompt_of(self.engine, *found) if found else _PROMPT

    def type(self, line: str) -> Result:
        """Take a line that is typed at the terminal, or a key; nothing that is typed raises an error.

        It goes where the last one has led: to the home's shell, a container's, or a program that reads it.
        A command that is not complete is read on with the lines that follow. See `Lab.type`.
        """
        return self._guarded(lambda: self._type(_plain(line)))

    def run(self, line: str, *, stdin: bytes | None = None) -> Result:
        """Run a command line at the home's prompt; nothing that is typed raises an error.

        `stdin` is its standard input: a pipe, or without it the terminal, at which nothing more is typed.
        An error that nobody foresaw ends the line with exit code 125 and puts back the state before it.

        >>> from labkit.engine.schedule import network
        >>> session = Session(Engine(), Registries({}), network("fast"), Platform("amd64", "linux"))
        >>> session.run("docker images").text
        'REPOSITORY   TAG       IMAGE ID   CREATED   SIZE\\n'
        """
        return self._guarded(lambda: self._run_alone(_plain(line), stdin))

    def _guarded(self, act: Callable[[], Result]) -> Result:
        before = self.engine.state, self.place
        try:
            return act()
        except Exception as error:
            self.engine.state, self.place = before
            return self.failed(error)

    def failed(self, error: Exception) -> Result:
        """Return the one line for a command that ended in an error which nobody foresaw."""
        told = Unexpected(error)
        self.log = told.log
        return Result(((2, f"{told}\n".encode()),), told.exit_code)

    @property
    def inside(self) -> tuple[Container, Shells] | None:
        """The container that the terminal types into, and its shells there."""
        attached = self.place.attached
        container = self.engine.state.containers.get(attached.container) if attached else None
        if attached is None or container is None or not container.running:
            return None
        shells = attached.exec or container.shells
        return (container, shells) if shells else None

    def _run_alone(self, line: str, stdin: bytes | None) -> Result:
        with self.apart():
            depth = len(self.place.outer)
            result = self._line(_without_prompt(line), stdin or b"", ended=True, pipe=stdin is not None)
            while self.inside:
                shown = self.prompt
                ended = self._line(None)
                result = _joined(result, _told(shown), ended, hint=NOBODY_TYPES if shown else "")
            while len(self.place.outer) > depth:
                result = _joined(result, self._end_shell())
        return result

    def _end_shell(self) -> Result:
        """End the innermost of the home's shells, as Ctrl-D does, and go on in the one around it."""
        status, (*outer, shell) = self.place.shell.memory["status"], self.place.outer
        self.place = replace(self.place, shell=shell, outer=tuple(outer))
        return self._at_home(process.keyboard(self.engine), status=status)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Be at home meanwhile, whatever the terminal is connected to: as in another terminal."""
        other = self.place
        self.place = replace(other, attached=None, unread="", again=None)
        try:
            yield
        finally:
            self.place = replace(self.place, attached=other.attached, unread=other.unread, again=other.again)

    def _type(self, line: str) -> Result:
        # late, as in shell/run.py: `import labkit` need not wait for it
        from labkit.shell.parser import complete

        place = self.place
        if place.again:
            return self._read_again(place.again, line)
        found = self.inside
        if line == DETACH and place.attached:
            words = "read escape sequence\r\n" if place.attached.detached else ""
            return self._leave(_told(words), place.attached.detached)
        if line == CTRL_C:
            self.place = replace(place, unread="")
            return self._line("(exit 130)")  # what is typed is dropped, and the status is that of SIGINT
        text: str | None = place.unread + (line if place.unread or found else _without_prompt(line))
        if line == CTRL_D:
            text = place.unread or None
        elif text is not None and not complete(text):
            self.place = replace(place, unread=f"{text}\n")
            return Result((), 0)
        self.place = replace(place, unread="")
        if text is None and found is None:
            return self._end_shell() if place.outer else Result((), 0)
        return self._line(text)

    def _line(
        self, text: str | None, typed: bytes = b"", *, ended: bool = False, pipe: bool = False
    ) -> Result:
        """Run a whole command where the terminal is, or without one end what the terminal types into.

        `typed` is there to be read; what reads more is run again once that has come.
        """
        before = Again(self.engine.state, self.place, text, typed)
        self.engine.advance(SECOND)
        process.settle(self.engine)
        found = self.inside
        reader = process.keyboard(self.engine, typed, ended=ended)
        reader.terminal = not pipe
        if found is None:
            self.place = replace(self.place, attached=None)
            result = self._at_home(reader, text=text)
        else:
            result = self._inside(*found, text, reader)
        if reader.asked:
            shown = sum(len(data) for _, data in result.output)
            self.place = replace(self.place, again=replace(before, shown=shown))
            return replace(result, hint="")
        return result

    def _read_again(self, again: Again, line: str) -> Result:
        """Run a line again, from where it began, with one more line for its program, or the end of them."""
        if line == CTRL_C:
            self.place = replace(self.place, again=None)
            return Result((), 130)
        self.engine.state, self.place = again.state, again.place
        typed = again.typed + (b"" if line == CTRL_D else f"{line}\n".encode())
        result = self._line(again.line, typed, ended=line == CTRL_D)
        return replace(result, output=_after(result.output, again.shown))

    def _inside(self, container: Container, shells: Shells, text: str | None, reader: Reader) -> Result:
        """Run a line in a container's shells."""
        name = str(shells.waiting[-1].memory["arg0"])
        done, left = process.type_into(self.engine, container, shells, text, reader)
        output = tuple((chunk.stream, chunk.data) for chunk in done.chunks)
        if shells.tty:
            ends = () if text is not None else ((1, b"exit\n" if name.endswith("bash") else b"\n"),)
            output = tuple((1, data.replace(b"\n", b"\r\n")) for _, data in (*ends, *output))
        stray = NOT_HERE if done.exit_code == 127 and (text or "").startswith("docker") else ""
        result = Result(output, done.exit_code, stray if done.finished else GOES_ON)
        if left is None:
            return self._leave(result, done.exit_code)
        if self.place.attached and self.place.attached.exec:
            self.place = replace(self.place, attached=replace(self.place.attached, exec=left))
        return result

    def _leave(self, result: Result, status: int) -> Result:
        """Be at home again, and run what stood after the docker command that has ended."""
        attached = self.place.attached
        if attached is None:
            return Result((), 0)
        self.place = replace(self.place, attached=None, shell=self.place.shell.after(status, attached.rest))
        return _joined(result, self._at_home(process.keyboard(self.engine), status=status))

    def _at_home(self, stdin: Reader, *, text: str | None = None, status: int = 0) -> Result:
        """Let the home's shell run a text, or go on after a docker command that has ended with a status."""
        self._hints = []
        fs = Machine(self.engine, self.place.files, self.place.overlays)
        keyboard = stdin if stdin.terminal else None
        machine = Process(
            fs=fs,
            clock=_EngineClock(self.engine),
            env=_ENV,
            cwd=self.place.shell.memory["cwd"],
            uid=1000,
            gid=1000,
            hostname=self.engine.hostname,
            stdin=stdin,
            programs={
                **APPLETS,
                "docker": lambda task, argv: self._docker(task, argv, fs, keyboard),
                "sh": lambda task, argv: task.run.shell(task, ["sh", *argv]),
                "bash": lambda task, argv: task.run.shell(task, ["bash", *argv]),
            },
            most_output=MEBIBYTE,
            space=lambda: usage.space(self.engine),
            mounts=fs,
            dialect=self.dialect,
        )
        done = resume([*self.place.outer, self.place.shell], machine, text=text, status=status)
        *outer, shell = done.shells
        attached = replace(self._attach, rest=shell.rest) if self._attach else None
        self._attach = None
        place = replace(self.place, files=fs.disk, overlays=fs.overlays)
        self.place = replace(place, shell=shell, outer=tuple(outer), attached=attached)
        output = tuple((chunk.stream, chunk.data) for chunk in done.chunks)
        if not done.finished and not self._hints:
            self._hints.append(GOES_ON)
        if done.exit_code == 127 and not self._hints:
            self._hints += _unknown_command(text or "")
        return Result(output, done.exit_code, "\n".join(self._hints))

    def _docker(self, task: Task, argv: list[str], mounts: MountTable, keyboard: Reader | None) -> int:
        output, given = task.fds.get(1), task.fds.get(0)
        reader = given if isinstance(given, Reader) else None
        shown = reader is keyboard and isinstance(output, Output)
        terminal = Terminal(
            self.engine,
            self.registries,
            self.network,
            self.platform,
            task.fs,
            mounts,
            task.cwd,
            tty=self.tty and isinstance(output, Output),
            env=task.env,
            stdin=lambda: _rest(reader) if reader and reader is not keyboard else b"",
            keyboard=keyboard if shown else None,
            reader=reader if shown or reader is not keyboard else None,
            watch=self.watch,
        )
        task.run.step(_A_COMMAND)
        try:
            status = dispatch(terminal, argv)
        except Attach as attach:
            self._attach = attach.attached
            raise
        finally:
            task.run.printed -= terminal.archived  # which the limit of what is printed does not count
            for stream, data in terminal.output:
                task.write(Content.of(data), stream)
        which, news = terminal.news
        if status and not terminal.hint:
            terminal.hint = hint(terminal.errors)
        elif news and not status and which not in self.place.told:
            self.place = replace(self.place, told=self.place.told | {which})
            terminal.hint = terminal.hint or news
        if terminal.hint and terminal.hint not in self._hints:
            self._hints.append(terminal.hint)
        return status


def _plain(line: str) -> str:
    """Return a line without what no terminal and no argument of a program can have."""
    return line.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "")


def _without_prompt(line: str) -> str:
    """Return a line without the sign before it on a slide: `$ `, or `# ` before a docker command."""
    found = _SLIDE.match(line)
    known = found and (found[1] is None or find(COMMANDS[""], found[1]))
    return line[found.end() :] if found and known else line


def _told(text: str) -> Result:
    return Result(((1, text.encode()),), 0)


def _joined(*results: Result, hint: str = "") -> Result:
    """Return results as one, with the last one's exit code and all hints."""
    output = tuple(chain.from_iterable(each.output for each in results))
    hints = dict.fromkeys(filter(None, [*(each.hint for each in results), hint]))
    return Result(output, results[-1].exit_code, "\n".join(hints))


def keystrokes(session: Session, text: str) -> Iterator[tuple[str, str]]:
    """Yield what is typed where nobody sits at the terminal: the lines of a text.

    Then comes Ctrl-D, as long as a container or a program reads. Each comes with what a terminal shows of it;
    it must have been typed when the next one is asked for.
    """
    with session.apart():
        for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n"):
            if session.at_home:
                line = _without_prompt(line).strip()
            if line or not session.at_home:
                yield f"{session.prompt}{line}\n", line
        while not session.at_home:
            yield session.prompt, CTRL_D


def answer(session: Session, result: Result) -> str:
    """Return the text of what was typed last as those show it who show the exit codes of the home's lines."""
    if session.attached:
        return result.text
    end = "\n" if result.text and not result.text.endswith("\n") else ""
    return f"{result.text}{end}" + (f"[exit {result.exit_code}]\n" if result.exit_code else "")


def _after(output: Sequence[tuple[int, bytes]], size: int) -> tuple[tuple[int, bytes], ...]:
    """Return output without its first bytes."""
    left = []
    for stream, data in output:
        left.append((stream, data[size:]))
        size = max(size - len(data), 0)
    return tuple(each for each in left if each[1])


def dispatch(terminal: Terminal, words: Sequence[str]) -> int:
    """Run the words after `docker`; return the exit code."""
    try:
        call = parse(words)
        if isinstance(call, Printed):
            terminal.out(call.stdout)
            terminal.err(call.stderr)
            return 0
        module, _, function = call.command.run.rpartition(".")
        handler = getattr(import_module(f"labkit.cli.{module}"), function)  # when a command first needs it
        return int(handler(terminal, call))
    except UsageError as error:
        terminal.err(error.text, error)
        terminal.hint = error.hint or terminal.hint
        return error.exit_code
    except LabkitError as error:
        terminal.err(f"{told_by_client(error)}\n", error)
        return error.exit_code


HINTS = WORDS["hints"]
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
    if words[:1] == ["docker-compose"]:
        return [command_hint(COMMANDS[""], ["compose"])]
    if words and words[0] in WORDS["own"]:
        return [command_hint(COMMANDS[""], words)]
    if not words or words[0] in ("docker", *APPLETS):
        return []
    if words[0] in WORDS["programs"]:
        return [f"labkit: {WORDS['programs'][words[0]]}"]
    known = ["docker", *(each for each in APPLETS if each not in WORDS["writers"]["names"].split())]
    close = difflib.get_close_matches(words[0], known, 1, 0.7)
    if close:
        return [f"labkit: did you mean '{' '.join([close[0], *words[1:]])}'?"]
    return ["labkit: this is a pretend home: docker and the everyday commands (ls, cat, grep …) work here"]
