"""Sessions of command lines, run on a real engine and on labkit, and what they answer in one plain form.

    python -m tests.cli.sessions [SUBJECT ...]

records anew, with a real engine, what it answers to `typed/SUBJECT.txt`, and keeps it in
`recordings/sessions/SUBJECT.json`: all subjects, or those that are named. Each session starts in a directory
with `app.tar` in it and from an engine that has loaded that archive and holds nothing else. What differs from
run to run is written in the same way every time: identifiers that are not the archive's by the order in which
they appear, moments and ages by a word, with the columns beside an age; a build's standard error in red as
one piece, however many it came in. `$HUB` in a line is a registry with some images (session_hub.py).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

from labkit import Lab
from labkit.cli.session import Result
from labkit.cli.terminal import HOME
from labkit.engine.state import State
from labkit.go.moment import parse_time
from tests.cli import session_hub
from tests.fixtures import small_tar
from tests.fixtures.shapes import compact, sha256
from tests.real import images, record
from tests.real.engine import DOCKER, RealEngine
from tests.real.record import Answer

HERE = Path(__file__).parent
TINY = HERE.parent / "fixtures/tiny.tar.gz"
TYPED = HERE / "typed"
RECORDINGS = HERE / "recordings/sessions"


PlainAnswer = tuple[str, str, str, int]
"""A line, its standard output and error in their plain form, and the exit code."""


class Session(TypedDict):
    """A session's name and its answers."""

    name: str
    answers: list[Answer]


def subjects() -> list[str]:
    """Give the names of the files of sessions, sorted."""
    return sorted(path.stem for path in TYPED.glob("*.txt"))


def sessions(subject: str = "*") -> dict[str, list[str]]:
    """Give the command lines of each session by its name: those of a subject, or all."""
    found: dict[str, list[str]] = {}
    for path in sorted(TYPED.glob(f"{subject}.txt")):
        for line in path.read_text().splitlines():
            if line.startswith("# "):
                assert line.removeprefix("# ") not in found, f"two sessions are named {line}"
                lines = found[line.removeprefix("# ")] = []
            elif line:
                lines.append(line)
    return found


def recorded() -> list[Session]:
    """Give every session that is recorded."""
    return [each for path in sorted(RECORDINGS.glob("*.json")) for each in json.loads(path.read_text())]


def _entry(created: str, command: str, *, empty: bool = False, comment: str = "") -> dict[str, object]:
    entry: dict[str, object] = {"created": created, "created_by": command}
    entry |= {"comment": comment} if comment else {}
    return entry | ({"empty_layer": True} if empty else {})


_BASE_HISTORY = [
    _entry("2019-03-26T23:14:52.2271Z", "/bin/sh -c #(nop) ADD file:0b15b86a in / "),
    _entry("2019-03-26T23:14:53.1Z", '/bin/sh -c #(nop)  CMD ["sh"]', empty=True),
]
_IMAGES: dict[str, tuple[int, dict[str, object], list[dict[str, object]]]] = {
    "base:1": (1, {"Env": ["PATH=/bin"], "Cmd": ["sh"]}, _BASE_HISTORY),
    "app:1": (
        2,
        {
            "ExposedPorts": {"80/tcp": {}},
            "Env": ["PATH=/bin", "APP_MODE=fast & <safe>"],
            "Cmd": ["sh", "-c", "cat index.html"],
            "WorkingDir": "/app",
            "Labels": {"maintainer": "labkit <labkit@example.org>", "tier": "web"},
            "StopSignal": "SIGQUIT",
        },
        [
            *_BASE_HISTORY,
            _entry("2019-04-16T21:20:17.5Z", "/bin/sh -c #(nop)  ENV APP_MODE=fast & <safe>", empty=True),
            _entry("2019-04-16T21:20:18Z", "COPY . /app\t# two tabs\tand more than forty-five characters"),
            _entry("2019-04-16T21:20:19Z", "", empty=True, comment="by hand"),
        ],
    ),
    "tool:1": (
        1,
        {"User": "nobody", "Env": ["PATH=/bin"], "Entrypoint": ["echo", "tool:"], "Cmd": ["nothing"]},
        [*_BASE_HISTORY, _entry("2019-04-20T08:00:00Z", '/bin/sh -c #(nop)  CMD ["nothing"]', empty=True)],
    ),
}


def _layers() -> list[bytes]:
    """Give the tiny image's first layer, and one that adds, changes and deletes files of it."""
    with tarfile.open(TINY) as tar:
        names = json.load(tar.extractfile("manifest.json"))[0]["Layers"]  # type: ignore[arg-type]
        base = tar.extractfile(names[0]).read()  # type: ignore[union-attr]
    entry, directory = small_tar.entry, small_tar.directory
    changes = [
        directory("app/"),
        entry("app/index.html", b"<h1>Hello &amp; welcome</h1>\n"),
        directory("app/static/"),
        entry("app/static/big.bin", bytes(120_000)),
        entry("app/static/style.css", b"h1 { color: teal }\n"),
        directory("etc/"),
        entry("etc/.wh.issue"),
        entry("etc/motd", b"Welcome to the app.\n"),
    ]
    return [base, small_tar.pack(changes)]


def archive() -> bytes:
    """Give the archive that every session starts with: three images on one base."""
    layers = _layers()
    diff_ids = [sha256(layer) for layer in layers]
    files = {f"{diff_id}/layer.tar": layer for diff_id, layer in zip(diff_ids, layers, strict=True)}
    manifest = []
    for name, (depth, settings, history) in _IMAGES.items():
        document = {
            "architecture": "amd64",
            "config": settings,
            "created": history[-1]["created"],
            "history": history,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{each}" for each in diff_ids[:depth]]},
        }
        raw = compact(document)
        files[f"{sha256(raw)}.json"] = raw
        tags = [name, "app:latest"] if name == "app:1" else [name]
        paths = [f"{each}/layer.tar" for each in diff_ids[:depth]]
        manifest.append({"Config": f"{sha256(raw)}.json", "RepoTags": tags, "Layers": paths})
    return small_tar.archive({**files, "manifest.json": json.dumps(manifest).encode()})


_AGE = (
    r"Less than a second|About a minute|About an hour|\d+ (?:seconds?|minutes|hours|days|weeks|months|years)"
)
IDENTIFIER = r"(?<!file:)(?<!dir:)(?<!multi:)(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{12})(?![0-9a-f])"
_WAITED = r'time="[^"]*" level=error msg="error waiting for container: context canceled"\n'
_LABELS = r'(?m)\w+=[^,"\n]*?(?:,\w+=[^,"\n]*?)+(?=  |"|$)'
_YEARS = r"\d+ years ago"


class Plain:
    """Writes what differs from run to run in the same way every time; `known` are the archive's digests."""

    def __init__(self, known: frozenset[str]) -> None:
        self.known = known
        self.short = {each[:12] for each in known}
        self.seen: list[str] = []

    def __call__(self, text: str) -> str:
        text = self.cache_ids(text)
        text = text.replace("\x1b[0m\x1b[91m", "")
        text = re.sub(r'("(?:SandboxID|SandboxKey|NetworkID|EndpointID)": )"[^"]*"', r'\1"N"', text)
        text = re.sub(_WAITED, "", text)
        text = re.sub(IDENTIFIER, self._identifier, text)
        text = re.sub(r"docker_temp_\d+", "docker_temp_N", text)
        text = re.sub(r'("Pid": |\bpid )\d+', r"\1N", text)
        text = re.sub(r"20[2-9]\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000 UTC)", "MOMENT", text)
        found = [each for each in re.findall(rf"(?:{_AGE})(?: ago)?", text) if not re.fullmatch(_YEARS, each)]
        if found:
            text = re.sub(rf"(?:{_AGE})( ago)?", lambda age: f"AGE{age[1] or ''}", text)
            text = re.sub(r" {2,}", "  ", text)
        return text

    def cache_ids(self, text: str) -> str:
        """Write the names that the storage driver gives its directories in the same way every time."""
        return re.sub(r"\b[A-Z2-7]{26}\b", "LINK", re.sub(r"overlay2/[0-9a-f]{64}", "overlay2/N", text))

    def _identifier(self, match: re.Match[str]) -> str:
        """Give an identifier's place in the order of appearance, in as many characters as it has."""
        text = match[0]
        if text in self.known or text in self.short:
            return text
        place = next((place for place, each in enumerate(self.seen) if each[:12] == text[:12]), None)
        if place is None:
            place = len(self.seen)
            self.seen.append(text)
        return f"ID{place:0{len(text) - 2}}"


def plain_answer(
    plain: Plain, line: str, stdout: str, stderr: str, status: int, hub: str = ""
) -> PlainAnswer:
    """Give an answer in its plain form; the engine lists a container's changes and labels in no order."""
    if " diff " in f"{line} " and "|" not in line:
        stdout = "".join(sorted(stdout.splitlines(keepends=True)))
    if " ps " in line:
        stdout = re.sub(_LABELS, lambda found: ",".join(sorted(found[0].split(","))), stdout)
    stdout, stderr = session_hub.plain(stdout, hub), session_hub.plain(stderr, hub)
    return line, plain(stdout), plain(stderr), status


def known_digests(state: State) -> frozenset[str]:
    """Give the hexadecimal digits of all digests in an engine."""
    layers = {layer.diff_id for layer in state.layers.values()}
    return frozenset(each.removeprefix("sha256:") for each in {*state.images, *state.layers, *layers})


def loaded_lab(directory: Path) -> Lab:
    """Give a lab that has loaded the archive, which is put into a directory."""
    (directory / "app.tar").write_bytes(archive())
    lab = Lab(clock="2026-11-23T12:00:00Z")
    lab.load(directory / "app.tar")
    return lab


def set_clock(lab: Lab, at: str) -> None:
    """Let a lab's time pass until a moment; the line that is run next takes the second before it."""
    lab.engine.advance(max(parse_time(at) - lab.engine.now - 10**9, 0))


def beside(lab: Lab, answers: list[Answer], hub: str = "") -> Iterator[tuple[PlainAnswer, PlainAnswer]]:
    """Run a session's lines on a lab that has loaded the archive; give both plain answers to each.

    `hub` is the address of labkit's registry; that of the engine is ADDRESS in its answers.
    """
    known = known_digests(lab.engine.state) | (session_hub.known(archive()) if hub else frozenset())
    theirs, ours = Plain(known), Plain(known)
    for answer in answers:
        line = answer["line"]
        result = typed(lab, answer, hub)
        told = plain_answer(
            theirs, line, answer["stdout"], answer["stderr"], answer["exit"], hub and session_hub.ADDRESS
        )
        said = plain_answer(ours, line, result.stdout, result.stderr, result.exit_code, hub)
        if hub:
            streams = zip(said[1:3], told[1:3], strict=True)
            said = (line, *(session_hub.without_skipped(*each) for each in streams), said[3])  # type: ignore[assignment]
        yield told, said


def hub_of(lines: list[str], *, real: bool) -> AbstractContextManager[str]:
    """Give the address of a registry with images where a session names one."""
    return session_hub.running(archive(), real=real) if session_hub.needed(lines) else nullcontext("")


def typed(lab: Lab, answer: Answer, hub: str = "") -> Result:
    """Run an answer's line on a lab, at its time."""
    if hub and "HUB" not in lab.session.place.shell.memory.get("variables", ()):
        lab.shell(f"export HUB={hub}")
    set_clock(lab, answer["at"])
    return lab.shell(answer["line"], stdin=b"")


def at_home(engine: RealEngine, text: str, cwd: Path) -> str:
    """Write the engine's directories as Docker's defaults, and the one of the lines as the pretend home."""
    socket = quote(str(engine.directory), safe="")
    return record.plain(engine, text).replace(socket, "%2Fvar%2Frun").replace(str(cwd), HOME)


def on_real(engine: RealEngine, lines: list[str], cwd: Path, hub: str = "") -> list[Answer]:
    """Run lines in a shell on a real engine and give the answers; `hub` is its registry's address."""
    answers = []
    programs = engine.directory / "programs"
    if not programs.exists():
        programs.mkdir()
        (programs / "docker").symlink_to(DOCKER)
        (programs / "sudo").write_text(f'#!{images.BUSYBOX} sh\n"$@"\n')
        (programs / "sudo").chmod(0o755)
    environment = engine.environment()
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    environment |= {"HUB": hub} if hub else {}
    for before, line in zip(["", *lines], lines, strict=False):
        if "docker logs" in line and re.search(r"docker (start|restart|run -d)", before):
            time.sleep(1)  # what a program prints reaches its log later, on a busy machine much later
        at = record.now()
        done = subprocess.run(
            [images.BUSYBOX, "sh", "-c", line.replace("/var/lib/docker", f"{engine.directory}/data")],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd=cwd,
            env=environment,
            timeout=60,
        )
        stdout, stderr = (
            at_home(engine, stream.decode(errors="replace"), cwd) for stream in (done.stdout, done.stderr)
        )
        if hub:
            stdout, stderr = (text.replace(hub, session_hub.ADDRESS) for text in (stdout, stderr))
        answers.append(Answer(line=line, at=at, stdout=stdout, stderr=stderr, exit=done.returncode))
    return answers


def run_session(engine: RealEngine, lines: list[str], work: Path) -> list[Answer]:
    """Run a session on a real engine that holds nothing, in a directory with the archive; leave nothing."""
    engine.forget_registries()
    engine.ok("docker load -q -i app.tar", cwd=work)
    with hub_of(lines, real=True) as hub:
        answers = on_real(engine, lines, work, hub)
    empty(engine, work)
    return answers


def empty(engine: RealEngine, work: Path) -> None:
    """Leave nothing on an engine; images of one second are listed in any order, a parent before its child."""
    on_real(engine, ["docker rm -f $(docker ps -aq)"], work)
    left = ""
    while (images := engine.ok("docker images -aq")) not in ("", left):
        left = images
        on_real(engine, ["docker rmi -f $(docker images -aq)"], work)
    on_real(engine, ["docker volume prune -f"], work)
    left = engine.ok("docker images -aq") + engine.ok("docker ps -aq")
    assert not left, left


def record_subject(engine: RealEngine, subject: str) -> list[Session]:
    """Run a subject's sessions on a real engine that holds nothing and give the answers."""
    recorded = []
    with tempfile.TemporaryDirectory(prefix="labkit-sessions-") as name:
        for title, lines in sessions(subject).items():
            work = Path(name) / title.replace(" ", "-").replace("/", "-")
            work.mkdir()
            (work / "app.tar").write_bytes(archive())
            recorded.append(Session(name=title, answers=run_session(engine, lines, work)))
    return recorded


if __name__ == "__main__":
    with RealEngine(own=True) as running:
        for subject in sys.argv[1:] or subjects():
            record.write(RECORDINGS / f"{subject}.json", record_subject(running, subject))
