"""The hub's images at work: layers that they share, servers, and programs that work or say what they are.

`LABKIT_LONG=1` runs all programs in place of one in ten.
"""

from __future__ import annotations

import os
import re
import zlib

import pytest

from labkit import Box, Lab
from labkit.base.errors import DaemonError, FileSystemError
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


SLIM = "nginx redis postgres httpd python:slim node:slim mysql mysql:8.0.15 mysql:5.7 debian:9-slim".split()
BASE = "27833a3ba0a5: Already exists"


@pytest.mark.parametrize("first", ["nginx", "mysql:5.7"])
def test_the_images_on_one_base_share_it(first: str) -> None:
    lab = Lab()
    assert BASE not in lab.docker(f"pull {first}").text
    for name in {*SLIM} - {first, "debian:9-slim"}:
        assert BASE in lab.docker(f"pull {name}").text
    assert lab.docker("pull debian:9-slim").text.count("Already exists") == 1


def test_a_shared_layer_goes_with_the_last_image() -> None:
    lab = Lab()
    lab.pull("redis"), lab.pull("nginx")
    kept = "sha256:5dacd731af1b"
    assert kept not in lab.docker("rmi redis").text
    assert BASE in lab.docker("pull httpd").text
    assert kept not in lab.docker("rmi httpd").text
    assert kept in lab.docker("rmi nginx").text


def test_three_layers_of_the_large_images_are_one() -> None:
    lab = Lab()
    lab.pull("debian")
    assert lab.docker("pull golang").text.count("Already exists") == 1
    assert lab.docker("pull node").text.count("Already exists") == 4
    assert lab.docker("pull python:3.7.3").text.count("Already exists") == 5
    shown = lab.docker("images --format '{{.Repository}} {{.ID}} {{.Size}}'").text.splitlines()
    assert {"golang b860ab44e93e 774MB", "node d97e1f326ca9 906MB", "debian 2d337f242f07 101MB"} <= {*shown}


def test_hello_world_is_one_program_that_says_what_it_did() -> None:
    lab = Lab()
    text = lab.docker("run hello-world").stdout
    assert text.startswith("\nHello from Docker!\nThis message shows that your installation appears to be")
    assert text.endswith(" https://docs.docker.com/get-started/\n\n")
    assert lab.docker("ps -a --format '{{.Status}}'").text.startswith("Exited (0)")
    refused = lab.docker("run hello-world sh")
    assert (refused.exit_code, "executable file not found in $PATH" in refused.text) == (127, True)
    assert lab.image("hello-world").size == 1840


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ubuntu", ""),
        ("ubuntu cat /etc/issue", "Ubuntu 18.04.2 LTS \\n \\l\n\n"),
        ("ubuntu:16.04 grep VERSION_ID /etc/os-release", 'VERSION_ID="16.04"\n'),
        ("ubuntu:18.04 cat /run/systemd/container", "docker\n"),
        ("centos cat /etc/redhat-release", "CentOS Linux release 7.6.1810 (Core) \n"),
        ("debian cat /etc/debian_version", "9.8\n"),
        ("alpine:3.8 cat /etc/alpine-release", "3.8.4\n"),
        ("alpine cat /etc/alpine-release", "3.9.3\n"),
        ("golang cat /usr/local/go/VERSION", "go1.12.4"),
        ("golang pwd", "/go\n"),
        ("httpd cat htdocs/index.html", "<html><body><h1>It works!</h1></body></html>\n"),
        ("node", ""),
        ("python:slim", ""),
    ],
)
def test_what_a_container_says(line: str, says: str) -> None:
    lab = Lab()
    ended = lab.docker(f"run {line}")
    assert (ended.stdout, ended.exit_code) == (says, 0)


@pytest.mark.parametrize(
    "line", ["redis", "postgres", "httpd", "nginx", "-e MYSQL_ROOT_PASSWORD=x mysql:5.7"]
)
def test_a_server_goes_on(line: str) -> None:
    lab = Lab()
    lab.docker(f"run -d {line}")
    assert lab.containers[0].status == "running"


def test_mysql_asks_for_a_password_as_its_entrypoint_does() -> None:
    lab = Lab()
    lab.docker("run -d --name db mysql")
    assert lab.docker("logs db").text == (
        "error: database is uninitialized and password option is not specified \n"
        "  You need to specify one of MYSQL_ROOT_PASSWORD, MYSQL_ALLOW_EMPTY_PASSWORD and "
        "MYSQL_RANDOM_ROOT_PASSWORD\n"
    )
    assert lab.docker("ps -a --format '{{.Status}}'").text.startswith("Exited (1)")


@pytest.mark.parametrize(
    ("image", "command", "name"),
    [
        ("alpine", "apk add --no-cache curl", "apk"),
        ("python", "pip install flask", "pip"),
        ("python:slim", "python -m pip install flask", "pip"),
        ("ubuntu", "apt-get update && apt-get install -y nginx", "apt-get"),
        ("debian", "set -ex; apt-get update; rm -rf /var/lib/apt/lists/*", "apt-get"),
        ("centos", "yum install -y httpd", "yum"),
        ("node:slim", "npm install", "npm"),
        ("node:slim", "yarn", "yarn"),
        ("busybox", "wget -q http://example.org", "wget"),
    ],
)
def test_a_build_stops_where_something_would_be_downloaded(image: str, command: str, name: str) -> None:
    lab = Lab()
    lab.shell(f"printf 'FROM {image}\nRUN {command}\nRUN echo never\n' > Dockerfile")
    built = lab.docker("build .")
    said = f"labkit: {name} is not simulated; nothing is downloaded here: COPY stand-in files, or RUN "
    assert built.text.count(said) == 1
    assert f"The command '/bin/sh -c {command}' returned a non-zero code: 126" in built.text
    assert (built.exit_code, "never" in built.text) == (126, False)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("ngnix", "nginx"),
        ("ubunut", "ubuntu"),
        ("ubuntu:19.10", "ubuntu:18.04"),
        ("redis:5.0.5", "redis:5.0.4"),
        ("mysql:9", ""),
        ("wordpress", ""),
    ],
)
def test_a_name_that_is_nearly_right(name: str, near: str) -> None:
    lab = Lab()
    said = f"labkit: did you mean {near}? " if near else "labkit: "
    last = lab.docker(f"pull {name}").text.splitlines()[-1]
    assert last.startswith(said)
    assert ("did you mean" in last) == bool(near)
    with pytest.raises(DaemonError) as caught:
        lab.pull(name)
    assert caught.value.__notes__ == [last]
    assert caught.value._render_traceback_()[1:] == [last]


@pytest.mark.parametrize("line", ["save -o x.tar redis", "push redis", "export -o x.tar box"])
def test_a_record_that_is_refused_names_what_is_whole(line: str) -> None:
    lab = Lab(registries={"docker.io": docker_hub()})
    lab.run("redis", name="box")
    assert "(busybox:latest, alpine:latest and python:latest are whole)" in lab.docker(line).text
    for name in ("busybox", "alpine", "python"):
        assert not lab.pull(name).recorded


def test_a_stand_in_stays_a_program_wherever_it_goes() -> None:
    """Pulled, committed, saved, loaded, copied: the bytes say what it is."""
    lab = Lab()
    box = lab.run("busybox", name="box")
    box.exec("cp /bin/busybox /opt-tool; chmod +x /opt-tool")
    box.commit("mine")
    lab.shell(
        "docker save mine > mine.tar; docker rm -f box; docker rmi mine busybox; docker load < mine.tar"
    )
    lab.shell("docker create --name other mine; docker cp other:/opt-tool tool; docker cp tool other:/copied")
    for command in ("/opt-tool", "/copied", "sh -c /copied"):
        lab.docker("start other")
        lab.docker("commit other theirs")
        ended = lab.docker(f"run --rm theirs {command}")
        assert SAID.fullmatch(ended.text), ended.text
        assert ended.exit_code == 126
