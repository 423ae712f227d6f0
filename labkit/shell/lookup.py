"""Where a program is: the search on PATH, and why there may be nothing to run (execve(2))."""

from __future__ import annotations

import stat

from labkit.base.errors import LabkitError
from labkit.shell.files import allowed
from labkit.shell.task import Task

_DEFAULT_PATH = "/sbin:/usr/sbin:/bin:/usr/bin"


class ExecNotFound(LabkitError):
    """A program that cannot be started.

    `kind` is "not found in $PATH", "no such file", "permission denied", "is a directory" or "exec format
    error": runc and the shell have words of their own for each.
    """

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(f"{name}: {kind}")
        self.name = name
        self.kind = kind

    @property
    def words(self) -> str:
        """The reason as execve's error number reads."""
        denied = self.kind in ("permission denied", "is a directory")
        return "Permission denied" if denied else "No such file or directory"

    @property
    def status(self) -> int:
        """The exit code that shells give."""
        return 126 if self.words == "Permission denied" else 127


def find_program(task: Task, name: str, search: str | None = None) -> str:
    """Return the path of a program; raises ExecNotFound.

    A name with a slash is a path; another is searched in `search`, or in the task's PATH.
    """
    if "/" in name:
        kind = refusal(task, name)
        if kind:
            raise ExecNotFound(name, kind)
        return name
    worst = "not found in $PATH"
    path = search if search is not None else task.env.get("PATH", _DEFAULT_PATH)
    for directory in path.split(":"):
        candidate = f"{directory.rstrip('/')}/{name}" if directory else name
        kind = refusal(task, candidate) if name else worst
        if not kind:
            return candidate
        if kind == "permission denied":
            worst = kind
    raise ExecNotFound(name, worst)


def refusal(task: Task, path: str) -> str:
    """Return why a path cannot be run, or nothing where it can."""
    found = task.stat(path)
    if found is None:
        return "no such file"
    if stat.S_ISDIR(found.mode):
        return "is a directory"
    process = task.run.process
    if (
        not found.mode & 0o111
        or not stat.S_ISREG(found.mode)
        or not allowed(found, process.uid, process.gid, 1)
    ):
        return "permission denied"
    return ""
