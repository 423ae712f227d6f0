"""Where a path of a docker command leads: into the pretend home, or to the learner's own disk.

The pretend home comes first. What it lacks is read from the disk: a relative path from where labkit was
started, `~` from the learner's own home. Nothing is written there but where the path says so: it begins with
`/` and leads through a directory that the disk has and the pretend machine has not (decision 0024).
"""

from __future__ import annotations

import os
from typing import NamedTuple

from labkit.cli.realfiles import RealFiles, is_drive, native, posix
from labkit.cli.terminal import HOME, Terminal
from labkit.engine.container_files import local_path
from labkit.go import path as gopath
from labkit.oci.tree import split_path
from labkit.shell.files import FileTree

_SYSTEM = frozenset("bin boot dev etc lib lib64 proc run sbin sys usr var".split())
"""Directories of the system: to write there is never meant for the learner's own machine."""
_SHARED = ("home", "tmp")
READ = "labkit: {} was read from your own disk: the pretend home has none"
_WRITTEN = "labkit: {} is on your own disk, where undo takes nothing back"
_ELSEWHERE = "labkit: files are written to the pretend home; your own disk has this directory as {}"


class Place(NamedTuple):
    """Files, and the absolute path among them; `real` are those of the learner's own disk."""

    files: FileTree
    path: str
    real: bool


def source(terminal: Terminal, path: str) -> Place:
    """Return where a path is read; the first time that it is the real disk, and does not say so, tell."""
    home, real = _home(terminal, path), on_disk(terminal, path)
    if home.files.exists(home.path, False) or not os.path.lexists(native(real)):
        return home
    if not path.startswith("/") or path.startswith(HOME):
        terminal.news = "read", READ.format(path)
    return Place(RealFiles(), real, True)


def target(terminal: Terminal, path: str) -> Place:
    """Return where a path is written; the first time that it is the real disk, tell."""
    home, real = _home(terminal, path), on_disk(terminal, path)
    if is_drive(path) or _leads_out(terminal, path):
        terminal.news = "written", _WRITTEN.format(path)
        return Place(RealFiles(), real, True)
    above = os.path.dirname(native(gopath.clean(real)))
    if not home.files.exists(gopath.join(home.path, "..")) and os.path.isdir(above):
        terminal.hint = _ELSEWHERE.format(above)
    return home


def on_disk(terminal: Terminal, path: str) -> str:
    """Return the absolute path of the real disk that a path stands for, ending as it does.

    >>> from labkit import Lab
    >>> on_disk(Lab(), "/srv/site/.")
    '/srv/site/.'
    """
    if f"{path}/".startswith(f"{HOME}/"):
        path = posix(os.path.expanduser("~")) + path[len(HOME) :]
    return local_path(posix(path), posix(os.getcwd()))


def _home(terminal: Terminal, path: str) -> Place:
    return Place(terminal.home, local_path(path, terminal.cwd), False)


def _leads_out(terminal: Terminal, path: str) -> bool:
    names = split_path(gopath.clean(path))
    depth = 1 + (names[:1] != [] and names[0] in _SHARED)
    if not path.startswith("/") or len(names) < depth or names[0] in _SYSTEM:
        return False
    if len(names) == depth and names[0] == "tmp":
        return False  # what lies in /tmp itself is the pretend machine's
    top = "/" + "/".join(names[:depth])
    return not terminal.home.exists(top) and os.path.isdir(top)
