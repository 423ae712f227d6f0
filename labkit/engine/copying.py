"""Where a copy goes and what it is called there (moby, pkg/archive/copy.go), as the client decides it.

A path that ends in a slash is a directory; `SRC/.` is what is in it; a directory that is copied onto one
that exists goes into it, onto a name that does not exist it takes that name.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.engine import gopath
from labkit.engine.members import Files, Member, collect, lstat, rebased
from labkit.errors import FileSystemError, LabkitError
from labkit.oci.tree import Device, Dir, Symlink

_LINKS = 255


@dataclass(frozen=True, slots=True)
class CopyInfo:
    """One end of a copy: the path, what is there, and the name that it was asked for by, if another."""

    path: str
    exists: bool = False
    is_dir: bool = False
    rebase_name: str = ""


def local_path(path: str, cwd: str) -> str:
    """Return an absolute path that ends as the given one does.

    >>> local_path("site/.", "/home/learner")
    '/home/learner/site/.'
    """
    return gopath.keep_end(gopath.clean(posixpath.join(cwd, path)), path)


def read_source(files: Files, path: str, follow: bool) -> tuple[CopyInfo, list[Member]]:
    """Return a local source and all that is in it; raises LabkitError in the client's words."""
    info = _source(files, path, follow)
    if lstat_or_fail(files, info.path) is None:
        raise _failed("lstat", info.path, errno.ENOENT)
    directory, name = gopath.split_entry(info.path)
    try:
        return info, collect(files, directory, name, info.rebase_name)
    except FileSystemError as error:
        raise _failed("open", error.filename, error.errno or 0) from None


def _source(files: Files, path: str, follow: bool) -> CopyInfo:
    if follow:
        resolved, rebase_name = rebase_of(path, _resolved(files, path))
    else:
        directory, slash, name = path.rpartition("/")
        resolved = f"{_resolved(files, directory + slash)}/{name}"
        trailing = path.endswith("/") and gopath.base(path) != gopath.base(resolved)
        rebase_name = gopath.base(path) if trailing else ""
    node = lstat_or_fail(files, resolved)
    if node is None:
        raise _failed(
            "lstat", gopath.clean(resolved) if gopath.clean(resolved) == resolved else resolved, errno.ENOENT
        )
    return CopyInfo(resolved, True, isinstance(node, Dir), rebase_name)


def rebase_of(path: str, resolved: str) -> tuple[str, str]:
    """Return a resolved path with the end of the one asked for, and that one's name where it is another."""
    resolved = gopath.keep_end(resolved, path)
    return resolved, gopath.base(path) if gopath.base(path) != gopath.base(resolved) else ""


def _resolved(files: Files, path: str) -> str:
    """Return a path without symbolic links (filepath.EvalSymlinks); raises LabkitError."""
    done, links = "/", 0
    todo = [name for name in path.split("/") if name and name != "."]
    while todo:
        name = todo.pop(0)
        here = gopath.join(done, name)
        node = None if name == ".." else lstat_or_fail(files, here)
        if name != ".." and node is None:
            raise _failed("lstat", here, errno.ENOENT)
        if isinstance(node, Symlink):
            links += 1
            if links > _LINKS:
                raise LabkitError("EvalSymlinks: too many links")
            done = "/" if node.target.startswith("/") else done
            todo = [each for each in node.target.split("/") if each not in ("", ".")] + todo
            continue
        if todo and node is not None and not isinstance(node, Dir):
            raise LabkitError("not a directory")
        done = here
    if path.endswith(("/", "/.")) and not isinstance(lstat_or_fail(files, done), Dir):
        raise LabkitError("not a directory")
    return done


def destination(files: Files, path: str) -> CopyInfo:
    """Return a local destination, links followed to their end; raises LabkitError in the client's words."""
    given = path
    for _ in range(11):
        node = lstat_or_fail(files, path)
        if not isinstance(node, Symlink):
            break
        path = gopath.join(
            gopath.split_entry(path)[0] if not node.target.startswith("/") else "", node.target
        )
    else:
        raise LabkitError(f"too many symlinks in {given}")
    if node is not None:
        return CopyInfo(path, True, isinstance(node, Dir))
    parent = gopath.split_entry(path)[0]
    parent_node = lstat_or_fail(files, parent)
    if parent_node is None:
        raise _failed("lstat", parent, errno.ENOENT)
    if not isinstance(parent_node, Dir):
        raise LabkitError("not a directory")
    return CopyInfo(path)


def check_output(files: Files, path: str) -> None:
    """Raise LabkitError where a local path can be no destination (docker/cli, ValidateOutputPath)."""
    directory = posixpath.dirname(gopath.clean(path))
    if directory and not files.exists(directory):
        raise LabkitError(f'invalid output path: directory "{directory}" does not exist')
    try:
        node = files.stat(path).node
    except FileSystemError as error:
        if error.errno == errno.ENOENT:
            return
        raise _failed("stat", path, error.errno or 0) from None
    if isinstance(node, Device):
        raise LabkitError(
            f'invalid output path: "{path}" must be a directory or a regular file: got a device'
        )


def prepare(members: Sequence[Member], source: CopyInfo, target: CopyInfo) -> tuple[str, Sequence[Member]]:
    """Return the directory to unpack into and the entries with the names they get there.

    Raises LabkitError where one cannot go onto the other.

    >>> prepare([Member("site", Dir())], CopyInfo("/site", True, True), CopyInfo("/www"))[1][0].name
    'www'
    """
    directory, name = gopath.split_entry(target.path)
    if target.exists and target.is_dir:
        return target.path, members
    if target.exists and source.is_dir:
        raise LabkitError("cannot copy directory")
    if not target.exists and not source.is_dir and gopath.is_directory(target.path):
        raise LabkitError("no such directory")
    old = source.rebase_name or gopath.split_entry(source.path)[1]
    return directory, rebased(members, old, name)


def lstat_or_fail(files: Files, path: str) -> object:
    """Return the node at a path or None; raises LabkitError in the client's words for other failures."""
    try:
        return lstat(files, path)
    except FileSystemError as error:
        raise _failed("lstat", path, error.errno or 0) from None


def _failed(call: str, path: str, number: int) -> LabkitError:
    return LabkitError(f"{call} {path}: {os.strerror(number).lower()}")
