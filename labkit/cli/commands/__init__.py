"""All commands of the `docker` client, by path: `COMMANDS["image ls"]`; `COMMANDS[""]` is `docker` itself.

The commands about other things than images and containers stand in not_simulated.json: each with the words
of its group's help (client 20.10) and with what the real one would do. They are known so that a real command
is never taken for a typo, and so that each group has its help.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from labkit.cli.commands import build, container, image, system, volume
from labkit.cli.table import Command, Flag


def _row(known: dict[str, Any]) -> Command:
    flags = tuple(Flag(**flag) for flag in known.get("flags", ()))
    return Command(**{**known, "flags": flags, "aliases": tuple(known.get("aliases", ()))})


_NOT_SIMULATED = json.loads(files("labkit.cli").joinpath("not_simulated.json").read_text("utf-8"))

COMMANDS: dict[str, Command] = {
    command.path: command
    for module in (system, image, build, container, volume)
    for command in module.COMMANDS
} | {row["path"]: _row(row) for row in _NOT_SIMULATED["commands"]}

# Not in the client itself: programs of their own that a Docker installation may add to it.
PLUGINS: dict[str, str] = _NOT_SIMULATED["plugins"]


def _group() -> dict[str, tuple[Command, ...]]:
    groups: dict[str, list[Command]] = {}
    for command in sorted(COMMANDS.values(), key=lambda command: command.path):
        if command.path:
            groups.setdefault(command.parent, []).append(command)
    return {path: tuple(commands) for path, commands in groups.items()}


_CHILDREN = _group()


def children(command: Command) -> tuple[Command, ...]:
    """The commands of a group, by name; none for a command that is no group.

    >>> [child.name for child in children(COMMANDS["system"])]
    ['df', 'events', 'info', 'prune']
    """
    return _CHILDREN.get(command.path, ())


def find(group: Command, word: str) -> Command | None:
    """The command of `group` that has `word` for its name or for an alias.

    >>> find(COMMANDS["image"], "list").path
    'image ls'
    """
    return next((child for child in children(group) if word == child.name or word in child.aliases), None)
