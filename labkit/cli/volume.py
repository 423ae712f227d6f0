"""`docker volume create`, `ls` and `rm`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labkit.base.errors import DaemonError, LabkitError, NotFound
from labkit.cli.documents import volume_struct
from labkit.cli.filters import filters, has_labels, matches
from labkit.cli.formats import Table, label_header
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import volumes
from labkit.engine.engine import Engine
from labkit.engine.state import Volume

_TABLE: Table[Mapping[str, Any]] = Table(
    lambda _: "*formatter.volumeContext",
    {
        "Name": ("VOLUME NAME", lambda line: line["Name"]),
        "Driver": ("DRIVER", lambda line: line["Driver"]),
        "Scope": ("SCOPE", lambda line: line["Scope"]),
        "Mountpoint": ("MOUNTPOINT", lambda line: line["Mountpoint"]),
        "Labels": ("LABELS", lambda line: ",".join(map("=".join, line["Labels"].items()))),
        "Label": (label_header, lambda line: lambda name: line["Labels"].get(name, "")),
        "Links": ("LINKS", lambda _: "N/A"),
        "Size": ("SIZE", lambda _: "N/A"),
    },
)


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
    engine, form = terminal.engine, str(call.options["format"])
    lines = [volume_struct(engine, each.name).fields for each in _listed(engine, call)]
    # Unlike other lists, this one is whole for `--quiet --format table`.
    quiet = "Name" if call.options["quiet"] and form != "table" else ""
    terminal.out(_TABLE.shown(form, lines, ["Driver", "Name"], quiet=quiet))
    return 0


def _listed(engine: Engine, call: Invocation) -> list[Volume]:
    wanted = filters(call.strings("filter"), ("dangling", "driver", "label", "name"))
    dangling, names = wanted["dangling"], wanted["name"]
    if dangling and {"true", "1", "false", "0"}.isdisjoint(dangling):
        raise DaemonError(f"Invalid filter 'dangling=[{' '.join(dangling)}]'")
    unused = not {"true", "1"}.isdisjoint(dangling)
    return [
        each
        for name, each in sorted(engine.state.volumes.items())
        if (not dangling or unused != bool(volumes.users(engine.state, name)))
        and (not wanted["driver"] or "local" in wanted["driver"])
        and (not names or any(matches(pattern, name) for pattern in names))
        and has_labels(dict(each.labels or ()), wanted)
    ]


def rm(terminal: Terminal, call: Invocation) -> int:
    """Remove volumes that no container has."""

    def one(name: str) -> None:
        try:
            volumes.remove(terminal.engine, name)
        except NotFound as error:
            if not call.options["force"]:
                raise LabkitError(f"Error: {error}") from error

    return 1 if terminal.for_each(call.args, one) else 0
