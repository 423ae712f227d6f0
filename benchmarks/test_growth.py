"""Time grows as the work grows: each kind of work beside itself at half the size.

Twice the work may take 2.3 times as long: what grows with the square takes four times, what tries every way
never ends.
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.figures import Figure, Figures
from labkit import Lab
from labkit.store.api import Request, Response, as_json
from labkit.store.client import Client

MOST = 2.3
ROUNDS = 3
BOX = "docker run --rm busybox "


@dataclass(frozen=True)
class Work:
    """A line that is timed, and what comes before it: `COUNT` is the size, `DEEP` so many directories.

    `REAL` is a directory on the disk with so many in each other, `FILE` the path of a file.
    """

    line: str
    size: int
    before: str = "true"

    def lab(self, size: int, real: Path) -> tuple[Lab, str]:
        """Return a lab that is ready for the line, and the line."""
        lab = Lab(online=False)
        lab.pull("busybox")
        words = {"DEEP": "/".join("a" * size), "REAL": str(real), "FILE": f"{real}.tar", "COUNT": str(size)}
        line, before = self.line, self.before
        for word, value in words.items():
            line, before = line.replace(word, value), before.replace(word, value)
        assert lab.shell(before).exit_code == 0, before
        return lab, line


TOUCHED = "mkdir d; cd d; touch $(seq 1 COUNT); cd ..; "
LINES = "for i in $(seq 1 COUNT); do echo abababab; done > f"
IN_A_BOX = "docker run --name box busybox mkdir -p DEEP"
KINDS = {
    "files made one by one in a container": Work(
        BOX + "sh -c 'i=0; while [ $i -lt COUNT ]; do : > /f$i; i=$((i+1)); done'", 2000
    ),
    "files made one by one at the prompt": Work("for i in $(seq 1 COUNT); do : > f$i; done", 1000),
    "names of one file": Work(BOX + "sh -c ': > /x; for i in $(seq 1 COUNT); do ln /x /f$i; done'", 1000),
    "mkdir -p": Work(BOX + "mkdir -p DEEP", 600),
    "mkdir -p at the prompt": Work("mkdir -p DEEP", 400),
    "a deep directory: find, ls -R, du": Work("find a; ls -R a; du a", 300, "mkdir -p DEEP"),
    "a deep directory: chmod -R, cp -r, rm -r": Work(
        "chmod -R 755 a; cp -r a b; rm -r b", 400, "mkdir -p DEEP"
    ),
    "a deep directory in an image: find": Work(
        "docker run --rm deep find /a | wc -l", 400, f"{IN_A_BOX}; docker commit box deep"
    ),
    "docker cp of a deep directory": Work("docker cp REAL box:/", 400, "docker create --name box busybox"),
    "docker cp of a deep directory to the prompt": Work("docker cp box:/a .", 400, IN_A_BOX),
    "docker build of a deep directory": Work("docker build -q REAL", 200),
    "a tree copied into itself": Work(
        BOX + "sh -c 'mkdir d; cd d; touch $(seq 1 COUNT); cp -r . e 2> /dev/null'", 500
    ),
    "many layers": Work(
        "docker build -q d; docker run --rm $(docker images -q | head -1) ls /",
        50,
        "mkdir d; (echo FROM busybox; for i in $(seq 1 COUNT); do echo RUN touch /f$i; done) > d/Dockerfile",
    ),
    "many ENV lines": Work(
        "docker build -q d",
        60,
        "mkdir d; (echo FROM busybox; for i in $(seq 1 COUNT); do echo ENV A$i=x; done) > d/Dockerfile",
    ),
    "many files in an archive, saved and loaded": Work(
        "docker save -o FILE wide; docker load -i FILE",
        2000,
        "docker run --name box busybox sh -c 'mkdir d; cd d; touch $(seq 1 COUNT)'; docker commit box wide",
    ),
    "a long path in an archive, saved and loaded": Work(
        "docker save -o FILE deep; docker rmi deep; docker load -i FILE",
        400,
        f"{IN_A_BOX}; docker commit box deep",
    ),
    "a wide context": Work(
        "docker build -q d",
        800,
        TOUCHED + "printf 'FROM busybox\\nCOPY . /\\n' > d/Dockerfile",
    ),
    ".dockerignore": Work(
        "docker build -q d",
        500,
        TOUCHED + "echo FROM busybox > d/Dockerfile; echo '**/*1*1*x' > d/.dockerignore",
    ),
    "globs": Work("echo d/*1*1*1*x", 2000, TOUCHED),
    "find -name": Work("find d -name '*1*1*1*x'", 1000, TOUCHED),
    "--filter": Work(
        "for i in 1 2 3 4 5 6 7 8; do docker ps -a --filter 'name=(b+)+$'; done",
        150,
        "for i in $(seq 1 COUNT); do docker create --name bb$i busybox; done",
    ),
    "--filter, a long name": Work(
        "for i in 1 2 3 4 5 6 7 8; do docker ps -a --filter 'name=(a+)+$'; done",
        60_000,
        "docker create --name $(printf %COUNTs b | sed 's/ /a/g') busybox",
    ),
    "grep": Work("grep -cE '(a|b)+(ab)*c' f", 2000, LINES),
    "grep in a long line": Work("grep -cE '(a+)+b' f", 100_000, "printf %COUNTs x | sed 's/ /a/g' > f"),
    "sed": Work("sed 's/\\(ab\\)\\(ab\\)/\\2\\1/g' f > g", 1000, LINES),
}  # fmt: skip


def half_and_whole(one: Callable[[], float], two: Callable[[], float]) -> tuple[float, float]:
    """Return the quickest of some rounds of each, taken in turns.

    Other programs only ever make a round slower: where the limit is not kept, more rounds are asked.
    """
    half = whole = math.inf
    for number in range(4 * ROUNDS):
        half, whole = min(half, one()), min(whole, two())
        if number + 1 >= ROUNDS and whole <= MOST * half:
            break
    return half, whole


def deep(path: Path, count: int) -> Path:
    """Make so many real directories in each other; a name is longer than a path may be."""
    if not path.exists():
        (path / "/".join("a" * count)).mkdir(parents=True)
        (path / "Dockerfile").write_text("FROM busybox\nCOPY . /x\n")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_work_takes_twice_the_time(kind: str, figures: Figures, tmp_path: Path) -> None:
    work = KINDS[kind]

    def timed(size: int) -> Callable[[], float]:
        def measure() -> float:
            lab, line = work.lab(size, deep(tmp_path / str(size), size if "REAL" in work.line else 1))
            began = time.process_time()
            lab.shell(line)
            return time.process_time() - began

        return measure

    half, whole = half_and_whole(timed(work.size // 2), timed(work.size))
    shutil.rmtree(tmp_path, ignore_errors=True)
    figures.check(Figure(f"{kind}: {work.size:,}", whole, "half of it", half, most_times=MOST))


def test_a_registrys_pages(figures: Figures) -> None:
    """A Link that never ends is followed for 1,000 pages; what is read grows as the pages do."""

    def asked(pages: int) -> Callable[[], float]:
        def answer(request: Request) -> Response:
            number = int(request.path.rpartition("=")[2] or 0) if "=" in request.path else 0
            more = {"link": f'<{request.path.partition("?")[0]}?last={number + 1}>; rel="next"'}
            response = as_json({"tags": [f"t{number}"]})
            return Response(
                response.status, {**response.headers, **(more if number < pages else {})}, response.body
            )

        def measure() -> float:
            began = time.process_time()
            assert len(Client(answer).tags("app")) == pages + 1
            return time.process_time() - began

        return measure

    half, whole = half_and_whole(asked(400), asked(800))
    figures.check(Figure("pages of a registry's tags: 800", whole, "half of it", half, most_times=MOST))
