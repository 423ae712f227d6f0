"""`docker pull` and `docker push`: the events of a transfer as lines of text (moby, pkg/jsonmessage)."""

from __future__ import annotations

from dataclasses import replace

from labkit.base.errors import DaemonError, LabkitError, RegistryError, retold
from labkit.cli.formats import progress_bar
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal, Transfer
from labkit.engine import images
from labkit.engine import pull as pulling
from labkit.engine import push as pushing
from labkit.engine.pull import Pulled
from labkit.engine.push import Pushed
from labkit.engine.schedule import PullEvent, StepEvent
from labkit.oci.descriptor import parse_platform
from labkit.oci.reference import Reference, parse_reference
from labkit.store.client import Client, followed

_MOVING = ("Downloading", "Extracting", "Pushing")


def pull(terminal: Terminal, call: Invocation) -> int:
    """Pull an image, or all of a repository, from a registry."""
    quiet, reference = bool(call.options["quiet"]), _wanted(terminal, call)
    pull_image(terminal, reference, str(call.options["platform"]), stream=1, quiet=quiet)
    terminal.out(f"{reference}\n")
    return 0


def _wanted(terminal: Terminal, call: Invocation) -> Reference:
    """Return what is named, without a tag where all are wanted, and tell where a tag was added."""
    reference = parse_reference(call.args[0])
    if reference.tag or reference.digest:
        if call.options["all-tags"]:
            raise LabkitError("tag can't be used with --all-tags/-a")
    elif not call.options["all-tags"]:
        reference = reference.with_default_tag()
        if not call.options["quiet"]:
            terminal.out(f"Using default tag: {reference.tag}\n")
    return reference


def pull_image(
    terminal: Terminal, reference: Reference, platform: str = "", *, stream: int, quiet: bool = False
) -> None:
    """Pull an image, or all that a name without a tag has, and show it; raises LabkitError.

    It is shown on standard output (1) or standard error (2).
    """
    client = terminal.registries.client(reference.domain)
    with retold(DaemonError):
        wanted = parse_platform(platform, terminal.platform) if platform else terminal.platform
    up_to_date = True
    try:
        for each in _all_of(client, reference):
            events = pulling.pull(terminal.engine, client, each, terminal.network, wanted)
            header = f"{each if each.digest else each.tag}: Pulling from {each.path}\n"
            pulled = show(terminal, events, stream=0 if quiet else stream, header=header)
            assert isinstance(pulled, Pulled)
            up_to_date = up_to_date and pulled.up_to_date
            if not quiet:
                terminal.write(stream, f"Digest: {pulled.digest}\n")
    except DaemonError:
        terminal.hint = terminal.registries.hint(reference)
        raise
    if not quiet:
        newer = "Image is up to date for" if up_to_date else "Downloaded newer image for"
        terminal.write(stream, f"Status: {newer} {reference.familiar}\n")


def _all_of(client: Client, reference: Reference) -> list[Reference]:
    """Return what to pull: a name as it is, or one for each tag that its repository has."""
    if reference.tag or reference.digest:
        return [reference]
    try:
        return [replace(reference, tag=tag) for tag in client.tags(reference.path)]
    except RegistryError as error:
        raise DaemonError(pulling.refusal(error, reference)) from error


def push(terminal: Terminal, call: Invocation) -> int:
    """Push an image, or all tags of a repository, to a registry."""
    quiet, reference = bool(call.options["quiet"]), _wanted(terminal, call)
    if reference.digest:
        raise LabkitError("cannot push a digest reference")
    if not quiet:
        terminal.out(f"The push refers to repository [{reference.name}]\n")
    wanted = [reference] if reference.tag else images.tags_of(terminal.engine, reference)
    if not wanted:
        raise LabkitError(f"An image does not exist locally with the tag: {reference.familiar_name}")
    with retold(LabkitError, DaemonError):  # the daemon has answered already
        client = terminal.registries.client(reference.domain)
    for each in wanted:
        events = pushing.push(terminal.engine, client, each, terminal.network)
        pushed = show(terminal, events, stream=0 if quiet else 1)
        assert isinstance(pushed, Pushed)
        if not quiet:
            terminal.out(f"{each.tag}: digest: {pushed.digest} size: {pushed.size}\n")
    if quiet:
        terminal.out(f"{reference}\n")
    return 0


def show(terminal: Terminal, events: Transfer, *, stream: int, header: str = "") -> Pulled | Pushed:
    """Run a transfer and print its lines; return what it returns.

    To a terminal each layer has one line, which the next event of the layer replaces: what is left at
    the end is printed, of a transfer that fails too. Elsewhere each state is a line, without the progress of
    bytes. Stream 0 is silent.
    """
    lines: dict[str, str] = {}
    begun = False

    def write(text: str) -> None:
        if stream:
            terminal.write(stream, text)

    def begin() -> None:
        nonlocal begun
        if not begun and stream:
            terminal.see(StepEvent(0.0, "", "Pulling", text=header))
            terminal.write(stream, header)
        begun = True

    def see(event: PullEvent) -> None:
        begin()
        terminal.see(event)
        lines[event.layer] = event_line(event)
        if not terminal.tty and not event.state.startswith(_MOVING):
            write(f"{event.layer}: {event.state.rstrip()}\n")

    try:
        result = followed(events, see)
        begin()
        return result
    finally:
        if terminal.tty:
            write("".join(f"{line}\n" for line in lines.values()))


def event_line(event: PullEvent, width: int = 200) -> str:
    """Return a layer's line as a terminal of so many columns shows it, with room for a bar after the state.

    >>> event_line(PullEvent(0.0, "27833a3ba0a5", "Pull complete"))
    '27833a3ba0a5: Pull complete '
    """
    return f"{event.layer}: {event.state} {progress_bar(event.current, event.total, width)}"
