"""How a program is found on PATH and started: scripts, applets, shells (execve(2), path_resolution(7))."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from labkit.engine.shell.applets import APPLETS, Applet
from labkit.engine.shell.patterns import BadPattern
from labkit.engine.shell.streams import WouldRunForever
from labkit.engine.shell.task import VERSION, CommandError, Program, Task, UsageError
from labkit.engine.shell.words import basename, decode, strerror
from labkit.errors import FileSystemError, LabkitError
from labkit.oci.content import Content, Filler

SHELLS = frozenset(("sh", "ash", "bash", "dash"))
_DEFAULT_PATH = "/sbin:/usr/sbin:/bin:/usr/bin"
MAX_NESTING = 40


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
        kind = _refusal(task, name)
        if kind:
            raise ExecNotFound(name, kind)
        return name
    worst = "not found in $PATH"
    path = search if search is not None else task.env.get("PATH", _DEFAULT_PATH)
    for directory in path.split(":"):
        candidate = f"{directory.rstrip('/')}/{name}" if directory else name
        kind = _refusal(task, candidate) if name else worst
        if not kind:
            return candidate
        if kind == "permission denied":
            worst = kind
    raise ExecNotFound(name, worst)


def _refusal(task: Task, path: str) -> str:
    found = task.stat(path)
    if found is None:
        return "no such file"
    if stat.S_ISDIR(found.mode):
        return "is a directory"
    if not stat.S_ISREG(found.mode) or not found.mode & 0o111:
        return "permission denied"
    return ""


def execute(task: Task, argv: Sequence[str]) -> int:
    """Run a program in a task of its own and return its exit code; raises ExecNotFound."""
    task.run.step()
    if task.depth > MAX_NESTING:
        raise CommandError("too many nested commands", 139)
    name = argv[0]
    if name in task.run.process.programs:
        return call(task.child(name), task.run.process.programs[name], argv)
    return _start(task, find_program(task, name), argv)


def _start(task: Task, path: str, argv: Sequence[str]) -> int:
    pid = task.run.next_pid
    if task.depth:
        task.run.next_pid += 1
    child = task.child(basename(path), pid=pid if task.depth else 1, in_shell=False)
    content: Content = task.fs.content(task.path(path))
    head = content.read(0, 256) if content.size else b""
    if head.startswith(b"#!"):
        interpreter = decode(head[2:].partition(b"\n")[0]).split(None, 1)
        if not interpreter or _refusal(task, interpreter[0]):
            raise ExecNotFound(argv[0], "no such file")
        return _start(task, interpreter[0], [*interpreter, path, *argv[1:]])
    name = basename(path)
    if name == "busybox" and len(argv) > 1:
        return _multicall(child, argv[1:])
    if name in SHELLS:
        return _shell(child, argv)
    if name in APPLETS:
        return call(child, APPLETS[name], argv)
    handler = task.run.process.on_unknown
    status = handler(child, path, argv) if handler is not None else None
    if status is not None:
        return status
    text = b"\0" not in head and not any(isinstance(piece.source, Filler) for piece in content.pieces)
    if text and task.depth:
        return _shell(child, ["sh", path, *argv[1:]])
    raise ExecNotFound(argv[0], "exec format error" if text else "no such file")


def _multicall(task: Task, argv: Sequence[str]) -> int:
    name = basename(argv[0])
    if name in SHELLS:
        return _shell(task, argv)
    if name in APPLETS:
        task.name = name
        return call(task, APPLETS[name], argv)
    task.name = name
    return task.fail("applet not found", 127)


def _shell(task: Task, argv: Sequence[str]) -> int:
    from labkit.engine.shell.interp import main

    return main(task, argv)


def call(task: Task, program: Program | Applet, argv: Sequence[str]) -> int:
    """Run an applet or an added command and turn its errors into a line and an exit code."""
    function = program.function if isinstance(program, Applet) else program
    try:
        return function(task, list(argv[1:]))
    except UsageError as error:
        usage = program.usage if isinstance(program, Applet) else ""
        message = f"{task.name}: {error}\n" if str(error) else ""
        name = basename(argv[0])
        task.err(f"{message}{VERSION}\n\nUsage: {name} {usage}".rstrip() + "\n")
        return program.usage_status if isinstance(program, Applet) else 1
    except CommandError as error:
        return task.fail(str(error), error.status)
    except FileSystemError as error:
        where = f"{error.filename}: " if error.filename else ""
        return task.fail(where + strerror(error))
    except BadPattern as error:
        return task.fail(f"bad regex: {error}", 2)
    except (WouldRunForever, RecursionError, ExecNotFound):
        raise
    except (ValueError, ArithmeticError, OSError, LookupError, AttributeError, TypeError) as error:
        return task.fail(f"cannot do this ({type(error).__name__}: {error})")
