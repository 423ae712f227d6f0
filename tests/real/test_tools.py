"""The real tools themselves: an engine that answers and leaves nothing behind; a registry that answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real import engine, host, images
from tests.real.engine import RealEngine, Result
from tests.real.registry import RealRegistry

pytestmark = pytest.mark.real


def test_the_engine_is_of_the_version_that_labkit_speaks_as(real_engine: RealEngine) -> None:
    assert real_engine.run("docker version -f '{{.Server.Version}}'").stdout.startswith(engine.VERSION)
    assert real_engine.run("docker info -f '{{.Driver}}'") == Result("overlay2\n", "", 0)


def test_stopping_an_engine_leaves_no_process_and_no_directory(fresh_engine: RealEngine) -> None:
    with RealEngine("vfs", own=True) as other:
        pid = int((other.directory / "dockerd.pid").read_text())
        assert Path(f"/proc/{pid}").exists()
        assert other.ok("docker info -f '{{.Driver}}'") == "vfs\n"
    assert not Path(f"/proc/{pid}").exists()
    assert not other.directory.exists()
    assert str(other.directory) not in Path("/proc/mounts").read_text()


def test_a_command_line_gives_both_streams_and_the_exit_code(real_engine: RealEngine) -> None:
    assert real_engine.run("docker image inspect no-such-image") == Result(
        "[]\n", "Error: No such image: no-such-image\n", 1
    )


def test_the_registry_takes_and_gives_an_image(
    real_engine: RealEngine, real_registry: RealRegistry, tiny_archive: Path
) -> None:
    name = f"{real_registry.address}/library/tiny:1.0"
    real_engine.ok(f"docker load -i {tiny_archive}")
    image = real_engine.ok(f"docker image ls -q --no-trunc {images.TINY_TAGS[0]}")
    try:
        real_engine.ok(f"docker tag {images.TINY_TAGS[0]} {name}")
        real_engine.ok(f"docker push {name}")
        real_engine.ok(f"docker rmi {name} {' '.join(images.TINY_TAGS)}")
        real_engine.ok(f"docker pull {name}")
        assert real_engine.ok(f"docker image ls -q --no-trunc {name}") == image
    finally:
        real_engine.run(f"docker rmi {name}")


def test_a_missing_tool_is_a_failure_only_where_all_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("LABKIT_REQUIRE_REAL", raising=False)
    assert not host.required()
    monkeypatch.setenv("LABKIT_REQUIRE_REAL", "1")
    assert host.required()
