"""`docker build`: the client's part, which is the context, and what the builder prints.

And `docker builder prune`, which finds nothing: the classic builder's cache is the images themselves.
"""

from __future__ import annotations

from dataclasses import replace

from labkit.cli import contexts
from labkit.cli.formats import progress_bar
from labkit.cli.handlers.transfers import pull_image
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine.build import Request
from labkit.engine.build import build as run_build
from labkit.errors import DaemonError, InvalidReference, LabkitError
from labkit.oci.reference import parse_reference

_RED, _PLAIN = b"\x1b[91m", b"\x1b[0m"
_NO_SQUASH = '"--squash" is only supported on a Docker daemon with experimental features enabled\n'
_NO_SECURITY = "The daemon on this platform does not support setting security options on build"


def build(terminal: Terminal, call: Invocation) -> int:
    """Build an image from a Dockerfile and a context."""
    if call.options["squash"]:
        terminal.err(_NO_SQUASH)
        return 1
    if not call.options["disable-content-trust"]:
        raise LabkitError("labkit: content trust is not simulated; it would ask a notary server")
    request = _request(terminal, call)
    sent = contexts.prepare(terminal, call.args[0], str(call.options["file"]))
    quiet = bool(call.options["quiet"])
    screen = replace(terminal, output=[], said="", hint="") if quiet else terminal
    screen.out(f"Sending build context to Docker daemon {progress_bar(sent.size, 0)}\r\r\n")
    begun = len(screen.output)

    def say(stream: int, text: str | bytes) -> None:
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
        screen.out(_RED + data + _PLAIN if stream == 2 else data)

    def pull(name: str) -> None:
        try:
            reference = parse_reference(name).with_default_tag()
        except InvalidReference as error:
            raise DaemonError(str(error)) from None
        pull_image(screen, reference, stream=1)

    try:
        if call.options["security-opt"]:
            raise DaemonError(_NO_SECURITY)
        image = run_build(terminal.engine, sent.context, request, pull=pull, say=say)
    except LabkitError as error:
        streamed = len(screen.output) > begun
        if quiet:
            terminal.err(b"".join(data for _, data in screen.output))
        terminal.hint = terminal.hint or screen.hint
        if isinstance(error, DaemonError) and not streamed and not str(error).startswith("labkit: "):
            return terminal.daemon_error(error)
        terminal.err(f"{error}\n")
        return error.exit_code
    if quiet:
        terminal.out(f"{image.id}\n")
    return 0


def _request(terminal: Terminal, call: Invocation) -> Request:
    """Return what the flags ask for; an argument without a value takes the prompt's, if there is one."""
    given = call.options
    arguments: dict[str, str | None] = {}
    for text in call.strings("build-arg"):
        name, equals, value = text.partition("=")
        arguments[name] = value if equals else terminal.env.get(name)
    labels = (text.partition("=") for text in call.strings("label"))
    return Request(
        tags=tuple(dict.fromkeys(parse_reference(each).with_default_tag() for each in call.strings("tag"))),
        arguments=arguments,
        labels={name: value for name, _, value in labels},
        use_cache=not given["no-cache"],
        cache_from=call.strings("cache-from"),
        pull=bool(given["pull"]),
        remove=bool(given["rm"]),
        force_remove=bool(given["force-rm"]),
        target=str(given["target"]),
        network=str(given["network"]),
    )


def prune(terminal: Terminal, call: Invocation) -> int:
    """Remove the build cache: there is none beside the images."""
    if not call.options["force"]:
        what = "all" if call.options["all"] else "all dangling"
        terminal.out(
            f"WARNING! This will remove {what} build cache. Are you sure you want to continue? [y/N] "
        )
    terminal.out("Total reclaimed space: 0B\n")
    return 0
