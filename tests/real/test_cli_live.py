"""The command line beside a real engine's, both asked now, on a real archive of 223 MB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labkit import Lab
from labkit.go.moment import SECOND, parse_time
from tests.cli import sessions
from tests.real.engine import RealEngine
from tests.real.images import DEBIAN_TAGS
from tests.real.record import plain

pytestmark = pytest.mark.real


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def loaded(fresh_engine: RealEngine, debian_archive: Path) -> Iterator[tuple[RealEngine, Lab]]:
    """Give an engine and a lab that have loaded the real archive."""
    assert fresh_engine.ok("docker images -aq") == ""
    lab = Lab(clock=now())
    words = [
        fresh_engine.ok(f"docker load -i {debian_archive}"),
        lab.docker(f"load -i {debian_archive}").text,
    ]
    assert sorted(words[0].splitlines()) == sorted(words[1].splitlines())
    assert sorted(words[0].splitlines()) == sorted(f"Loaded image: {tag}" for tag in DEBIAN_TAGS)
    yield fresh_engine, lab
    fresh_engine.run(f"docker rmi -f {' '.join(DEBIAN_TAGS)}")


def compare(engine: RealEngine, lab: Lab, line: str) -> str:
    """Run a line on both; what they print must be equal byte for byte, ages and all.

    The lab's clock is set to the engine's time, less the second that a line takes; it may go back. Where an
    age passed a limit meanwhile both are asked again.
    """
    for _ in range(12):
        lab.engine.change(now=parse_time(now()) - SECOND)
        told = engine.run(line)
        ours = lab.shell(line)
        stdout = sessions.Plain(frozenset()).cache_ids(plain(engine, told.stdout))
        printed = sessions.Plain(frozenset()).cache_ids(ours.stdout)
        if (printed, ours.stderr, ours.exit_code) == (stdout, told.stderr, told.exit):
            return told.stdout
        time.sleep(0.3)
    assert (printed, ours.stderr, ours.exit_code) == (stdout, told.stderr, told.exit)
    raise AssertionError("not reached")


def test_the_real_archive_gives_the_same_screens(loaded: tuple[RealEngine, Lab]) -> None:
    engine, lab = loaded
    for line in (
        "docker images -q --no-trunc",
        "docker images --no-trunc --digests nginx",
        "docker images --no-trunc --digests debian",
        "docker images nginx",
        "docker image ls debian:bookworm",
        "docker system df",
        *(
            f"docker {command} {tag}"
            for tag in ("debian:bookworm", "nginx:1.22")
            for command in (
                "history",
                "history --no-trunc",
                "history -q",
                "history -H=false",
                "history --format '{{json .}}'",
                "image inspect",
                "inspect -f '{{json .RootFS.Layers}}'",
            )
        ),
    ):
        assert compare(engine, lab, line)


def test_a_container_of_the_real_image_is_the_same(loaded: tuple[RealEngine, Lab]) -> None:
    engine, lab = loaded
    for line in (
        "docker run --rm --network none debian:bookworm cat /etc/os-release /etc/debian_version",
        "docker run --rm --network none debian:bookworm sh -c 'for f in /etc/a*s/*; do readlink $f; done'",
        "docker run --rm --network none debian:bookworm ls / /usr /var",
        "docker run --rm --network none nginx:1.22 wc -c /etc/nginx/nginx.conf",
        "docker run --rm --network none nginx:1.22 readlink /var/log/nginx/access.log",
        "docker run --rm --network none nginx:1.22 nosuch",
    ):
        told, ours = engine.run(line), lab.shell(line)
        waited = sessions.Plain(frozenset())
        assert (ours.stdout, ours.stderr, ours.exit_code) == (told.stdout, waited(told.stderr), told.exit), (
            line
        )


def test_the_real_archive_is_removed_in_the_same_words(loaded: tuple[RealEngine, Lab]) -> None:
    engine, lab = loaded
    for line in (
        "docker rmi nginx:latest",
        "docker rmi nginx:1.22",
        "docker images",
        "docker rmi debian:bookworm",
    ):
        compare(engine, lab, line)
    assert engine.ok("docker images -aq") == lab.docker("images -aq").text == ""
    assert not lab.engine.state.layers
