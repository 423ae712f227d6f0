"""`docker cp` and `docker export`: files between a container and the place where docker is typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from labkit.base.errors import DaemonError, InvalidLayer, LabkitError, NotFound
from labkit.cli import places
from labkit.cli.archive import write_archive
from labkit.cli.realfiles import fit, is_drive
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine import container_files
from labkit.engine.container_files import CopyInfo, Member, NoSuchPath
from labkit.oci.content import Content
from labkit.oci.gzip import decompressed
from labkit.oci.tar_writer import write_entries
from labkit.oci.tree import Device, Dir, Node, Symlink

_NO_PATH = "Error: No such container:path: {}:{}"


def cp(terminal: Terminal, call: Invocation) -> int:
    """Copy files or directories between a container and the place where docker is typed."""
    source, target = call.args
    if not source or not target:
        raise LabkitError(f"{'destination' if source else 'source'} can not be empty")
    (source_box, source_path), (target_box, target_path) = map(_split, (source, target))
    if source_box and target_box:
        raise LabkitError("copying between containers is not supported")
    if source_box:
        _copy_out(terminal, source_box, source_path, target_path)
    elif target_box:
        _copy_in(terminal, source_path, target_box, target_path, as_user=bool(call.options["archive"]))
    else:
        raise LabkitError("must specify at least one container source")
    return 0


def _split(text: str) -> tuple[str, str]:
    """Return the container and the path of an argument; a path is one that starts with `/` or `.`."""
    box, colon, path = text.partition(":")
    if not colon or text.startswith(("/", ".")) or is_drive(text):
        return "", text
    return box, path


_LEFT_OUT = "labkit: not written to your own disk: {} (a device, a pipe, or no name there)"


def _copy_out(terminal: Terminal, name: str, path: str, target: str) -> None:
    local = None if target == "-" else places.target(terminal, target)
    if local is not None:
        container_files.check_output(local.files, local.path)
    if not path:
        raise DaemonError("bad parameter: pathcannot be empty")
    try:
        container = containers.find_container(terminal.engine, name)
        content: Sequence[Member] = container_files.read_path(terminal.engine, container, path)
    except (NotFound, NoSuchPath):
        raise LabkitError(_NO_PATH.format(name, path)) from None
    if local is None:
        terminal.archive(write_entries(content))
        return
    is_dir = isinstance(content[0].node, Dir)
    info = container_files.destination(local.files, local.path)
    directory, content = container_files.prepare(content, CopyInfo(path, True, is_dir), info)
    left: list[str] = []
    if local.real:
        content, left = fit(content, directory)
    container_files.unpack(local.files, directory, content, replacing=local.real)
    if left:
        terminal.hint = _LEFT_OUT.format(", ".join(left[:3]) + " …" * (len(left) > 3))


def _copy_in(terminal: Terminal, path: str, name: str, target: str, *, as_user: bool) -> None:
    info, (node, leads_to) = CopyInfo(target), _stat(terminal, name, target)
    if isinstance(node, Symlink):
        info = CopyInfo(leads_to)
        node, _ = _stat(terminal, name, leads_to)
    if isinstance(node, Device):
        raise LabkitError(
            f'destination "{name}:{target}" must be a directory or a regular file: got a device'
        )
    if node:
        info = replace(info, exists=True, is_dir=isinstance(node, Dir))
    directory = info.path
    content: Sequence[Member] | None = None
    if path == "-":
        if not info.is_dir:
            raise LabkitError(f'destination "{name}:{target}" must be a directory')
    else:
        local = places.source(terminal, path)
        source, content = container_files.read_source(local.files, local.path)
        directory, content = container_files.prepare(content, source, info)
    try:
        container = containers.find_container(terminal.engine, name)
        if content is None:
            owned = {"copyUIDGID": "true"} if as_user else {}
            query = urlencode({**owned, "noOverwriteDirNonDir": "true", "path": directory})
            data = terminal.sent("Put", f"containers/{name}/archive?{query}")
            content = container_files.read_members(decompressed(Content.of(data)))
        container_files.write_path(terminal.engine, container, directory, content, as_user=as_user)
    except InvalidLayer as error:
        raise DaemonError(str(error)) from None
    except (NotFound, NoSuchPath):
        raise LabkitError(_NO_PATH.format(name, directory)) from None


def _stat(terminal: Terminal, name: str, path: str) -> tuple[Node | None, str]:
    """Return what the daemon says of a path; the client takes every error for "not there"."""
    try:
        container = containers.find_container(terminal.engine, name)
        return container_files.stat_path(terminal.engine, container, path) if path else (None, "")
    except (DaemonError, NoSuchPath):
        return None, ""


def export(terminal: Terminal, call: Invocation) -> int:
    """Write a container's files as one flat tar: to a file, or to standard output."""
    name, engine = call.args[0], terminal.engine

    def content() -> Content:
        return container_files.export(engine, containers.find_container(engine, name))

    return write_archive(terminal, str(call.options["output"]), content, "failed to export container")
