"""`sh` as a program: its options, and where its script comes from (POSIX.1-2017, sh)."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.engine.shell.interp import Shell
from labkit.engine.shell.task import Task
from labkit.engine.shell.words import decode, strerror
from labkit.errors import FileSystemError


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
    shell = Shell(task, argv[0], options=options)
    if "c" in options and not rest:
        shell.message("-c requires an argument")
        return 2
    return shell.until_exit(lambda: _input(shell, rest))


def _input(shell: Shell, rest: list[str]) -> int:
    """Run the script that is the operand of -c, a file or standard input."""
    if "c" in shell.options:
        text, shell.arguments = rest[0], rest[2:]
        shell.arg0 = rest[1] if len(rest) > 1 else shell.arg0
        return shell.run_text(text)
    if not rest or "s" in shell.options:
        shell.arguments = rest
        return shell.run_text(decode(shell.task.stdin().rest().read()))
    path = rest[0]
    try:
        text = decode(shell.task.open_read(path).rest().read())
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        return 2
    shell.arg0 = shell.script = path
    shell.arguments = rest[1:]
    return shell.run_text(text, 1)
