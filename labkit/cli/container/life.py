"""A container's lifecycle after its start: `docker stop`, `restart`, `kill`, `wait`, `rename`, `rm`.

And what is asked of it meanwhile: `docker logs` and `docker port`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from labkit.base.errors import DaemonError, LabkitError, NotFound, retold
from labkit.cli.container.list import ports
from labkit.cli.container.run import requested
from labkit.cli.table import Invocation, UsageError
from labkit.cli.terminal import Terminal, named, told_by_client
from labkit.engine import container as containers
from labkit.engine import process


def stop(terminal: Terminal, call: Invocation) -> int:
    """Stop containers."""

    def one(name: str) -> None:
        found = requested(terminal.engine, name)
        containers.stop(terminal.engine, found, timeout=max(int(str(call.options["time"])), 0))

    return 1 if terminal.for_each(call.args, one) else 0


def restart(terminal: Terminal, call: Invocation) -> int:
    """Stop containers and start them again."""

    def one(name: str) -> None:
        found = requested(terminal.engine, name)
        if found.running:  # one with --rm is kept
            kept = replace(found, options=replace(found.options, auto_remove=False))
            stopped = containers.stop(terminal.engine, kept, timeout=max(int(str(call.options["time"])), 0))
            found = containers.keep(terminal.engine, replace(stopped, options=found.options))
        with retold(DaemonError, process.StartError, start=f"Cannot restart container {name}: "):
            process.start(terminal.engine, found, detached=True)

    return 1 if terminal.for_each(call.args, one) else 0


def kill(terminal: Terminal, call: Invocation) -> int:
    """Send containers a signal; a shell or `sleep` as the main process ignores all but KILL."""

    def one(name: str) -> None:
        signal = containers.signal_name(str(call.options["signal"]) or "KILL")
        with retold(DaemonError, NotFound, start=f"Cannot kill container: {name}: "):
            found = requested(terminal.engine, name)
        if not found.running:
            raise DaemonError(
                f"Cannot kill container: {name}: Container {found.id} is not running",
                code="container-not-running",
                subject=found.id[:12],
            )
        if signal == "KILL" or (found.service and signal in ("HUP", "INT", "QUIT", "TERM")):
            containers.stop(terminal.engine, found, kill=signal == "KILL")

    return 1 if terminal.for_each(call.args, one) else 0


def wait(terminal: Terminal, call: Invocation) -> int:
    """Let time pass until containers have ended and print their exit codes."""
    engine = terminal.engine

    def one(name: str) -> str:
        found = requested(engine, name)
        if found.running and found.ends_at is None:
            terminal.hint = (
                f"labkit: {found.name} does not end by itself, so docker wait would wait until Ctrl-C. "
                "End it with docker stop"
            )
            return ""
        if found.running and found.ends_at is not None:
            engine.advance(max(found.ends_at - engine.now, 0))
            process.settle(engine)
        return f"{found.ends_with if found.running else found.exit_code}\n"

    return 1 if terminal.for_each(call.args, one) else 0


def rename(terminal: Terminal, call: Invocation) -> int:
    """Give a container another name."""
    old, new = call.args
    try:
        if not old.strip() or not new.strip():
            raise LabkitError("Error: Neither old nor new names may be empty")
        containers.rename(terminal.engine, requested(terminal.engine, old), new)
    except DaemonError as error:
        told = f"{told_by_client(error)}\nError: failed to rename container named {old}\n"
        raise UsageError(told) from error
    return 0


def rm(terminal: Terminal, call: Invocation) -> int:
    """Remove containers; with --force it is no failure that one is not there."""
    force = bool(call.options["force"])

    def one(name: str) -> str | None:
        if not name:
            raise LabkitError("Container name cannot be empty")
        try:
            with_volumes = bool(call.options["volumes"])
            containers.remove(terminal.engine, name, force=force, with_volumes=with_volumes)
        except NotFound as error:
            if not force:
                raise LabkitError(f"Error: {error}") from error
            terminal.err(f"Error: {error}\n", error)
            return ""
        return None

    return 1 if terminal.for_each(call.args, one) else 0


def logs(terminal: Terminal, call: Invocation) -> int:
    """Print what a container's main process has written so far."""
    found = named(terminal.engine, call.args[0])
    if found.options.log_driver == "none":
        raise DaemonError("configured logging driver does not support reading")
    lines = [
        (chunk.stream, line)
        for chunk in found.printed(terminal.engine.now)
        for line in re.findall(rb"[^\n]*\n|[^\n]+", chunk.data)
    ]
    tail = str(call.options["tail"])
    if tail.isdecimal():
        lines = lines[len(lines) - min(int(tail), len(lines)) :]
    for stream, line in lines:
        terminal.write(stream, line)
    if call.options["follow"] and found.running:
        terminal.hint = "labkit: a real terminal would print new lines here until you press Ctrl-C"
    return 0


def port(terminal: Terminal, call: Invocation) -> int:
    """List which ports of the host lead to a running container's, or to one of them."""
    found = named(terminal.engine, call.args[0])
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
