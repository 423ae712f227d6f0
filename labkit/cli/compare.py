"""One line on labkit and on the learner's own Docker, beside each other, with the differences marked.

What cannot be equal is not called a difference: identifiers and names that each engine makes up, and ages,
which each tells from its own clock. Where a newer engine answers otherwise, a note says so.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from labkit.cli import own_docker
from labkit.cli.session import Result
from labkit.errors import LabkitError
from labkit.text import shown

EQUAL, LIKE, OTHER, OURS, THEIRS = " ", "~", "|", "<", ">"
"""A row's mark: equal; equal but for what cannot be; different; only labkit's; only Docker's."""
MARKS = {LIKE: "equal, but for identifiers, names or ages", OTHER: "different", OURS: "labkit alone",
         THEIRS: "your Docker alone"}  # fmt: skip
WIDTH = 150
"""Characters that a line may have for both sides to stand beside each other."""
_READING = {
    "": "images history inspect ps diff version info logs port --version -v",
    "image": "ls list history inspect",
    "container": "ls list ps inspect diff logs port",
    "system": "df info",
    "volume": "ls list inspect",
    "network": "ls list inspect",
}
"""Docker's commands that change nothing."""
_AGE = (
    r"(?:Less than a second|About a minute|About an hour|\d+ (?:seconds?|minutes|hours|days|weeks|months"
    r"|years))(?: ago)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+-]\d{4} \w+|[+-]\d\d:\d\d)"
)
_ID = r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9a-f])"
_NAME = r"(?<!\S)[a-z]+_[a-z]+\d?(?=\s*$|\s{2,})"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of both sides; of one alone where the mark says so."""

    mark: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a line answers on both sides; without a Docker `problem` says what to do."""

    line: str
    rows: tuple[Row, ...]
    version: str
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def equal(self) -> bool:
        """Tell whether both sides are equal, but for what cannot be."""
        return not self.problem and all(row.mark in (EQUAL, LIKE) for row in self.rows)

    @property
    def wide(self) -> bool:
        """Tell whether the lines are too long to stand beside each other."""
        return any(len(row.ours) + len(row.theirs) > WIDTH for row in self.rows)

    @property
    def heads(self) -> tuple[str, str]:
        """The names of both sides."""
        return "labkit", f"your Docker {self.version}".rstrip()

    @property
    def verdict(self) -> str:
        """One line on the whole."""
        if self.problem:
            return f"labkit: {self.problem}"
        count = sum(row.mark not in (EQUAL, LIKE) for row in self.rows)
        if not count:
            return (
                "Both are equal."
                if all(row.mark == EQUAL for row in self.rows)
                else f"Both are {MARKS[LIKE]}."
            )
        return f"{count} of {len(self.rows)} lines {'differs' if count == 1 else 'differ'}."

    @property
    def text(self) -> str:
        """Both sides as text: side by side, or, where lines are long, one under the other.

        Marks: `~` equal but for what cannot be equal, `|` different, `<` labkit alone, `>` Docker alone.
        """
        lines = [f"$ {self.line}"]
        left, right = self.heads
        if self.problem:
            lines += [row.ours for row in self.rows]
        elif self.wide:
            for mark, text in stacked(self.rows):
                lines.append(f"{mark} {text}".rstrip())
            lines.append(f"({OURS} {left}, {THEIRS} {right})")
        else:
            width = max(len(left), *(len(row.ours) for row in self.rows), 0)
            lines.append(f"{left:<{width}}   {right}")
            lines += [f"{row.ours:<{width}} {row.mark} {row.theirs}".rstrip() for row in self.rows]
        return "\n".join([*lines, self.verdict, *self.notes]) + "\n"

    def __str__(self) -> str:
        return self.text

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the text where no HTML is shown."""
        printer.text(self.text.rstrip("\n"))


def stacked(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return marks and lines one under the other: what is equal once, else labkit's before Docker's.

    >>> stacked([Row(" ", "a", "a"), Row("|", "b", "c")])
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
    labkit.errors.LabkitError: labkit: compare runs only what changes nothing on your Docker, not 'docker
    rmi': see --real
    """
    group = words[0] if words and words[0] in _READING else ""
    name = (words[1:2] if group else words[:1]) or [""]
    if name[0] not in _READING[group].split():
        said = " ".join(["docker", *words[: 2 if group else 1]])
        raise LabkitError(
            f"labkit: compare runs only what changes nothing on your Docker, not {said!r}: see --real"
        )


def compare(line: str, on_lab: Callable[[str], Result], *, seconds: float = 60) -> Comparison:
    """Run a line that changes nothing on both sides, and compare; raises LabkitError for any other.

    The learner's Docker is asked for its version and its image store besides.
    """
    line = line if line.startswith("docker ") else f"docker {line}"
    words = own_docker.words_of(line)
    reading(words[1:])
    ours = on_lab(line)
    version = own_docker.run("docker version --format '{{.Server.Version}}'", seconds=seconds)
    if version.exit_code:
        said = shown(version.text).split("\n")
        problem = next((each for each in reversed(said) if each), "docker version answers nothing")
        problem = problem.removeprefix("labkit: ")
        rows = tuple(Row(EQUAL, each, "") for each in _lines(ours))
        return Comparison(line, rows, "", problem=f"nothing to compare with: {problem}")
    theirs = own_docker.run(line, seconds=seconds)
    store = own_docker.run("docker info --format '{{json .DriverStatus}}'", seconds=seconds).stdout
    containers = "ps" in words or "container" in words or '"Pid":' in ours.stdout
    rows = compare_lines(_lines(ours), _lines(theirs), containers=containers)
    number = shown(version.stdout.strip())
    return Comparison(line, rows, number, tuple(notes(rows, number, store)))


def _lines(result: Result) -> list[str]:
    return [each.rstrip() for each in shown(result.stdout + result.stderr).splitlines()]


def compare_lines(ours: Sequence[str], theirs: Sequence[str], *, containers: bool = False) -> tuple[Row, ...]:
    """Return rows of both sides' lines; with `containers` identifiers and random names may differ.

    >>> [row.mark for row in compare_lines(["a  2 weeks ago", "b"], ["a  7 years ago", "c"])]
    ['~', '|']
    """
    left_keys, right_keys = ([_key(line, containers) for line in side] for side in (ours, theirs))
    matcher = difflib.SequenceMatcher(None, left_keys, right_keys, autojunk=False)
    rows: list[Row] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        for left, right in zip_longest(ours[a:b], theirs[c:d]):
            if left is None or right is None:
                rows.append(Row(OURS if right is None else THEIRS, left or "", right or ""))
            elif kind != "equal":
                rows.append(Row(OTHER, left, right))
            else:
                rows.append(Row(EQUAL if left.split() == right.split() else LIKE, left, right))
    return tuple(rows)


def _key(line: str, containers: bool) -> str:
    """Return a line without what cannot be equal; how wide a table's columns are says nothing."""
    line = re.sub(r"/[^\s\"]*?/(overlay2/)[0-9a-f]{64}", r"\1ID", re.sub(_AGE, "AGE", line))
    if containers:
        line = re.sub(r"/[^\s\"]*?/(containers/)", r"\1", line)
        line = re.sub(r'("(?:Pid|IPAddress|MacAddress)": )[^,]*', r"\1N", line)
        line = re.sub(_NAME, "NAME", re.sub(_ID, "ID", line))
    return " ".join(line.split())


def notes(rows: Sequence[Row], version: str, store: str) -> list[str]:
    """Return a line for each known cause of differences: the engine's version, its store, its builder."""
    found = []
    theirs = "\n".join(row.theirs for row in rows)
    differ = any(row.mark not in (EQUAL, LIKE) for row in rows)
    if not version.startswith("20.10.") and differ:
        found.append(f"Your engine is {version}; labkit speaks as Docker Engine 20.10.")
    if "io.containerd.snapshotter.v1" in store and differ:
        found.append(
            "Your engine uses the containerd image store: the image ID is the digest of the manifest or "
            "index, and inspect has no GraphDriver."
        )
    if "DISK USAGE" in theirs:
        found.append("Since Engine 29 docker images prints IMAGE ID, DISK USAGE, CONTENT SIZE and EXTRA.")
    if "# buildkit" in theirs:
        found.append(
            "BuildKit, the builder since Engine 23, writes RUN /bin/sh -c … # buildkit in the history."
        )
    if re.search(r"No such (image|object|container)", theirs) and differ:
        found.append(
            "Your engine has its own images and containers: what is missing there, docker pull brings."
        )
    if any(row.mark == LIKE for row in rows):
        found.append(
            "~ What each engine makes up (container IDs, names), and ages, which its clock tells, may differ."
        )
    return found
