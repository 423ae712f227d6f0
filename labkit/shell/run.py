"""The shell's front door: run a program, or a script's text, in a container's file system."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from labkit.base.errors import FileSystemError
from labkit.oci.content import Content
from labkit.shell.conversions import basename, replaced, strerror
from labkit.shell.launch import execute
from labkit.shell.lookup import ExecNotFound, find_program
from labkit.shell.streams import Output, Reader, TooMuch, WouldRunForever
from labkit.shell.task import Chunk, CommandError, Completed, Descriptors, Process, Run, Task

if TYPE_CHECKING:
    from labkit.shell.interp import Shell

# `sh` as a program: its options, and where its script comes from (POSIX.1-2017, sh).


def main(task: Task, argv: Sequence[str]) -> int:
    """Run `sh` with its arguments in a task and return the exit code."""
    options: set[str] = set()
    rest = list(argv[1:])
    while rest and rest[0][:1] in "-+" and len(rest[0]) > 1:
        flags = rest.pop(0)
        if flags == "--":
            break
        for flag in flags[1:]:
            if flag not in "ceilsux":
                task.err(f"{argv[0]}: illegal option -{flag}\n")
                return 2
            options.add(flag)
    shell = _shell(task, argv[0], options, _flavour(task, argv[0]))
    if "c" in options and not rest:
        shell.message("-c requires an argument")
        return 2
    return shell.until_exit(lambda: _input(shell, rest))


def _flavour(task: Task, name: str) -> str:
    """Return which shell a program is: where its link leads, `sh` alone says it for busybox and Debian."""
    path = name
    with contextlib.suppress(ExecNotFound, FileSystemError):
        path = find_program(task, name)
        path = task.fs.readlink(task.path(path))
    found = basename(path)
    if found in ("bash", "dash"):
        return found
    return "dash" if found == "sh" and task.run.process.dialect == "gnu" else "ash"


def _input(shell: Shell, rest: list[str]) -> int:
    """Run the script that is the operand of -c, a file or standard input."""
    if "c" in shell.options:
        text, shell.arguments = rest[0], rest[2:]
        shell.arg0 = rest[1] if len(rest) > 1 else shell.arg0
        return shell.run_text(text, int(shell.flavour != "ash"))
    if not rest or "s" in shell.options:
        shell.arguments = rest
        return shell.run_text(shell.task.text(shell.task.stdin()), int(shell.flavour != "ash"))
    path = rest[0]
    try:
        text = shell.task.text(shell.task.open_read(path))
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        return 2
    shell.arg0 = shell.script = path
    shell.arguments = rest[1:]
    return shell.run_text(text, 1)


def run_command(argv: Sequence[str], process: Process) -> Completed:
    """Run a program as execve would: argv's first word is a path or is searched on PATH.

    Raises ExecNotFound where there is nothing to run; virtual time passes on the process' clock.
    """
    task = _start(process, argv[0] if argv else "")
    if not argv:
        raise ExecNotFound("", "not found in $PATH")
    words = [replaced(word) for word in argv]
    return _run(task, lambda: execute(task, words))


def run_script(text: str, process: Process, *, name: str = "sh") -> Completed:
    """Run a text as `sh -c` does, without a shell in the file system; a prompt of GNU's is bash's."""
    name, flavour = ("bash", "bash") if process.dialect == "gnu" else (name, "ash")
    task = _start(process, name)
    task.env.pop("SHLVL", None)
    shell = _shell(task, name, flavour=flavour)
    return _run(task, lambda: shell.until_exit(lambda: shell.run_text(replaced(text))), shell)


def _shell(task: Task, name: str, options: Iterable[str] = (), flavour: str = "ash") -> Shell:
    # Late, as it brings the parser and with it most of the shell, for which `import labkit` need not wait.
    from labkit.shell.interp import Shell

    return Shell(task, name, options=set(options), flavour=flavour)


def _start(process: Process, name: str) -> Task:
    """Return the first task of a command, with its standard files."""
    run = Run(process, execute, main, text=sum(map(len, process.env.values())))
    stdin = Reader.of(Content.of(process.stdin), process.clock)
    fds: Descriptors = {0: stdin, 1: Output(run.emit, 1), 2: Output(run.emit, 2)}
    env = {replaced(key): replaced(value) for key, value in process.env.items()}
    return Task(run, name, env, process.cwd, fds, dialect=process.dialect)


def _run(task: Task, body: Callable[[], int], shell: Shell | None = None) -> Completed:
    run, clock = task.run, task.run.process.clock
    finished, status = True, 0
    try:
        status = body()
    except WouldRunForever:
        finished = False
    except TooMuch as limit:
        status, shell = 137, None  # as the kernel ends a process that takes all the memory: 128 + SIGKILL
        line = f"labkit: {limit}, and ends there\n".encode()
        cut = run.chunks and not run.chunks[-1].data.endswith(b"\n")
        run.chunks.append(Chunk(2, Content.of(b"\n" * bool(cut) + line), clock.now - run.started))
    except CommandError as error:
        status = task.fail(str(error), error.status)
    except RecursionError:
        status = task.fail("too many nested commands", 139)
    duration = clock.now - run.started
    chunks = sorted(
        (chunk for chunk in run.chunks if not finished or chunk.at <= duration), key=lambda chunk: chunk.at
    )
    env = task.env if shell is None else shell.environment()
    return Completed(status, tuple(chunks), duration, finished, task.cwd, env)
