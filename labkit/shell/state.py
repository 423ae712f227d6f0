"""What a shell remembers: variables, positional parameters and options; and how it is left."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from labkit.shell import speech
from labkit.shell.conversions import decimal
from labkit.shell.task import Task

if TYPE_CHECKING:
    from labkit.shell.parser import Node, Rest

_OWN = {"IFS": " \t\n", "OPTIND": "1", "PS1": "\\w \\$ ", "PS2": "> ", "PS4": "+ "}


class ExitShell(Exception):
    """The shell ends with this status; an interactive one only where that is `meant` (POSIX, 2.8.1)."""

    def __init__(self, status: int, *, meant: bool = False) -> None:
        super().__init__(status)
        self.status = status
        self.meant = meant


@dataclass(frozen=True, slots=True)
class Waiting:
    """A shell that waits, as a value: for its next line, or for a program to end and then for its `rest`.

    `memory` has the fields of ShellState that last, and `cwd`. One that `stays` is ended by nothing: the
    prompt of the machine itself.
    """

    memory: Mapping[str, Any]
    rest: Rest = ()
    stays: bool = False

    @classmethod
    def started(cls, env: Mapping[str, str], cwd: str, name: str = "sh") -> Waiting:
        """Return a shell that stays and has run nothing yet; `name` is "bash" or "sh", busybox's."""
        memory = {"arg0": name, "flavour": "bash" if name == "bash" else "ash", "cwd": cwd}
        variables = {**_OWN, "PPID": "0", **env, "PWD": cwd}
        return cls({**memory, "variables": variables, "exported": {*env, "PWD"}}, stays=True)

    def after(self, status: int, rest: Rest = ()) -> Waiting:
        """Return it with another last status, and what it has still to run."""
        return Waiting(MappingProxyType({**self.memory, "status": status}), rest, self.stays)


class Suspended(Exception):
    """A program waits for what will be typed. On its way up each shell adds itself and what it has to run."""

    def __init__(self) -> None:
        super().__init__()
        self.shells: list[Waiting] = []
        self.rest: Rest = ()
        self.replaced = False
        """Whether the next shell has been replaced (`exec`)."""

    def add(self, shell: ShellState, *, stays: bool = False) -> None:
        """Note that a shell waits for those that are noted already."""
        if not self.replaced:
            self.shells.insert(0, shell.waiting(self.rest, stays=stays))
        self.rest, self.replaced = (), False


class BreakLoop(Exception):
    """`break` out of, or `continue` in, the loop that many levels up."""

    def __init__(self, levels: int, again: bool) -> None:
        super().__init__(levels)
        self.levels = levels
        self.again = again


class ReturnFunction(ExitShell):
    """`return` from a function, or from a file that `.` reads."""


@dataclass(slots=True)
class ShellState:
    """What a shell remembers; `interp.Shell` adds how commands are run.

    `script` is the name that a script's own messages start with; `flavour` is "ash", "bash" or "dash".
    """

    task: Task
    arg0: str
    arguments: list[str] = field(default_factory=list)
    script: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    options: set[str] = field(default_factory=set)
    jobs: list[int | None] = field(default_factory=list)
    """When each command in the background ends; None for one that does not."""
    status: int = 0
    line: int = 0
    loops: int = 0
    tested: int = 0
    """How deep inside conditions this is, where a failure does not end `set -e`."""
    builtin: str | None = None
    reads: bool = False
    """Whether it reads its commands from a terminal, line by line."""
    flavour: str = "ash"
    functions: dict[str, Node] = field(default_factory=dict)
    frames: list[dict[str, str | None]] = field(default_factory=list)
    """For each function that runs what its `local` names were outside; None for one that was not set."""

    def __post_init__(self) -> None:
        if not self.variables:
            level = str((decimal(self.task.env.get("SHLVL", "")) or 0) + 1)
            own = {} if self.flavour == "dash" else {"SHLVL": level}
            fixed = {"IFS": _OWN["IFS"], "OPTIND": "1", **own, "PWD": self.task.cwd}
            self.variables = {**_OWN, "PPID": "0", **self.task.env, **fixed}
            self.exported = {*self.task.env, "PWD", *own}

    def copy(self) -> Self:
        """Return the state of a subshell."""
        other = copy.copy(self)
        other.task = self.task.child()
        for name in ("variables", "exported", "options", "arguments", "functions"):
            setattr(other, name, copy.copy(getattr(self, name)))
        other.jobs, other.reads = [], False
        return other

    def waiting(self, rest: Rest = (), *, stays: bool = False) -> Waiting:
        """Return what it remembers from one line to the next, as a value."""
        kept = {name: copy.copy(getattr(self, name)) for name in _LASTING}
        return Waiting(MappingProxyType({**kept, "cwd": self.task.cwd}), rest, stays)

    def remember(self, waiting: Waiting) -> None:
        """Be what another shell was when it waited."""
        for name in _LASTING & waiting.memory.keys():
            setattr(self, name, copy.copy(waiting.memory[name]))
        self.task.cwd = waiting.memory.get("cwd", self.task.cwd)

    def message(self, text: str, task: Task | None = None) -> None:
        """Print an error as the shell does: its name, the builtin's, and the line in a script."""
        (task or self.task).err(f"{self.prefix()}{speech.said(self.flavour, '', text)}\n")

    def prefix(self) -> str:
        """Return what a message begins with."""
        builtin = f"{self.builtin}: " if self.builtin else ""
        if self.flavour != "ash":
            word = "line " if self.flavour == "bash" else ""
            named = "i" in self.options and self.flavour == "bash"  # then by its name alone
            name = self.arg0.rpartition("/")[2] if named else self.arg0
            return f"{name}: " + (f"{word}{self.line}: " if self.line else "") + builtin
        command = self.builtin or self.script
        prefix = f"{self.arg0}: " + (f"{command}: " if command and command != self.arg0 else "")
        return prefix + (f"line {self.line}: " if command and "i" not in self.options else "")

    def special(self, name: str) -> str | None:
        """Return the value of a parameter, or None where it is unset."""
        if name.isdecimal():
            index = decimal(name)
            if index == 0:
                return self.arg0
            return None if index is None else next(iter(self.arguments[index - 1 : index]), None)
        signs = {
            "?": str(self.status),
            "#": str(len(self.arguments)),
            "$": str(self.task.pid),
            "-": "".join(sorted(self.options - {"pipefail"})),
        }
        return signs[name] if name in signs else self.variables.get(name)

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""
        self.variables[name] = value
        if "a" in self.options:
            self.exported.add(name)

    def environment(self) -> dict[str, str]:
        """Return what programs are given."""
        return {name: value for name, value in self.variables.items() if name in self.exported}


_LASTING = {each.name for each in fields(ShellState)} - {"task", "line", "loops", "tested", "builtin"}
