"""Containers: created, written to, compared, sized, committed, stopped, removed.

The whiteouts of a commit, the names in `docker diff` and the words are those of a real engine 20.10.24.
"""

from __future__ import annotations

import re
import sys
import tarfile
import time
import tracemalloc
from dataclasses import replace
from io import BytesIO

import pytest

from labkit.base.errors import Conflict, DaemonError, FileSystemError, NotFound
from labkit.engine import container as containers
from labkit.engine import images, process
from labkit.engine.container import commit, create, diff, find_container, listed_containers, remove, stop
from labkit.engine.engine import Engine
from labkit.engine.mounts import container_mounts
from labkit.engine.state import Container, Options
from labkit.go.moment import SECOND
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.image import Image, validate
from labkit.oci.layer import Layer
from labkit.oci.tree import Dir, Whiteout
from labkit.storage.posix import meta_of
from tests.engine.engines import (
    BUSYBOX,
    NOON,
    add,
    based_on_busybox,
    busybox_engine,
    image,
    layer,
    names_of,
    run,
    sh,
    sleeper,
)


@pytest.fixture
def engine() -> Engine:
    return busybox_engine()


def changed(engine: Engine, name: str) -> list[str]:
    return [f"{each.kind} {each.path}" for each in diff(engine, find_container(engine, name))]


def now(engine: Engine, name: str) -> Container:
    return find_container(engine, name)


def members(made: Image) -> list[tuple[str, bytes, int, int, str]]:
    """Give what the tar of an image's top layer holds: name, type, mode, size and link."""
    tar = made.layers[-1].tar
    assert tar is not None
    with tarfile.open(fileobj=BytesIO(tar.read())) as file:
        return [(each.name, each.type, each.mode & 0o7777, each.size, each.linkname) for each in file]


def times(made: Image) -> dict[str, int]:
    tar = made.layers[-1].tar
    assert tar is not None
    with tarfile.open(fileobj=BytesIO(tar.read())) as file:
        return {each.name: int(each.mtime) for each in file}


class TestCreating:
    def test_it_is_created_and_not_running(self, engine: Engine) -> None:
        made = create(engine, "busybox", ["ls", "/"], name="box")
        assert (made.status, made.name, made.command, made.image) == ("created", "box", ("ls", "/"), BUSYBOX)
        assert re.fullmatch(r"[0-9a-f]{64}", made.id)
        assert engine.state.names["box"] == made.id
        assert changed(engine, "box") == []

    def test_the_images_command_unless_another_is_given(self, engine: Engine) -> None:
        made = image(layer(a="a"), cmd=["serve", "-v"])
        add(engine, made, "app")
        assert create(engine, "app").command == ("serve", "-v")
        assert create(engine, "app", ["ls"]).command == ("ls",)
        own = Options(entrypoint=("run",))
        assert create(engine, "app", options=own).command == ("run",)
        assert create(engine, "app", ["-x"], options=own).command == ("run", "-x")

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("a b", "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("x", "Invalid container name (x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("-x", "Invalid container name (-x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("x/y", "Invalid container name (x/y), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
            ("xy\n", "Invalid container name (xy\n), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"),
        ],
    )
    def test_a_name_that_is_none(self, engine: Engine, name: str, words: str) -> None:
        before = engine.state
        with pytest.raises(DaemonError) as caught:
            create(engine, "busybox", name=name)
        assert str(caught.value) == words
        assert engine.state is before

    def test_a_name_that_is_taken(self, engine: Engine) -> None:
        first = create(engine, "busybox", name="box")
        before = engine.state
        for name in ("box", "/box"):
            with pytest.raises(Conflict) as caught:
                create(engine, "busybox", name=name)
            assert str(caught.value) == (
                f'Conflict. The container name "/box" is already in use by container "{first.id}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )
        assert engine.state is before

    def test_a_name_is_free_again_after_rm(self, engine: Engine) -> None:
        first = create(engine, "busybox", name="box")
        remove(engine, "box")
        assert create(engine, "busybox", name="box").id != first.id

    def test_no_image_and_no_command(self, engine: Engine) -> None:
        with pytest.raises(NotFound, match="No such image: nope:latest"):
            create(engine, "nope")
        add(engine, image(layer(a="a"), cmd=[]), "empty")
        with pytest.raises(DaemonError, match="No command specified"):
            create(engine, "empty")
        with pytest.raises(DaemonError, match="No command specified"):
            create(engine, "busybox", options=Options(entrypoint=()))

    def test_the_same_lab_gives_the_same_identifiers(self) -> None:
        def identifiers() -> list[tuple[str, str]]:
            engine = busybox_engine()
            return [(each.id, each.name) for each in (create(engine, "busybox") for _ in range(5))]

        assert identifiers() == identifiers()
        assert len({name for _, name in identifiers()}) == 5

    def test_names_by_themselves_are_never_taken(self, engine: Engine) -> None:
        made = [create(engine, "busybox").name for _ in range(4000)]
        assert len({*made}) == 4000
        assert all(re.fullmatch(r"[a-z]+_[a-z]+\d*", name) for name in made)

    def test_a_working_directory_that_is_missing_is_made(self, engine: Engine) -> None:
        create(engine, "busybox", ["pwd"], name="box", options=Options(working_dir="/new/x"))
        assert changed(engine, "box") == ["A /new", "A /new/x"]
        create(engine, "busybox", ["pwd"], name="other", options=Options(working_dir="/etc"))
        assert changed(engine, "other") == []

    def test_a_working_directory_that_is_a_file(self, engine: Engine) -> None:
        before = len(engine.state.containers)
        with pytest.raises(DaemonError) as caught:
            create(engine, "busybox", ["pwd"], options=Options(working_dir="/etc/passwd"))
        assert str(caught.value) == "Cannot mkdir: /etc/passwd is not a directory"
        assert len(engine.state.containers) == before


class TestFinding:
    def test_by_name_identifier_and_beginning(self, engine: Engine) -> None:
        made = create(engine, "busybox", name="box")
        for name in ("box", "/box", made.id, made.id[:12], made.id[:3]):
            assert find_container(engine, name) == made

    def test_a_name_goes_before_the_beginning_of_an_identifier(self, engine: Engine) -> None:
        made = create(engine, "busybox")
        named = create(engine, "busybox", name=made.id[:4])
        assert find_container(engine, made.id[:4]) == named

    def test_nothing_and_too_much(self, engine: Engine) -> None:
        for _ in range(20):
            create(engine, "busybox")
        with pytest.raises(NotFound) as caught:
            find_container(engine, "nope")
        assert str(caught.value) == "No such container: nope"
        digit = next(d for d in "0123456789abcdef" if sum(id_[0] == d for id_ in engine.state.containers) > 1)
        with pytest.raises(DaemonError) as many:
            find_container(engine, digit)
        assert str(many.value) == f"Multiple IDs found with provided prefix: {digit}"
        with pytest.raises(NotFound):
            find_container(engine, "")

    def test_newest_first(self, engine: Engine) -> None:
        names = [create(engine, "busybox", name=f"box{number}").name for number in range(12)]
        engine.advance(SECOND)
        names.append(create(engine, "busybox", name="last").name)
        assert [each.name for each in listed_containers(engine, everything=True)] == names[::-1]
        assert listed_containers(engine) == []


class TestChanges:
    def test_as_docker_diff_lists_them(self, engine: Engine) -> None:
        sleeper(engine)
        sh(engine, "box", "echo hi > /etc/motd; mkdir /n; echo x > /etc/hosts; touch /etc/foo; rm /etc/group")
        assert changed(engine, "box") == ["C /etc", "A /etc/foo", "C /etc/motd", "D /etc/group", "A /n"]

    def test_what_the_engine_mounts_is_not_listed(self, engine: Engine) -> None:
        sleeper(engine)
        script = "echo x > /etc/hosts; echo y > /etc/hostname; echo z > /etc/resolv.conf; echo > /dev/q"
        assert sh(engine, "box", f"{script}; echo > /proc/q; cat /etc/hosts").endswith("x\n")
        assert changed(engine, "box") == []
        assert now(engine, "box").upper.children == {}

    def test_sizes(self, engine: Engine) -> None:
        sleeper(engine)
        box = now(engine, "box")
        assert (containers.size_rw(box), containers.size_root(box)) == (0, BUSYBOX.size)
        sh(engine, "box", "echo hello > /a; ln /a /b; ln -s /a /c; mkdir /d; chmod 700 /etc/passwd")
        box = now(engine, "box")
        copied = len(process.execute(engine, box, ["cat", "/etc/passwd"]).output())
        assert containers.size_rw(box) == 6 + 2 + copied
        assert containers.size_root(box) == BUSYBOX.size + 6 + 2 + copied

    def test_each_container_has_its_own(self, engine: Engine) -> None:
        sleeper(engine, "one")
        sleeper(engine, "two")
        sh(engine, "one", "echo 1 > /x")
        assert (changed(engine, "one"), changed(engine, "two")) == (["A /x"], [])
        assert sh(engine, "two", "cat /x") == "cat: can't open '/x': No such file or directory\n"

    def test_the_data_outlives_stop_and_start_but_not_rm(self, engine: Engine) -> None:
        sleeper(engine)
        sh(engine, "box", "echo kept > /data")
        stop(engine, now(engine, "box"))
        assert changed(engine, "box") == ["A /data"]
        process.start(engine, now(engine, "box"), detached=True)
        assert sh(engine, "box", "cat /data") == "kept\n"
        remove(engine, "box", force=True)
        sleeper(engine)
        assert changed(engine, "box") == []
        assert engine.state.images[BUSYBOX.id] == BUSYBOX

    def test_read_only(self, engine: Engine) -> None:
        run(engine, "box", "sleep", "1000", options=Options(read_only=True), detached=True)
        assert sh(
            engine, "box", "touch /x; echo x > /etc/hosts; rm /etc/passwd; mkdir /d; echo ok > /dev/shm/x"
        ) == (
            "touch: /x: Read-only file system\n"
            "sh: can't create /etc/hosts: Read-only file system\n"
            "rm: can't remove '/etc/passwd': Read-only file system\n"
            "mkdir: can't create directory '/d': Read-only file system\n"
        )
        assert changed(engine, "box") == []

    def test_the_init_layers_files(self, engine: Engine) -> None:
        engine.advance(7 * SECOND)
        made = create(engine, "busybox", ["true"], name="box")
        files = container_mounts(engine, made, lambda: engine.now)
        found = files.stat("/.dockerenv")
        assert (found.mode & 0o7777, found.size, found.mtime) == (0o755, 0, made.created)
        assert files.readlink("/etc/mtab") == "/proc/mounts"
        assert files.read("/etc/hostname") == made.id[:12].encode() + b"\n"
        for directory in ("/dev/pts", "/dev/shm", "/proc", "/sys"):
            assert files.listdir(directory) is not None

    def test_the_init_layer_replaces_the_images_own_files(self, engine: Engine) -> None:
        mine = Layer.of(
            Dir({".dockerenv": tree.File(), "etc": Dir({"mtab": tree.File()}), "proc": tree.File()})
        )
        add(engine, BUSYBOX.append(mine, created=NOON, created_by="mine"), "mine")
        made = create(engine, "mine", ["true"], name="box")
        files = container_mounts(engine, made, lambda: 0)
        assert files.readlink("/etc/mtab") == "/proc/mounts"
        assert files.stat("/proc").mode & 0o170000 == 0o040000
        assert changed(engine, "box") == []


class TestWhiteouts:
    """What the kernel keeps of deletions, and `docker commit` writes: tried on a real engine."""

    @pytest.fixture
    def engine(self) -> Engine:
        engine = busybox_engine()
        add(engine, based_on_busybox(**{f"f{number}": f"{number}\n" for number in range(1, 10)}), "base")
        sleeper(engine, "box", "base")
        return engine

    def script(self, engine: Engine, *lines: str) -> None:
        for line in lines:
            engine.advance(SECOND)
            sh(engine, "box", line)

    def test_those_of_one_mount_are_links_to_one_device(self, engine: Engine) -> None:
        start = engine.now // SECOND
        self.script(
            engine,
            "rm /d/f3",
            "mv /d/f1 /d/g1",
            "rm /d/f2",
            "mv /d/f4 /d/f2",
            "rm /d/f5; echo n > /d/f5; rm /d/f5",
            "mv /d/f6 /d/f7",
        )
        stop(engine, now(engine, "box"), timeout=0)
        process.start(engine, now(engine, "box"), detached=True)
        again = engine.now // SECOND
        self.script(engine, "rm /d/f8", "rm /d/f9")
        made = commit(engine, now(engine, "box"), "wh")
        assert members(made) == [
            ("d", tarfile.DIRTYPE, 0o755, 0, ""),
            ("d/.wh.f1", tarfile.REGTYPE, 0o600, 0, ""),
            ("d/f2", tarfile.REGTYPE, 0o644, 2, ""),
            ("d/.wh.f3", tarfile.REGTYPE, 0o600, 0, ""),
            ("d/.wh.f4", tarfile.REGTYPE, 0o600, 0, "d/f3"),
            ("d/.wh.f5", tarfile.REGTYPE, 0o600, 0, "d/f3"),
            ("d/.wh.f6", tarfile.REGTYPE, 0o600, 0, ""),
            ("d/f7", tarfile.REGTYPE, 0o644, 2, ""),
            ("d/.wh.f8", tarfile.REGTYPE, 0o600, 0, ""),
            ("d/.wh.f9", tarfile.REGTYPE, 0o600, 0, "d/f8"),
            ("d/g1", tarfile.REGTYPE, 0o644, 2, ""),
        ]
        made_at = times(made)
        assert made_at["d/.wh.f3"] == made_at["d/.wh.f4"] == made_at["d/.wh.f5"] == start + 1
        assert (made_at["d/.wh.f1"], made_at["d/.wh.f6"]) == (start + 2, start + 6)
        assert made_at["d/.wh.f8"] == made_at["d/.wh.f9"] == again + 1
        assert made_at["d"] == again + 2

    def test_a_directory_made_anew_and_names_in_other_directories(self, engine: Engine) -> None:
        self.script(engine, "rm /d/f3", "rm /d/f1", "rm /etc/passwd")
        self.script(engine, "rm -r /d/e; mkdir /d/e; echo new > /d/e/h; rm /d/e/h")
        self.script(
            engine, "echo q > /d/q; ln /d/q /d/r; rm /d/f4; echo new4 > /d/f4; rm -r /var; rm /d/link"
        )
        assert members(commit(engine, now(engine, "box"))) == [
            ("d", tarfile.DIRTYPE, 0o755, 0, ""),
            ("d/e", tarfile.DIRTYPE, 0o755, 0, ""),
            ("d/e/.wh..wh..opq", tarfile.REGTYPE, 0o755, 0, ""),
            ("d/.wh.f1", tarfile.REGTYPE, 0o600, 0, ""),
            ("d/.wh.f3", tarfile.REGTYPE, 0o600, 0, "d/f1"),
            ("d/f4", tarfile.REGTYPE, 0o644, 5, ""),
            ("d/.wh.link", tarfile.REGTYPE, 0o600, 0, "d/f1"),
            ("d/q", tarfile.REGTYPE, 0o644, 2, ""),
            ("d/r", tarfile.LNKTYPE, 0o644, 0, "d/q"),
            ("etc", tarfile.DIRTYPE, 0o755, 0, ""),
            ("etc/.wh.passwd", tarfile.REGTYPE, 0o600, 0, "d/f1"),
            (".wh.var", tarfile.REGTYPE, 0o600, 0, "d/f1"),
        ]
        assert changed(engine, "box")[:4] == ["C /d", "C /d/e", "D /d/e/g", "C /d/f4"]

    def test_what_was_born_here_leaves_nothing(self, engine: Engine) -> None:
        self.script(engine, "echo x > /d/new; rm /d/new")
        assert [*now(engine, "box").upper.children["d"].children] == []  # type: ignore[union-attr]


class TestCommitting:
    def test_one_layer_and_one_entry_more(self, engine: Engine) -> None:
        sleeper(engine)
        sh(engine, "box", "echo hello > /hello")
        made = commit(engine, now(engine, "box"), "app:1", message="msg", author="me")
        validate(made, contents=True)
        assert made.layers[:-1] == BUSYBOX.layers
        assert [path for path, _ in tree.walk(made.layers[-1].changes)] == ["hello"]
        last = made.history[-1]
        assert (last.entry.created_by, last.entry.comment, last.entry.author) == ("sleep 100000", "msg", "me")
        assert (last.size, len(made.history)) == (6, len(BUSYBOX.history) + 1)
        assert (names_of(engine, made.id), engine.state.parents[made.id]) == (["app:1"], BUSYBOX.id)
        assert engine.state.images[made.id] == made

    def test_the_container_may_go_then(self, engine: Engine) -> None:
        sleeper(engine)
        sh(engine, "box", "echo hello > /hello")
        commit(engine, now(engine, "box"), "app")
        remove(engine, "box", force=True)
        sleeper(engine, "two", "app")
        assert sh(engine, "two", "cat /hello") == "hello\n"
        assert changed(engine, "two") == []

    def test_a_container_that_changed_nothing(self, engine: Engine) -> None:
        sleeper(engine)
        made = commit(engine, now(engine, "box"))
        assert (made.layers, made.id == BUSYBOX.id) == (BUSYBOX.layers, False)
        assert made.history[-1].entry.empty_layer
        validate(made)

    def test_the_config_is_the_containers(self, engine: Engine) -> None:
        options = Options(env=("A=1",), labels=(("b", "2"),), hostname="hh", user="root", working_dir="/etc")
        run(engine, "box", "true", options=options)
        made = commit(engine, now(engine, "box"), config={"Cmd": ["ls"]})
        config = made.config.config
        assert config["Env"][0] == "A=1"
        assert (config["Hostname"], config["User"], config["WorkingDir"]) == ("hh", "root", "/etc")
        assert config["Labels"] == {**BUSYBOX.config.config["Labels"], "b": "2"}
        assert list(config["Cmd"]) == ["ls"]
        assert list(made.config.container_config["Cmd"]) == ["true"]

    def test_of_extended_attributes_only_capabilities(self, engine: Engine) -> None:
        sleeper(engine)
        files = container_mounts(engine, now(engine, "box"), lambda: engine.now)
        files.write("/tool", b"x")
        files.setxattr("/tool", "user.note", b"mine")
        files.setxattr(
            "/tool", "security.capability", bytes.fromhex("0100000200040000000000000000000000000000")
        )
        files.mkdir("/dir")
        files.setxattr("/dir", "user.note", b"mine")
        box = containers.keep(engine, replace(now(engine, "box"), active=files.root_mount.active))
        changes = commit(engine, box).layers[-1].changes
        tool, directory = changes.children["tool"], changes.children["dir"]
        assert not isinstance(tool, Whiteout)
        assert [name for name, _ in tool.meta.xattrs] == ["security.capability"]
        assert isinstance(directory, Dir)
        assert directory.meta.xattrs == ()
        assert ("user.note", b"mine") in meta_of(files.stat("/tool").node).xattrs

    def test_the_same_steps_give_the_same_image(self) -> None:
        def committed() -> str:
            engine = busybox_engine()
            sleeper(engine)
            sh(engine, "box", "echo a > /a; rm /etc/group; ln /a /b")
            return commit(engine, now(engine, "box")).id

        assert committed() == committed()

    def written(self, engine: Engine, box: Container) -> Container:
        """Write a file to a container whose image has no shell."""
        files = container_mounts(engine, box, lambda: engine.now)
        files.write("/x", b"x")
        return containers.keep(engine, replace(box, active=files.root_mount.active))

    def test_125_layers_and_no_more(self, engine: Engine) -> None:
        layers = [layer(**{f"f{number}": ""}) for number in range(124)]
        add(engine, replace(image(*layers), record_id=""), "app")
        full = self.written(engine, create(engine, "app", ["true"]))
        assert len(commit(engine, full, "full").layers) == 125
        more = self.written(engine, create(engine, "full", ["true"]))
        before = engine.state
        with pytest.raises(DaemonError) as caught:
            commit(engine, more, "over")
        assert str(caught.value) == "max depth exceeded"
        assert engine.state is before


class TestStoppingAndRemoving:
    def test_sleep_as_process_1_is_killed_after_ten_seconds(self, engine: Engine) -> None:
        box = sleeper(engine)
        before = engine.now
        stopped = stop(engine, box)
        assert (stopped.status, stopped.exit_code) == ("exited", 137)
        assert engine.now - before == 10 * SECOND == stopped.finished - before
        assert stop(engine, stopped) == stopped

    def test_a_process_that_ends_while_the_engine_waits(self, engine: Engine) -> None:
        box = run(engine, "box", "sh", "-c", "sleep 4; exit 3", detached=True)
        before = engine.now
        stopped = stop(engine, box)
        assert (stopped.exit_code, stopped.finished - before, engine.now - before) == (
            3,
            4 * SECOND,
            4 * SECOND,
        )

    def test_kill_takes_no_time(self, engine: Engine) -> None:
        box, before = sleeper(engine), engine.now
        stopped = stop(engine, box, kill=True)
        assert (stopped.exit_code, engine.now) == (137, before)

    def test_a_service_ends_by_itself_when_it_is_stopped_and_not_when_it_is_killed(self) -> None:
        # The kernel ends a process on SIGKILL; 128 + 9 is what a shell, and Docker, say of it.
        lab = Lab()
        for command in ("stop", "kill", "kill -s TERM"):
            lab.docker("run -d --name web nginx")
            lab.docker(f"{command} web")
            told = lab.docker("ps -a --format {{.Status}}").text.partition(")")[0]
            assert told == f"Exited ({137 if command == 'kill' else 0}"
            lab.docker("rm web")

    def test_what_it_would_have_said_later_is_never_said(self, engine: Engine) -> None:
        box = run(
            engine, "box", "sh", "-c", "echo one; sleep 5; echo two; sleep 50; echo three", detached=True
        )
        stopped = stop(engine, box)
        assert [line.data for line in stopped.log] == [b"one\n", b"two\n"]
        engine.advance(100 * SECOND)
        assert [line.data for line in now(engine, "box").log] == [b"one\n", b"two\n"]

    def test_with_rm_it_is_gone(self, engine: Engine) -> None:
        box = run(engine, "box", "sleep", "1000", options=Options(auto_remove=True), detached=True)
        stop(engine, box)
        assert (len(engine.state.containers), len(engine.state.names)) == (0, 0)

    def test_a_running_one_is_removed_by_force_alone(self, engine: Engine) -> None:
        box = sleeper(engine)
        before = engine.state
        with pytest.raises(Conflict) as caught:
            remove(engine, "box")
        assert str(caught.value) == (
            f"You cannot remove a running container {box.id}. Stop the container before attempting removal "
            "or force remove"
        )
        assert engine.state is before
        assert remove(engine, "box", force=True).id == box.id
        with pytest.raises(NotFound):
            find_container(engine, "box")


class TestCost:
    """Creating a container copies nothing: at most 50 µs and 2 kB each (a real one takes 168 ms)."""

    def test_ten_thousand_containers_take_little_room(self) -> None:
        engine = busybox_engine()
        create(engine, "busybox")
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(2000):
            create(engine, "busybox")
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert used / 2000 <= 2048

    def test_creating_the_last_takes_no_longer_than_the_first(self) -> None:
        engine = busybox_engine()

        def seconds(count: int) -> float:
            start = time.perf_counter()
            for _ in range(count):
                create(engine, "busybox")
            return (time.perf_counter() - start) / count

        seconds(100)
        first = min(seconds(100) for _ in range(3))
        seconds(3000)
        last = min(seconds(100) for _ in range(3))
        # Generous: other work may share the machine. A cost that grows with the number would be 30 times.
        assert last < 6 * first + 50e-6

    def test_a_container_of_a_large_image_is_no_larger(self) -> None:
        engine = busybox_engine()
        add(engine, image(layer(a=b"x" * 10**6), layer(b="b"), layer(c="c")), "large")
        small, large = create(engine, "busybox", ["true"]), create(engine, "large", ["true"])
        assert sys.getsizeof(small) == sys.getsizeof(large)
        assert small.upper.children == large.upper.children == {}


def test_images_and_containers_leave_nothing_behind(engine: Engine) -> None:
    sleeper(engine)
    sh(engine, "box", "echo x > /x")
    commit(engine, now(engine, "box"), "app")
    sleeper(engine, "two", "app")
    for name in ("box", "two"):
        remove(engine, name, force=True)
    for name in ("app", "busybox"):
        images.remove_image(engine, name)
    state = engine.state
    kept = (
        state.images,
        state.layers,
        state.tags,
        state.containers,
        state.names,
        state.parents,
        state.tagged,
    )
    assert [len(each) for each in kept] == [0] * 7


def test_a_file_that_the_engine_mounts_cannot_be_renamed(engine: Engine) -> None:
    files = container_mounts(engine, create(engine, "busybox"), lambda: 0)
    with pytest.raises(FileSystemError):
        files.rename("/etc/hosts", "/etc/other")
