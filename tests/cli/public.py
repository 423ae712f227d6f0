"""Lines of public tutorials as they stand, answered on a real engine and on labkit.

    LABKIT_REAL_CACHE=DIRECTORY python -m tests.cli.public [SUBJECT ...]

records anew what a real engine answers to `typed/public/SUBJECT.txt`, in `recordings/public/SUBJECT.json`;
its images are those of tests/real/public.py. In a file a tutorial begins with its source after `# `.
`> ` stands before what is typed into the container that the line before has opened, `| ` before a line that
goes on. Where a tutorial says `<container ID>` a command stands that prints it, and `cat > FILE <<'END'` for
an editor. A line's answer is what the terminal shows of it, the prompt that follows in a container included.
Written in the same way are, beside what sessions.py writes so, the sizes and digests of images, dates of
files, names that were made up, and the states that a layer passes in a pull.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypedDict

from labkit import Lab
from tests.cli import sessions
from tests.cli.sessions import Plain, set_clock
from tests.real import public, record
from tests.real.engine import DOCKER, RealEngine

HERE = Path(__file__).parent
TYPED = HERE / "typed/public"
RECORDINGS = HERE / "recordings/public"
LEARNER = public.LEARNER
_SECONDS = 20
_OPENS = re.compile(r"docker (?:container )?(?:(?:run|exec|start) .*?-(?:it|ti|ai)\b|attach )")
_MACHINE = "/var/lib/docker"


class Typed(NamedTuple):
    """A line, whether it is typed into a container, and whether it opens one."""

    line: str
    inside: bool
    opens: bool


class Answer(TypedDict):
    """What the terminal showed after a line, and the exit code where there is one."""

    line: str
    inside: bool
    opens: bool
    at: str
    stdout: str
    stderr: str
    exit: int | None


class Tutorial(TypedDict):
    """A tutorial's source and the answers to its lines."""

    source: str
    answers: list[Answer]


def subjects() -> list[str]:
    """Give the names of the files, sorted."""
    return sorted(path.stem for path in TYPED.glob("*.txt"))


def tutorials(subject: str) -> dict[str, list[Typed]]:
    """Give the lines of each tutorial of a file by its source's address."""
    found: dict[str, list[Typed]] = {}
    for line in (TYPED / f"{subject}.txt").read_text().splitlines():
        if line.startswith("# http"):
            typed = found[line.removeprefix("# ")] = []
        elif line.startswith("|"):
            typed[-1] = typed[-1]._replace(line=f"{typed[-1].line}\n{line[2:]}")
        elif line:
            inside = line.startswith(">")
            opens = not inside and _OPENS.search(line) is not None
            typed.append(Typed(line.removeprefix("> "), inside, opens))
    return found


def recorded() -> dict[str, list[Tutorial]]:
    """Give what is recorded, by the names of the files."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(RECORDINGS.glob("*.json"))}


class Terminal:
    """A bash that is asked line by line; a container stays open in a terminal of its own.

    It is a user's who may ask the engine, and is root by sudo, as labkit's learner is.
    """

    def __init__(self, engine: RealEngine, work: Path) -> None:
        self.engine, self.work = engine, work
        self.state = engine.directory / "terminal"
        programs = engine.directory / "programs"
        for directory in (programs, self.state):
            directory.mkdir(exist_ok=True)
        for path in self.state.iterdir():
            path.unlink()
        (self.state / "cwd").write_text(str(work))
        if not (programs / "docker").exists():
            (programs / "docker").symlink_to(DOCKER)
            shutil.copy("/usr/bin/env", programs / "sudo")
            (programs / "sudo").chmod(0o4755)
        engine.directory.chmod(0o711)
        for path in (self.state, self.state / "cwd", work):
            os.chown(path, LEARNER, LEARNER)
        self.environment = {**engine.environment(), "TERM": "xterm", "HOME": str(work)}
        self.environment["PATH"] = f"{programs}:{self.environment['PATH']}"
        self.open: tuple[subprocess.Popen[bytes], int] | None = None

    def answer(self, typed: Typed) -> Answer:
        """Type a line and give its answer."""
        at = record.now()
        status: int | None = None
        stderr = ""
        if typed.inside:
            stdout, status = self._type(typed.line)
        elif typed.opens:
            stdout, status = self._start(typed.line)
        else:
            stdout, stderr, status = self._run(typed.line)
        return Answer(
            line=typed.line,
            inside=typed.inside,
            opens=typed.opens,
            at=at,
            stdout=self._plain(stdout),
            stderr=self._plain(stderr),
            exit=status,
        )

    def _plain(self, text: str) -> str:
        others = re.compile(rf"(?m)^overlay on (?!{self.engine.directory}/).*\n")
        text = sessions.at_home(self.engine, others.sub("", text), self.work)
        text = text.replace(f"{self.engine.directory}/exec", "/var/run/docker")
        text = re.sub(rf"\b{re.escape(platform.release())} #.*? (?=x86_64)", "KERNEL ", text)
        text = re.sub(r"( on )\d+(?:\.\d+){3}(:53: no such host)", r"\1ADDRESS\2", text)
        return re.sub(r"(?m)^bash: line \d+: ", "bash: ", text)  # as where it is typed

    def _bash(self, line: str, stdin: int, output: int) -> subprocess.Popen[bytes]:
        """Start a bash that begins where the last one ended, and keeps where it ends."""
        line = line.replace(_MACHINE, f"{self.engine.directory}/data")
        cwd, variables = self.state / "cwd", self.state / "variables"
        script = (
            f'cd "$(cat {cwd})"; . {variables} 2>/dev/null; set -a\n{line}\n'
            f"__status=$?; pwd > {cwd}; export -p > {variables}; exit $__status"
        )
        return subprocess.Popen(
            ["bash", "-c", script],
            stdin=stdin,
            stdout=output,
            stderr=output,
            env=self.environment,
            start_new_session=True,
            user=LEARNER,
            group=LEARNER,
            extra_groups=[],
        )

    def _run(self, line: str) -> tuple[str, str, int | None]:
        process = self._bash(line, subprocess.DEVNULL, subprocess.PIPE)
        try:
            stdout, stderr = process.communicate(timeout=_SECONDS)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 15)
            process.communicate()
            stdout, stderr, status = b"", b"", None  # what never ends tells of this machine and day
        return stdout.decode(errors="replace"), stderr.decode(errors="replace"), status

    def _start(self, line: str) -> tuple[str, int | None]:
        self.close()
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        process = self._bash(line, theirs, theirs)
        os.close(theirs)
        self.open = process, ours
        return self._read()

    def _type(self, line: str) -> tuple[str, int | None]:
        if self.open is None:
            return "", None
        os.write(self.open[1], f"{line}\r".encode())
        text, status = self._read()
        echo, _, rest = text.partition("\n")
        return (rest if echo.strip() == line else text), status

    def _read(self) -> tuple[str, int | None]:
        """Give what comes until a prompt stands at the end, the program has ended or nothing more comes."""
        assert self.open is not None
        process, ours = self.open
        data, end, idle = b"", time.monotonic() + _SECONDS, 0
        while time.monotonic() < end and idle < 3:
            if select.select([ours], [], [], 0.5)[0]:
                try:
                    data, idle = data + os.read(ours, 65536), 0
                except OSError:  # the terminal's other side is closed
                    break
            else:
                idle += re.search(r"[#$] $", _text(data)) is not None or bool(data and idle)
        status = None
        if process.poll() is None and not idle:
            with suppress(subprocess.TimeoutExpired):
                process.wait(2)
        if process.poll() is not None:
            status = process.returncode
            os.close(ours)
            self.open = None
        return _text(data), status

    def close(self) -> None:
        """End what still has the terminal."""
        if self.open is not None:
            process, ours = self.open
            os.killpg(process.pid, 9)
            process.wait()
            os.close(ours)
            self.open = None


def _text(data: bytes) -> str:
    """Give what a terminal shows, without the codes that steer it."""
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07", "", data.decode(errors="replace"))
    return text.replace("\r", "")


_MADE_UP = re.compile(r"(?m)(?: {2,}[a-z]+_[a-z]+\d?$|(?<=\"/)[a-z]+_[a-z]+\d?(?=\"))")
_ID = re.compile(sessions.IDENTIFIER)
_PASSING = re.compile(r"(?m)^\w{12}: (?:Pulling fs layer|Waiting|Verifying Checksum|Download complete)\n")
_LISTED = re.compile(
    r"(?m)^([-dlbcps][-rwxsStT]{9} +\d+ +\w+ +\w+ +)(\d+)( +)\w{3} +\d+ +(?:\d\d:\d\d|\d{4}) "
)
_ADDRESSES = re.compile(
    r'("(?:Gateway|IPAddress|IPPrefixLen|MacAddress|\w+(?<=[a-z])ID|SandboxKey)"): (?:"[^"]*"|\d+)'
)
"""Of a network: labkit has none."""
_KERNELS = re.compile(r"(?m)^(d\S+) \d+ root root \d+(?= DATE (?:dev|proc|sys)$)")
_BANNER = re.compile(r"(?:\A|(?<=\n))\n*BusyBox v[^\n]*built-in shell \(ash\)\nEnter 'help'[^\n]*\n\n")
_TWICE = re.compile(r"((?:root@\w+:)?\S* ?[#$] ) *\1+")
"""A prompt that a shell draws again, as the terminal has told its size."""
_SIZE = re.compile(r"(?<![\w.])(?!0B)\d+(?:\.\d+)?(?:B|kB|MB|GB)\b")


def _plain_size(match: re.Match[str]) -> str:
    size = match[2] if len(match[2]) < 4 or match[2] == "4096" else "N"
    return f"{re.sub(' +', ' ', match[1])}{size} DATE "


class _WithIdentifiers(Plain):
    """Writes all in the same way but identifiers."""

    def _identifier(self, match: re.Match[str]) -> str:
        return match[0]


_PLAIN = _WithIdentifiers(frozenset())


def plain(text: str) -> str:
    """Give an answer's text in its plain form."""
    text = _MADE_UP.sub("MADE_UP", _PASSING.sub("", text))
    text = re.sub(r"(?m)^ *\d+(?:\.\d+)?[KMG]\b", "SIZE", text)
    text = _LISTED.sub(_plain_size, text)
    text = re.sub(r"(?m)^total \d+", "total N", text)
    text = _KERNELS.sub(r"\1 N root root N", text)
    text = _TWICE.sub(r"\1", _BANNER.sub("", text))
    text = _SIZE.sub("SIZE", text)
    text = re.sub(r'("(?:Size|VirtualSize)": )\d+', r"\1N", text)
    text = _ADDRESSES.sub(r"\1: N", text)
    return re.sub(r" {2,}", "  ", _PLAIN(text))


Shown = tuple[str, str, int | None]
"""Standard output, standard error and the exit code, where there is one."""


def _on_a_terminal(line: str, text: str) -> str:
    """Give an answer without the bars of a pull, and without columns of names."""
    text = re.sub(r"(?s)(Pulling from [^\n]*\n).*?(?=Digest: )", r"\1", text)
    return "\n".join(sorted(text.split())) if re.search(r"\bls(?! -)", line) else text


class Ours:
    """Labkit, asked as the real terminal is."""

    def __init__(self, at: str) -> None:
        self.lab = Lab(clock=at)

    def answer(self, answer: Answer) -> Shown:
        """Type a line at its time; give standard output and error, and the exit code where there is one."""
        set_clock(self.lab, answer["at"])
        session = self.lab.session
        if not answer["inside"] and not answer["opens"]:
            result = self.lab.shell(answer["line"])
            return result.stdout, result.stderr, result.exit_code
        result = session.type(answer["line"])
        open_still = session.attached
        shown = result.text + (session.prompt if open_still else "")
        return shown.replace("\r", ""), "", None if open_still else result.exit_code


class Pair(NamedTuple):
    """A line and what both said to it, in the plain form; and whether that is the same."""

    answer: Answer
    told: Shown
    said: Shown
    equal: bool


_ANY_ORDER = re.compile(rf"\b(?:ls|du)\b.*(?:{_MACHINE}|TOP)|\bprune\b|docker (?:images|image ls)")
"""Lines whose answer is in no order: names that are identifiers, what is pruned, an image's names."""


@dataclass
class Identifiers:
    """Which identifier of the engine's is which of labkit's: each side has its own."""

    ours: dict[str, str] = field(default_factory=dict)
    theirs: dict[str, str] = field(default_factory=dict)

    def same(self, told: Shown, said: Shown, *, in_order: bool) -> bool:
        """Tell whether two answers differ in nothing but identifiers, one for one as in the lines before.

        Where they may come in any order they are not looked at.
        """
        pairs: list[tuple[str, str]] = []
        for one, other in zip(told[:2], said[:2], strict=True):
            first, second = (_ID.sub(lambda found: f"ID{len(found[0])}", text) for text in (one, other))
            if not in_order:
                first, second = ("\n".join(sorted(text.split("\n"))) for text in (first, second))
            if first != second:
                return False
            found = zip(_ID.findall(one), _ID.findall(other), strict=True) if in_order else ()
            pairs += [(theirs[:12], ours[:12]) for theirs, ours in found]
        both = [(self.ours.get(one, other), self.theirs.get(other, one)) for one, other in pairs]
        if told[2] != said[2] or both != [(other, one) for one, other in pairs]:
            return False
        self.ours.update(pairs)
        self.theirs.update((other, one) for one, other in pairs)
        return True


def beside(tutorial: Tutorial) -> Iterator[Pair]:
    """Give each line with what the engine said and what labkit says."""
    answers = tutorial["answers"]
    ours, known = Ours(answers[0]["at"]), Identifiers()
    for answer in answers:
        stdout, stderr, status = ours.answer(answer)
        told = plain(answer["stdout"]), plain(answer["stderr"]), answer["exit"]
        said = plain(stdout), plain(stderr), status
        if answer["inside"] or answer["opens"]:
            told, said = ((_on_a_terminal(answer["line"], text), *rest) for text, *rest in (told, said))
        equal = known.same(told, said, in_order=True)
        if not equal and _ANY_ORDER.search(answer["line"]):
            equal = known.same(told, said, in_order=False)
        yield Pair(answer, told, said, equal)


def record_subject(engine: RealEngine, subject: str) -> list[Tutorial]:
    """Type a file's tutorials on a real engine that holds nothing and give the answers."""
    found = []
    for source, lines in tutorials(subject).items():
        with tempfile.TemporaryDirectory(prefix="labkit-public-") as name:
            engine.forget_registries()
            terminal = Terminal(engine, Path(name))
            answers = [terminal.answer(typed) for typed in lines]
            terminal.close()
            found.append(Tutorial(source=source, answers=answers))
            sessions.empty(engine, Path(name))
    return found


if __name__ == "__main__":
    RECORDINGS.mkdir(exist_ok=True)
    with public.running() as running:
        for subject in sys.argv[1:] or subjects():
            record.write(RECORDINGS / f"{subject}.json", record_subject(running, subject))
