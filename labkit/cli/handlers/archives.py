"""`docker save` and `docker load`, which read and write the learner's real files.

A file of the pretend home, which `docker save app > app.tar` leaves, comes before a real one of its name.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from labkit.cli.formats import progress_line
from labkit.cli.parse import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import archives
from labkit.errors import DaemonError, LabkitError
from labkit.oci.digest import short

_LAYOUT = {"index.json", "manifest.json", "oci-layout"}


def save(terminal: Terminal, call: Invocation) -> int:
    """Write images to an archive: a file, or standard output."""
    target = str(call.options["output"])
    if not target:
        if terminal.tty:
            terminal.err("cowardly refusing to save to a terminal. Use the -o flag or redirect\n")
            return 1
        stream = io.BytesIO()
        archives.save(terminal.engine, call.args, stream)
        terminal.out(stream.getvalue())
        return 0
    path = Path(target)
    if not path.parent.is_dir():
        terminal.err(f'failed to save image: invalid output path: directory "{path.parent}" does not exist\n')
        return 1
    if path.is_dir():
        archives.save(terminal.engine, call.args, io.BytesIO())
        above = target[: target.rfind("/") + 1] or "./"
        terminal.err(f"rename {above}.docker_temp_1 {target}: file exists\n")
        return 1
    try:
        archives.save(terminal.engine, call.args, path)
    except DaemonError:
        raise
    except LabkitError as error:
        terminal.err(f"{error}\n")
        return 1
    return 0


def load(terminal: Terminal, call: Invocation) -> int:
    """Load the images of an archive: a file, or standard input."""
    source = str(call.options["input"])
    stdin = b"" if source else terminal.stdin
    if not source and not stdin:
        terminal.err("requested load from stdin, but stdin is empty\n")
        return 1
    file = terminal.open_at_home(source) if source else io.BytesIO(stdin)
    if file is None and os.path.isdir(source) and not set(os.listdir(source)) & _LAYOUT:
        post = "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/images/load?quiet=1"
        terminal.err(f'error during connect: Post "{post}": read {source}: is a directory\n')
        return 1
    try:
        loaded = archives.load(terminal.engine, source if file is None else file)
    except LabkitError as error:
        terminal.err(f"{error}\n")
        return 1
    if terminal.tty and not call.options["quiet"]:
        for layer in loaded.layers:
            size = layer.tar.size if layer.tar else 0
            terminal.out(progress_line(short(layer.diff_id), "Loading layer", size, size) + "\n")
    terminal.out("\n".join(loaded.lines) + "\n")
    return 0
