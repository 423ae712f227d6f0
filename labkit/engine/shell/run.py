"""The shell's front door: run a program, or a script's text, in a container's file system."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from labkit.engine.shell.launch import execute
from labkit.engine.shell.lookup import ExecNotFound
from labkit.engine.shell.streams import Reader, Terminal, WouldRunForever
from labkit.engine.shell.task import CommandError, OpenFiles, Process, Result, Run, Task
from labkit.oci.content import Content

if TYPE_CHECKING:
    from labkit.engine.shell.interp import Shell


def run_command(argv: Sequence[str], process: Process) -> Result:
    """Run a program as execve would: argv's first word is a path or is searched on PATH.

    Raises ExecNotFound where there is nothing to run; virtual time passes on the process' clock.
    """
    task = _start(process, argv[0] if argv else "")
    if not argv:
        raise ExecNotFound("", "not found in $PATH")
    return _run(task, lambda: execute(task, argv))


def run_script(text: str, process: Process, *, name: str = "sh") -> Result:
    """Run a text as `sh -c` does, without a shell in the file system."""
    from labkit.engine.shell.interp import (
        Shell,
    )  # most of the shell, which importing labkit need not wait for

    task = _start(process, name)
    shell = Shell(task, name)
    return _run(task, lambda: shell.until_exit(lambda: shell.run_text(text)), shell)


def _start(process: Process, name: str) -> Task:
    """Return the first task of a command, with its standard files."""
    run = Run(process, execute)
    stdin = Reader.of(Content.of(process.stdin), process.clock)
    fds: OpenFiles = {0: stdin, 1: Terminal(run.emit, 1), 2: Terminal(run.emit, 2)}
    return Task(run, name, dict(process.env), process.cwd, fds)


def _run(task: Task, body: Callable[[], int], shell: Shell | None = None) -> Result:
    run, clock = task.run, task.run.process.clock
    finished, status = True, 0
    try:
        status = body()
    except WouldRunForever:
        finished = False
    except CommandError as error:
        status = task.fail(str(error), error.status)
    except RecursionError:
        status = task.fail("too many nested commands", 139)
    duration = clock.now - run.started
    chunks = sorted(
        (chunk for chunk in run.chunks if not finished or chunk.at <= duration), key=lambda chunk: chunk.at
    )
    env = task.env if shell is None else shell.environment()
    return Result(status, tuple(chunks), duration, finished, task.cwd, env)
