"""The builtins about variables and parameters: export, unset, set, shift, read, local."""

from __future__ import annotations

from typing import Any

from labkit.engine.shell.state import ExitShell
from labkit.engine.shell.words import decode


def number(shell: Any, text: str) -> int:
    """Return a builtin's number; any other word ends the shell."""
    if not text.isdigit():
        shell.message(f"Illegal number: {text}")
        raise ExitShell(2)
    return int(text)


def export(shell: Any, words: list[str]) -> int:
    """Mark variables for export, or as read-only."""
    marked = shell.exported if words[0] == "export" else shell.readonly
    operands = [word for word in words[1:] if word != "-p"]
    if not operands:
        for name in sorted(marked & set(shell.variables)):
            shell.task.out(f"{words[0]} {name}='{shell.variables[name]}'\n")
    for word in operands:
        name, equals, value = word.partition("=")
        if not name.isidentifier():
            shell.message(f"{name}: bad variable name")
            raise ExitShell(2)
        if equals:
            shell.assign(name, value)
        marked.add(name)
    return 0


def unset(shell: Any, words: list[str]) -> int:
    """Forget variables or functions."""
    functions = "-f" in words[1:2]
    for name in words[1:]:
        if functions:
            shell.functions.pop(name, None)
        elif not name.startswith("-"):
            shell.unset(name)
    return 0


def set_options(shell: Any, words: list[str]) -> int:
    """Set options and positional parameters."""
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
            if flag == "o":
                long = rest.pop(0) if rest else ""
                flag = {
                    "errexit": "e",
                    "nounset": "u",
                    "xtrace": "x",
                    "noglob": "f",
                    "pipefail": "pipefail",
                }.get(long, "")
            elif flag not in "abCefhmnuvx":
                shell.message(f"illegal option -{flag}")
                raise ExitShell(2)
            if flags[0] == "-":
                shell.options.add(flag)
            else:
                shell.options.discard(flag)
    if rest:
        shell.arguments = rest
    return 0


def shift(shell: Any, words: list[str]) -> int:
    """Drop the first positional parameters."""
    count = number(shell, words[1]) if len(words) > 1 else 1
    if count > len(shell.arguments):
        return 1
    del shell.arguments[:count]
    return 0


def read(shell: Any, words: list[str]) -> int:
    """Read a line into variables."""
    names = [word for word in words[1:] if not word.startswith("-")]
    raw = "-r" in words[1:]
    line = shell.task.stdin().line()
    text = decode(line or b"")
    complete = text.endswith("\n")
    text = text.removesuffix("\n")
    while complete and not raw and text.endswith("\\"):
        more = decode(shell.task.stdin().line() or b"")
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


def local(shell: Any, words: list[str]) -> int:
    """Make variables a function's own."""
    if not shell.locals:
        shell.message("not in a function")
        raise ExitShell(2)
    for word in words[1:]:
        name, equals, value = word.partition("=")
        shell.locals[-1].setdefault(name, shell.variables.get(name))
        if equals:
            shell.assign(name, value)
    return 0
