"""The shell's front door: run a program, or a script's text, in a container's file system."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from labkit.base.errors import FileSystemError
from labkit.oci.content import Content
from labkit.shell.conversions import basename, replaced, strerror
from labkit.shell.launch import ExecNotFound, execute, find_program
from labkit.shell.prompt import primary_prompt
from labkit.shell.state import BreakLoop, ExitShell, Suspended, Waiting
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
        stdin = shell.task.stdin()
        if stdin.terminal and isinstance(shell.task.fds.get(1), Output):
            return _read_on(shell)
        return shell.run_text(shell.task.text(stdin), int(shell.flavour != "ash"))
    path = rest[0]
    try:
        text = shell.task.text(shell.task.open_read(path))
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        return 2
    shell.arg0 = shell.script = path
    shell.arguments = rest[1:]
    return shell.run_text(text, 1)


def _read_on(shell: Shell) -> int:
    """Wait for the first line, as a shell does whose script is typed."""
    shell.reads = True
    if shell.task.run.process.tty:
        shell.options.add("i")
    if "i" in shell.options and "PS1" not in shell.task.env:
        shell.variables["PS1"] = primary_prompt(shell.task.run.process.fs, shell.flavour)
    raise Suspended


def run_command(argv: Sequence[str], process: Process) -> Completed:
    """Run a program as execve would: argv's first word is a path or is searched on PATH.

    Raises ExecNotFound where there is nothing to run; virtual time passes on the process' clock.
    """
    task = _start(process, argv[0] if argv else "")
    if not argv:
        raise ExecNotFound("", "not found in $PATH")
    words = [replaced(word) for word in argv]
    return _run(task, lambda: execute(task, words))


def resume(
    shells: Sequence[Waiting], process: Process, *, text: str | None = None, status: int = 0
) -> Completed:
    """Go on with shells that wait, the innermost last: it runs a text.

    Without a text, what it waited for has ended with `status`. Those that wait then are in the result; there
    are none where the outermost has ended.
    """
    task, stack = _start(process, "sh"), list(shells)
    return _run(task, lambda: _go_on(stack, task, text, status), stack)


def _go_on(stack: list[Waiting], task: Task, text: str | None, status: int) -> int:
    while stack:
        waiting = stack.pop()
        shell = _shell(task, "sh")
        shell.remember(waiting)
        task.run.text += sum(map(len, shell.variables.values()))
        left = not (waiting.stays or shell.reads)
        try:
            if text is None:
                shell.status = status
                shell.go_on(waiting.rest)
            else:
                shell.run_text(replaced(text))
        except ExitShell as leave:
            shell.status = leave.status
            left = not waiting.stays and (leave.meant or "i" not in shell.options)
        except BreakLoop:
            pass
        except Suspended as suspended:
            suspended.add(shell, stays=waiting.stays)
            raise
        except WouldRunForever:
            stack.append(shell.waiting(stays=waiting.stays).after(130))
            raise
        except Exception:  # as it was before the line
            stack += [waiting] if waiting.stays else []
            raise
        text, status = None, shell.status
        if not left:
            stack.append(shell.waiting(stays=waiting.stays))
            break
    return status


def _shell(task: Task, name: str, options: Iterable[str] = (), flavour: str = "ash") -> Shell:
    # Late, as it brings the parser and with it most of the shell, for which `import labkit` need not wait.
    from labkit.shell.interp import Shell

    return Shell(task, name, options=set(options), flavour=flavour)


def _start(process: Process, name: str) -> Task:
    run = Run(process, execute, main, text=sum(map(len, process.env.values())))
    given = process.stdin
    stdin = given if isinstance(given, Reader) else Reader.of(Content.of(given), process.clock)
    fds: Descriptors = {0: stdin, 1: Output(run.emit, 1), 2: Output(run.emit, 2)}
    env = {replaced(key): replaced(value) for key, value in process.env.items()}
    return Task(run, name, env, process.cwd, fds, dialect=process.dialect)


def _run(task: Task, body: Callable[[], int], stack: Sequence[Waiting] = ()) -> Completed:
    run, clock = task.run, task.run.process.clock
    finished, status = True, 0
    try:
        status = body()
    except Suspended as suspended:
        stack = (*stack, *suspended.shells)
    except WouldRunForever:
        finished = False
    except TooMuch as limit:
        status = 137  # as the kernel ends a process that takes all the memory: 128 + SIGKILL
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
    return Completed(status, tuple(chunks), duration, finished, tuple(stack))
