"""Main processes and `docker exec`: time, output, users, and what is said where nothing can be run.

The words and exit codes are those of a real engine 20.10.24 with runc 1.1.5.
"""

from __future__ import annotations

import pytest

from labkit import Lab
from labkit.base.errors import DaemonError, NotFound
from labkit.engine import container as containers
from labkit.engine.container import find_container
from labkit.engine.engine import Engine
from labkit.engine.process import ExecError, StartError, execute, settle, start
from labkit.engine.state import Container, Options
from labkit.go.moment import SECOND
from labkit.oci.content import Content
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, File, Meta
from tests.engine.engines import BUSYBOX, NOON, add, busybox_engine, image, layer, run, sh, sleeper

CREATE = "failed to create shim task: OCI runtime create failed: runc create failed: "
EXEC = "OCI runtime exec failed: exec failed: "
UNABLE = "unable to start container process: "


@pytest.fixture
def engine() -> Engine:
    return busybox_engine()


def now(engine: Engine, name: str = "box") -> Container:
    return find_container(engine, name)


def said(box: Container, stream: int | None = None) -> str:
    return b"".join(line.data for line in box.log if stream in (None, line.stream)).decode()


class TestInTheForeground:
    def test_output_and_exit_code(self, engine: Engine) -> None:
        box = run(engine, "box", "sh", "-c", "echo out; echo err >&2; exit 4")
        assert (box.status, box.exit_code) == ("exited", 4)
        assert (said(box, 1), said(box, 2)) == ("out\n", "err\n")
        assert now(engine) == box

    def test_time_passes(self, engine: Engine) -> None:
        before = engine.now
        box = run(engine, "box", "sh", "-c", "echo one; sleep 5; echo two")
        assert engine.now == box.finished == before + 5 * SECOND
        assert box.started == before
        assert [(line.at - before, line.data) for line in box.log] == [(0, b"one\n"), (5 * SECOND, b"two\n")]

    def test_what_it_wrote_stays(self, engine: Engine) -> None:
        before = engine.now
        box = run(engine, "box", "sh", "-c", "sleep 3; echo hi > /x")
        written = box.upper.children["x"]
        assert isinstance(written, File)
        assert (written.content.read(), written.meta.mtime) == (b"hi\n", before + 3 * SECOND)

    def test_started_again_it_goes_on_with_its_files_and_its_log(self, engine: Engine) -> None:
        box = run(engine, "box", "sh", "-c", "echo line >> /x; cat /x")
        for times in (2, 3):
            engine.advance(SECOND)
            box = start(engine, box, detached=False)
            assert said(box).count("line") == sum(range(times + 1))
            assert box.upper.children["x"].content.read() == b"line\n" * times  # type: ignore[union-attr]

    def test_a_server_goes_on(self, engine: Engine) -> None:
        program = Layer.of(Dir({"serve": File(Content.program(9000, "serve"), Meta(0o755))}))
        made = BUSYBOX.append(program, created=NOON, created_by="x", config={"Cmd": ["/serve", "-v"]})
        add(engine, made, "server")
        box = run(engine, "box", image_name="server")
        assert (box.status, box.service, box.ends_at) == ("running", True, None)
        assert containers.stop(engine, box).exit_code == 0


class TestInTheBackground:
    def test_a_sleep_ends_when_its_time_has_come(self, engine: Engine) -> None:
        before = engine.now
        box = run(engine, "box", "sh", "-c", "sleep 60; exit 7", detached=True)
        assert (box.status, engine.now) == ("running", before)
        engine.advance(59 * SECOND)
        settle(engine)
        assert now(engine).running
        engine.advance(100 * SECOND)
        settle(engine)
        box = now(engine)
        assert (box.status, box.exit_code, box.finished) == ("exited", 7, before + 60 * SECOND)

    def test_with_rm_it_goes_then(self, engine: Engine) -> None:
        run(engine, "box", "sleep", "60", options=Options(auto_remove=True), detached=True)
        engine.advance(60 * SECOND)
        settle(engine)
        with pytest.raises(NotFound):
            now(engine)

    def test_the_log_carries_its_times(self, engine: Engine) -> None:
        before = engine.now
        box = run(engine, "box", "sh", "-c", "for i in 1 2 3; do echo $i; sleep 10; done", detached=True)
        assert [(line.at - before) // SECOND for line in box.log] == [0, 10, 20]

    def test_a_command_without_a_wait_is_over_at_once(self, engine: Engine) -> None:
        assert run(engine, "box", "true", detached=True).status == "exited"

    def test_a_shell_with_an_open_input_waits(self, engine: Engine) -> None:
        options = Options(open_stdin=True, tty=True, detached=True)
        assert run(engine, "box", "sh", options=options, detached=True).running
        assert run(engine, "other", "sh", detached=True).status == "exited"

    def test_a_loop_without_an_end_runs(self, engine: Engine) -> None:
        box = run(engine, "box", "sh", "-c", "while true; do sleep 86400; done", detached=True)
        assert (box.running, box.ends_at) == (True, None)

    def test_one_whose_time_has_come_is_not_running_for_exec_and_start(self, engine: Engine) -> None:
        box = run(engine, "box", "sleep", "60", detached=True)
        engine.advance(61 * SECOND)
        with pytest.raises(DaemonError) as caught:
            execute(engine, box, ["ls"])
        assert str(caught.value) == f"Container {box.id} is not running"
        again = start(engine, box, detached=True)
        assert (again.running, again.started) == (True, engine.now)


class TestExec:
    def test_output_exit_code_and_files(self, engine: Engine) -> None:
        sleeper(engine)
        result = execute(engine, now(engine), ["sh", "-c", "echo out; echo err >&2; echo x > /x; exit 3"])
        assert (result.output(1), result.output(2), result.exit_code) == (b"out\n", b"err\n", 3)
        assert sh(engine, "box", "cat /x") == "x\n"
        assert now(engine).log == ()

    def test_the_environment(self, engine: Engine) -> None:
        options = Options(env=("B=2", "HOME=/tmp"), hostname="hosty")
        run(engine, "box", "sleep", "1000", options=options, detached=True)
        found = execute(engine, now(engine), ["env"], env=["C=3"]).output().decode().splitlines()
        assert {"B=2", "C=3", "HOME=/tmp", "HOSTNAME=hosty"} <= {*found}
        assert "TERM=xterm" not in found
        sleeper(engine, "plain")
        assert (
            sh(engine, "plain", "echo $HOME $HOSTNAME; pwd") == f"/root {now(engine, 'plain').id[:12]}\n/\n"
        )

    def test_stdin(self, engine: Engine) -> None:
        sleeper(engine)
        assert execute(engine, now(engine), ["cat"], stdin=b"typed\n").output() == b"typed\n"

    def test_a_container_that_does_not_run(self, engine: Engine) -> None:
        box = containers.create(engine, "busybox", ["true"], name="box")
        with pytest.raises(DaemonError) as caught:
            execute(engine, box, ["ls"])
        assert str(caught.value) == f"Container {box.id} is not running"

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            (["nosuch"], f'{UNABLE}exec: "nosuch": executable file not found in $PATH: unknown'),
            ([""], f'{UNABLE}exec: "": executable file not found in $PATH: unknown'),
            (["/nosuch"], f'{UNABLE}exec: "/nosuch": stat /nosuch: no such file or directory: unknown'),
            (["./x"], f'{UNABLE}exec: "./x": stat ./x: no such file or directory: unknown'),
            (["/etc/passwd"], f'{UNABLE}exec: "/etc/passwd": permission denied: unknown'),
            (["/etc"], f'{UNABLE}exec: "/etc": permission denied: unknown'),
        ],
    )
    def test_nothing_to_run(self, engine: Engine, argv: list[str], words: str) -> None:
        sleeper(engine)
        before = engine.state
        with pytest.raises(ExecError) as caught:
            execute(engine, now(engine), argv)
        assert str(caught.value) == EXEC + words
        assert engine.state is before
        with pytest.raises(StartError) as refused:
            run(engine, "other", *argv)
        assert str(refused.value) == CREATE + words
        assert refused.value.status == (126 if "permission denied" in words else 127)
        box = now(engine, "other")
        assert (box.status, box.exit_code, box.error) == ("created", refused.value.status, CREATE + words)

    @pytest.mark.parametrize(
        ("working_dir", "words"),
        [
            ("rel", "Cwd must be an absolute path: unknown"),
            (
                "/nope",
                f'{UNABLE}chdir to cwd ("/nope") set in config.json failed: no such file or directory'
                ": unknown",
            ),
        ],
    )
    def test_a_working_directory_that_is_none(self, engine: Engine, working_dir: str, words: str) -> None:
        sleeper(engine)
        with pytest.raises(ExecError) as caught:
            execute(engine, now(engine), ["pwd"], working_dir=working_dir)
        assert str(caught.value) == EXEC + words

    def test_a_working_directory(self, engine: Engine) -> None:
        sleeper(engine)
        assert execute(engine, now(engine), ["pwd"], working_dir="/etc").output() == b"/etc\n"


class TestFilesThatAreNoPrograms:
    """The kernel refuses them once the container's process is there: its output says so, exit code 1."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("echo hi\n", "exec /script: exec format error\n"),
            ("#!/nope\n", "exec /script: no such file or directory\n"),
            ("", "exec /script: exec format error\n"),
        ],
    )
    def test_a_script(self, engine: Engine, text: str, words: str) -> None:
        script = Layer.of(Dir({"script": File(Content.of(text.encode()), Meta(0o755))}))
        add(engine, BUSYBOX.append(script, created=NOON, created_by="x"), "app")
        box = run(engine, "box", "/script", image_name="app")
        assert (box.status, box.exit_code, said(box, 2)) == ("exited", 1, words)
        sleeper(engine, "other", "app")
        result = execute(engine, now(engine, "other"), ["/script"])
        assert (result.exit_code, result.output(2).decode()) == (1, words)

    def test_a_script_that_is_one(self, engine: Engine) -> None:
        script = Layer.of(Dir({"script": File(Content.of(b"#!/bin/sh\necho $0 $1\n"), Meta(0o755))}))
        add(engine, BUSYBOX.append(script, created=NOON, created_by="x"), "app")
        assert said(run(engine, "box", "/script", "one", image_name="app")) == "/script one\n"


class TestUsers:
    @pytest.mark.parametrize(
        ("user", "ids"),
        [
            ("", (0, 0)),
            ("root", (0, 0)),
            ("0:0", (0, 0)),
            ("1000", (1000, 0)),
            ("1000:5", (1000, 5)),
            (":5", (0, 5)),
            ("2147483647", (2147483647, 0)),
        ],
    )
    def test_by_number_and_name(self, engine: Engine, user: str, ids: tuple[int, int]) -> None:
        box = run(engine, "box", "sh", "-c", "id -u; id -g", options=Options(user=user))
        assert said(box) == f"{ids[0]}\n{ids[1]}\n"

    @pytest.mark.parametrize(
        ("user", "words"),
        [
            ("stranger", "unable to find user stranger: no matching entries in passwd file"),
            ("0:nogrp", "unable to find group nogrp: no matching entries in group file"),
            ("5000000000", "uids and gids must be in range 0-2147483647"),
        ],
    )
    def test_unknown(self, engine: Engine, user: str, words: str) -> None:
        with pytest.raises(StartError) as caught:
            run(engine, "box", "id", options=Options(user=user))
        assert (str(caught.value), caught.value.status) == (words, 125)
        sleeper(engine, "other")
        with pytest.raises(ExecError) as refused:
            execute(engine, now(engine, "other"), ["id"], user=user)
        assert str(refused.value) == words

    def test_the_images_user(self, engine: Engine) -> None:
        made = BUSYBOX.append(layer(a="a"), created=NOON, created_by="x", config={"User": "1000:7"})
        add(engine, made, "app")
        assert said(run(engine, "box", "sh", "-c", "id -u; id -g", image_name="app")) == "1000\n7\n"


def test_a_working_directory_is_made_where_it_is_missing(engine: Engine) -> None:
    box = run(engine, "box", "pwd", options=Options(working_dir="/new/dir"))
    assert said(box) == "/new/dir\n"


def test_an_image_without_a_shell(engine: Engine) -> None:
    add(engine, image(layer(a="a")), "bare")
    with pytest.raises(StartError, match="executable file not found"):
        run(engine, "box", "sh", image_name="bare")


def test_the_kernels_own_file_systems_are_as_old_as_the_container() -> None:
    lab = Lab()
    lab.pull("busybox")
    listed = lab.docker(
        "run --rm -v data:/data busybox stat -c '%n %h %a %y' /dev /etc /proc /sys /data"
    ).text
    columns = [line.split()[:4] for line in listed.splitlines()]
    assert [(name, mode) for name, _, mode, _ in columns] == [
        ("/dev", "755"),
        ("/etc", "755"),
        ("/proc", "555"),
        ("/sys", "555"),
        ("/data", "755"),
    ]
    assert [links for _, links, _, _ in columns[:2]] == ["5", "1"]
    assert {day for _, _, _, day in columns} == {"2019-04-26"}
