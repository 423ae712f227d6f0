"""`docker build` where the recorded sessions do not reach: real directories, pulls, what labkit refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit import Lab
from labkit.base.text import shown

DOCKERFILE = "FROM busybox\nCOPY . /here\nRUN ls -A /here\n"


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.pull("busybox")
    return lab


def write_home(lab: Lab, path: str, text: str) -> None:
    lab.shell(f"mkdir -p $(dirname {path}); cat > {path}", stdin=text.encode())


def test_a_real_directory_is_built(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "real").write_text("x")
    (tmp_path / "twin").hardlink_to(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / ".dockerignore").write_text("Dockerfile\n.dockerignore\n")
    monkeypatch.chdir(tmp_path)
    for words in (f"{tmp_path}", ".", f"-f {tmp_path}/Dockerfile ."):
        assert "\nlink\nreal\ntwin\n" in lab.docker(f"build --no-cache {words}").stdout
    assert lab.shell("docker run --rm $(docker build -q .) stat -c %h /here/real").text == "2\n"


def test_the_pretend_home_comes_before_a_real_directory(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("both", "real"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM busybox\nRUN echo from the real one\n")
    monkeypatch.chdir(tmp_path)
    write_home(lab, "both/Dockerfile", "FROM busybox\nRUN echo from home\n")
    assert "\nfrom home\n" in lab.docker("build both").stdout
    assert "\nfrom the real one\n" in lab.docker("build real").stdout
    assert lab.docker("build neither").stderr == 'unable to prepare context: path "neither" not found\n'


def test_a_context_is_a_directory(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    write_home(lab, "file", "")
    said = "unable to prepare context: context must be a directory: "
    assert lab.docker("build file").stderr == f"{said}/home/learner/file\n"
    assert lab.docker(f"build {tmp_path}/file").stderr == f"{said}{os.path.realpath(tmp_path)}/file\n"


def test_a_context_has_a_name(lab: Lab) -> None:
    assert lab.docker("build ''").text == 'unable to prepare context: path "" not found\n'


def test_a_base_that_is_missing_is_pulled_before_it_is_told() -> None:
    result = Lab().shell("echo 'FROM busybox' | docker build -t mine -")
    lines = result.stdout.split("\n")[:-1]
    assert lines[1:3] == ["Step 1/1 : FROM busybox", "latest: Pulling from library/busybox"]
    assert lines[-4].startswith("Status: Downloaded newer image for busybox:latest")
    assert lines[-1] == "Successfully tagged mine:latest"


def test_pull_asks_again_for_a_base_that_is_here(lab: Lab) -> None:
    result = lab.shell("echo 'FROM busybox' | docker build --pull -")
    assert "Status: Image is up to date for busybox:latest\n" in result.stdout
    quiet = lab.shell("echo 'FROM busybox' | docker build --pull -q -")
    assert (quiet.stdout, quiet.stderr) == (f"{lab.image('busybox').id}\n", "")


def test_what_a_copy_takes_from_another_image_is_pulled(lab: Lab) -> None:
    result = lab.shell("docker build -", stdin=b"FROM busybox\nCOPY --from=alpine /etc/passwd /\n")
    told = "Step 2/2 : COPY --from=alpine /etc/passwd /\nlatest: Pulling from library/alpine\n"
    assert told in result.stdout
    assert "Status: Downloaded newer image for alpine:latest\n ---> " in result.stdout
    assert lab.docker("images -q alpine").text


@pytest.mark.parametrize(
    ("dockerfile", "line"),
    [
        (
            "FROM busybox\nADD http://x/y /",
            "labkit: line 2: ADD of a URL is not simulated; it would download",
        ),
        ("# escape=`\nFROM busybox", "labkit: the directive escape=` is not simulated; it would take"),
    ],
)
def test_what_is_not_simulated_is_refused_before_any_step(lab: Lab, dockerfile: str, line: str) -> None:
    before = lab.engine.state
    result = lab.shell("docker build -", stdin=dockerfile.encode())
    assert (result.exit_code, result.stderr.startswith(line), result.stderr.count("\n")) == (1, True, 1)
    assert lab.engine.state.images == before.images


def test_several_ports_beside_quotes_are_refused(lab: Lab) -> None:
    result = lab.shell("docker build -q -", stdin=b'FROM busybox\nENV P="80 81"\nEXPOSE $P"/udp"\n')
    refused = 'labkit: EXPOSE $P"/udp" is not simulated; it would split the value'
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, refused)


@pytest.mark.parametrize(
    "line",
    [
        "--compress .",
        "--iidfile x .",
        "--platform linux/arm64 .",
        "git@github.com:a/b",
        "https://x.org/y.tar",
    ],
)
def test_a_flag_or_a_place_that_is_not_simulated_is_refused_in_one_line(lab: Lab, line: str) -> None:
    result = lab.docker(f"build {line}")
    assert result.exit_code == 1
    assert result.stderr.startswith("labkit: ")
    assert result.stderr.count("\n") == 1


def test_a_command_that_does_not_end_leaves_nothing_running(lab: Lab) -> None:
    result = lab.shell("docker build -", stdin=b"FROM busybox\nRUN sleep 100000\n")
    assert result.stderr == (
        "labkit: the command '/bin/sh -c sleep 100000' does not end, nor would the build\n"
    )
    assert lab.docker("ps -aq").text == ""


def test_a_build_steers_no_screen(lab: Lab) -> None:
    result = lab.shell("docker build -", stdin=b"FROM busybox\nRUN nosuch\n")
    assert "\x1b[91m" in result.stdout
    assert "\\x" not in shown(result.text)
    assert "\r" not in shown(result.text)


def test_a_built_image_is_undone(lab: Lab) -> None:
    write_home(lab, "web/Dockerfile", DOCKERFILE)
    before = lab.engine.state
    assert lab.docker("build -t web web").exit_code == 0
    lab.undo()
    assert lab.engine.state == before


_IN_LITTLE_MEMORY = """
import sys
from labkit import Lab
lab = Lab()
lab.pull("busybox")
lab.shell("docker create --name box busybox")
assert lab.shell(sys.argv[1]).exit_code == 0
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells a process's peak there")
@pytest.mark.parametrize("command", ["docker build {}", "docker cp {} box:/there"])
@pytest.mark.parametrize("sizes", [[1500], [2] * 100], ids=["one large file", "many files"])
def test_a_real_directory_of_any_size_takes_little_memory(
    command: str, sizes: list[int], tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox\n")
    for number, megabytes in enumerate(sizes):
        with (tmp_path / f"data{number}").open("wb") as file:
            file.truncate(megabytes << 20)
    program = [sys.executable, "-c", _IN_LITTLE_MEMORY, command.format(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=300)
    assert int(done.stdout) < 150 << 10  # kB
