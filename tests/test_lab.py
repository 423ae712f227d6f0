"""The Lab as Python has it: the example of its docstring, undo and reset, the clock, the network, builds."""

from __future__ import annotations

import subprocess
import sys

import pytest

import labkit
from labkit import Lab, Result
from labkit.base.errors import DaemonError, FileSystemError, LabkitError, NotFound
from labkit.cli.session import CTRL_C, CTRL_D
from labkit.cli.timeline import MOST
from labkit.engine.schedule import Network, PullEvent
from labkit.go.moment import SECOND

THREE_LAYERS = [
    "FROM busybox",
    "COPY big.bin /data/",
    "RUN head -c 2000000 /dev/zero > /zeros",
    "RUN rm /zeros",
    'CMD ["ls", "/data"]',
]


def test_the_example_of_the_docstring() -> None:
    lab = Lab()
    lab.pull("nginx:1.15.12")
    assert len(lab.image("nginx:1.15.12").history) == 10
    assert len(lab.image("nginx:1.15.12").layers) == 3
    box = lab.run("ubuntu:15.04", name="box")
    box.write("/etc/motd", "hello")
    assert [(change.kind, change.path) for change in box.diff()] == [("C", "/etc"), ("C", "/etc/motd")]
    assert "5B (virtual 188MB)" in lab.docker("ps -s").text


def test_a_box_counts_what_is_copied_up() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    size = len(box.read("/etc/passwd").encode())
    assert box.size == 0
    assert box.append("/etc/passwd", "x") == size
    assert box.append("/etc/passwd", "y") == 0
    assert box.size == size + 2
    assert box.read("/etc/passwd").endswith("xy")
    assert box.mkdir("/new") == 0
    assert "new" in box.listdir()
    box.unlink("/etc/passwd")
    assert box.size == 0
    assert "passwd" not in box.listdir("/etc")


def test_a_box_lives_and_ends() -> None:
    lab = Lab()
    box = lab.create("busybox", ["sleep", "60"], name="box")
    assert (box.name, box.status) == ("box", "created")
    box.start()
    assert box.status == "running"
    result = box.exec("echo out; echo err >&2; exit 3")
    assert isinstance(result, Result)
    assert (result.exit_code, result.text, result.stderr) == (3, "out\nerr\n", "err\n")
    box.stop()
    assert box.status == "exited"
    with pytest.raises(DaemonError, match="is not running"):
        box.exec("ls")
    image = box.commit("kept:1")
    assert lab.image("kept:1") == image
    box.remove()
    assert lab.containers == []
    with pytest.raises(NotFound, match="No such container: "):
        box.status  # noqa: B018


def test_a_running_box_is_deleted_with_what_it_wrote() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    box.write("/motd", "hello")
    assert lab.disk_usage() == lab.image("busybox").size + 5
    box.remove()
    assert lab.containers == []
    assert lab.disk_usage() == lab.image("busybox").size


def test_an_exec_that_cannot_start_is_told_in_runcs_words() -> None:
    box = Lab().run("busybox")
    with pytest.raises(DaemonError, match='exec: "nosuch": executable file not found in \\$PATH: unknown'):
        box.exec(["nosuch"])


def test_undo_takes_back_one_step_each_and_reset_all() -> None:
    lab = Lab()
    states = [lab.engine.state]
    lab.pull("busybox")
    states.append(lab.engine.state)
    box = lab.run("busybox", name="box")
    states.append(lab.engine.state)
    box.write("/x", "1")
    states.append(lab.engine.state)
    lab.docker("rm -f box")
    states.append(lab.engine.state)
    lab.shell("cd /tmp; x=1")
    lab.undo()
    assert lab.shell("pwd; echo [$x]").text == "/home/learner\n[]\n"
    for state in reversed(states[:-1]):
        lab.undo()
        assert lab.engine.state is state
    with pytest.raises(LabkitError, match="nothing to undo: this is where the lab started"):
        lab.undo()
    lab.pull("nginx")
    lab.reset()
    assert lab.engine.state is states[0]
    lab.undo()
    assert len(lab.images) == 1


@pytest.mark.parametrize("key", [CTRL_C, CTRL_D])
def test_undo_takes_back_a_command_that_read_what_was_typed(key: str) -> None:
    lab = Lab()
    lab.pull("busybox")
    for line in ("docker pull nginx; cat > notes", "hello", key):
        lab.type(line)
    assert len(lab.images) == 2
    assert lab.undo() == "docker pull nginx; cat > notes"
    assert len(lab.images) == 1


def test_undo_says_that_it_goes_no_further() -> None:
    lab = Lab()
    for _ in range(201):
        lab.wait(1)
    while lab.at:
        lab.undo()
    with pytest.raises(LabkitError, match="nothing to undo: undo goes back 200 commands at most; reset goes"):
        lab.undo()


def test_undo_does_not_go_behind_where_the_lab_begins_now() -> None:
    lab, other = Lab(), Lab()
    lab.pull("busybox")
    lab.begin_here()
    with pytest.raises(LabkitError, match="nothing to undo"):
        lab.undo()
    other.pull("nginx")
    lab.run("busybox")
    lab.begin_here(other)
    with pytest.raises(LabkitError, match="nothing to undo"):
        lab.undo()
    assert lab.images == other.images


def test_a_lab_remembers_its_last_steps_and_no_more() -> None:
    lab = Lab()
    for _ in range(MOST + 3):
        lab.wait(1)
    for _ in range(MOST):
        lab.undo()
    with pytest.raises(LabkitError, match="nothing to undo"):
        lab.undo()
    assert lab.engine.now == Lab().engine.now + 3 * SECOND


def test_reset_forgets_where_the_prompt_was() -> None:
    lab = Lab()
    lab.shell("cd /tmp; echo x > y; z=1")
    lab.reset()
    assert lab.shell("pwd; ls; echo [$z]").text == "/home/learner\nREADME.txt\n[]\n"


def test_two_labs_give_the_same_and_share_nothing() -> None:
    first, second = Lab(), Lab()
    for lab in (first, second):
        lab.docker("run -d busybox sleep 10")
    assert first.docker("ps --no-trunc").text == second.docker("ps --no-trunc").text
    first.docker("rm -f $(docker ps -q)")
    assert len(second.containers) == 1
    assert Lab(seed="another").docker("run -d busybox").text != Lab().docker("run -d busybox").text


def test_the_platform_is_read_as_docker_reads_it() -> None:
    lab = Lab(platform="linux/aarch64")
    assert lab.docker("version --format {{.Server.Os}}/{{.Server.Arch}}").text == "linux/arm64\n"


def test_a_platform_that_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match='"nope": unknown operating system or architecture'):
        Lab(platform="nope")


def test_the_clock() -> None:
    assert Lab().docker("images").exit_code == 0
    lab = Lab(clock="2019-05-16T21:20:18Z")
    lab.pull("nginx")
    assert "4 weeks ago" in lab.docker("images").text
    lab.wait(365 * 24 * 3600)
    assert "13 months ago" in lab.docker("images").text
    assert Lab(clock=0).engine.now == 0


def test_what_a_pull_takes_depends_on_the_network() -> None:
    seconds: dict[str, float] = {}
    for speed in ("fast", "classroom", "slow"):
        events: list[PullEvent] = []
        Lab(network=speed).pull("nginx", events=events)
        seconds[speed] = events[-1].at
    assert seconds["fast"] < seconds["classroom"] < seconds["slow"]
    events = []
    Lab(network=Network(bandwidth=1e12, latency=0.0, extraction=1e12)).pull("nginx", events=events)
    assert events[-1].at < 0.01
    with pytest.raises(ValueError, match="no such network: 'warp'"):
        Lab(network="warp")


def test_a_build_of_three_layers_with_files_of_given_sizes() -> None:
    lab = Lab()
    image = lab.build("app", THREE_LAYERS, {"big.bin": 5_000_000})
    assert [layer.size for layer in image.layers[-3:]] == [5_000_000, 2_000_000, 0]
    assert [step.size for step in image.history[-4:]] == [5_000_000, 2_000_000, 0, 0]
    assert lab.image("app:latest") == image
    base = lab.image("busybox")
    assert image.layers[: len(base.layers)] == base.layers
    assert image.size == base.size + 7_000_000
    assert lab.docker("run --rm app").text == "big.bin\n"
    assert lab.docker("run --rm app ls -l /data/big.bin /zeros").exit_code == 1
    assert "5MB" in lab.docker("history app").text
    before = lab.disk_usage()
    lab.build("again", [*THREE_LAYERS[:2], 'CMD ["true"]'], {"big.bin": 5_000_000})
    assert lab.disk_usage() <= before + 5_000_000


def test_a_box_of_the_stage_is_explained_by_what_is_so() -> None:
    lab = Lab()
    lab.build("gone", "FROM busybox\nRUN rm /etc/passwd")
    box = lab.run("gone", name="box")
    box.write("/etc/passwd", "me")
    assert "below                     deleted by a whiteout in layer 2 of gone" in str(
        lab.explain("box:/etc/passwd")
    )
    assert "copied up without what is in it from layer 2" in str(lab.explain("box:/etc"))
    assert lab.explain(f"file:{box.id}:") == lab.explain("box")  # the box "… more"
    lab.docker("tag gone image")
    assert lab.explain("image").title == "an image: gone:latest, image:latest"
    box.stop()
    for fact in lab.explain("box").facts:
        if fact.command:
            assert fact.value.partition(" ")[0].lower() in lab.shell(fact.command).text.lower()


def test_a_build_that_fails_leaves_the_lab_as_it_was() -> None:
    lab = Lab()
    lab.pull("busybox")
    before = lab.engine.state
    for steps, words in (
        (
            "FROM busybox\nRUN echo x > /x\nRUN exit 3",
            "The command '/bin/sh -c exit 3' returned a non-zero code: 3",
        ),
        ("FROM busybox\nCOPY nope /", "COPY failed: file not found in build context"),
        ("FROM busybox AS a\nFROM busybox AS A", "a stage name already used"),
        ("FROM busybox\nCOPY --from=x /a /b", "invalid from flag value x: pull access denied for x"),
        ("FROM busybox\nADD https://example.org/x /", "labkit: line 2: ADD of a URL is not simulated"),
        ("FROM scratch", "No image was generated. Is your Dockerfile empty?"),
        ("FROM nosuch", "pull access denied for nosuch"),
        ("FROM busybox\nRUN sleep 999999", "labkit: the command '/bin/sh -c sleep 999999' does not end"),
    ):
        with pytest.raises(LabkitError) as caught:
            lab.build("app", steps)
        assert str(caught.value).startswith(words)
        assert lab.engine.state == before
    with pytest.raises(LabkitError, match="repository name must be lowercase"):
        lab.build("App", "FROM busybox\nRUN true")
    assert lab.engine.state == before


def test_errors_are_one_line_in_a_notebook() -> None:
    lab = Lab()
    box = lab.run("busybox")
    for act in (
        lambda: lab.image("nope"),
        lambda: lab.pull("nope"),
        lambda: lab.pull("UPPER"),
        lambda: lab.container("nope"),
        lambda: lab.load("nothing.tar"),
        lambda: box.read("/nothing"),
        lambda: box.write("/bin", "x"),
        lambda: box.exec(["nothing"]),
    ):
        with pytest.raises(LabkitError) as caught:
            act()
        shown = caught.value._render_traceback_()
        assert len(shown) == 1 + shown[0].startswith("DaemonError: pull access denied")  # and what there is
        assert "\n" not in "".join(shown)
        assert shown[0].startswith(type(caught.value).__name__ + ": ")
    with pytest.raises(FileSystemError, match="/nothing: no such file or directory"):
        box.read("/nothing")


def test_docker_takes_its_line_with_standard_input_and_a_watcher() -> None:
    lab = Lab()
    events: list[PullEvent] = []
    result = lab.docker("pull busybox", watch=events.append)
    assert events
    assert result.text.endswith("docker.io/library/busybox:latest\n")
    assert lab.docker("run -i --rm busybox sort", stdin=b"b\na\n").text == "a\nb\n"
    assert lab.docker("images -q").text == lab.docker("image ls -q").text


def test_what_is_shown_of_a_lab() -> None:
    lab = Lab()
    lab.pull("busybox")
    assert repr(lab) == "<Lab: 1 images, 0 containers>"


def test_a_state_is_shown_without_the_bytes_of_its_files() -> None:
    lab = Lab()
    lab.run("busybox", name="box").write("/motd", "hello")
    assert len(repr(lab.engine)) < 200_000


def test_importing_labkit_loads_nothing_of_jupyter() -> None:
    heavy = ("matplotlib", "ipywidgets", "IPython", "httpx")
    code = f"import sys, labkit; labkit.Lab(); print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert labkit.Lab is Lab
