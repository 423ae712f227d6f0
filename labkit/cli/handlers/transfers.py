"""`docker pull`: the events of a transfer as lines of text (moby, pkg/jsonmessage)."""

from __future__ import annotations

from labkit.cli.formats import progress_line
from labkit.cli.parse import Invocation
from labkit.cli.terminal import Terminal, Transfer
from labkit.engine import transfer
from labkit.engine.schedule import PullEvent
from labkit.engine.transfer import Pulled
from labkit.errors import DaemonError, InvalidReference
from labkit.oci.descriptor import Platform
from labkit.oci.reference import Reference, parse_reference

_MOVING = ("Downloading", "Extracting", "Pushing")


def pull(terminal: Terminal, call: Invocation) -> int:
    """Pull an image from a registry."""
    try:
        reference = parse_reference(call.args[0])
    except InvalidReference as error:
        terminal.err(f"{error}\n")
        return 1
    quiet = bool(call.options["quiet"])
    if not reference.tag and not reference.digest:
        reference = reference.with_default_tag()
        if not quiet:
            terminal.out(f"Using default tag: {reference.tag}\n")
    pull_image(terminal, reference, str(call.options["platform"]), stream=1, quiet=quiet)
    terminal.out(f"{reference}\n")
    return 0


def pull_image(
    terminal: Terminal, reference: Reference, platform: str = "", *, stream: int, quiet: bool = False
) -> Pulled:
    """Pull an image and show it, on standard output (1) or standard error (2); raises DaemonError."""
    client = terminal.registries.client(reference.domain)
    wanted = _platform(platform) if platform else terminal.platform
    events = transfer.pull(terminal.engine, client, reference, terminal.network, wanted)
    header = f"{reference if reference.digest else reference.tag}: Pulling from {reference.path}\n"
    try:
        pulled = show(terminal, events, stream=0 if quiet else stream, header=header)
    except DaemonError:
        terminal.hint = _what_there_is(terminal, reference)
        raise
    assert isinstance(pulled, Pulled)
    if not quiet:
        newer = "Image is up to date for" if pulled.up_to_date else "Downloaded newer image for"
        terminal.write(stream, f"Digest: {pulled.digest}\nStatus: {newer} {reference.familiar}\n")
    return pulled


def _what_there_is(terminal: Terminal, reference: Reference) -> str:
    """Say what the registry has, where labkit knows it as a whole."""
    registry = terminal.registries.hosts.get(reference.domain)
    if registry is None:
        return ""
    if reference.path not in registry.names:
        names = ", ".join(name.removeprefix("library/") for name in registry.names)
        return f"labkit: the built-in hub has: {names}" if reference.domain == "docker.io" else ""
    tags = ", ".join(terminal.registries.client(reference.domain).tags(reference.path))
    return f"labkit: {reference.familiar_name} has the tags: {tags}"


def _platform(text: str) -> Platform:
    os, _, rest = text.partition("/")
    architecture, _, variant = rest.partition("/")
    return Platform(architecture or "amd64", os, variant)


def show(
    terminal: Terminal, events: Transfer, *, stream: int, header: str = ""
) -> transfer.Pulled | transfer.Pushed:
    """Run a transfer and print its lines; return what it returns.

    To a terminal each layer has one line, which the next event of the layer replaces: what is left at
    the end is printed. Elsewhere each state is a line, without the progress of bytes. Stream 0 is silent.
    """
    lines: dict[str, str] = {}
    printed = not header
    while True:
        try:
            event = next(events)
        except StopIteration as stop:
            if stream and not printed:
                terminal.write(stream, header)
            if stream and terminal.tty:
                terminal.write(stream, "".join(f"{line}\n" for line in lines.values()))
            result: transfer.Pulled | transfer.Pushed = stop.value
            return result
        if stream and not printed:
            terminal.write(stream, header)
            printed = True
        if terminal.watch is not None:
            terminal.watch(event)
        lines[event.layer] = event_line(event)
        if stream and not terminal.tty and not event.state.startswith(_MOVING):
            terminal.write(stream, f"{event.layer}: {event.state.rstrip()}\n")


def event_line(event: PullEvent) -> str:
    """Return a layer's line as a terminal shows it, with room for a bar after the state.

    >>> event_line(PullEvent(0.0, "27833a3ba0a5", "Pull complete"))
    '27833a3ba0a5: Pull complete '
    """
    return progress_line(event.layer, event.state, event.current, event.total)
