"""`docker cp` and `docker export`: files between a container and the place where docker is typed.

That place is the pretend home. A path that it does not have is one of the learner's real files, as it is
for `docker load -i`; a target that is new goes to where its directory is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from labkit.base.errors import DaemonError, FileSystemError, InvalidLayer, LabkitError, NotFound
from labkit.cli.archive import write_archive
from labkit.cli.realfiles import RealFiles
from labkit.cli.table import Invocation
from labkit.cli.terminal import Terminal
from labkit.engine import container as containers
from labkit.engine import container_files
from labkit.engine.container_files import CopyInfo, Files, Member, NoSuchPath, PathStat
from labkit.go import path as gopath
from labkit.oci.content import Content
from labkit.oci.gzip import decompressed
from labkit.oci.tar_writer import write_entries
from labkit.oci.tree import Device, Dir, Symlink

_NO_PATH = "Error: No such container:path: {}:{}"


@dataclass(frozen=True, slots=True)
class _Local:
    files: Files
    path: str


def cp(terminal: Terminal, call: Invocation) -> int:
    """Copy files or directories between a container and the place where docker is typed."""
    source, target = call.args
    if not source or not target:
        raise LabkitError(f"{'destination' if source else 'source'} can not be empty")
    (source_box, source_path), (target_box, target_path) = map(_split, (source, target))
    if source_box and target_box:
        raise LabkitError("copying between containers is not supported")
    follow = bool(call.options["follow-link"])
    if source_box:
        _copy_out(terminal, source_box, source_path, target_path, follow)
    elif target_box:
        _copy_in(
            terminal, source_path, target_box, target_path, follow, as_user=bool(call.options["archive"])
        )
    else:
        raise LabkitError("must specify at least one container source")
    return 0


def _split(text: str) -> tuple[str, str]:
    """Return the container and the path of an argument; a path is one that starts with `/` or `.`."""
    box, colon, path = text.partition(":")
    if not colon or text.startswith(("/", ".")):
        return "", text
    return box, path


def _local(terminal: Terminal, path: str, *, target: bool = False) -> _Local:
    """Return where a local path is: in the pretend home, or among the learner's real files."""
    home = _Local(terminal.home, container_files.local_path(path, terminal.cwd))
    real = _Local(RealFiles(), container_files.local_path(path, gopath.clean(terminal.real_directory)))
    places = [(home, home.path), (real, real.path)]
    if target:
        places += [(home, _above(home.path)), (real, _above(real.path))]
        if not path.startswith("/"):
            places[1], places[2] = places[2], places[1]
    return next((local for local, there in places if local.files.exists(there, False)), home)


def _above(path: str) -> str:
    return gopath.split_entry(path)[0]


def _copy_out(terminal: Terminal, name: str, path: str, target: str, follow: bool) -> None:
    local = None if target == "-" else _local(terminal, target, target=True)
    if local is not None:
        container_files.check_output(local.files, local.path)
    if not path:
        raise DaemonError("bad parameter: pathcannot be empty")
    rebase_name = ""
    if follow and (found := _stat(terminal, name, path)) and isinstance(found.node, Symlink):
        path, rebase_name = container_files.rebase_of(path, found.link_target)
    try:
        container = containers.find_container(terminal.engine, name)
        content: Sequence[Member] = container_files.read_path(terminal.engine, container, path)
    except (NotFound, NoSuchPath):
        raise LabkitError(_NO_PATH.format(name, path)) from None
    if local is None:
        terminal.out(write_entries(content).read())
        return
    is_dir = isinstance(content[0].node, Dir)
    if rebase_name:
        content = container_files.rebased(content, gopath.split_entry(path)[1], rebase_name)
    info = container_files.destination(local.files, local.path)
    directory, content = container_files.prepare(content, CopyInfo(path, True, is_dir, rebase_name), info)
    try:
        container_files.unpack(local.files, directory, content)
    except FileSystemError as error:
        raise LabkitError(f"open {error.filename}: {(error.strerror or '').lower()}") from None


def _copy_in(terminal: Terminal, path: str, name: str, target: str, follow: bool, *, as_user: bool) -> None:
    info, found = CopyInfo(target), _stat(terminal, name, target)
    if found and isinstance(found.node, Symlink):
        info = CopyInfo(found.link_target)
        found = _stat(terminal, name, found.link_target)
    if found and isinstance(found.node, Device):
        raise LabkitError(
            f'destination "{name}:{target}" must be a directory or a regular file: got a device'
        )
    if found:
        info = replace(info, exists=True, is_dir=isinstance(found.node, Dir))
    directory = info.path
    content: Sequence[Member] | None = None
    if path == "-":
        if not info.is_dir:
            raise LabkitError(f'destination "{name}:{target}" must be a directory')
    else:
        local = _local(terminal, path)
        source, content = container_files.read_source(local.files, local.path, follow)
        directory, content = container_files.prepare(content, source, info)
    try:
        container = containers.find_container(terminal.engine, name)
        if content is None:
            content = container_files.read_members(decompressed(Content.of(terminal.stdin)))
        container_files.write_path(terminal.engine, container, directory, content, as_user=as_user)
    except InvalidLayer as error:
        raise DaemonError(str(error)) from None
    except (NotFound, NoSuchPath):
        raise LabkitError(_NO_PATH.format(name, directory)) from None


def _stat(terminal: Terminal, name: str, path: str) -> PathStat | None:
    """Return what the daemon says of a path; the client takes every error for "not there"."""
    try:
        container = containers.find_container(terminal.engine, name)
        return container_files.stat_path(terminal.engine, container, path) if path else None
    except (DaemonError, NoSuchPath):
        return None


def export(terminal: Terminal, call: Invocation) -> int:
    """Write a container's files as one flat tar: to a file, or to standard output."""
    name, engine = call.args[0], terminal.engine

    def content() -> Content:
        return container_files.export(engine, containers.find_container(engine, name))

    return write_archive(terminal, str(call.options["output"]), content, "failed to export container")


HANDLERS = {"container cp": cp, "container export": export}
