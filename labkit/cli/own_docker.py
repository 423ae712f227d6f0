"""The Docker that the learner has: the same line, on a real engine.

A line is split into words as a shell would split it, and the program `docker` is started with them: there is
no shell in between, and nothing is run that was not typed. What fails is told in one line.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from typing import IO

from labkit.cli.session import Result
from labkit.errors import LabkitError

PATIENCE = 600
"""Seconds that a line may take."""
_ENOUGH = 1 << 20
"""Bytes of each stream that are kept."""
_REPLACED = r"`|\$[\w({]"
_PARTS = re.compile(rf"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?P<sign>{_REPLACED}|[|&;<>()]+)|.""", re.DOTALL)
"""A line's parts as a shell reads them; `sign` is what it would act upon."""

MISSING = "there is no docker program here: install Docker Engine or Docker Desktop, and start it"
_HINTS = {
    "permission denied while trying to connect": "your user may not use the engine: join the group docker "
    "and log in again, or start this with sudo",
    "Cannot connect to the Docker daemon": "your Docker does not run: start Docker Desktop, or the service "
    "with: sudo systemctl start docker",
    "error during connect": "your Docker does not run, or DOCKER_HOST names another machine: start it",
}
"""What to do, by the words of Docker's own command line."""


def words_of(line: str) -> list[str]:
    """Return the words of a docker line; raises LabkitError for what only a shell could do.

    >>> words_of("docker image ls --format '{{.ID}} $x'")
    ['docker', 'image', 'ls', '--format', '{{.ID}} $x']
    >>> words_of("docker ps | wc -l")
    Traceback (most recent call last):
    labkit.errors.LabkitError: labkit: on your Docker a line runs without a shell, which '|' is for
    """
    line = line.removeprefix("$ ")
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise LabkitError(f"labkit: {str(error).lower()}: {line}") from None
    if not words or words[0] != "docker":
        first = f", not {words[0]!r}" if words else ""
        raise LabkitError(f"labkit: on your Docker only docker's own commands run{first}")
    if "\0" in line:
        raise LabkitError("labkit: a line cannot hold a zero byte")
    for part in _PARTS.finditer(line):
        inner = re.findall(rf"\\.|({_REPLACED})", part[0]) if part[0].startswith('"') else [part["sign"]]
        for sign in filter(None, inner):
            raise LabkitError(f"labkit: on your Docker a line runs without a shell, which {sign!r} is for")
    return words


def run(line: str, *, seconds: float = PATIENCE) -> Result:
    """Run a docker line on the learner's own engine and return what it printed; it never raises."""
    try:
        words = words_of(line)
    except LabkitError as error:
        return _told(str(error), 2)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = _start(words, out, err)
        if isinstance(process, Result):
            return process
        hint = ""
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status, hint = 124, f"labkit: docker gave no answer in {seconds:g} seconds, so it was stopped"
        except KeyboardInterrupt:
            status, hint = 130, "labkit: interrupted"
        finally:
            _stop(process)
        output = tuple((number, _read(stream)) for number, stream in ((1, out), (2, err)))
    result = Result(output, status if status >= 0 else 128 - status)
    return Result(result.output, result.exit_code, hint or _hint(result))


def run_attached(line: str) -> Result:
    """Run a docker line in this terminal, which it reads and writes itself: nothing of it is kept."""
    try:
        words = words_of(line)
    except LabkitError as error:
        return _told(str(error), 2)
    process = _start(words, None, None)
    if isinstance(process, Result):
        return process
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:  # the terminal tells docker, too, and docker decides
            continue
        return Result((), status if status >= 0 else 128 - status)


def _start(
    words: list[str], out: IO[bytes] | None, err: IO[bytes] | None
) -> subprocess.Popen[bytes] | Result:
    program = shutil.which("docker")
    if program is None:
        return _told(f"labkit: {MISSING}", 127)
    try:
        return subprocess.Popen(
            [program, *words[1:]],
            stdin=subprocess.DEVNULL if out else None,
            stdout=out,
            stderr=err,
            start_new_session=out is not None,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return _told(f"labkit: {program} cannot be started: {str(reason).lower()}", 126)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that still runs: ask, then insist."""
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                continue


def _read(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    data = stream.read(_ENOUGH + 1)
    cut = b"\nlabkit: the rest is not shown\n" if len(data) > _ENOUGH else b""
    return data[:_ENOUGH] + cut


def _hint(result: Result) -> str:
    if not result.exit_code:
        return ""
    return next((f"labkit: {hint}" for words, hint in _HINTS.items() if words in result.stderr), "")


def _told(text: str, status: int) -> Result:
    return Result(((2, f"{text}\n".encode()),), status)
