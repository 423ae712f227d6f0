"""`docker save`, `load` and `import`: archives from and to files of the pretend home, or real ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from labkit.base.errors import FileSystemError, LabkitError, NotSimulated, call_of, retold
from labkit.cli import places
from labkit.cli.places import Place
from labkit.cli.realfiles import native
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.cli.transfer import event_line
from labkit.dockerfile.instructions import config_changes
from labkit.engine import archives
from labkit.engine.container_files import check_output
from labkit.go import path as gopath
from labkit.oci.blob import write_file
from labkit.oci.content import Content
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta

_LAYOUT = {"index.json", "manifest.json", "oci-layout"}


def save(terminal: Terminal, call: Invocation) -> int:
    """Write images to an archive: a file, or standard output."""

    def content() -> Content:
        archive = archives.saved(terminal.engine, call.args)
        for event in archives.saving(terminal.engine, call.args):
            terminal.see(event)
        return archive

    return write_archive(terminal, str(call.options["output"]), content, "failed to save image")


def write_archive(terminal: Terminal, target: str, content: Callable[[], Content], failed: str) -> int:
    """Write what a command makes to a file, or to standard output if that is no terminal.

    `failed` begins the error about a path where no file can be.
    """
    if not target:
        if terminal.tty:
            raise LabkitError("cowardly refusing to save to a terminal. Use the -o flag or redirect")
        terminal.archive(content())
        return 0
    files, path, real = places.target(terminal, target)
    with retold(LabkitError, start=f"{failed}: "):
        check_output(files, path, target)
    written, above = File(content(), Meta(0o600)), target[: target.rfind("/") + 1] or "./"
    if files.exists(path) and isinstance(files.stat(path).node, Dir):
        raise LabkitError(f"rename {above}.docker_temp_1 {target}: file exists")
    try:
        if real:
            write_file(Path(native(path)), written.content.chunks(), 0o600)
        else:
            beside = gopath.join(path, "../.docker_temp_1")
            terminal.home.place(beside, replace(written, meta=Meta(0o600, mtime=terminal.engine.now)))
            terminal.home.rename(beside, path)
    except FileSystemError as error:
        number = error.errno or 0
        raise LabkitError(
            f"{call_of(number)} {above}.docker_temp_1: {os.strerror(number).lower()}"
        ) from error
    return 0


def import_image(terminal: Terminal, call: Invocation) -> int:
    """Make an image with one layer out of a tar: a file, or standard input."""
    source, name = call.args[0], call.args[1] if len(call.args) > 1 else ""
    if source.startswith(("http://", "https://")):
        raise NotSimulated("labkit: a tar from a URL is not simulated; it would be downloaded by the daemon")
    if name:
        parse_reference(name)
    image = archives.import_tar(
        terminal.engine,
        _tar_of(terminal, source, name),
        name,
        message=str(call.options["message"]),
        config=config_changes(call.strings("change"), {}),
        platform=str(call.options["platform"]),
    )
    terminal.out(f"{image.id}\n")
    return 0


def _tar_of(terminal: Terminal, source: str, name: str) -> Content:
    request = f"images/create?{urlencode({'fromSrc': '-', 'message': '', 'repo': name, 'tag': ''})}"
    if source == "-":
        return Content.of(terminal.sent("Post", request))
    return _read(terminal, places.source(terminal, source), source, request)


def _read(terminal: Terminal, place: Place, source: str, request: str) -> Content:
    """Return what a file holds that is sent to the daemon; raises LabkitError in the client's words."""
    try:
        if source and isinstance(place.files.stat(place.path).node, Dir):
            raise terminal.not_sent("Post", request, f"read {source}: is a directory")
        return place.files.content(place.path if source else "")
    except FileSystemError as error:
        raise LabkitError(f"open {source}: {(error.strerror or '').lower()}") from error


def load(terminal: Terminal, call: Invocation) -> int:
    """Load the images of an archive: a file, or standard input."""
    source, request = str(call.options["input"]), "images/load?quiet=1"
    stdin = b"" if source else terminal.sent("Post", request)
    if not source and not stdin:
        raise LabkitError("requested load from stdin, but stdin is empty")
    file = _archive(terminal, source, request) if source else Content.of(stdin)
    with retold(LabkitError):
        loaded = archives.load(terminal.engine, file)
    for event in [] if call.options["quiet"] else loaded.events:
        terminal.see(event)
        if terminal.tty:
            terminal.out(f"{event_line(event)}\n")
    terminal.out("\n".join(loaded.lines) + "\n")
    return 0


def _archive(terminal: Terminal, source: str, request: str) -> Content | str:
    """Return what an archive holds, or the path of a real one or of a layout's directory."""
    place = places.source(terminal, source)
    if place.real and (os.path.isfile(native(place.path)) or _LAYOUT & set(place.files.listdir(place.path))):
        return native(place.path) if source.startswith("/") else source  # errors name it as it was typed
    return _read(terminal, place, source, request)
