"""The learner's own Docker: a line on it, alone or beside labkit with the differences marked.

A line is split into words as a shell would split it, and the program `docker` is started with them: there is
no shell in between, and nothing is run that was not typed. What fails is told in one line. All that a real
Docker says of a failure is text, so here alone a hint is found by words (own_docker.toml).

What cannot be equal is not called a difference: identifiers and names that each engine makes up, and ages,
which each tells from its own clock. Where a newer engine answers otherwise, a note says so.
"""

from __future__ import annotations

import difflib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from types import FrameType
from typing import IO

from labkit.base.errors import LabkitError
from labkit.base.text import packaged, shown
from labkit.cli.session import Result

PATIENCE = 600
"""Seconds that a line may take."""
_ENOUGH = 1 << 20
"""Bytes of each stream that are kept."""
_REPLACED = r"`|\$[\w({]"
_PARTS = re.compile(rf"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?P<sign>{_REPLACED}|[|&;<>()]+)|.""", re.DOTALL)
"""A line's parts as a shell reads them; `sign` is what it would act upon."""

_FIX = "" if sys.platform == "emscripten" else ": install Docker Engine or Docker Desktop, and start it"
MISSING = f"there is no docker program here{_FIX}"
_WORDS: dict[str, dict[str, str]] = tomllib.loads(packaged("labkit.cli", "own_docker.toml"))


def words_of(line: str) -> list[str]:
    """Return the words of a docker line; raises LabkitError for what only a shell could do.

    >>> words_of("docker image ls --format '{{.ID}} $x'")
    ['docker', 'image', 'ls', '--format', '{{.ID}} $x']
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
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started: subprocess.Popen[bytes] | Result | None = None
        status, hint = 130, "labkit: interrupted"
        try:
            with _held():
                started = _start(line, out, err)
            if isinstance(started, Result):
                return started
            status, hint = started.wait(seconds), ""
        except subprocess.TimeoutExpired:
            status, hint = 124, f"labkit: docker gave no answer in {seconds:g} seconds, so it was stopped"
        except KeyboardInterrupt:
            pass
        finally:
            if isinstance(started, subprocess.Popen):
                with _held():
                    _stop(started)
        output = tuple((number, _read(stream)) for number, stream in ((1, out), (2, err)))
    result = Result(output, status if status >= 0 else 128 - status)
    if not hint:
        said, told = (result.stderr, "hints") if status else (result.stdout + result.stderr, "answers")
        known = (told for words, told in _WORDS[told].items() if words in said)
        hint = next((f"labkit: {told}" for told in known), "")
    return Result(result.output, result.exit_code, hint)


def answers(text: str) -> Iterator[tuple[str, Result]]:
    """Yield what a terminal shows of each line of a text, and its result; a backslash joins two lines."""
    for line in text.replace("\r\n", "\n").replace("\\\n", "").split("\n"):
        if line.strip():
            yield f"$ {line.strip().removeprefix('$ ')}\n", run(line.strip())


def run_attached(line: str) -> Result:
    """Run a docker line in this terminal, which it reads and writes itself: nothing of it is kept."""
    started: subprocess.Popen[bytes] | Result | None = None
    while True:
        try:
            if started is None:
                with _held():
                    started = _start(line, None, None)
            if isinstance(started, Result):
                return started
            status = started.wait()
        except KeyboardInterrupt:  # the terminal tells docker, too, and docker decides
            if started is None:
                return Result((), 130)
            continue
        return Result((), status if status >= 0 else 128 - status)


@contextmanager
def _held() -> Iterator[None]:
    """Hold Ctrl-C back until the block is over: what a process is known by must not be lost as it starts.

    It is no mask of the kernel's, which the process would inherit. Only the main thread is interrupted.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *each: came.append(each))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])


def _start(line: str, out: IO[bytes] | None, err: IO[bytes] | None) -> subprocess.Popen[bytes] | Result:
    try:
        words = words_of(line)
    except LabkitError as error:
        return _failure(str(error), 2)
    program = shutil.which("docker")
    if program is None:
        return _failure(f"labkit: {MISSING}", 127)
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
        return _failure(f"labkit: {program} cannot be started: {str(reason).lower()}", 126)


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


def _failure(text: str, status: int) -> Result:
    return Result(((2, f"{text}\n".encode()),), status)


EQUAL, LIKE, OTHER, OURS, THEIRS = " ", "~", "|", "<", ">"
"""A row's mark: equal; equal but for what cannot be; different; only labkit's; only Docker's."""
MARKS = {LIKE: "equal, but for identifiers, names or ages", OTHER: "different", OURS: "labkit alone",
         THEIRS: "your Docker alone"}  # fmt: skip
WIDTH = 150  # characters that a line may have for both sides to stand beside each other
_AGE = (
    r"(?:Less than a second|About a minute|About an hour|\d+ (?:seconds?|minutes|hours|days|weeks|months"
    r"|years))(?: ago)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+-]\d{4} \w+|[+-]\d\d:\d\d)"
)
_ID = r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9a-f])"
_NAME = r"(?<!\S)[a-z]+_[a-z]+\d?(?=\s*$|\s{2,})"


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of labkit's and one of Docker's beside it; one of them alone where the mark says so."""

    mark: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """What a line answers on both sides; without a Docker `problem` says what to do."""

    line: str
    rows: tuple[Pair, ...]
    version: str
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Tell whether both sides are equal, but for what cannot be."""
        return not self.problem and all(row.mark in (EQUAL, LIKE) for row in self.rows)

    @property
    def verdict(self) -> str:
        """One line on the whole."""
        if self.problem:
            return f"labkit: {self.problem}"
        count = sum(row.mark not in (EQUAL, LIKE) for row in self.rows)
        if not count:
            equal = all(row.mark == EQUAL for row in self.rows)
            return "Both are equal." if equal else f"Both are {MARKS[LIKE]}."
        return f"{count} of {len(self.rows)} lines {'differs' if count == 1 else 'differ'}."

    @property
    def text(self) -> str:
        """Both sides as text: side by side, or, where lines are long, one under the other.

        Marks: `~` equal but for what cannot be equal, `|` different, `<` labkit alone, `>` Docker alone.
        """
        lines = [f"$ {self.line}"]
        left, right = "labkit", f"your Docker {self.version}".rstrip()
        if self.problem:
            lines += [row.ours for row in self.rows]
        elif any(len(row.ours) + len(row.theirs) > WIDTH for row in self.rows):
            lines += [f"{mark} {text}".rstrip() for mark, text in stacked(self.rows)]
            lines.append(f"({OURS} {left}, {THEIRS} {right})")
        else:
            width = max(len(left), *(len(row.ours) for row in self.rows), 0)
            lines.append(f"{left:<{width}}   {right}")
            lines += [f"{row.ours:<{width}} {row.mark} {row.theirs}".rstrip() for row in self.rows]
        return "\n".join([*lines, self.verdict, *self.notes]) + "\n"

    def __repr__(self) -> str:
        return self.text.rstrip("\n")


def stacked(rows: Sequence[Pair]) -> list[tuple[str, str]]:
    """Return marks and lines one under the other: what is equal once, else labkit's before Docker's.

    >>> stacked([Pair(" ", "a", "a"), Pair("|", "b", "c")])
    [(' ', 'a'), ('<', 'b'), ('>', 'c')]
    """
    found = []
    for row in rows:
        if row.mark in (EQUAL, LIKE):
            found.append((row.mark, row.ours))
        else:
            found += [(OURS, row.ours)] if row.mark != THEIRS else []
            found += [(THEIRS, row.theirs)] if row.mark != OURS else []
    return found


def reading(words: Sequence[str]) -> None:
    """Raise LabkitError for a line that could change something; `words` are those after `docker`.

    >>> reading(["image", "ls"])
    >>> reading(["rmi", "nginx"])
    Traceback (most recent call last):
    labkit.base.errors.LabkitError: labkit: compare runs only what changes nothing on your Docker, not 'docker
    rmi': see --real
    """
    known = _WORDS["reading"]
    group = words[0] if words and words[0] in known else ""
    name = (words[1:2] if group else words[:1]) or [""]
    if name[0] not in known[group].split():
        said = " ".join(["docker", *words[: 2 if group else 1]])
        raise LabkitError(
            f"labkit: compare runs only what changes nothing on your Docker, not {said!r}: see --real"
        )


def compare(line: str, on_lab: Callable[[str], Result], *, seconds: float = 60) -> Comparison:
    """Run a line that changes nothing on both sides, and compare; raises LabkitError for any other.

    The learner's Docker is asked for its version and its image store besides.
    """
    line = line if line.startswith("docker ") else f"docker {line}"
    words = words_of(line)
    reading(words[1:])
    ours = on_lab(line)
    version = run("docker version --format '{{.Server.Version}}'", seconds=seconds)
    if version.exit_code:
        said = shown(version.text).split("\n")
        problem = next((each for each in reversed(said) if each), "docker version answers nothing")
        problem = problem.removeprefix("labkit: ")
        rows = tuple(Pair(EQUAL, each, "") for each in _lines(ours))
        return Comparison(line, rows, "", problem=f"nothing to compare with: {problem}")
    theirs = run(line, seconds=seconds)
    store = run("docker info --format '{{json .DriverStatus}}'", seconds=seconds).stdout
    containers = "ps" in words or "container" in words or '"Pid":' in ours.stdout
    rows = compare_lines(_lines(ours), _lines(theirs), containers=containers)
    number = shown(version.stdout.strip())
    return Comparison(line, rows, number, tuple(notes(rows, number, store)))


def _lines(result: Result) -> list[str]:
    return [each.rstrip() for each in shown(result.stdout + result.stderr).splitlines()]


def compare_lines(
    ours: Sequence[str], theirs: Sequence[str], *, containers: bool = False
) -> tuple[Pair, ...]:
    """Return rows of both sides' lines; with `containers` identifiers and random names may differ.

    >>> [row.mark for row in compare_lines(["a  2 weeks ago", "b"], ["a  7 years ago", "c"])]
    ['~', '|']
    """
    left_keys, right_keys = ([_key(line, containers) for line in side] for side in (ours, theirs))
    matcher = difflib.SequenceMatcher(None, left_keys, right_keys, autojunk=False)
    rows: list[Pair] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        for left, right in zip_longest(ours[a:b], theirs[c:d]):
            if left is None or right is None:
                rows.append(Pair(OURS if right is None else THEIRS, left or "", right or ""))
            elif kind != "equal":
                rows.append(Pair(OTHER, left, right))
            else:
                rows.append(Pair(EQUAL if left.split() == right.split() else LIKE, left, right))
    return tuple(rows)


def _key(line: str, containers: bool) -> str:
    """Return a line without what cannot be equal; how wide a table's columns are says nothing."""
    line = re.sub(r"/[^\s\"]*?/(overlay2/)[0-9a-f]{64}", r"\1ID", re.sub(_AGE, "AGE", line))
    if containers:
        line = re.sub(r"/[^\s\"]*?/(containers/)", r"\1", line)
        line = re.sub(r'("(?:Pid|IPAddress|MacAddress)": )[^,]*', r"\1N", line)
        line = re.sub(_NAME, "NAME", re.sub(_ID, "ID", line))
    return " ".join(line.split())


def notes(rows: Sequence[Pair], version: str, store: str) -> list[str]:
    """Return a line for each known cause of differences: the engine's version, its store, its builder."""
    theirs = "\n".join(row.theirs for row in rows)
    differ = any(row.mark not in (EQUAL, LIKE) for row in rows)
    known = {
        "version": differ and not version.startswith("20.10."),
        "containerd": differ and "io.containerd.snapshotter.v1" in store,
        "sizes": "DISK USAGE" in theirs,
        "buildkit": "buildkit.dockerfile" in theirs,
        "disk": differ and "containerd" in store and re.search(r"\bSIZE( +COMMENT)?$", theirs, re.MULTILINE),
        "missing": differ and re.search(r"No such (image|object|container)", theirs),
        "alike": any(row.mark == LIKE for row in rows),
    }
    return [_WORDS["notes"][name].format(version=version) for name, holds in known.items() if holds]
