"""What the build cache takes for the same step, and what breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from labkit import Lab
from labkit.dockerfile.cache import same_config

BASE: dict[str, Any] = {
    "User": "u", "Cmd": ["a"], "Env": ["A=1"], "Entrypoint": ["e"], "Labels": {"l": "1"},
    "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/v": {}},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"User": "x"}, {"Cmd": ["b"]}, {"Env": ["A=2"]}, {"Env": []}, {"Entrypoint": None},
        {"Labels": {"l": "2"}}, {"ExposedPorts": {}}, {"Volumes": {"/w": {}}}, {"OpenStdin": True},
        {"Tty": True},
    ],
    ids=str,
)  # fmt: skip
def test_another_config_is_another_step(change: dict[str, Any]) -> None:
    assert same_config(BASE, BASE)
    assert not same_config(BASE, BASE | change)


@pytest.mark.parametrize("change", [{"Hostname": "x"}, {"Image": "sha256:1"}, {"WorkingDir": "/w"}], ids=str)
def test_what_is_not_compared_breaks_nothing(change: dict[str, Any]) -> None:
    assert same_config(BASE, BASE | change)


def test_a_pulled_image_is_a_cache_for_what_it_was_built_from() -> None:
    """`--cache-from` finds steps in the history of an image that has no parents here."""
    lab = Lab()
    lab.shell("mkdir web; echo f > web/f")
    lab.shell("printf 'FROM busybox\\nCOPY f /f\\nENV A=1\\nRUN echo 1 > /1\\n' > web/Dockerfile")
    first = lab.docker("build -q -t web web").text
    lab.shell("docker save web > web.tar; docker rmi web; docker load -i web.tar")
    assert lab.docker("build -q web").text != first
    assert lab.docker("build -q --cache-from web web").text == first


def test_a_later_build_finds_the_newest_of_like_children() -> None:
    lab = Lab()
    lab.shell("mkdir web; printf 'FROM busybox\\nRUN echo 1 > /1\\n' > web/Dockerfile")
    lab.docker("build -q web")
    second = lab.docker("build -q --no-cache web").text
    assert lab.docker("build -q web").text == second
