"""Lines that are meant to break something: each gives a Result, in bounded time and memory."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.base.text import shown
from labkit.cli import session

TYPED = Path(__file__).parent / "cli/typed"
LABKIT_LONG = int(os.environ.get("LABKIT_LONG", "0"))
LINES = LABKIT_LONG if LABKIT_LONG > 1 else 1_000_000 if LABKIT_LONG else 20_000

BOMBS = {
    "a=x; while :; do a=$a$a; done": "a command holds at most 64 MB of text",
    "docker run busybox sh -c 'truncate -s 600M /x; cat /x'": "a command prints at most 1 MB here",
    "truncate -s 600M x; a=$(cat x)": "a command holds at most 64 MB of text",
    "truncate -s 600M x; read a < x": "a line has at most 64 MB here",
    "truncate -s 2G x; wc x": "a command reads at most 1024 MB of a file",
    'set -- x; while :; do set -- "$@" "$@"; done': "a command holds at most 64 MB of text",
    "printf '%99999s' $(seq 1 100000) | wc -c": "a command holds at most 64 MB of text",
    "seq 1 2000000 > f; cat f f f f > g; sort g | wc -l": "a command holds at most 64 MB of text",
    "echo x > f; while :; do cat f f > g; mv g f; done": "a file has at most 65536 pieces here",
    "truncate -s 600M x; docker run -i busybox cat < x": "docker reads at most 128 MB of standard input",
    "docker inspect -f '{{json ." + "|json" * 28 + "}}' busybox": "labkit writes at most 1 MB of text",
    "printf 'FROM busybox\\nENV A0 xxxxxxxxxx\\n' > Dockerfile; for i in 1 2 3 4 5 6 7 8; do j=$((i-1));"
    ' v="\\$A$j$A$j"; v="\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}\\${A$j}";'
    ' echo "ENV A$i $v" >> Dockerfile; done; docker build .': "labkit's variables hold at most 128 kB each",
    "while :; do cat /etc/passwd; done": "a command prints at most 1 MB here",
    "while :; do docker images; done": "this goes on",
}
RUN_A_BOMB = """
import re, resource, sys
from labkit import Lab
lab = Lab(online=False)
lab.pull("busybox")
result = lab.shell(sys.argv[1])
assert sys.argv[2] in result.text, result.text[-300:]
assert len(result.text) < 1_100_000
assert lab.docker("images -q").exit_code == 0
if sys.platform == "linux":  # ru_maxrss has what the process had before exec, the tests' own size
    print(int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024)
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20)
"""


@pytest.mark.parametrize(("line", "words"), BOMBS.items())
def test_a_bomb_ends_in_one_line_and_in_300_megabytes(line: str, words: str) -> None:
    """In a process of its own: what one has freed is not always given back to the system."""
    command = [sys.executable, "-c", RUN_A_BOMB, line, words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) < 300


SENT = (
    'error during connect: {} "http://%2Fvar%2Frun%2Fdocker.sock/v1.41/{}": read /dev/stdin: is a directory\n'
)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("read a < d; echo $?", "1\n"),
        ("while read l; do :; done < /; echo $?", "0\n"),
        ("exec 3< d; read a <&3; echo $?", "1\n"),
        ("docker load < d", SENT.format("Post", "images/load?quiet=1")),
        ("docker import - < d", SENT.format("Post", "images/create?fromSrc=-&message=&repo=&tag=")),
        (
            "docker create --name bb busybox > id; docker cp - bb:/ < d",
            SENT.format("Put", "containers/bb/archive?noOverwriteDirNonDir=true&path=%2F"),
        ),
        (
            "docker build - < d",
            "unable to prepare context: failed to peek context header from STDIN: "
            "read /dev/stdin: is a directory\n",
        ),
        ("docker run -i busybox cat < d", ""),
        ("docker load -i 'a\0b' 2>&1 | head -1", "open ab: no such file or directory\n"),
    ],
)
def test_a_directory_is_no_text(line: str, words: str) -> None:
    lab = Lab(online=False)
    lab.shell("mkdir d; docker pull -q busybox")
    result = lab.shell(line)
    assert result.stdout + result.stderr == words


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), RecursionError(), OSError(28, "full")])
def test_what_nobody_foresaw_is_one_line_and_changes_nothing(
    error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lab = Lab(online=False)
    lab.shell("a=1; echo x > f; docker pull -q busybox")
    before = lab.engine.state, lab.session.place

    def broken(*_: object) -> int:
        lab.engine.advance(1)
        raise error

    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "new"))
    with monkeypatch.context() as patch:
        patch.setattr(session, "dispatch", broken)
        if isinstance(error, RecursionError):
            patch.setattr(session, "resume", lambda *_, **__: broken())
        result = lab.shell("a=2; rm f; docker images")
    if isinstance(error, OSError):  # an applet's own net tells it: a content that cannot be read any more
        assert "full" in result.text
        return
    assert result.exit_code == 125
    assert result.text.startswith("labkit: this could not be run, and nothing was changed")
    assert result.text.count("\n") == 1
    assert (lab.engine.state, lab.session.place) == before
    assert type(error).__name__ in (tmp_path / "new/labkit.log").read_text()
    assert type(error).__name__ in lab.session.log


def test_methods_raise_nothing_but_labkit_errors(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lab = Lab(online=False)
    box = lab.run("busybox")
    monkeypatch.setenv("LABKIT_DATA", "/dev/null/x")
    box.exec("truncate -s 600M /x; mkdir /d")
    for act in (
        lambda: box.read("/x"),
        lambda: box.read("/d"),
        lambda: lab.load("a\0b"),
        lambda: lab.save("busybox", tmp_path / "no/where.tar"),
        lambda: lab.wait(float("nan")),
    ):
        with pytest.raises(LabkitError) as caught:
            act()
        assert "Errno" not in str(caught.value)


# The fuzzer.

_PIECES = [
    *"'\"`$\\|&;<>(){}[]*?~#!%=:/-., \t\n\0\r\x1b\x7f\xe9\u202e\ud800\U0001f433",
    "$(", "${", "$((", "))", "<<E", "\nE\n", ">>", "2>&1", "<&-", "< /", "> /", "< d", "/dev/null", "''",
    "--", "-f", "{{", "}}", "{{json .}}", "-1", "99999999999999999999", "sha256:", "busybox", "nginx:x", "$a",
    "if", "then", "fi", "while", "do", "done", "for i in", "docker ", "sh -c ", "xargs ", "..",
    "a" * 300, "/" * 50,
]  # fmt: skip
_LEFT_OUT = tuple("/dev/zero random yes while until sleep save export cp -o host".split())


def typed() -> list[str]:
    lines = (line for file in sorted(TYPED.glob("*.txt")) for line in file.read_text().splitlines())
    return [line for line in lines if line and not any(word in line for word in _LEFT_OUT)]


def mutated(line: str, rng: random.Random) -> str:
    text = list(line)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at = rng.randint(0, len(text))
        text[at : at + rng.choice((0, 0, 1, 3))] = rng.choice(_PIECES)
    return "".join(text)


def test_no_line_breaks_the_lab() -> None:
    rng, lines = random.Random(LINES), typed()
    assert len(lines) > 100
    for number in range(LINES):
        if number % 100 == 0:
            lab = Lab(online=False, network="fast")
            lab.shell("docker pull -q busybox; docker create --name b busybox; mkdir d; echo x > d/f; a=1")
        line = mutated(rng.choice(lines), rng) if rng.random() < 0.8 else "".join(rng.choices(_PIECES, k=9))
        before = lab.engine.state, lab.session.place
        result = lab.shell(line)
        assert isinstance(result, session.Result)
        assert "this could not be run" not in result.text, (line, lab.session.log)
        assert not {"\x1b", "\0"} & set(shown(result.text)), line
        if result.exit_code == 125 and result.text.startswith("labkit: this"):
            assert (lab.engine.state, lab.session.place) == before, line
        if number % 100 == 99:
            assert lab.docker("images").exit_code == 0, line
