"""One row for each command of the `docker` client and for each of its flags.

The rows stand in commands.json. They alone drive parsing (`parse`), help (`help`) and what is answered to a
typo, or to something that labkit does not simulate: that is known too, with what the real one would do, so
that it is never taken for a typo. Names, usages and defaults are those of the 20.10 client, whose command
line is built with cobra and pflag; `kind` is the word that its help prints after a flag's name. What runs a
command stands in `commands`, by its path.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from labkit.base.errors import LabkitError
from labkit.base.text import packaged

Value = bool | int | str | tuple[str, ...]

TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
REPEATED = frozenset({"list", "filter", "map", "mount", "network", "ulimit", "gpu-request", "strings"})


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag: its names, the kind of its value ("" for a switch) and the help's words about it.

    `default` is the text that help prints. `would` says what the real one does where labkit does not
    simulate it, and completes "it would …"; a simulated flag has none. `hidden` keeps it out of help.

    >>> Flag("all", "a", "", "Show all images").label
    '-a, --all'
    """

    name: str
    short: str
    kind: str
    usage: str
    default: str = ""
    would: str = ""
    hidden: bool = False

    @property
    def simulated(self) -> bool:
        return not self.would

    @property
    def label(self) -> str:
        """Both names, as help and the errors about a value print them."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"

    @property
    def initial(self) -> Value:
        """Its value when it is not given.

        >>> Flag("time", "t", "int", "Seconds to wait", "10").initial
        10
        """
        if not self.kind:
            return self.default == "true"
        if self.kind == "int":
            return int(self.default or 0)
        if self.kind in REPEATED:
            return ()
        return self.default


@dataclass(frozen=True, slots=True)
class Command:
    """A command: its path after `docker` ("image ls"), and what it takes.

    `run` is the function that runs it, below `labkit.cli`: it takes a Terminal and an Invocation, and returns
    the exit code. `usage` is what its usage line has after the path, `short` its line in its group's help. It
    takes `min_args` to `max_args` arguments (None: any number). Where `interspersed` is false its flags end
    at its first argument. `same_as` names the command that does the same under another path. `would` is as in
    Flag; `hidden` keeps it out of its group's help.

    >>> Command("images", "List images", same_as="image ls").action
    'image ls'
    """

    path: str
    short: str
    run: str = ""
    usage: str = ""
    flags: tuple[Flag, ...] = ()
    min_args: int = 0
    max_args: int | None = 0
    aliases: tuple[str, ...] = ()
    interspersed: bool = True
    long: str = ""
    example: str = ""
    same_as: str = ""
    would: str = ""
    hidden: bool = False

    @property
    def simulated(self) -> bool:
        return not self.would

    @property
    def action(self) -> str:
        """What it does: the path of the command that it is the same as, or its own."""
        return self.same_as or self.path

    @property
    def name(self) -> str:
        return self.path.rpartition(" ")[2]

    @property
    def parent(self) -> str:
        return self.path.rpartition(" ")[0]

    @property
    def full(self) -> str:
        """The path as it is typed.

        >>> Command("image ls", "List images").full
        'docker image ls'
        """
        return f"docker {self.path}".rstrip()


WORDS: dict[str, dict[str, str]] = tomllib.loads(packaged("labkit.cli", "words.toml"))
"""What the command line says in words of its own, and templates of what docker prints."""
_TABLE: dict[str, Any] = json.loads(packaged("labkit.cli", "commands.json"))


def _flags(rows: Iterable[str | dict[str, Any]]) -> Iterator[Flag]:
    """Give a command's flags; a name among them stands for the flags that several commands share."""
    for row in rows:
        if isinstance(row, str):
            yield from _flags(_TABLE["flags"][row])
        else:
            yield Flag(**row)


def _commands() -> dict[str, Command]:
    commands: dict[str, Command] = {}
    for row in _TABLE["commands"]:
        aliases = tuple(row.get("aliases", ()))
        if same := row.get("same_as"):  # another path of a command, most often its older, bare name
            command = replace(commands[same], path=row["path"], aliases=aliases, same_as=same)
        else:
            command = Command(**{**row, "flags": tuple(_flags(row.get("flags", ()))), "aliases": aliases})
        commands[command.path] = command
    return commands


COMMANDS = _commands()
"""All commands of the client, by path: `COMMANDS["image ls"]`; `COMMANDS[""]` is `docker` itself."""


@cache
def children(command: Command) -> tuple[Command, ...]:
    """The commands of a group, by name; none for a command that is no group.

    >>> [child.name for child in children(COMMANDS["system"])]
    ['df', 'events', 'info', 'prune']
    """
    below = (each for each in COMMANDS.values() if each.path and each.parent == command.path)
    return tuple(sorted(below, key=lambda each: each.path))


def find(group: Command, word: str) -> Command | None:
    """The command of `group` that has `word` for its name or for an alias.

    >>> find(COMMANDS["image"], "list").path
    'image ls'
    """
    return next((child for child in children(group) if word == child.name or word in child.aliases), None)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command to run: `options` has every flag's value by its long name, `changed` the flags given."""

    command: Command
    options: dict[str, Value]
    changed: frozenset[str]
    args: tuple[str, ...]

    def strings(self, name: str) -> tuple[str, ...]:
        """Return the values of a flag that can be given several times."""
        value = self.options[name]
        return value if isinstance(value, tuple) else ()


class UsageError(LabkitError):
    """A command line that the client refuses.

    `text` is all that docker prints on standard error; `hint` is labkit's own line about it, or "".
    """

    def __init__(self, text: str, exit_code: int = 1, hint: str = "", *, code: str = "") -> None:
        super().__init__(text.strip(), code=code)
        self.text = text
        self.exit_code = exit_code
        self.hint = hint


def not_simulated(command: Command, flag: Flag | None = None) -> UsageError:
    """Return the error for a real command or flag that labkit does not simulate: it says what it would do.

    >>> str(not_simulated(Command("network ls", "List networks", would="list the networks")))
    "labkit: 'docker network ls' is not simulated; it would list the networks"
    """
    named = f"--{flag.name} of '{command.full}'" if flag else f"'{command.full}'"
    would = (flag or command).would
    return UsageError(f"labkit: {named} is not simulated; it would {would}\n", code="not-simulated")
