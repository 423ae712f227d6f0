"""Commands that change the shell itself (POSIX.1-2017, Shell Command Language, 2.14), as ash has them."""

from __future__ import annotations

import stat
from collections.abc import Callable
from typing import Any

from labkit.engine.shell.applets import APPLETS
from labkit.engine.shell.launch import call
from labkit.engine.shell.lookup import ExecNotFound, find_program
from labkit.engine.shell.state import BreakLoop, ExitShell, ReturnFunction
from labkit.engine.shell.streams import WouldRunForever
from labkit.engine.shell.variables import export, local, number, read, set_options, shift, unset
from labkit.engine.shell.words import decode, join, normal, strerror
from labkit.errors import FileSystemError

Builtin = Callable[[Any, list[str]], int]
_KEYWORDS = frozenset("! { } case do done elif else esac fi for if in then until while".split())


def run_file(shell: Any, path: str, arguments: list[str]) -> int:
    """Run a script given as `sh`'s operand."""
    try:
        text = decode(shell.task.open_read(path).rest().read())
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        return 2
    shell.arg0 = shell.script = path
    shell.arguments = arguments
    return int(shell.run_text(text, 1))


def run_stdin(shell: Any) -> int:
    """Run a script from standard input."""
    return int(shell.run_text(decode(shell.task.stdin().rest().read())))


def _colon(shell: Any, words: list[str]) -> int:
    return 0


def _cd(shell: Any, words: list[str]) -> int:
    operands = [word for word in words[1:] if word not in ("-P", "-L", "--")]
    target = operands[0] if operands else shell.variables.get("HOME", "")
    show = target == "-"
    if show:
        target = shell.variables.get("OLDPWD", shell.task.cwd)
    path = normal(join(shell.task.cwd, target)) if target else shell.task.cwd
    try:
        found = shell.task.fs.stat(path, True)
    except FileSystemError as error:
        shell.message(f"can't cd to {target}: {strerror(error)}")
        return 2
    if not stat.S_ISDIR(found.mode):
        shell.message(f"can't cd to {target}: Not a directory")
        return 2
    shell.assign("OLDPWD", shell.task.cwd)
    shell.task.cwd = path
    shell.assign("PWD", path)
    shell.exported.update(("OLDPWD", "PWD"))
    if show:
        shell.task.out(path + "\n")
    return 0


def _exit(shell: Any, words: list[str]) -> int:
    raise ExitShell(number(shell, words[1]) % 256 if len(words) > 1 else shell.status)


def _return(shell: Any, words: list[str]) -> int:
    raise ReturnFunction(number(shell, words[1]) % 256 if len(words) > 1 else shell.status)


def _break(shell: Any, words: list[str]) -> int:
    levels = number(shell, words[1]) if len(words) > 1 else 1
    if shell.loops:
        raise BreakLoop(levels, again=words[0] == "continue")
    return 0


def _eval(shell: Any, words: list[str]) -> int:
    text = " ".join(words[1:])
    if not text:
        return 0
    shell.status = 0
    return int(shell.run_text(text))


def _source(shell: Any, words: list[str]) -> int:
    if len(words) < 2:
        return 2
    path = words[1]
    try:
        if "/" not in path:
            path = next((found for directory in shell.variables.get("PATH", "").split(":")
                         if shell.task.stat(found := f"{directory}/{path}") is not None), path)  # fmt: skip
            if "/" not in path:
                shell.message(f"{path}: not found")
                raise ExitShell(2)
        text = decode(shell.task.open_read(path).rest().read())
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        raise ExitShell(2) from None
    arguments, script, outer = shell.arguments, shell.script, shell.builtin
    shell.script, shell.builtin = path, None
    if words[2:]:
        shell.arguments = words[2:]
    try:
        shell.status = 0
        return int(shell.run_text(text, 1))
    except ReturnFunction as leave:
        return leave.status
    finally:
        shell.arguments, shell.script, shell.builtin = arguments, script, outer


def _exec(shell: Any, words: list[str]) -> int:
    if len(words) == 1:
        return 0
    task = shell.task.child(env=shell.environment())
    task.depth = shell.task.depth
    raise ExitShell(shell.external(words[1:], task))


def _describe(shell: Any, name: str) -> str | None:
    if name in _KEYWORDS:
        return f"{name} is a shell keyword"
    if name in shell.functions:
        return f"{name} is a function"
    if name in BUILTINS:
        return f"{name} is a {'special ' if name in SPECIAL else ''}shell builtin"
    path = _path_of(shell, name)
    return f"{name} is {path}" if path else None


def _path_of(shell: Any, name: str) -> str | None:
    try:
        return find_program(shell.task, name, shell.variables.get("PATH"))
    except ExecNotFound:
        return None


def _type(shell: Any, words: list[str]) -> int:
    status = 0
    for name in words[1:]:
        described = _describe(shell, name)
        shell.task.out((described or f"{name}: not found") + "\n")
        status = status if described else 127
    return status


def _command(shell: Any, words: list[str]) -> int:
    if words[1:2] in (["-v"], ["-V"]):
        name = words[2] if len(words) > 2 else ""
        if words[1] == "-V":
            return _type(shell, words[1:])
        inside = name in BUILTINS or name in shell.functions or name in _KEYWORDS
        path = name if inside else _path_of(shell, name)
        if path is None:
            return 127
        shell.task.out(path + "\n")
        return 0
    if len(words) < 2:
        return 0
    if words[1] in BUILTINS:
        return int(shell.run_builtin(words[1:]))
    shell.builtin = None
    return int(shell.external(words[1:], shell.task.child(env=shell.environment())))


def _umask(shell: Any, words: list[str]) -> int:
    if len(words) < 2:
        shell.task.out(f"{shell.task.umask:04o}\n")
        return 0
    try:
        shell.task.umask = int(words[1], 8) & 0o777
    except ValueError:
        shell.message(f"illegal mode: {words[1]}")
        raise ExitShell(2) from None
    return 0


def _trap(shell: Any, words: list[str]) -> int:
    if len(words) > 2 and any(word in ("EXIT", "0") for word in words[2:]):
        shell.exit_trap = words[1] if words[1] != "-" else None
    return 0


def _wait(shell: Any, words: list[str]) -> int:
    clock = shell.task.run.process.clock
    for ended in shell.jobs:
        if ended is None:
            raise WouldRunForever
        clock.now = max(clock.now, ended)
    shell.jobs.clear()
    return 0


def _kill(shell: Any, words: list[str]) -> int:
    operands = [word for word in words[1:] if not word.startswith("-")]
    if not operands:
        shell.builtin = None
        shell.message("you need to specify whom to kill")
        return 1
    shell.builtin = None
    for operand in operands:
        if not operand.isdigit():
            shell.message(f"invalid number '{operand}'")
            return 1
        if operand not in (str(shell.task.pid), str(shell.last_job), "1"):
            shell.message(f"can't kill pid {operand}: No such process")
            return 1
    return 0


def _applet(shell: Any, words: list[str]) -> int:
    task = shell.task.child(shell.task.name, env=shell.environment())
    task.in_shell = True
    return call(task, APPLETS[words[0]], words)


SPECIAL: frozenset[str] = frozenset(
    (
        ":",
        ".",
        "break",
        "continue",
        "eval",
        "exec",
        "exit",
        "export",
        "readonly",
        "return",
        "set",
        "shift",
        "trap",
        "unset",
    )
)
BUILTINS: dict[str, Builtin] = {
    ":": _colon,
    ".": _source,
    "source": _source,
    "break": _break,
    "cd": _cd,
    "command": _command,
    "continue": _break,
    "eval": _eval,
    "exec": _exec,
    "exit": _exit,
    "export": export,
    "jobs": _colon,
    "kill": _kill,
    "local": local,
    "read": read,
    "readonly": export,
    "return": _return,
    "set": set_options,
    "shift": shift,
    "trap": _trap,
    "type": _type,
    "ulimit": _colon,
    "umask": _umask,
    "unset": unset,
    "wait": _wait,
    **dict.fromkeys(("[", "[[", "echo", "false", "printf", "pwd", "test", "true"), _applet),
}
