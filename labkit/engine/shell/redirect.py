"""Redirections (POSIX.1-2017, Shell Command Language, 2.7)."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any

from labkit.engine.shell.expand import string
from labkit.engine.shell.streams import Reader, Sink
from labkit.engine.shell.syntax import Redirect
from labkit.engine.shell.task import OpenFiles, Task
from labkit.engine.shell.words import encode, strerror
from labkit.errors import FileSystemError
from labkit.oci.content import Content


class RedirectError(Exception):
    """A redirection that failed, in ash's words."""


def redirected(shell: Any, task: Task, redirects: Iterable[Redirect]) -> OpenFiles:
    """Return a task's open files after redirections, done from left to right; raises RedirectError."""
    files = dict(task.fds)
    for redirect in redirects:
        target = string(shell, redirect.word)
        seen = task.child(fds=files)
        if redirect.operator == "<<":
            files[redirect.fd] = Reader.of(Content.of(encode(target)), task.run.process.clock)
        elif redirect.operator in ("<&", ">&") and (target == "-" or target.isdecimal()):
            _duplicate(files, redirect.fd, target)
        elif redirect.operator == "<>":  # made, or copied up, by being opened to write
            sink = _open_write(seen, target, append=True)
            files[redirect.fd] = sink if redirect.fd else _open_read(seen, target)
        elif redirect.operator == "<":
            files[redirect.fd] = _open_read(seen, target)
        else:
            files[redirect.fd] = _open_write(seen, target, append=redirect.operator == ">>")
            if redirect.operator in ("&>", ">&"):
                files[2] = files[1]
    return files


def _duplicate(files: OpenFiles, fd: int, target: str) -> None:
    if target == "-":
        files.pop(fd, None)
    elif int(target) in files:
        files[fd] = files[int(target)]
    else:
        raise RedirectError(f"{target}: {strerror(errno.EBADF)}")


def _open_read(task: Task, path: str) -> Reader:
    try:
        return task.open_read(path)
    except FileSystemError as error:
        raise RedirectError(f"can't open {path}: {_reason(error, 'no such file')}") from None


def _open_write(task: Task, path: str, *, append: bool) -> Sink:
    try:
        return task.open_write(path, append=append)
    except FileSystemError as error:
        raise RedirectError(f"can't create {path}: {_reason(error, 'nonexistent directory')}") from None


def _reason(error: FileSystemError, missing: str) -> str:
    return missing if error.errno in (errno.ENOENT, errno.ENOTDIR) else strerror(error)
