"""A process inside a container: what it is given, what it leaves, and what its commands see of it."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labkit.engine.shell.streams import (
    DEVICES,
    STANDARD,
    Clock,
    Null,
    OpenFile,
    Pipe,
    Reader,
    Sink,
    Terminal,
    WouldRunForever,
    bounded,
)
from labkit.engine.shell.words import basename, decode, encode, join, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import EMPTY, Content

SECOND = 1_000_000_000
MAX_STEPS = 100_000
MAX_TIME = 24 * 3600 * SECOND
VERSION = "BusyBox v1.35.0 multi-call binary."
_BY_NUMBER = {(1, 3): "/dev/null", (1, 5): "/dev/zero", (1, 7): "/dev/full", (1, 8): "/dev/random",
              (1, 9): "/dev/urandom", (5, 0): "/dev/tty"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was written at once to standard output (1) or standard error (2), `at` ns after the start."""

    stream: int
    content: Content
    at: int

    @property
    def data(self) -> bytes:
        """The bytes."""
        return self.content.read()


@dataclass(frozen=True, slots=True)
class Result:
    """What a command left: `finished` is False where it would run for ever."""

    exit_code: int
    chunks: tuple[Chunk, ...]
    duration_ns: int
    finished: bool
    cwd: str
    env: Mapping[str, str]

    def output(self, stream: int | None = None) -> bytes:
        """Return what was written to one stream, or to both in order."""
        return b"".join(chunk.data for chunk in self.chunks if stream in (None, chunk.stream))


@dataclass(frozen=True, slots=True)
class Process:
    """What a command starts with. `fs` is a Mount, or anything with its methods.

    `programs` adds commands that are found before those on PATH. `on_unknown` runs a program that is in
    the file system but that no applet imitates; it takes the task, the path and argv, and gives the exit
    code, or None for "not found".
    """

    fs: Any
    clock: Clock
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    uid: int = 0
    gid: int = 0
    hostname: str = "localhost"
    stdin: bytes = b""
    kernel: str = "6.1.0"
    programs: Mapping[str, Program | Applet] = field(default_factory=dict)
    on_unknown: Callable[[Task, str, Sequence[str]], int | None] | None = None


@dataclass(slots=True)
class Run:
    """What all tasks of one command share: its output, its clock and how far it may still go."""

    process: Process
    execute: Callable[[Task, Sequence[str]], int]
    chunks: list[Chunk] = field(default_factory=list)
    steps: int = 0
    total_steps: int = 0
    next_pid: int = 2
    started: int = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.process.clock.now

    def emit(self, stream: int, content: Content) -> None:
        """Record output."""
        self.chunks.append(Chunk(stream, content, self.process.clock.now - self.started))

    def step(self) -> None:
        """Count a command; raises WouldRunForever at the limit."""
        self.steps += 1
        self.total_steps += 1
        if self.steps > MAX_STEPS or self.total_steps > 3 * MAX_STEPS:
            raise WouldRunForever

    def sleep(self, nanoseconds: int) -> None:
        """Let virtual time pass; raises WouldRunForever at the limit."""
        clock = self.process.clock
        limit = self.started + MAX_TIME
        if clock.now + nanoseconds > limit:
            raise WouldRunForever
        clock.now += nanoseconds


class CommandError(Exception):
    """A command's one-line error; the command's name is put before it."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


class UsageError(Exception):
    """Options or operands that a command does not take; its usage is shown."""


@dataclass(slots=True)
class Task:
    """One process: its name, environment, directory and open files."""

    run: Run
    name: str
    env: dict[str, str]
    cwd: str
    fds: dict[int, Reader | Sink]
    umask: int = 0o022
    pid: int = 1
    depth: int = 0
    in_shell: bool = False
    """Whether this is a shell's own builtin, whose messages start with the shell's name."""

    @property
    def fs(self) -> Any:
        """The file system."""
        return self.run.process.fs

    @property
    def now(self) -> int:
        """The virtual time."""
        return self.run.process.clock.now

    def child(
        self,
        name: str | None = None,
        *,
        env: dict[str, str] | None = None,
        fds: dict[int, Reader | Sink] | None = None,
    ) -> Task:
        """Return a copy whose directory, environment and open files are its own."""
        return Task(
            self.run,
            self.name if name is None else name,
            dict(self.env) if env is None else env,
            self.cwd,
            dict(self.fds) if fds is None else fds,
            self.umask,
            self.pid,
            self.depth + 1,
            self.in_shell,
        )

    # Output

    def write(self, content: Content, fd: int = 1) -> None:
        """Write to an open file; raises CommandError in the words "write error"."""
        sink = self.fds.get(fd)
        try:
            if sink is None or isinstance(sink, Reader):
                raise FileSystemError(errno.EBADF)
            sink.write(content)
        except FileSystemError as error:
            raise CommandError(f"write error: {strerror(error)}") from None

    def out(self, text: str) -> None:
        """Write text to standard output."""
        self.write(Content.of(encode(text)))

    def err(self, text: str) -> None:
        """Write text to standard error; nobody hears of a failure."""
        sink = self.fds.get(2)
        if sink is not None and not isinstance(sink, Reader):
            try:
                sink.write(Content.of(encode(text)))
            except FileSystemError:
                return

    def fail(self, message: str, status: int = 1) -> int:
        """Print an error after the command's name and give its exit code."""
        self.err(f"{self.name}: {message}\n")
        return status

    def failure(self, what: str, error: FileSystemError) -> int:
        """Print what could not be done and why: `rm: can't remove 'x': No such file or directory`."""
        return self.fail(f"{what}: {strerror(error)}")

    # Files

    def path(self, path: str) -> str:
        """Return a path as an absolute one."""
        if not path:
            raise FileSystemError(errno.ENOENT, path)
        return join(self.cwd, path)

    def stat(self, path: str, follow: bool = True) -> Any:
        """Return what the file system tells of a path, or None where it tells nothing."""
        try:
            return self.fs.stat(self.path(path), follow)
        except FileSystemError:
            return None

    def is_dir(self, path: str, follow: bool = True) -> bool:
        """Tell whether a path is a directory."""
        found = self.stat(path, follow)
        return found is not None and stat.S_ISDIR(found.mode)

    def stdin(self) -> Reader:
        """Return what standard input is read from."""
        reader = self.fds.get(0)
        if isinstance(reader, Reader):
            return reader
        return Reader([], self.run.process.clock, error=errno.EBADF)

    def device(self, path: str) -> str | None:
        """Return the name under /dev of the device that a path leads to, if it leads to one."""
        path = self.path(path)
        for _ in range(10):
            if path in DEVICES or path in STANDARD or path == "/dev/tty":
                return path
            if path.startswith(("/dev/fd/", "/proc/self/fd/")):
                return {"0": "/dev/stdin", "1": "/dev/stdout", "2": "/dev/stderr"}.get(basename(path))
            found = self.stat(path, False)
            if found is None:
                return None
            if stat.S_ISCHR(found.mode):
                return _BY_NUMBER.get((found.node.major, found.node.minor), "/dev/tty")
            if not stat.S_ISLNK(found.mode):
                return None
            path = join(path.rpartition("/")[0] or "/", self.fs.readlink(path))
        return None

    def open_read(self, path: str) -> Reader:
        """Open a file to read; raises FileSystemError."""
        if path == "-":
            return self.stdin()
        clock = self.run.process.clock
        device = self.device(path)
        if device == "/dev/tty":
            raise FileSystemError(errno.ENXIO, path)
        if device in STANDARD:
            reader = self.fds.get(STANDARD[device])
            return reader if isinstance(reader, Reader) else Reader([], clock)
        if device is not None:
            return Reader.of(DEVICES[device], clock)
        found = self.fs.stat(self.path(path), True)
        if stat.S_ISDIR(found.mode):
            return Reader([], clock, error=errno.EISDIR)
        if stat.S_ISFIFO(found.mode):
            return Reader([], clock, hangs=True)
        return Reader.of(self.fs.content(self.path(path)), clock)

    def open_write(self, path: str, *, append: bool = False) -> Sink:
        """Open a file to write, created or cut to nothing unless `append`; raises FileSystemError."""
        device = self.device(path)
        if device == "/dev/tty":
            raise FileSystemError(errno.ENXIO, path)
        if device in STANDARD:
            sink = self.fds.get(STANDARD[device])
            if sink is None or isinstance(sink, Reader):
                raise FileSystemError(errno.ENXIO, path)
            return sink
        if device is not None:
            return Null(full=device == "/dev/full")
        path = self.path(path)
        if self.is_dir(path):
            raise FileSystemError(errno.EISDIR, path)
        if append:
            self.fs.append(path, EMPTY, 0o666 & ~self.umask)
        else:
            self.fs.write(path, EMPTY, 0o666 & ~self.umask)
        return OpenFile(self.fs, path, append)

    def save(self, path: str, content: Content) -> None:
        """Write a whole file."""
        self.open_write(path).write(content)

    def listdir(self, path: str) -> list[str]:
        """Return the sorted names in a directory; raises FileSystemError."""
        return list(self.fs.listdir(self.path(path)))


Program = Callable[[Task, list[str]], int]


@dataclass(frozen=True, slots=True)
class Applet:
    """A command, its operands as its usage shows them, and the exit code after wrong usage."""

    function: Program
    usage: str = ""
    usage_status: int = 1


def start(process: Process, execute: Callable[[Task, Sequence[str]], int], name: str) -> Task:
    """Return the first task of a command, with its standard files."""
    run = Run(process, execute)
    fds: dict[int, Reader | Sink] = {
        0: Reader.of(Content.of(process.stdin), process.clock),
        1: Terminal(run.emit, 1),
        2: Terminal(run.emit, 2),
    }
    return Task(run, name, dict(process.env), process.cwd, fds)


def capture(task: Task) -> tuple[Task, Pipe]:
    """Return a child of the task whose output goes into a pipe, and the pipe."""
    pipe = Pipe(task.run.process.clock)
    return task.child(fds={**task.fds, 1: pipe}), pipe


def text_of(pipe: Pipe) -> str:
    """Return all that was written to a pipe, as text; raises WouldRunForever where that has no end."""
    return decode(b"".join(chunk for _, content in pipe.segments for chunk in bounded(content)))
