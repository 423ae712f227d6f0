"""All commands of the `docker` client, by path: `COMMANDS["image ls"]`; `COMMANDS[""]` is `docker` itself.

The commands about other things than images and containers stand in not_simulated.json: each with the words
of its group's help (client 20.10) and with what the real one would do. They are known so that a real command
is never taken for a typo, and so that each group has its help.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any

from labkit.cli import archive, build, container, image, inspect, system, transfer, volume
from labkit.cli.container import files, life, run
from labkit.cli.container import list as listing
from labkit.cli.table import Command, Flag, Invocation
from labkit.cli.terminal import Terminal


def _row(known: dict[str, Any]) -> Command:
    flags = tuple(Flag(**flag) for flag in known.get("flags", ()))
    return Command(**{**known, "flags": flags, "aliases": tuple(known.get("aliases", ()))})


_NOT_SIMULATED = json.loads(resources.files("labkit.cli").joinpath("not_simulated.json").read_text("utf-8"))

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


Handler = Callable[[Terminal, Invocation], int]

HANDLERS: dict[str, Handler] = {
    "image ls": image.ls,
    "image history": image.history,
    "image tag": image.tag,
    "image rm": image.rm,
    "image prune": image.prune,
    "image pull": transfer.pull,
    "image push": transfer.push,
    "image save": archive.save,
    "image load": archive.load,
    "image import": archive.import_image,
    "image inspect": inspect.image,
    "inspect": inspect.anything,
    "container inspect": inspect.container,
    "image build": build.build,
    "builder prune": build.prune,
    "container create": run.create,
    "container run": run.run,
    "container exec": run.execute,
    "container start": run.start,
    "container stop": life.stop,
    "container restart": life.restart,
    "container kill": life.kill,
    "container wait": life.wait,
    "container rename": life.rename,
    "container rm": life.rm,
    "container ls": listing.ls,
    "container diff": listing.diff,
    "container logs": life.logs,
    "container port": life.port,
    "container commit": listing.commit,
    "container cp": files.cp,
    "container export": files.export,
    "container prune": listing.prune,
    "system df": system.df,
    "system prune": system.prune,
    "system info": system.info,
    "version": system.version,
    "volume create": volume.create,
    "volume inspect": inspect.volume,
    "volume ls": volume.ls,
    "volume prune": volume.prune,
    "volume rm": volume.rm,
}
