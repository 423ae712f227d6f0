"""`sh` as a program: its options, and where its script comes from (POSIX.1-2017, sh)."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.engine.shell.builtins import run_file, run_stdin
from labkit.engine.shell.interp import Shell
from labkit.engine.shell.task import Task


def main(task: Task, argv: Sequence[str]) -> int:
    """Run `sh` with its arguments in a task and return the exit code."""
    options: set[str] = set()
    rest = list(argv[1:])
    command = False
    while rest and rest[0][:1] in "-+" and len(rest[0]) > 1:
        flags = rest.pop(0)
        if flags == "--":
            break
        if flags.startswith("--"):
            continue
        for flag in flags[1:]:
            if flag == "c":
                command = True
            elif flag == "o":
                rest[:1] = []
            elif flag not in "abCefhilmnsuvx":
                task.err(f"{argv[0]}: illegal option -{flag}\n")
                return 2
            else:
                options.add(flag)
    shell = Shell(task, argv[0], options=options)
    if command and not rest:
        shell.message("-c requires an argument")
        return 2
    return shell.until_exit(lambda: _input(shell, command, rest))


def _input(shell: Shell, command: bool, rest: list[str]) -> int:
    if command:
        text, shell.arguments = rest[0], rest[2:]
        shell.arg0 = rest[1] if len(rest) > 1 else shell.arg0
        return shell.run_text(text)
    if rest and "s" not in shell.options:
        return run_file(shell, rest[0], rest[1:])
    shell.arguments = rest
    return run_stdin(shell)
