"""Running commands in containers: main processes and `docker exec`.

The processes are simulated (see `shell`), what they do to the file system is not. A command runs to its
end in virtual time. One that would never end, a server or a loop, leaves its container running; so does
one that sleeps in a detached container, until the lab's clock has passed its end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pyrsistent import pmap

from labkit.base.errors import DaemonError, FileSystemError
from labkit.engine import container as containers
from labkit.engine import usage
from labkit.engine.container import container_config
from labkit.engine.engine import Engine
from labkit.engine.mounts import container_mounts, make_directories, written
from labkit.engine.state import Container, LogLine, Shells
from labkit.oci.content import Content
from labkit.shell import users
from labkit.shell.launch import ExecNotFound
from labkit.shell.prompt import prompt
from labkit.shell.run import resume, run_command
from labkit.shell.speech import dialect_of
from labkit.shell.streams import Reader, WouldRunForever
from labkit.shell.task import Chunk, Completed, Process, Task
from labkit.storage.mounts import MountTable

_CREATE_FAILED = "failed to create shim task: OCI runtime create failed: runc create failed"
_EXEC_FAILED = "OCI runtime exec failed: exec failed"
_MOUNTING = (  # what the daemon adds to every error that says "not a directory"
    ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path "
    "exists and is the expected type"
)
_CODES = {"not found in $PATH": "no-such-program", "no such file": "no-such-program-file"}
_INTERPRETERS = ("python", "node")
_LARGEST_ID = 2**31 - 1
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class _Clock:
    now: int

    def read(self) -> int:
        return self.now


class StartError(DaemonError):
    """A main process that could not be started; `status` is the exit code of `docker run`."""

    def __init__(self, message: str, status: int, *, code: str = "", subject: str = "") -> None:
        super().__init__(message, code=code, subject=subject)
        self.status = status


class ExecError(DaemonError):
    """A command that could not be started in a running container, in the words of runc."""


def start(engine: Engine, container: Container, *, detached: bool, stdin: bytes | Reader = b"") -> Container:
    """Start a container's main process; return the container as it is then.

    `stdin` is what it reads, or a terminal; in the background nobody types, and nothing ends what it reads.

    In the foreground virtual time passes until the command ends. Raises StartError in runc's words where
    there is nothing to run; the container stays as it was created. A file that is no program is found out
    by the process itself, which says so and ends.
    """
    # Its last process may have ended since somebody looked; then it is started again.
    container = _settled(engine, container)
    if container.running:
        return container
    options, before = container.options, engine.now
    container = replace(container, memory=pmap())
    served: list[str] = []

    def serve(task: Task, path: str, argv: Sequence[str]) -> int | None:
        """A program that labkit does not simulate goes on as a server, if it is the image's own command.

        An interpreter reads what is typed or piped to it, and ends where there is nothing.
        """
        config = container.image.config.config
        if container.command != (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())):
            return None
        if path.rpartition("/")[2].startswith(_INTERPRETERS) and (stdin or not options.open_stdin):
            return None if stdin else 0
        served.append(path)
        raise WouldRunForever

    try:
        if detached and options.open_stdin and not stdin:
            stdin = keyboard(engine)
        fs, process = _process(engine, container, stdin=stdin, tty=options.tty, on_unknown=serve)
        make_directories(fs, process.cwd)
        result = _run(container.command, process)
    except ExecNotFound as error:
        message = f"{_CREATE_FAILED}: {_words(error)}"
        containers.keep(engine, replace(container, exit_code=error.status, error=message))
        raise StartError(message, error.status, code=_CODES.get(error.kind, ""), subject=error.name) from None
    log = tuple(LogLine(chunk.stream, before + chunk.at, chunk.data) for chunk in result.chunks)
    shells = Shells(result.shells, tty=options.tty) if result.shells else None
    running = not result.finished or shells or (detached and result.duration_ns > 0)
    if running:
        state = replace(
            container,
            status="running",
            started=before,
            exit_code=0,
            ends_at=before + result.duration_ns if result.finished and not shells else None,
            ends_with=result.exit_code,
            service=bool(served),
        )
    else:
        engine.advance(result.duration_ns)
        state = containers.ended(replace(container, started=before), engine.now, result.exit_code)
    state = written(engine, state, fs)
    engine.change(started=engine.state.started + 1)
    return containers.keep(engine, replace(state, error="", log=container.log + log, shells=shells))


def keyboard(engine: Engine, typed: bytes = b"", *, ended: bool = False) -> Reader:
    """Return a terminal to read from: what was typed, and more may come unless it has ended."""
    reader = Reader.of(Content.of(typed), _Clock(engine.now))
    reader.terminal, reader.hangs = True, not ended
    return reader


def type_into(
    engine: Engine, container: Container, shells: Shells, text: str | None, stdin: Reader
) -> tuple[Completed, Shells | None]:
    """Let the innermost of a running container's shells run a text; return what came, and the shells then.

    Without a text it has come to the end of what is typed, and ends.

    They are the main process' own, which ends with them and the container with it, or those of an exec.
    `stdin` is what programs of theirs read.
    """
    main = shells is container.shells
    fs, process = _process(engine, container, user=shells.user, stdin=stdin, tty=shells.tty)
    *outer, innermost = shells.waiting
    waiting = outer if text is None else shells.waiting
    shown = prompt_of(engine, container, shells) if main and shells.tty and text is not None else ""
    result = resume(waiting, process, text=text, status=innermost.memory["status"])
    engine.advance(result.duration_ns if result.finished else 0)
    left = replace(shells, waiting=result.shells) if result.shells else None
    container = written(engine, engine.state.containers[container.id], fs)
    if main:
        typed = (LogLine(1, engine.now, f"{shown}{text}\n".encode()),) if shown else ()
        log = (LogLine(chunk.stream, engine.now, chunk.data) for chunk in result.chunks)
        container = replace(container, shells=left, log=(*container.log, *typed, *log))
    if main and not left:
        container = containers.ended(container, engine.now, result.exit_code)
    keep = containers.keep if container.running else containers.keep_ended
    keep(engine, container)
    return result, left


def prompt_of(engine: Engine, container: Container, shells: Shells) -> str:
    """Return what stands before the next line that is typed into a container's shells."""
    fs = container_mounts(engine, container, lambda: engine.now)
    config = container_config(container)
    uid, _, _ = user_ids(fs, shells.user if shells.user is not None else config["User"])
    return prompt(shells.waiting[-1], fs, uid, config["Hostname"])


def execute(
    engine: Engine,
    container: Container,
    argv: Sequence[str],
    *,
    env: Sequence[str] = (),
    user: str | None = None,
    working_dir: str | None = None,
    stdin: bytes | Reader = b"",
    tty: bool = False,
) -> Completed:
    """Run a command in a running container, as `docker exec` does.

    Raises DaemonError where the container does not run, ExecError where the command cannot be started.
    """
    container = _settled(engine, container)
    if not container.running:
        raise DaemonError(
            f"Container {container.id} is not running",
            code="container-not-running",
            subject=container.id[:12],
        )
    try:
        fs, process = _process(
            engine, container, env=env, user=user, working_dir=working_dir, stdin=stdin, tty=tty
        )
        _check_working_dir(fs, working_dir or "/")
        result = _run(argv, process)
    except StartError as error:
        raise ExecError(str(error)) from None
    except ExecNotFound as error:
        raise ExecError(
            f"{_EXEC_FAILED}: {_words(error)}", code=_CODES.get(error.kind, ""), subject=error.name
        ) from None
    changed = engine.state.containers[container.id]
    containers.keep(engine, written(engine, changed, fs))
    if result.finished:
        engine.advance(result.duration_ns)
    return result


def settle(engine: Engine) -> None:
    """End the main processes whose time has come."""
    for container in list(engine.state.containers.values()):
        if container.running and container.ends_at is not None and container.ends_at <= engine.now:
            ended = containers.ended(container, container.ends_at, container.ends_with)
            containers.keep_ended(engine, ended)


def _settled(engine: Engine, container: Container) -> Container:
    """Return the container as it is now, its main process ended if its time has come."""
    settle(engine)
    return containers.find_container(engine, container.id)


def _run(argv: Sequence[str], process: Process) -> Completed:
    """Run a command; where the kernel will not run the file that was found, say so as runc's init does."""
    try:
        return run_command(argv, process)
    except ExecNotFound as error:
        fs, name = process.fs, error.name
        is_script = error.kind == "no such file" and name.startswith("/") and fs.exists(name)
        if error.kind != "exec format error" and not (is_script and fs.read(name, 0, 2) == b"#!"):
            raise
        words = "exec format error" if error.kind == "exec format error" else "no such file or directory"
        said = Chunk(2, Content.of(f"exec {name}: {words}\n".encode()), 0)
        return Completed(1, (said,), 0, True)


def _check_working_dir(fs: MountTable, path: str) -> None:
    if not path.startswith("/"):
        raise ExecError(f"{_EXEC_FAILED}: Cwd must be an absolute path: unknown")
    try:
        reason = "" if stat.S_ISDIR(fs.stat(path).mode) else "not a directory"
    except FileSystemError as error:
        reason = os.strerror(error.errno or 0).lower()
    if reason:
        raise ExecError(
            f'{_EXEC_FAILED}: unable to start container process: chdir to cwd ("{path}") set in config.json '
            f"failed: {reason}: unknown" + (_MOUNTING if reason == "not a directory" else "")
        )


def _words(error: ExecNotFound) -> str:
    reason = {
        "not found in $PATH": "executable file not found in $PATH",
        "no such file": f"stat {error.name}: no such file or directory",
        "is a directory": "permission denied",
    }.get(error.kind, error.kind)
    return f'unable to start container process: exec: "{error.name}": {reason}: unknown'


def _process(
    engine: Engine,
    container: Container,
    *,
    env: Sequence[str] = (),
    user: str | None = None,
    working_dir: str | None = None,
    stdin: bytes | Reader = b"",
    tty: bool = False,
    on_unknown: Callable[[Task, str, Sequence[str]], int | None] | None = None,
) -> tuple[MountTable, Process]:
    """Return the files of a container, and a process that works on them."""
    clock, config = _Clock(engine.now), container_config(container)
    try:
        fs = container_mounts(engine, container, clock.read)
    except DaemonError as error:  # of the options of a file system in memory
        raise StartError(str(error), 125) from None
    hostname = config["Hostname"]
    variables = {"PATH": PATH, "HOSTNAME": hostname}
    if tty:
        variables["TERM"] = "xterm"
    for entry in [*(config["Env"] or ()), *env]:
        name, _, value = entry.partition("=")
        variables[name] = value
    uid, gid, home = user_ids(fs, user if user is not None else config["User"])
    variables.setdefault("HOME", home)
    return fs, Process(
        fs=fs,
        clock=clock,
        dialect=dialect_of(fs),
        env=variables,
        cwd=working_dir or config["WorkingDir"] or "/",
        uid=uid,
        gid=gid,
        hostname=hostname,
        stdin=stdin,
        tty=tty,
        on_unknown=on_unknown,
        space=lambda: usage.space(engine),
    )


def user_ids(fs: MountTable, text: str) -> tuple[int, int, str]:
    """Return the user and group numbers and the home directory of a `USER[:GROUP]`."""
    name, _, group = text.partition(":")
    name = name or "0"
    uid = int(name) if name.isdecimal() else users.user_id(fs, name)
    if uid is None:
        raise StartError(f"unable to find user {name}: no matching entries in passwd file", 125)
    known = users.user_name(fs, uid) if name.isdecimal() else name
    gid, home = 0, "/" if uid else "/root"
    if known:
        gid, home = users.primary_group(fs, known) or 0, users.home_of(fs, known) or "/"
    if group:
        number = int(group) if group.isdecimal() else users.group_id(fs, group)
        if number is None:
            raise StartError(f"unable to find group {group}: no matching entries in group file", 125)
        gid = number
    if not (uid <= _LARGEST_ID and gid <= _LARGEST_ID):
        raise StartError(f"uids and gids must be in range 0-{_LARGEST_ID}", 125)
    return uid, gid, home
