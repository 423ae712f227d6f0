"""What runs each command of the table: the functions of all nouns, by path."""

from __future__ import annotations

from collections.abc import Callable

from labkit.cli import archive, build, image, inspect, system, transfer, volume
from labkit.cli.container import files, life, run
from labkit.cli.container import list as listing
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal

Handler = Callable[[Terminal, Invocation], int]

HANDLERS: dict[str, Handler] = {
    path: handler
    for module in (system, inspect, image, transfer, archive, build, run, life, listing, files, volume)
    for path, handler in module.HANDLERS.items()
}
