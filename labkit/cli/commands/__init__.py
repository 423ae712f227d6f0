"""All commands of the `docker` client, by path: `COMMANDS["image ls"]`; `COMMANDS[""]` is `docker` itself."""

from __future__ import annotations

from labkit.cli.commands import build, container, elsewhere, image, system, volume
from labkit.cli.table import Command

COMMANDS: dict[str, Command] = {
    command.path: command
    for module in (system, image, build, container, volume, elsewhere)
    for command in module.COMMANDS
}

PLUGINS = elsewhere.PLUGINS


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
