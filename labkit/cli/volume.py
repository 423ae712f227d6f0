"""`docker volume create`, `ls` and `rm`."""

from __future__ import annotations

from labkit.base.errors import LabkitError, NotFound
from labkit.cli.formats import tabwriter
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import volumes


def create(terminal: Terminal, call: Invocation) -> int:
    """Make a volume, or find it if there is one of its name."""
    name = str(call.options["name"])
    if call.args and name:
        raise LabkitError("conflicting options: either specify --name or provide positional arg, not both")
    name = call.args[0] if call.args else name
    labels = dict(each.partition("=")[::2] for each in call.strings("label"))
    terminal.out(f"{volumes.create(terminal.engine, name, labels).name}\n")
    return 0


def ls(terminal: Terminal, call: Invocation) -> int:
    """List volumes by name."""
    names = sorted(terminal.engine.state.volumes)
    if call.options["quiet"]:
        terminal.out("".join(f"{name}\n" for name in names))
    else:
        terminal.out(tabwriter([("DRIVER", "VOLUME NAME"), *(("local", name) for name in names)]))
    return 0


def rm(terminal: Terminal, call: Invocation) -> int:
    """Remove volumes that no container has."""

    def one(name: str) -> None:
        try:
            volumes.remove(terminal.engine, name)
        except NotFound as error:
            if not call.options["force"]:
                raise LabkitError(f"Error: {error}") from error

    return 1 if terminal.for_each(call.args, one) else 0
