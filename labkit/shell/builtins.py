"""Commands that change the shell itself (POSIX.1-2017, Shell Command Language, 2.14), as ash has them."""

from __future__ import annotations

import errno
import stat
from collections.abc import Callable
from posixpath import join
from typing import TYPE_CHECKING, TypeAlias

from labkit.base.errors import FileSystemError
from labkit.go.path import clean
from labkit.shell.applets import APPLETS
from labkit.shell.conversions import LARGEST, basename, decimal, decode, strerror
from labkit.shell.launch import ExecNotFound, call, find_program
from labkit.shell.parser import RESERVED
from labkit.shell.state import BreakLoop, ExitShell, ReturnFunction, Suspended
from labkit.shell.streams import WouldRunForever

if TYPE_CHECKING:
    from labkit.shell.interp import Shell

Builtin: TypeAlias = "Callable[[Shell, list[str]], int]"
_WHY = {
    "trap": "no signal comes here",
    "type": "`command -v NAME` tells where a program is",
    "umask": "what is made here is made with 022",
}
_OPTIONS = {"allexport": "a", "errexit": "e", "nounset": "u", "xtrace": "x", "pipefail": "pipefail"}


def _cd(shell: Shell, words: list[str]) -> int:
    operands = [word for word in words[1:] if word not in ("-P", "-L", "--")]
    target = operands[0] if operands else shell.variables.get("HOME", "")
    show = target == "-"
    if show:
        target = shell.variables.get("OLDPWD", shell.task.cwd)
    path = clean(join(shell.task.cwd, target)) if target else shell.task.cwd
    try:
        found = shell.task.fs.stat(path, True)
        if not stat.S_ISDIR(found.mode):
            raise FileSystemError(errno.ENOTDIR)
        shell.task.fs.stat(path + "/.", True)
    except FileSystemError as error:
        shell.message(f"can't cd to {target}: {strerror(error)}")
        return 1 if shell.flavour == "bash" else 2
    shell.assign("OLDPWD", shell.task.cwd)
    shell.task.cwd = path
    shell.assign("PWD", path)
    shell.exported.update(("OLDPWD", "PWD"))
    if show:
        shell.task.out(path + "\n")
    return 0


def _exit(shell: Shell, words: list[str]) -> int:
    status = _number(shell, words[1]) % 256 if len(words) > 1 else shell.status
    if shell.reads and "i" in shell.options and basename(shell.arg0) == "bash":
        shell.task.err("exit\n")
    raise ExitShell(status, meant=True)


def _return(shell: Shell, words: list[str]) -> int:
    raise ReturnFunction(_number(shell, words[1]) % 256 if len(words) > 1 else shell.status)


def _eval(shell: Shell, words: list[str]) -> int:
    shell.builtin = None
    return shell.run_text(" ".join(words[1:]), shell.line)


def _source(shell: Shell, words: list[str]) -> int:
    path = words[1] if len(words) > 1 else ""
    try:
        text = shell.task.text(shell.task.open_read(path))
    except FileSystemError as error:
        shell.message(f"can't open '{path}': {strerror(error)}")
        if shell.flavour == "bash":
            return 1
        raise ExitShell(2) from None
    shell.builtin = None
    given, before = words[2:] if shell.flavour != "dash" else [], shell.arguments
    shell.arguments = given or before
    try:
        return shell.run_text(text, 1)
    except ReturnFunction as leave:
        return leave.status
    finally:
        if given:
            shell.arguments = before


def _local(shell: Shell, words: list[str]) -> int:
    if not shell.frames:
        shell.message("not in a function")
        raise ExitShell(2)
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.frames[-1].setdefault(name, shell.variables.get(name))
        if equals or shell.flavour != "dash":
            shell.assign(name, value)
    return 0


def _left_out(shell: Shell, words: list[str]) -> int:
    shell.task.err(f"labkit: {words[0]} is not simulated; {_WHY[words[0]]}\n")
    return 1


def _break(shell: Shell, words: list[str]) -> int:
    levels = _number(shell, words[1], 1, 2**31 - 1) if len(words) > 1 else 1
    if shell.loops:
        raise BreakLoop(levels, again=words[0] == "continue")
    return 0


def _exec(shell: Shell, words: list[str]) -> int:
    if len(words) == 1:
        return 0
    task = shell.task.child(env=shell.environment())
    task.depth = shell.task.depth
    try:
        raise ExitShell(shell.external(words[1:], task), meant=True)
    except Suspended as suspended:
        suspended.replaced = True
        raise


def _command(shell: Shell, words: list[str]) -> int:
    if words[1:2] == ["-v"]:
        name = words[2] if len(words) > 2 else ""
        if not (name in BUILTINS or name in RESERVED or name in shell.functions):
            try:
                name = find_program(shell.task, name, shell.variables.get("PATH"))
            except ExecNotFound:
                return 1 if shell.flavour == "bash" else 127
        shell.task.out(name + "\n")
        return 0
    if len(words) < 2:
        return 0
    shell.builtin = words[1]
    if words[1] in BUILTINS:
        return BUILTINS[words[1]](shell, words[1:])
    shell.builtin = None
    return shell.external(words[1:], shell.task.child(env=shell.environment()))


def _wait(shell: Shell, words: list[str]) -> int:
    clock = shell.task.run.process.clock
    for ended in shell.jobs:
        if ended is None:
            raise WouldRunForever
        clock.now = max(clock.now, ended)
    shell.jobs.clear()
    return 0


def _number(shell: Shell, text: str, least: int = 0, most: int = LARGEST) -> int:
    """Return a builtin's number; any other word ends the shell."""
    value = decimal(text)
    if value is None or not least <= value <= most:
        shell.message(f"Illegal number: {text}")
        raise ExitShell(2)
    return value


def _export(shell: Shell, words: list[str]) -> int:
    operands = [word for word in words[1:] if word != "-p"]
    if not operands:
        for name in sorted(shell.exported & set(shell.variables)):
            shell.task.out(f"export {name}='{shell.variables[name]}'\n")
    for word in operands:
        name, equals, value = word.partition("=")
        if not name.isidentifier():
            shell.message(f"{name}: bad variable name")
            raise ExitShell(2)
        if equals:
            shell.assign(name, value)
        shell.exported.add(name)
    return 0


def _unset(shell: Shell, words: list[str]) -> int:
    """Forget variables, or with -f functions."""
    for name in words[1:]:
        if words[1] == "-f" or name not in shell.variables:
            shell.functions.pop(name, None)
        else:
            shell.variables.pop(name)
            shell.exported.discard(name)
    return 0


def _set_options(shell: Shell, words: list[str]) -> int:
    rest = words[1:]
    if not rest:
        for name in sorted(shell.variables):
            value = shell.variables[name].replace("'", "'\"'\"'")
            shell.task.out(f"{name}='{value}'\n")
        return 0
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        flags = rest.pop(0)
        if flags == "--":
            shell.arguments = rest
            return 0
        for flag in flags[1:]:
            name = (rest.pop(0) if rest else "") if flag == "o" else flag
            letter = _OPTIONS.get(name, name)
            if letter not in _OPTIONS.values():
                known = letter in tuple("bCfhmnv")
                shell.message(f"labkit's shell has no option {name}" if known else f"illegal option -{name}")
                raise ExitShell(2)
            (shell.options.add if flags[0] == "-" else shell.options.discard)(letter)
    if rest:
        shell.arguments = rest
    return 0


def _shift(shell: Shell, words: list[str]) -> int:
    count = _number(shell, words[1]) if len(words) > 1 else 1
    if count > len(shell.arguments):
        return 1
    del shell.arguments[:count]
    return 0


def _read(shell: Shell, words: list[str]) -> int:
    names = [word for word in words[1:] if not word.startswith("-")]
    raw = "-r" in words[1:]
    text = _line(shell)
    complete = text.endswith("\n")
    text = text.removesuffix("\n")
    while complete and not raw and text.endswith("\\"):
        more = _line(shell)
        text = text[:-1] + more.removesuffix("\n")
    if not raw:
        text = text.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\")
    separators = shell.variables.get("IFS", " \t\n")
    spaces = "".join(char for char in separators if char in " \t\n")
    if not names:
        shell.assign("REPLY", text)
    for index, name in enumerate(names):
        text = text.lstrip(spaces) if spaces else text
        cuts = [place for place, char in enumerate(text) if char in separators]
        if index == len(names) - 1 or not cuts:
            shell.assign(name, text.rstrip(spaces) if spaces else text)
            text = ""
        else:
            shell.assign(name, text[: cuts[0]])
            text = text[cuts[0] + 1 :]
    return 0 if complete else 1


def _line(shell: Shell) -> str:
    data = shell.task.stdin().line() or b""
    shell.task.run.hold(len(data))
    return decode(data.replace(b"\0", b""))


def _applet(shell: Shell, words: list[str]) -> int:
    task = shell.task.child(shell.task.name, env=shell.environment())
    task.builtin, task.dialect = words[0], shell.flavour
    if shell.flavour != "ash":
        task.name = shell.prefix().removesuffix(": ")
    return call(task, APPLETS[words[0]], words)


SPECIAL = frozenset(". : break continue eval exec exit export return set shift trap unset".split())
BUILTINS: dict[str, Builtin] = {
    ".": _source, ":": lambda shell, words: 0, "break": _break, "cd": _cd, "command": _command,
    "continue": _break, "eval": _eval, "exec": _exec, "exit": _exit, "export": _export, "local": _local,
    "read": _read, "return": _return, "set": _set_options, "shift": _shift, "source": _source,
    "unset": _unset, "wait": _wait, **dict.fromkeys(_WHY, _left_out),
    **dict.fromkeys(("[", "echo", "false", "printf", "pwd", "test", "true"), _applet),
}  # fmt: skip
