"""`docker save`, `load` and `import`: archives from and to the learner's real files.

A file of the pretend home, which `docker save app > app.tar` leaves, comes before a real one of its name.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from labkit.base.errors import DaemonError, FileSystemError, InvalidReference, LabkitError, NotSimulated
from labkit.cli.formats import progress_line
from labkit.cli.realfiles import RealFiles
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.dockerfile.instructions import config_changes
from labkit.engine import archives
from labkit.oci.blob import write_file
from labkit.oci.content import Content
from labkit.oci.digest import short
from labkit.oci.reference import parse_reference

_LAYOUT = {"index.json", "manifest.json", "oci-layout"}


def save(terminal: Terminal, call: Invocation) -> int:
    """Write images to an archive: a file, or standard output."""

    def content() -> Content:
        stream = io.BytesIO()
        archives.save(terminal.engine, call.args, stream)
        return Content.of(stream.getvalue())

    def write(path: Path) -> None:
        archives.save(terminal.engine, call.args, path)

    return write_archive(terminal, str(call.options["output"]), content, "failed to save image", write)


def write_archive(
    terminal: Terminal,
    target: str,
    content: Callable[[], Content],
    failed: str,
    write: Callable[[Path], None] | None = None,
) -> int:
    """Write what a command makes to a real file, or to standard output if that is no terminal.

    `failed` begins the error about a directory that is not there; `write` writes the file in its own way.
    """
    if not target:
        if terminal.tty:
            terminal.err("cowardly refusing to save to a terminal. Use the -o flag or redirect\n")
            return 1
        terminal.out(content().read())
        return 0
    path = Path(target)
    if not path.parent.is_dir():
        terminal.err(f'{failed}: invalid output path: directory "{path.parent}" does not exist\n')
        return 1
    if path.is_dir():
        content()
        above = target[: target.rfind("/") + 1] or "./"
        terminal.err(f"rename {above}.docker_temp_1 {target}: file exists\n")
        return 1
    try:
        write(path) if write else write_file(path, content().chunks())
    except DaemonError:
        raise
    except LabkitError as error:
        terminal.err(f"{error}\n")
        return 1
    return 0


def import_image(terminal: Terminal, call: Invocation) -> int:
    """Make an image with one layer out of a tar: a file, or standard input."""
    source, name = call.args[0], call.args[1] if len(call.args) > 1 else ""
    if source.startswith(("http://", "https://")):
        raise NotSimulated("labkit: a tar from a URL is not simulated; it would be downloaded by the daemon")
    try:
        if name:
            parse_reference(name)
    except InvalidReference as error:
        raise LabkitError(str(error)) from error
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
    if source == "-":
        return Content.of(terminal.stdin)
    if not source:
        raise LabkitError("open : no such file or directory")
    if (data := terminal.read_at_home(source)) is not None:
        return Content.of(data)
    if os.path.isdir(source):
        query = urlencode({"fromSrc": "-", "message": "", "repo": name, "tag": ""})
        post = f"http://%2Fvar%2Frun%2Fdocker.sock/v1.41/images/create?{query}"
        raise LabkitError(f'error during connect: Post "{post}": read {source}: is a directory')
    try:
        return RealFiles().content(source)
    except FileSystemError as error:
        raise LabkitError(f"open {source}: {(error.strerror or '').lower()}") from error


def load(terminal: Terminal, call: Invocation) -> int:
    """Load the images of an archive: a file, or standard input."""
    source = str(call.options["input"])
    stdin = b"" if source else terminal.stdin
    if not source and not stdin:
        terminal.err("requested load from stdin, but stdin is empty\n")
        return 1
    data = terminal.read_at_home(source) if source else stdin
    if data is None and os.path.isdir(source) and not set(os.listdir(source)) & _LAYOUT:
        post = "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/images/load?quiet=1"
        terminal.err(f'error during connect: Post "{post}": read {source}: is a directory\n')
        return 1
    try:
        loaded = archives.load(terminal.engine, source if data is None else io.BytesIO(data))
    except LabkitError as error:
        terminal.err(f"{error}\n", error)
        return 1
    if terminal.tty and not call.options["quiet"]:
        for layer in loaded.layers:
            size = layer.tar.size if layer.tar else 0
            terminal.out(progress_line(short(layer.diff_id), "Loading layer", size, size) + "\n")
    terminal.out("\n".join(loaded.lines) + "\n")
    return 0


HANDLERS = {"image save": save, "image load": load, "image import": import_image}
