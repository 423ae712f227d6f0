"""Each program of each image of the hub: it works, or says in one line that it is not simulated.

`LABKIT_LONG=1` runs them all in place of one in ten.
"""

from __future__ import annotations

import os
import re
import zlib

import pytest

from labkit import Box, Lab
from labkit.base.errors import FileSystemError
from labkit.shell.applets import APPLETS
from labkit.shell.builtins import BUILTINS
from labkit.shell.launch import SHELLS
from labkit.store.hub import docker_hub

IMAGES = [
    *(name.removeprefix("library/") for name in docker_hub().names if name != "library/hello-world"),
    *"alpine:3.8 debian:stretch-slim mysql:5.7 node:slim python:3.7.3 python:slim".split(),
    *"ubuntu:15.04 ubuntu:16.04".split(),
]
DIRECTORIES = (
    "bin sbin usr/bin usr/sbin usr/local/bin usr/local/apache2/bin usr/local/go/bin usr/lib/postgresql/11/bin"
)
SCRIPTS = {"docker-entrypoint.sh", "httpd-foreground", "policy-rc.d"}
SAID = re.compile(r"labkit: [^ ]+ is not simulated; [^\n]+\n")
SHARE = 1 if os.environ.get("LABKIT_LONG") else 10


def programs(box: Box) -> list[str]:
    """Give the paths of a container's programs, each name once."""
    found: dict[str, str] = {}
    for directory in DIRECTORIES.split():
        try:
            names = box.listdir(f"/{directory}")
        except FileSystemError:
            continue
        for name in names:
            found.setdefault(name, f"/{directory}/{name}")
    return list(found.values())


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.mark.parametrize("image", IMAGES)
def test_each_program_works_or_says_what_it_is(lab: Lab, image: str) -> None:
    lab.docker(f"run -d --name box-{IMAGES.index(image)} --entrypoint sleep {image} 100000000")
    box = lab.containers[0]
    paths = programs(box)
    assert len(paths) > 60
    for path in paths:
        name = path.rpartition("/")[2]
        if zlib.crc32(f"{image} {name}".encode()) % SHARE:
            continue
        for argv in ([path], ["sh", "-c", name]):
            ended = box.exec(argv)
            if SAID.fullmatch(ended.text):
                assert ended.exit_code == 126
            else:
                assert name in {*APPLETS, *SHELLS, *BUILTINS, *SCRIPTS}, (argv, ended.text)
                assert not re.search("not found|format error|cannot do", ended.text), (argv, ended.text)
