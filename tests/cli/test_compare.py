"""One line on labkit and on the learner's Docker: what is marked, what is not, and what changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.cli.own_docker import compare_lines, reading
from tests.cli.own_dockers import CONTAINERD, OVERLAY2, docker_that, engine

ENGINE_29 = """\
IMAGE            ID             DISK USAGE   CONTENT SIZE   EXTRA
busybox:latest   9ae97d36d265   6.78MB       2.22MB
"""
BUILDKIT = """\
IMAGE          CREATED       CREATED BY                               SIZE      COMMENT
27a188018e18   2 weeks ago   RUN /bin/sh -c echo x > /x # buildkit    22B       buildkit.dockerfile.v0
"""
OLDER = "Your engine is 29.0.1; labkit speaks as Docker Engine 20.10."
STORE = (
    "Your engine uses the containerd image store: an image ID is the digest of its manifest or list of "
    "manifests, and inspect says GraphDriver overlayfs, without directories."
)
TABLE = "Since Engine 29 docker images prints IMAGE ID, DISK USAGE, CONTENT SIZE and EXTRA."
MISSING = "Your engine has its own images and containers: docker pull fetches an image that it lacks."
BUILDER = "BuildKit, the builder since Engine 23, writes its steps without #(nop), and its name into COMMENT."


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.pull("busybox")
    return lab


def equal_engine(lab: Lab, line: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine(directory, monkeypatch, "20.10.24", OVERLAY2, lab.docker(line).text)


def test_what_is_equal(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    equal_engine(lab, "images", tmp_path, monkeypatch)
    compared = lab.compare("images")
    assert compared.equal
    assert [row.mark for row in compared.rows] == [" ", " "]
    assert compared.text.splitlines()[-1] == "Both are equal."
    assert compared.notes == ()


def test_both_sides_stand_beside_each_other(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "C /etc\nA /etc/x\n")
    lab.run("busybox", name="box").exec("touch /etc/y")
    assert lab.compare("diff box").text == (
        "$ docker diff box\n"
        "labkit     your Docker 20.10.24\n"
        "C /etc     C /etc\n"
        "A /etc/y | A /etc/x\n"
        "1 of 2 lines differs.\n"
    )


@pytest.mark.parametrize(
    ("answer", "store", "line", "wanted"),
    [
        (ENGINE_29, CONTAINERD, "images", (OLDER, STORE, TABLE)),
        (BUILDKIT, OVERLAY2, "history busybox", (OLDER, BUILDER)),
        ("A /x\n", OVERLAY2, "diff box", (OLDER,)),
        ("Error: No such image: busybox\n", OVERLAY2, "image history busybox",
         (OLDER, MISSING)),
    ],
)  # fmt: skip
def test_a_newer_engine_gets_a_note_for_each_cause(
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    store: str,
    line: str,
    wanted: tuple[str, ...],
) -> None:
    engine(tmp_path, monkeypatch, "29.0.1", store, answer)
    compared = lab.compare(line)
    assert not compared.equal
    assert compared.notes == wanted


def test_no_note_where_a_newer_engine_answers_the_same(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "29.0.1", CONTAINERD, lab.docker("images").text)
    assert lab.compare("images").notes == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "containers", "mark"),
    [
        ("a   b", "a b", False, " "),
        ("x  9 days ago  y", "x  About a minute ago  y", False, "~"),
        ("x  2019-04-16T21:20:18Z", "x  2026-11-25 01:00:00 +0000 UTC", False, "~"),
        ("/var/lib/docker/overlay2/" + 64 * "a" + "/diff", "/d/overlay2/" + 64 * "b" + "/diff", False, "~"),
        ("27a188018e18", "27a188018e19", False, "|"),
        ("27a188018e18 up  bold_euler", "17a188018e19 up  calm_noether3", True, "~"),
        ('"Pid": 1001,', '"Pid": 2,', True, "~"),
        ("0B", "1B", True, "|"),
    ],
)
def test_what_cannot_be_equal_is_no_difference(ours: str, theirs: str, containers: bool, mark: str) -> None:
    assert [row.mark for row in compare_lines([ours], [theirs], containers=containers)] == [mark]


def test_a_line_of_one_side_alone() -> None:
    rows = compare_lines(["a", "b", "c"], ["a", "c", "d"])
    assert [(row.mark, row.ours, row.theirs) for row in rows] == [
        (" ", "a", "a"),
        ("<", "b", ""),
        (" ", "c", "c"),
        (">", "", "d"),
    ]


def test_long_lines_stand_one_under_the_other(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, f"A /x\n{99 * 'y'}\n")
    lab.run("busybox", name="box").exec("touch /x")
    lab.container("box").exec(f"touch /{80 * 'z'}")
    assert lab.compare("diff box").text.splitlines()[1:4] == ["  A /x", f"< A /{80 * 'z'}", f"> {99 * 'y'}"]


@pytest.mark.parametrize(
    "line",
    [
        "rmi nginx", "run busybox", "image rm x", "image prune -f", "system prune", "container rm x", "rm x",
        "pull nginx", "push x", "tag a b", "commit x", "build .", "exec x ls", "cp x:/a b", "save x", "load",
        "start x", "stop x", "kill x", "rename a b", "update x", "volume create", "network prune", "login",
        "swarm init", "context use x", "events", "stats", "-H tcp://x images", "--context x ps", "image", "",
        "'' ps", "nosuch",
    ],
)  # fmt: skip
def test_what_could_change_something_is_refused(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = docker_that("", tmp_path, monkeypatch)
    lab = Lab()
    before = lab.engine.state
    with pytest.raises(
        LabkitError, match="compare runs only what changes nothing on your Docker, not 'docker"
    ):
        lab.compare(line)
    assert not said.exists()
    assert lab.engine.state is before


@pytest.mark.parametrize(
    "line", ["images", "image history x", "ps -a", "system df", "container logs x", "-v"]
)
def test_what_only_reads_is_run(line: str) -> None:
    reading(line.split())


def test_what_is_run_on_the_learners_docker(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "")
    lab.compare("docker image ls -q")
    assert said.read_text().splitlines() == [
        "[version][--format][{{.Server.Version}}]",
        "[image][ls][-q]",
        "[info][--format][{{json .DriverStatus}}]",
    ]


def test_without_docker_labkits_answer_and_what_to_do(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    compared = lab.compare("images -q")
    assert not compared.equal
    assert compared.text.splitlines() == [
        "$ docker images -q",
        lab.docker("images -q").text.strip(),
        "labkit: nothing to compare with: there is no docker program here: install Docker Engine or Docker "
        "Desktop, and start it",
    ]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Cannot connect to the Docker daemon at x. Is the docker daemon running?' >&2; exit 1",
         "your Docker does not run: start Docker Desktop, or the service with: sudo systemctl start docker"),
        ("echo odd >&2; exit 1", "odd"),
        ("exit 1", "docker version answers nothing"),
    ],
)  # fmt: skip
def test_a_docker_that_does_not_answer(
    script: str, words: str, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_that(script, tmp_path, monkeypatch)
    assert lab.compare("images").verdict == f"labkit: nothing to compare with: {words}"


def test_what_steers_a_screen_is_made_visible(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine(tmp_path, monkeypatch, "20.10.24", OVERLAY2, "\x1b[31mred\n")
    assert "\x1b" not in lab.compare("images").text
