"""`docker ps`, `diff` and `commit`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import NamedTuple

from labkit.base.errors import DaemonError, LabkitError
from labkit.cli.filters import filters, has_label, matches
from labkit.cli.formats import Table, ellipsis, label_header
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.dockerfile.instructions import config_changes
from labkit.engine import container as containers
from labkit.engine import images
from labkit.engine.container import container_config, exposed_ports
from labkit.engine.engine import Engine
from labkit.engine.state import Container
from labkit.go.moment import SECOND
from labkit.go.quote import go_quote
from labkit.go.template import TemplateError, parse_template
from labkit.go.units import age, ago, go_time, human_size
from labkit.go.values import Row
from labkit.oci.digest import short
from labkit.oci.reference import parse_reference


class Line(NamedTuple):
    """A container in the list."""

    engine: Engine
    container: Container
    full: bool

    @property
    def created(self) -> int:
        return self.container.created // SECOND * SECOND

    @property
    def labels(self) -> dict[str, str]:
        return dict(sorted(container_config(self.container)["Labels"].items()))

    def size(self) -> str:
        own, whole = containers.size_rw(self.container), containers.size_root(self.container)
        return f"{human_size(own)} (virtual {human_size(whole)})"

    def mounts(self) -> str:
        names = [each.name for each in self.container.volumes]
        return ",".join(name if self.full else ellipsis(name, 15) for name in names)


TABLE: Table[Line] = Table(
    lambda _: "*formatter.ContainerContext",
    {
        "ID": ("CONTAINER ID", lambda line: line.container.id if line.full else line.container.id[:12]),
        "Names": ("NAMES", lambda line: line.container.name),
        "Image": ("IMAGE", lambda line: _image_name(line.engine, line.container, line.full)),
        "Command": ("COMMAND", lambda line: _shown_command(line.container, line.full)),
        "CreatedAt": ("CREATED AT", lambda line: go_time(line.created)),
        "RunningFor": ("CREATED", lambda line: ago(line.created, line.engine.now)),
        "Ports": ("PORTS", lambda line: ports(line.container)),
        "State": ("STATE", lambda line: line.container.status),
        "Status": ("STATUS", lambda line: _status(line.engine, line.container)),
        "Size": ("SIZE", Line.size),
        "Labels": ("LABELS", lambda line: ",".join(map("=".join, line.labels.items()))),
        "Label": (label_header, lambda line: lambda name: line.labels.get(name, "")),
        "Mounts": ("MOUNTS", Line.mounts),
        "LocalVolumes": ("LOCAL VOLUMES", lambda line: str(len({v.name for v in line.container.volumes}))),
        "Networks": ("NETWORKS", lambda line: _network(line.container)),
    },
)
_OTHERS = ("before", "expose", "health", "is-task", "isolation", "publish", "since")
_STATES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")


def ls(terminal: Terminal, call: Invocation) -> int:
    """List containers, as `docker ps`."""
    engine, quiet, form = terminal.engine, bool(call.options["quiet"]), str(call.options["format"])
    lines = [Line(engine, each, bool(call.options["no-trunc"])) for each in _listed(engine, call)]
    columns = ["ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names"]
    columns += ["Size"] if call.options["size"] else []
    if form not in ("", "table", "raw"):
        _check_format(form, TABLE.rows(lines))
    terminal.out(TABLE.shown(form, lines, columns, quiet="ID" if quiet else ""))
    return 0


def _check_format(form: str, rows: list[Row]) -> None:
    """Raise TemplateError as `docker ps` does, which tries the format before it lists anything."""
    doing = "parse"
    try:
        template = parse_template(form)
        doing = "execute"
        for row in rows:
            template.execute(row)
    except TemplateError as error:
        raise error.prefixed(f"failed to {doing} template: ") from None


def _listed(engine: Engine, call: Invocation) -> list[Container]:
    wanted = filters(call.strings("filter"), _FILTERS, _OTHERS)
    for value in wanted["status"]:
        if value not in _STATES:
            raise DaemonError(f"Invalid filter 'status={value}'")
    for value in wanted["exited"]:
        if not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
            raise DaemonError(f"strconv.Atoi: parsing {go_quote(value)}: invalid syntax")
    last = int(str(call.options["last"]))
    if call.options["latest"]:
        last = 1
    everything = bool(call.options["all"]) or last > 0 or wanted["status"] + wanted["exited"] != []
    found = containers.listed_containers(engine, everything=everything)
    for name, matching in _FILTERS.items():
        if values := wanted[name]:
            together = all if name == "label" else any
            found = [each for each in found if together(matching(engine, each, value) for value in values)]
    return found[:last] if last > 0 else found


def _has_ancestor(engine: Engine, container: Container, value: str) -> bool:
    image = images.lookup_image(engine, value)
    known = container.image_id
    while image is not None and known and known != image.id:
        known = engine.state.parents.get(known, "")
    return image is not None and bool(known)


_FILTERS: dict[str, Callable[[Engine, Container, str], bool]] = {
    "ancestor": _has_ancestor,
    "exited": lambda _, each, value: each.status == "exited" and str(each.exit_code) == value,
    "id": lambda _, each, value: matches(value, each.id),
    "label": lambda _, each, value: has_label(container_config(each)["Labels"], value),
    "name": lambda _, each, value: matches(value, each.name) or matches(value, f"/{each.name}"),
    "status": lambda _, each, value: each.status == value,
    "network": lambda _, each, value: _network(each) == value,
    "volume": lambda _, each, value: any(value in (v.name, v.destination) for v in each.volumes),
}


def _network(container: Container) -> str:
    return "bridge" if container.options.network == "default" else container.options.network


def _shown_command(container: Container, full: bool = False) -> str:
    """Return what the tables show of a container's command: quoted, and cut unless it is wanted in full."""
    command = " ".join(f"'{word}'" if " " in word else word for word in container.command)
    return go_quote(command if full else ellipsis(command, 20))


def _image_name(engine: Engine, container: Container, full: bool) -> str:
    """Return the name the container was created with, while it leads to the same image; else the ID."""
    name = container.image_name
    found = images.lookup_image(engine, name) if name else None
    if found and found.id == container.image_id and (full or short(name) != short(container.image_id)):
        return name
    return container.image_id if full else short(container.image_id)


def _status(engine: Engine, container: Container) -> str:
    """Return what `docker ps` says of a container's state: `Up 5 minutes`, `Exited (0) 2 hours ago`.

    Docker counts from the nanosecond here, not from the second.
    """
    if container.running:
        return f"Up {age((engine.now - container.started) / SECOND)}"
    if container.status == "exited":
        return f"Exited ({container.exit_code}) {age((engine.now - container.finished) / SECOND)} ago"
    return "Created"


def ports(container: Container) -> str:
    """Return what `docker ps` says of a running container's ports: `0.0.0.0:8080->80/tcp`."""
    if not container.running or container.options.network == "none":
        return ""
    published = {port.inner: port for port in container.options.ports}
    free = itertools.count(49153)
    shown = []
    for inner in exposed_ports(container):
        if (port := published.get(inner)) is None:
            shown.append(inner)
        else:
            host = port.host or next(free)
            shown.append(f"{port.ip or '0.0.0.0'}:{host}->{inner}")
    return ", ".join(shown)


def diff(terminal: Terminal, call: Invocation) -> int:
    """List what a container changed of its image."""
    if not call.args[0]:
        raise LabkitError("Container name cannot be empty")
    found = containers.find_container(terminal.engine, call.args[0])
    changes = containers.diff(terminal.engine, found)
    terminal.out("".join(f"{each.kind} {each.path}\n" for each in changes))
    return 0


def commit(terminal: Terminal, call: Invocation) -> int:
    """Make an image of a container's changes."""
    name, target = call.args[0], call.args[1] if len(call.args) > 1 else ""
    if target:
        parse_reference(target)
    if not name:
        raise DaemonError('invalid name or ID supplied: ""')
    found = containers.find_container(terminal.engine, name)
    image = containers.commit(
        terminal.engine,
        found,
        target,
        message=str(call.options["message"]),
        author=str(call.options["author"]),
        config=config_changes(call.strings("change"), container_config(found)),
    )
    terminal.out(f"{image.id}\n")
    return 0
