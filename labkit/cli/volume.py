"""`docker volume create`, `ls`, `inspect`, `rm` and `prune`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from labkit.base.errors import DaemonError, LabkitError, NotFound
from labkit.cli import prune as prunes
from labkit.cli.formats import Table, label_header
from labkit.cli.prune import Filters, has_labels, matches
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import volumes
from labkit.engine.engine import Engine
from labkit.engine.state import Volume
from labkit.go.moment import rfc3339
from labkit.go.values import NilMap, Struct


class _Line(NamedTuple):
    """A volume in the list."""

    engine: Engine
    volume: Volume

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.volume.labels or ())


_TABLE: Table[_Line] = Table(
    lambda _: "*formatter.volumeContext",
    {
        "Name": ("VOLUME NAME", lambda line: line.volume.name),
        "Driver": ("DRIVER", lambda _: "local"),
        "Scope": ("SCOPE", lambda _: "local"),
        "Mountpoint": ("MOUNTPOINT", lambda line: mountpoint(line.engine, line.volume.name)),
        "Labels": ("LABELS", lambda line: ",".join(map("=".join, line.labels.items()))),
        "Label": (label_header, lambda line: lambda name: line.labels.get(name, "")),
        "Links": ("LINKS", lambda _: "N/A"),
        "Size": ("SIZE", lambda _: "N/A"),
    },
)


def create(terminal: Terminal, call: Invocation) -> int:
    """Make a volume, or find it if there is one of its name."""
    name = str(call.options["name"])
    if call.args and name:
        raise LabkitError("conflicting options: either specify --name or provide positional arg, not both")
    name, driver = call.args[0] if call.args else name, str(call.options["driver"])
    if driver != "local":
        shown = f'error looking up volume plugin {driver}: plugin "{driver}" not found'
        raise DaemonError(f"create {name}: {shown}")
    labels = dict(each.partition("=")[::2] for each in call.strings("label"))
    terminal.out(f"{volumes.create(terminal.engine, name, labels).name}\n")
    return 0


def ls(terminal: Terminal, call: Invocation) -> int:
    """List volumes by name."""
    engine, quiet = terminal.engine, "Name" if call.options["quiet"] else ""
    wanted = Filters(call.strings("filter"), ("dangling", "driver", "label", "name"))
    if not {"true", "false", "1", "0"}.issuperset(wanted.of("dangling")):
        raise DaemonError(f"Invalid filter 'dangling=[{' '.join(wanted.of('dangling'))}]'")
    found = [each for _, each in sorted(engine.state.volumes.items()) if _matches(engine, each, wanted)]
    lines, form = [_Line(engine, each) for each in found], str(call.options["format"])
    if form == "table":  # unlike other lists, this one is whole for `--quiet --format table`
        quiet = ""
    terminal.out(_TABLE.shown(form, lines, ["Driver", "Name"], quiet=quiet))
    return 0


def _matches(engine: Engine, volume: Volume, wanted: Filters) -> bool:
    dangling = wanted.of("dangling")
    if dangling and (dangling[-1] in ("true", "1")) != (not volumes.users(engine.state, volume.name)):
        return False
    if wanted.of("driver") and "local" not in wanted.of("driver"):
        return False
    names = wanted.of("name")
    return has_labels(dict(volume.labels or ()), wanted) and (
        not names or any(matches(each, volume.name) for each in names)
    )


def mountpoint(engine: Engine, name: str) -> str:
    """Return the host's directory that has a volume's files."""
    return f"{engine.data_root}/volumes/{name}/_data"


def volume_struct(engine: Engine, name: str) -> Struct:
    """Return what `docker volume inspect` shows of a volume; raises NotFound."""
    volume = volumes.find(engine, name)
    by_hand = volume.labels is not None
    fields: dict[str, Any] = {
        "CreatedAt": rfc3339(volume.created),
        "Driver": "local",
        "Labels": dict(volume.labels or ()) if by_hand else NilMap(),
        "Mountpoint": mountpoint(engine, name),
        "Name": name,
        "Options": {} if by_hand else NilMap(),
        "Scope": "local",
    }
    return Struct("*types.Volume", fields)


def rm(terminal: Terminal, call: Invocation) -> int:
    """Remove volumes that no container has."""

    def one(name: str) -> None:
        try:
            volumes.remove(terminal.engine, name)
        except NotFound as error:
            if not call.options["force"]:
                raise LabkitError(f"Error: {error}") from error

    return 1 if terminal.for_each(call.args, one) else 0


def prune(terminal: Terminal, call: Invocation) -> int:
    """Remove the volumes that no container has."""
    warning = "This will remove all local volumes not used by at least one container."
    return prunes.prune(terminal, call, warning, lambda given: pruned_volumes(terminal.engine, given))


def pruned_volumes(engine: Engine, filters: Iterable[str]) -> tuple[str, int]:
    """Remove unused volumes; return what is said of it and the bytes freed."""
    wanted = Filters(filters, ("label", "label!"))
    unused = [each for each in volumes.unused(engine) if has_labels(dict(each.labels or ()), wanted)]
    for each in unused:
        volumes.remove(engine, each.name)
    lines = "".join(f"{each.name}\n" for each in unused)
    return (f"Deleted Volumes:\n{lines}\n" if unused else ""), volumes.size(unused)
