"""What a shell remembers: variables, positional parameters, options, functions; and how it is left."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from labkit.engine.shell.syntax import Node
from labkit.engine.shell.task import Task

_OWN = {"IFS": " \t\n", "OPTIND": "1", "PS1": "\\w \\$ ", "PS2": "> ", "PS4": "+ "}


class ExitShell(Exception):
    """The shell ends with this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ReturnFunction(ExitShell):
    """`return` from a function or a sourced file."""


class BreakLoop(Exception):
    """`break` out of, or `continue` in, the loop that many levels up."""

    def __init__(self, levels: int, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again


@dataclass(slots=True)
class State:
    """A shell's state; `script` is the name that a script's own messages start with."""

    task: Task
    arg0: str
    arguments: list[str] = field(default_factory=list)
    script: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    readonly: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    functions: dict[str, Node] = field(default_factory=dict)
    locals: list[dict[str, str | None]] = field(default_factory=list)
    jobs: list[int | None] = field(default_factory=list)
    """When each command in the background ends; None for one that does not."""
    status: int = 0
    line: int = 0
    loops: int = 0
    texts: int = 0
    """How many texts are being run inside each other: eval, sourced files."""
    tested: int = 0
    """How deep inside conditions this is, where a failure does not end `set -e`."""
    builtin: str | None = None
    last_job: int | None = None
    exit_trap: str | None = None

    def __post_init__(self) -> None:
        if not self.variables:
            self.variables = {**_OWN, "PPID": "0", "PWD": self.task.cwd, **self.task.env}
            self.variables["PWD"] = self.task.cwd
            self.exported = set(self.task.env) | {"PWD"}

    def copy(self) -> Any:
        """Return the state of a subshell."""
        other = copy.copy(self)
        other.task = self.task.child()
        other.variables = dict(self.variables)
        other.exported = set(self.exported)
        other.options = set(self.options)
        other.functions = dict(self.functions)
        other.arguments = list(self.arguments)
        other.jobs = []
        other.exit_trap = None
        return other

    def message(self, text: str) -> None:
        """Print an error as ash does: the shell's name, the builtin's, and the line in a script."""
        prefix = f"{self.arg0}: "
        command = self.builtin or self.script
        if command:
            if command != self.arg0:
                prefix += f"{command}: "
            prefix += f"line {self.line}: "
        self.task.err(f"{prefix}{text}\n")

    def special(self, name: str) -> str | None:
        """Return the value of a parameter, or None where it is unset."""
        if name.isdigit():
            index = int(name)
            if index == 0:
                return self.arg0
            return self.arguments[index - 1] if index <= len(self.arguments) else None
        match name:
            case "?":
                return str(self.status)
            case "#":
                return str(len(self.arguments))
            case "$":
                return str(self.task.pid)
            case "!":
                return None if self.last_job is None else str(self.last_job)
            case "-":
                return "".join(sorted(self.options))
            case "LINENO":
                return str(self.line)
        return self.variables.get(name)

    def assign(self, name: str, value: str) -> None:
        """Set a variable; a read-only one ends the shell."""
        if name in self.readonly:
            self.message(f"{name}: is read only")
            raise ExitShell(2)
        self.variables[name] = value
        if "a" in self.options:
            self.exported.add(name)

    def unset(self, name: str) -> None:
        """Forget a variable."""
        if name in self.readonly:
            self.message(f"{name}: is read only")
            raise ExitShell(2)
        self.variables.pop(name, None)
        self.exported.discard(name)

    def environment(self) -> dict[str, str]:
        """Return what programs are given."""
        return {name: value for name, value in self.variables.items() if name in self.exported}
