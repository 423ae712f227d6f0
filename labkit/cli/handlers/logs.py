"""`docker logs` and `docker port`: what a container says and where it can be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.cli.handlers.containers import ports
from labkit.cli.moments import moment_of
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine.engine import Engine
from labkit.engine.state import Container
from labkit.errors import DaemonError, LabkitError, NotFound
from labkit.oci.moment import rfc3339

_SECOND = 10**9


def logs(terminal: Terminal, call: Invocation) -> int:
    """Print what a container's main process has written so far."""
    try:
        found = containers.find_container(terminal.engine, call.args[0])
    except NotFound as error:
        terminal.err(f"Error: {error}\n")
        return 1
    if found.options.log_driver == "none":
        raise DaemonError("configured logging driver does not support reading")
    engine, (first, last) = terminal.engine, (_moment(terminal, call, name) for name in ("since", "until"))
    lines = list(_lines(engine, found, first or 0, last or engine.now, bool(call.options["timestamps"])))
    tail = str(call.options["tail"])
    if tail.isdecimal():
        lines = lines[len(lines) - min(int(tail), len(lines)) :]
    for stream, line in lines:
        terminal.write(stream, line)
    if call.options["follow"] and found.running:
        terminal.hint = "labkit: a real terminal would print new lines here until you press Ctrl-C"
    return 0


def _moment(terminal: Terminal, call: Invocation, name: str) -> int | None:
    text = str(call.options[name])
    moment = moment_of(text, terminal.engine.now) if text else None
    if text and moment is None:
        raise LabkitError(f'invalid value for "{name}": failed to parse value as time or duration: "{text}"')
    return moment


def _lines(
    engine: Engine, container: Container, first: int, last: int, stamped: bool
) -> Iterator[tuple[int, bytes]]:
    for chunk in container.log:
        if first <= chunk.at <= min(last, engine.now):
            moment = f"{rfc3339(chunk.at)[:-1]}.{chunk.at % _SECOND:09}Z "
            stamp = moment.encode() if stamped else b""
            for line in re.findall(rb"[^\n]*\n|[^\n]+", chunk.data):
                yield chunk.stream, stamp + line


def port(terminal: Terminal, call: Invocation) -> int:
    """List which ports of the host lead to a running container's, or to one of them."""
    try:
        found = containers.find_container(terminal.engine, call.args[0])
    except NotFound as error:
        raise LabkitError(f"Error: {error}") from None
    published = [each.split("->") for each in ports(found).split(", ") if "->" in each]
    if len(call.args) == 1:
        terminal.out("".join(f"{inner} -> {outer}\n" for outer, inner in published))
        return 0
    number, _, protocol = call.args[1].partition("/")
    wanted = f"{number}/{protocol or 'tcp'}"
    outers = [outer for outer, inner in published if inner == wanted]
    if not outers:
        raise LabkitError(f"Error: No public port '{wanted}' published for {call.args[0]}")
    terminal.out("".join(f"{outer}\n" for outer in outers))
    return 0
