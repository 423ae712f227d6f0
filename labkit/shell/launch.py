"""Where a program is, the search on PATH, and how it is started: scripts, applets, shells (execve(2))."""

from __future__ import annotations

import stat
from collections.abc import Sequence

from labkit.base.errors import FileSystemError, LabkitError
from labkit.go.regexp import BadPattern
from labkit.shell import speech
from labkit.shell.applets import APPLETS
from labkit.shell.applets.options import parse
from labkit.shell.conversions import basename, decode, strerror
from labkit.shell.files import allowed
from labkit.shell.task import Applet, CommandError, Program, Task, UsageError

SHELLS = frozenset(("sh", "ash", "bash", "dash"))
MAX_NESTING = 40  # deeper than any use; a real machine runs out of processes or of stack
_DOWNLOADERS = frozenset(
    "apk apt apt-get aptitude bundle conda curl dnf easy_install gem microdnf npm npx pecl pip pip2 pip3 "
    "pipenv poetry wget yarn yum zypper".split()
)
_VERSION = "BusyBox v1.35.0 multi-call binary."
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
    if name in task.run.process.programs:  # which have no files
        return f"/usr/bin/{name}"
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


def execute(task: Task, argv: Sequence[str]) -> int:
    """Run a program in a task of its own and return its exit code; raises ExecNotFound."""
    task.run.step(5)  # a process costs more than a builtin
    if task.depth > MAX_NESTING:
        raise CommandError("too many nested commands", 139)
    name = argv[0]
    if name in task.run.process.programs:
        child = task.child(name)
        child.builtin, child.dialect = "", task.run.process.dialect
        return call(child, task.run.process.programs[name], argv)
    return _start(task, find_program(task, name), argv)


def _start(task: Task, path: str, argv: Sequence[str]) -> int:
    pid = task.run.next_pid
    if task.depth:
        task.run.next_pid += 1
    child = task.child(basename(path))
    child.pid, child.builtin = pid if task.depth else 1, ""
    child.dialect = task.run.process.dialect
    # Not through the user's eyes: the kernel reads what it runs, which only has to be executable for him.
    content = task.run.process.fs.content(task.path(path))
    head = content.read(0, 256) if content.size else b""
    if head.startswith(b"#!"):
        interpreter = decode(head[2:].partition(b"\n")[0]).split(None, 1)
        name = basename(interpreter[0]) if interpreter else ""
        if name in task.run.process.programs:
            return execute(task, [name, *interpreter[1:], path, *argv[1:]])
        if not interpreter or _refusal(task, interpreter[0]):
            raise ExecNotFound(argv[0], "no such file")
        return _start(task, interpreter[0], [*interpreter, path, *argv[1:]])
    name = basename(path)
    if list(argv[1:]) == ["--version"] and child.dialect == "gnu" and (told := speech.version(name)):
        child.out(told)
        return 0
    if name in SHELLS:
        return task.run.shell(child, argv)
    if name in APPLETS:
        return call(child, APPLETS[name], argv)
    if words := content.words:
        child.print(words)
        return 0
    handler = task.run.process.on_unknown
    status = handler(child, path, argv) if handler is not None else None
    if status is not None:
        return status
    text = b"\0" not in head  # a program has some, also one that is a stand-in (`Content.program`)
    # execve(2) refuses a text that does not say who reads it (ENOEXEC). A shell then runs it as a script of
    # its own (POSIX, 2.9.1, Command Search and Execution); runc, which starts a container's first process,
    # is no shell and passes the error on.
    if text and task.depth:
        return task.run.shell(child, ["sh", path, *argv[1:]])
    if text:
        raise ExecNotFound(argv[0], "exec format error")
    child.err(_not_simulated([name, *map(basename, argv[1:3])]))  # python may run pip
    return 126


def _not_simulated(names: Sequence[str]) -> str:
    """Return what to say of a program and what it was given to run."""
    name = next((each for each in names if each in _DOWNLOADERS), names[0])
    why = "only a shell and the everyday commands run here"
    if name in _DOWNLOADERS:
        why = "nothing is downloaded here: COPY stand-in files, or RUN truncate -s 5M /opt/NAME"
    return f"labkit: {name} is not simulated; {why}\n"


def call(task: Task, program: Program | Applet, argv: Sequence[str]) -> int:
    """Run an applet or an added command; return its exit code.

    What it and the file system raise on purpose becomes a line; anything else is a programming error.
    """
    words = list(argv[1:])
    try:
        if not isinstance(program, Applet):
            return program(task, words)
        return program.load()(task, words if program.options is None else parse(words, **program.options))
    except UsageError as error:
        status = program.usage_status if isinstance(program, Applet) else 1
        told = speech.usage(task.dialect, task.name, str(error), argv)
        if told is not None:
            task.err(told)
            return max(status, speech.status(task.dialect, task.builtin or task.name, 1))
        usage = program.usage if isinstance(program, Applet) else ""
        message = f"{task.name}: {error}\n" if str(error) else ""
        name = basename(argv[0])
        task.err(f"{message}{_VERSION}\n\nUsage: {name} {usage}".rstrip() + "\n")
        return status
    except CommandError as error:
        return task.fail(str(error), error.status)
    except BadPattern as error:  # while it matched, see `Regexp`
        return task.fail(f"bad regex: {error}", 2)
    except FileSystemError as error:
        where = f"{error.filename}: " if error.filename else ""
        return task.fail(where + strerror(error))
    except OSError as error:  # a content that cannot be read any more (`oci.content.Source`)
        return task.fail(str(error))
