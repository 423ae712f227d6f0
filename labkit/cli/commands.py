"""All commands of the `docker` client, by path: `COMMANDS["image ls"]`; `COMMANDS[""]` is `docker` itself.

The commands about other things than images and containers stand in not_simulated.json: each with the words
of its group's help (client 20.10) and with what the real one would do. They are known so that a real command
is never taken for a typo, and so that each group has its help.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labkit.cli import archive, build, container, image, inspect, system, transfer, volume
from labkit.cli.container import files, life, run
from labkit.cli.container import list as listing
from labkit.cli.table import NOT_SIMULATED, Command, Flag, Invocation
from labkit.cli.terminal import Terminal


def _row(known: dict[str, Any]) -> Command:
    flags = tuple(Flag(**flag) for flag in known.get("flags", ()))
    return Command(**{**known, "flags": flags, "aliases": tuple(known.get("aliases", ()))})


_MODULES = (system, inspect, image, transfer, archive, build, run, life, listing, files, volume)

COMMANDS: dict[str, Command] = {
    command.path: command for module in (container, *_MODULES) for command in module.COMMANDS
} | {row["path"]: _row(row) for row in NOT_SIMULATED["commands"]}

# Not in the client itself: programs of their own that a Docker installation may add to it.
PLUGINS: dict[str, str] = NOT_SIMULATED["plugins"]


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


Handler = Callable[[Terminal, Invocation], int]

HANDLERS: dict[str, Handler] = {
    path: handler for module in _MODULES for path, handler in module.HANDLERS.items()
}
"""What runs a command, by its action."""
