"""Volumes: what is written there is in no layer, and stays."""

from __future__ import annotations

import pytest

from labkit import Lab
from labkit.base.errors import Conflict, DaemonError, NotFound
from labkit.engine import volumes
from labkit.engine.engine import Engine


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.pull("busybox")
    return lab


def run(lab: Lab, line: str) -> str:
    result = lab.docker(line)
    assert result.exit_code == 0, result.text
    return result.stdout


def test_what_is_written_to_a_volume_is_in_no_layer(lab: Lab) -> None:
    run(lab, "run --name box -v data:/tmp busybox sh -c 'echo hello > /tmp/file'")
    assert run(lab, "diff box") == ""
    assert run(lab, "ps -as --format {{.Size}}").startswith("0B ")


def test_a_volume_keeps_its_files_when_the_container_goes(lab: Lab) -> None:
    run(lab, "run --rm -v data:/data busybox sh -c 'echo hello > /data/file'")
    assert run(lab, "run --rm -v data:/other busybox cat /other/file") == "hello\n"


def test_deleting_in_a_volume_leaves_no_whiteout(lab: Lab) -> None:
    run(lab, "run --rm -v data:/etc busybox rm /etc/passwd")
    assert run(lab, "run --rm -v data:/data busybox sh -c 'test -e /data/passwd || echo gone'") == "gone\n"
    assert "passwd" not in lab.engine.state.volumes["data"].files.children


def test_a_new_volume_gets_what_the_image_has_there(lab: Lab) -> None:
    run(lab, "create -v copied:/etc busybox")
    assert "passwd" in lab.engine.state.volumes["copied"].files.children


def test_a_volume_with_files_keeps_them(lab: Lab) -> None:
    run(lab, "run --rm -v data:/data busybox touch /data/own")
    run(lab, "create -v data:/etc busybox")
    assert list(lab.engine.state.volumes["data"].files.children) == ["own"]


def test_nocopy_leaves_a_new_volume_empty(lab: Lab) -> None:
    run(lab, "create -v bare:/etc:nocopy busybox")
    assert not lab.engine.state.volumes["bare"].files.children


def test_a_volume_is_not_committed(lab: Lab) -> None:
    run(lab, "run --name box -v data:/data busybox touch /data/file")
    run(lab, "commit box made")
    assert run(lab, "run --rm made ls /data") == ""


def test_exec_writes_to_the_volume_of_a_running_container(lab: Lab) -> None:
    run(lab, "run -d --name box -v data:/data busybox sleep 100")
    run(lab, "exec box sh -c 'echo hello > /data/file'")
    assert run(lab, "run --rm -v data:/d busybox cat /d/file") == "hello\n"


def test_the_images_volume_goes_with_rm_and_its_flag_alone(lab: Lab) -> None:
    run(lab, "create --name box busybox")
    run(lab, "commit -c 'VOLUME /data' box made")
    run(lab, "create --name one made")
    run(lab, "create --name two made")
    run(lab, "rm one")
    assert len(lab.engine.state.volumes) == 2
    run(lab, "rm -v two")
    assert len(lab.engine.state.volumes) == 1


def test_rm_with_its_flag_keeps_a_volume_with_a_name(lab: Lab) -> None:
    run(lab, "create --name box -v data:/data busybox")
    run(lab, "rm -v box")
    assert list(lab.engine.state.volumes) == ["data"]


def test_rm_with_its_flag_keeps_an_anonymous_volume_that_another_container_has(lab: Lab) -> None:
    run(lab, "create --name one -v /data busybox")
    (name,) = lab.engine.state.volumes
    run(lab, f"create --name two -v {name}:/data busybox")
    assert run(lab, "rm -v one") == "one\n"
    assert list(lab.engine.state.volumes) == [name]


def test_undo_takes_back_what_was_written_to_a_volume(lab: Lab) -> None:
    run(lab, "run --rm -v data:/data busybox touch /data/one")
    run(lab, "run --rm -v data:/data busybox touch /data/two")
    lab.undo()
    assert list(lab.engine.state.volumes["data"].files.children) == ["one"]


def test_a_volume_in_use_is_not_removed(lab: Lab) -> None:
    run(lab, "create --name box -v data:/data busybox")
    with pytest.raises(Conflict, match="volume is in use"):
        volumes.remove(lab.engine, "data")


def test_a_volume_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="No such volume: data"):
        volumes.find(Engine(), "data")


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("a:b:c:d", "invalid volume specification: 'a:b:c:d'"),
        (":/data", "invalid volume specification: ':/data'"),
        ("data:/", "destination can't be '/'"),
        ("data:/a:no", "invalid mode: no"),
        ("x:/a", "volume name is too short"),
    ],
)
def test_a_flag_that_is_wrong_makes_no_container(lab: Lab, flag: str, words: str) -> None:
    result = lab.docker(f"create -v {flag} busybox")
    assert words in result.stderr
    assert not lab.containers


def test_an_unnamed_volume_gets_an_identifier_and_no_labels() -> None:
    volume = volumes.create(Engine())
    assert len(volume.name) == 64
    assert volume.labels is None
    assert isinstance(volumes.create(Engine(), "xy", {"a": "b"}).labels, tuple)
    with pytest.raises(DaemonError, match="invalid characters"):
        volumes.create(Engine(), "a/b")


def test_a_failed_create_leaves_no_volume(lab: Lab) -> None:
    assert lab.docker("create -v fresh:/a -v data:/etc/passwd busybox").exit_code == 1
    assert not lab.engine.state.volumes


def test_python_writes_to_a_volume_too(lab: Lab) -> None:
    run(lab, "create --name box -v data:/data busybox")
    lab.container("box").write("/data/file", "hello")
    assert "file" in lab.engine.state.volumes["data"].files.children
    assert lab.container("box").size == 0


def test_a_builds_containers_leave_no_volume() -> None:
    lab = Lab()
    lab.build("made", ["FROM busybox", "VOLUME /data", "RUN echo x > /data/x", "RUN ls /data"])
    assert not lab.engine.state.volumes
