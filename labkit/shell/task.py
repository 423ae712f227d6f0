"""A process inside a container: what it is given, what it leaves, and what its commands see of it."""

from __future__ import annotations

import contextlib
import errno
import importlib
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import join
from typing import Any

from labkit.base.errors import FileSystemError
from labkit.go.moment import SECOND
from labkit.oci.content import EMPTY, Content
from labkit.oci.tree import Device
from labkit.shell import speech, streams
from labkit.shell.conversions import decode, encode, strerror
from labkit.shell.files import Files, Mounts, Stat, UserFiles
from labkit.shell.streams import Clock, Reader, Sink, TooMuch, WouldRunForever

# Whether a command ever ends cannot be known in general, so limits decide: on its steps, which are commands
# and their system calls, and on the virtual time that it takes. What is stopped there is not in error; it
# counts as a service that goes on running. A stage of a pipeline that hangs, and what runs in the background,
# give their steps back, hence the second limit, on all steps that were ever taken.
MAX_STEPS = 200_000
MAX_TIME = 24 * 3600 * SECOND
_MAX_PIECES = 1 << 16
Descriptors = dict[int, Reader | Sink]


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
class Completed:
    """What a command left: `finished` is False where it would run for ever.

    `shells` wait for what will be typed, the innermost last (see `shell.state.Waiting`).
    """

    exit_code: int
    chunks: tuple[Chunk, ...]
    duration_ns: int
    finished: bool
    shells: tuple[Any, ...] = ()

    def output(self, stream: int | None = None) -> bytes:
        """Return what was written to one stream, or to both in order."""
        return b"".join(chunk.data for chunk in self.chunks if stream in (None, chunk.stream))


@dataclass(frozen=True, slots=True)
class Process:
    """What a command starts with.

    `programs` adds commands that are found before those on PATH. `on_unknown` runs a program that is in
    the file system but that no applet imitates; it takes the task, the path and argv, and gives the exit
    code, or None for "not found". `most_output` is how many bytes may be printed, `dialect` whose words the
    programs speak (`speech.dialect_of`). `stdin` is what is there to be read, or an open terminal; with `tty`
    a shell that reads it is an interactive one. `space` tells the bytes of the disk, and those in use;
    `mounts` is there where root may mount.
    """

    fs: Files
    clock: Clock
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = "/"
    uid: int = 0
    gid: int = 0
    hostname: str = "localhost"
    stdin: bytes | Reader = b""
    tty: bool = False
    kernel: str = "6.1.0"
    programs: Mapping[str, Applet | Program] = field(default_factory=dict)
    on_unknown: Callable[[Task, str, Sequence[str]], int | None] | None = None
    most_output: int = 16 * streams.MEBIBYTE
    dialect: str = "busybox"
    space: Callable[[], tuple[int, int]] = lambda: (0, 0)
    mounts: Mounts | None = None


@dataclass(slots=True)
class Run:
    """What all tasks of one command share: its output, its clock and how far it may still go.

    `execute` starts a program and `shell` runs `sh`: a command that runs others, and a script found on
    PATH, get them from here, as the modules that have them stand above the commands.
    """

    process: Process
    execute: Callable[[Task, Sequence[str]], int]
    shell: Callable[[Task, Sequence[str]], int]
    chunks: list[Chunk] = field(default_factory=list)
    steps: int = 0
    total_steps: int = 0
    printed: int = 0
    text: int = 0
    next_pid: int = 2
    started: int = field(init=False)
    fs: Files = field(init=False)

    def __post_init__(self) -> None:
        process = self.process
        self.started = process.clock.now
        self.fs = UserFiles(process.fs, process.uid, process.gid) if process.uid else process.fs

    def emit(self, stream: int, content: Content) -> None:
        """Record output; raises TooMuch at the limit."""
        room = self.process.most_output - self.printed
        self.printed += content.size
        kept = content.slice(0, room) if content.size > room else content
        self.chunks.append(Chunk(stream, kept, self.process.clock.now - self.started))
        if kept is not content:
            raise TooMuch(f"a command prints at most {self.process.most_output // streams.MEBIBYTE} MB here")

    def hold(self, size: int) -> None:
        """Count text that is in memory, in bytes; raises TooMuch at the limit."""
        # What is given back is not counted off. So the limit bounds the work with text, too.
        self.text += size
        if self.text > streams.MAX_TEXT:
            raise TooMuch(f"a command holds at most {streams.MAX_TEXT // streams.MEBIBYTE} MB of text")

    def step(self, count: int = 1) -> None:
        """Count commands and system calls; raises WouldRunForever at the limit."""
        self.steps += count
        self.total_steps += count
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


@contextlib.contextmanager
def saying(words: str) -> Iterator[None]:
    """Raise CommandError where a system call fails: what could not be done, and why."""
    try:
        yield
    except FileSystemError as error:
        raise CommandError(f"{words}: {strerror(error)}") from None


class UsageError(Exception):
    """Options or operands that a command does not take; its usage is shown."""


@dataclass(slots=True)
class Task:
    """One process: its name, environment, directory and open files."""

    run: Run
    name: str
    env: dict[str, str]
    cwd: str
    fds: Descriptors
    pid: int = 1
    depth: int = 0
    builtin: str = ""
    """Which of a shell's own builtins this is, if it is one: its messages start with the shell's name."""
    dialect: str = "busybox"
    """Whose words this speaks: "busybox", "gnu", or a shell's flavour."""

    @property
    def fs(self) -> Files:
        """The file system, as this process may use it; asking for it is a step, as a system call is."""
        self.run.step()
        return self.run.fs

    @property
    def now(self) -> int:
        """The virtual time."""
        return self.run.process.clock.now

    def child(
        self, name: str = "", env: Mapping[str, str] | None = None, fds: Descriptors | None = None
    ) -> Task:
        """Return a copy whose directory, environment and open files are its own."""
        return replace(
            self,
            name=name or self.name,
            env=dict(self.env if env is None else env),
            fds=dict(self.fds if fds is None else fds),
            depth=self.depth + 1,
        )

    # Output

    def write(self, content: Content, fd: int = 1) -> None:
        """Write to an open file; raises CommandError in the words "write error"."""
        sink = self.fds.get(fd)
        self.run.step()
        if len(content.pieces) > _MAX_PIECES:
            raise TooMuch("a file has at most 65536 pieces here")
        try:  # not `saying`: this is done for each line
            if sink is None or isinstance(sink, Reader):
                raise FileSystemError(errno.EBADF)
            sink.write(content)
        except FileSystemError as error:
            raise CommandError(f"write error: {strerror(error)}") from None

    def out(self, text: str) -> None:
        """Write text to standard output."""
        self.print(encode(text))

    def print(self, data: bytes, fd: int = 1) -> None:
        """Write bytes that are in memory."""
        self.run.hold(len(data))
        self.write(Content.of(data), fd)

    def text(self, reader: Reader) -> str:
        """Return all that a reader has left, as text; nothing where it cannot be read."""
        if reader.error:
            return ""
        content = reader.rest()
        self.run.hold(0 if streams.endless(content) else content.size)
        return decode(b"".join(streams.bounded(content)))

    def err(self, text: str) -> None:
        """Write text to standard error; nobody hears of a failure."""
        with contextlib.suppress(CommandError):
            self.print(encode(text), 2)

    def fail(self, message: str, status: int = 1) -> int:
        """Print an error after the command's name and give its exit code."""
        program = self.builtin or self.name
        self.err(f"{self.name}: {speech.said(self.dialect, program, message)}\n")
        return speech.status(self.dialect, program, status)

    def failure(self, what: str, error: FileSystemError) -> int:
        """Print what could not be done and why: `rm: can't remove 'x': No such file or directory`."""
        return self.fail(f"{what}: {strerror(error)}")

    def each(self, operands: Iterable[str], act: Callable[[str], object], words: str = "{}: {}") -> int:
        """Do something with each operand, print which failed and why, and give the exit code."""
        status = 0
        for operand in operands:
            try:
                act(operand)
            except FileSystemError as error:
                status = self.fail(words.format(operand, strerror(error)))
        return status

    def each_below(
        self, paths: Iterable[str], act: Callable[[str, Stat], object], *, deep: bool, follow: bool = False
    ) -> int:
        """Do something with each path and, if `deep`, with all that is below it; give the exit code."""
        status, todo = 0, list(paths)[::-1]
        while todo:
            path = todo.pop()
            try:
                found = self.fs.stat(self.path(path), follow)
                act(path, found)
                if deep and stat.S_ISDIR(found.mode):
                    todo += [join(path, name) for name in reversed(self.listdir(path))]
            except FileSystemError as error:
                status = self.failure(path, error)
        return status

    def path(self, path: str) -> str:
        """Return a path as an absolute one."""
        if not path:
            raise FileSystemError(errno.ENOENT, path)
        return join(self.cwd, path)

    def stat(self, path: str, follow: bool = True) -> Stat | None:
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

    def descriptor(self, path: str) -> int | None:
        """Return the number of the open file that /dev/stdout, or a link to it, stands for."""
        path = self.path(path)
        for _ in range(10):
            match = re.fullmatch(r"/(?:dev|proc/self)/fd/([0-9]{1,9})", path)
            if match:
                return int(match[1])
            try:
                path = join(path.rpartition("/")[0] or "/", self.fs.readlink(path))
            except FileSystemError:
                return None
        return None

    def open_read(self, path: str) -> Reader:
        """Open a file to read; raises FileSystemError."""
        if path == "-":
            return self.stdin()
        clock, fd = self.run.process.clock, self.descriptor(path)
        if fd is not None:
            reader = self.fds.get(fd)
            return reader if isinstance(reader, Reader) else Reader([], clock)
        found = self.fs.stat(self.path(path), True)
        if isinstance(found.node, Device) and found.node.minor in streams.DEVICES:
            return Reader.of(streams.DEVICES[found.node.minor], clock)
        if stat.S_ISDIR(found.mode):
            return Reader([], clock, error=errno.EISDIR)
        return Reader.of(self.fs.content(self.path(path)), clock)

    def open_write(self, path: str, *, append: bool = False) -> Sink:
        """Open a file to write, created or cut to nothing unless `append`; raises FileSystemError."""
        fd = self.descriptor(path)
        if fd is not None:
            sink = self.fds.get(fd)
            if sink is None or isinstance(sink, Reader):
                raise FileSystemError(errno.ENXIO, path)
            return sink
        found = self.stat(path)
        if found is not None and isinstance(found.node, Device) and found.node.minor in streams.DEVICES:
            return streams.NULL
        path = self.path(path)
        (self.fs.append if append else self.fs.write)(path, EMPTY)
        return streams.OpenFile(self.fs, path, append)

    def listdir(self, path: str) -> list[str]:
        """Return the sorted names in a directory; raises FileSystemError."""
        return self.fs.listdir(self.path(path))


Program = Callable[[Task, list[str]], int]


@dataclass(frozen=True, slots=True)
class Applet:
    """A command of busybox's: where its function is, its operands as its usage shows them, and the exit
    code after wrong usage. The module, which stands above this one, is imported when it is first run.

    `options` is what `applets.options.parse` is given to read its words; without it the function reads them.
    """

    run: str
    usage: str = ""
    usage_status: int = 1
    options: Mapping[str, Any] | None = None

    def load(self) -> Callable[[Task, Any], int]:
        """Return the function, which takes a task and Options, or a list of words."""
        module, _, function = self.run.partition(".")
        found: Callable[[Task, Any], int]
        found = getattr(importlib.import_module(f"labkit.shell.applets.{module}"), function)
        return found
