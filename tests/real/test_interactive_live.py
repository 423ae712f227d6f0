"""A container's shell typed into at a terminal: a real engine's answers, key by key, and labkit's."""

from __future__ import annotations

import os
import pty
import re
import select
import time
from pathlib import Path

import pytest

from labkit import Lab
from labkit.cli.session import CTRL_C, CTRL_D, DETACH
from tests.cli import sessions
from tests.real.engine import DOCKER, RealEngine

pytestmark = pytest.mark.real

BANNER = re.compile(r"\n\nBusyBox v.*\nEnter 'help' for a list of built-in commands\.\n\n")
"""Debian's busybox says who it is; the busybox of Docker's own images does not."""
NAMED = "docker run -it --network none --name box"
SCRIPTS = [
    [(f"{NAMED} base:1", ["cd /root", "false", CTRL_C, "echo $?", "nosuch", "echo $?", "exit 3"])],
    [(f"{NAMED} -u nobody -w /tmp base:1 sh", ["cd", "if", CTRL_C, "echo a |", "cat", "exit 300"])],
    [
        (
            f"{NAMED} base:1",
            ["echo ${x?no}", "shift x", "export 1=2", "cd /nope", "echo ok", "set -e", "false"],
        )
    ],
    [(f"{NAMED} base:1", ["false", CTRL_D])],
    [(f"{NAMED} -e PS1=hi: base:1", ["x=1", "sh", "echo $x.", "exit 9", "echo $? $x", "exec sh", "exit 4"])],
    [
        (
            f"{NAMED} base:1",
            ["cat > /f", "one", "two", CTRL_D, "cat /f", "read a b", "x y z", "echo $b", "exit"],
        )
    ],
    [(f"{NAMED} base:1 cat", ["one", "two", CTRL_D])],
    [(f"{NAMED} base:1 cat /etc/motd", [])],
    [
        (f"{NAMED} base:1", ["cd /etc", "touch x", DETACH]),
        ("docker exec -it box sh", ["ls /etc/x", "exit 7"]),
        ("docker exec -it -u nobody -w /srv box sh", ["pwd", DETACH]),
        ("docker attach --no-stdin nobody", []),
        ("docker kill box", []),
        ("docker attach box", []),
        ("docker start -ai box", ["pwd", "exit 6"]),
        ("docker exec -it box sh", []),
    ],
]


def played(engine: RealEngine, line: str, keys: list[str]) -> tuple[str, int]:
    """Run a line at a terminal of its own and type keys; give what it showed and the exit code."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(DOCKER, line.split(), engine.environment())
    shown, alive = b"", True

    def rest(seconds: float) -> None:
        nonlocal shown, alive
        until = time.monotonic() + seconds
        while alive and time.monotonic() < until:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    shown += os.read(terminal, 65536)
                except OSError:
                    alive = False

    rest(2)
    for key in keys:
        if alive:
            os.write(terminal, key.encode() if key in (CTRL_C, CTRL_D, DETACH) else f"{key}\r".encode())
            rest(0.8)
    rest(3)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return re.sub(r"\x1b\[\d*[A-Za-z]", "", shown.decode()).replace("\r", ""), status


def typed(lab: Lab, line: str, keys: list[str]) -> tuple[str, int]:
    """Type the same into a lab; give what its terminal shows and the exit code of the docker command."""
    shown = ""
    status = 0
    for each in [line, *keys]:
        if each is not line:
            shown += lab.prompt + {CTRL_C: "^C\n", CTRL_D: "", DETACH: ""}.get(each, f"{each}\n")
        result = lab.type(each)
        status = result.exit_code
        shown += "".join(data.decode() for _, data in result.output).replace("\r", "")
    return shown, status


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: " ".join(script[0][1][:3]) or "none")
def test_a_terminal_live(
    fresh_engine: RealEngine, script: list[tuple[str, list[str]]], tmp_path: Path
) -> None:
    lab = sessions.loaded_lab(tmp_path)
    fresh_engine.ok("docker load -q -i app.tar", cwd=tmp_path)
    try:
        for line, keys in script:
            told, status = played(fresh_engine, line, keys)
            ours = typed(lab, line, keys)
            theirs = sessions.Plain(frozenset())(BANNER.sub("", told)), status
            assert (sessions.Plain(frozenset())(ours[0]), ours[1]) == theirs, line
            assert lab.session.at_home
    finally:
        sessions.empty(fresh_engine, tmp_path)
