"""An engine of today: what the slides' screens look like on it, recorded with its versions.

    python -m tests.real.today

writes today.json: `{"versions": {…}, "screens": {name: [[line, output] …]}}`. Debian's development suite has
the engine, its client, buildx and containerd. They are unpacked into a directory of their own, beside the
installed ones, and run as a new install does: with the containerd image store and BuildKit. LABKIT_TODAY
names a directory in which they stay unpacked. The suite moves on: test_today.py asks again where it can, with
LABKIT_LONG; everywhere else the recording speaks.

The images have the slides' shape: ten lines of history and three layers, and two images on one base. What a
run makes up (identifiers, times, and the sizes that hang on them) is kept as it came.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.real import host, images
from tests.real.engine import RealEngine, Result
from tests.real.registry import RealRegistry

RECORD = Path(__file__).with_name("today.json")
PACKAGES = ("docker.io", "docker-cli", "containerd", "docker-buildx")
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
HUB = "hub.example.com"
"""The registry's name in the record: as long as `127.0.0.1:PORT` is, so that tables stay as they are."""
BASE = """\
FROM scratch
ADD rootfs.tar /
CMD ["sh"]
"""
WEB = """\
FROM {hub}/base
LABEL maintainer="NGINX Docker Maintainers"
ENV NGINX_VERSION=1.15.12
ENV NJS_VERSION=1.15.12.0
RUN set -x && mkdir -p /etc/nginx /var/log/nginx && dd if=/dev/zero of=/etc/nginx/nginx bs=1k count=500
RUN ln -sf /dev/stdout /var/log/nginx/access.log && ln -sf /dev/stderr /var/log/nginx/error.log
EXPOSE 80
STOPSIGNAL SIGTERM
CMD ["nginx", "-g", "daemon off;"]
"""
MYSQL = """\
FROM {hub}/base
RUN mkdir -p /var/lib/mysql && dd if=/dev/zero of=/var/lib/mysql/data bs=1k count=300
CMD ["mysqld"]
"""
BUILD = "docker build --network none"
CLASSIC = "DOCKER_BUILDKIT=0 docker build --network none"
SCREENS: dict[str, tuple[str, ...]] = {
    "pull": ("docker pull {hub}/nginx", "docker pull {hub}/mysql", "docker pull {hub}/mysql"),
    "history": (
        "docker pull -q {hub}/classic",
        "docker image history {hub}/nginx",
        "docker image history {hub}/classic",
    ),
    "images": ("docker images", "docker images --tree", "docker images --digests"),
    "container": (
        "docker run -d --network none --name box {hub}/nginx sleep 1000",
        "docker exec box sh -c 'echo hello > /etc/motd'",
        "docker exec box rm /etc/issue",
        "docker ps -s --format 'table {{{{.Names}}}}\\t{{{{.Size}}}}'",
        "docker diff box",
        "docker inspect --format '{{{{json .GraphDriver}}}}' box",
        "docker commit box changed",
        "docker history changed",
        "docker rm -f box",
    ),
    "driver": (
        "docker info --format '{{{{.Driver}}}} {{{{json .DriverStatus}}}}'",
        "docker system df",
    ),
    "inspect": ("docker image inspect {hub}/nginx", "docker image inspect {hub}/classic"),
    "rmi": ("docker tag {hub}/nginx web:1", "docker rmi web:1", "docker rmi {hub}/mysql", "docker images"),
    "build": (
        "docker build --network none -t again {context}",
        "docker build --network none -t again {context}",
    ),
    "save": ("docker save -o {directory}/nginx.tar {hub}/nginx", "tar tf {directory}/nginx.tar"),
}


def why_not() -> str:
    """Give the reason why an engine of today cannot be had here, or nothing."""
    if reason := host.missing("apt-get", "dpkg", images.BUSYBOX):
        return reason
    if os.geteuid() != 0:
        return "a Docker Engine is started by root alone"
    return "" if SOURCES.exists() else f"{SOURCES} is not there: which mirror has Debian?"


def unpacked(directory: Path) -> Path:
    """Give the root under which an engine of today lies unpacked, fetched if need be."""
    root = directory / "root"
    if (root / "usr/sbin/dockerd").exists():
        return root
    for each in ("apt/lists/partial", "apt/cache/archives/partial", "root"):
        (directory / each).mkdir(parents=True, exist_ok=True)
    said = dict(re.findall(r"^(URIs|Signed-By): (\S+)", SOURCES.read_text(), re.MULTILINE))
    sources = directory / "apt/sources.list"
    sources.write_text(f"deb [signed-by={said['Signed-By']}] {said['URIs']} sid main\n")
    options = (f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-",
               f"Dir::State::lists={directory}/apt/lists", f"Dir::Cache={directory}/apt/cache")  # fmt: skip
    apt = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "download", *(f"{name}/sid" for name in PACKAGES)], check=True, cwd=directory)
    for package in directory.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(root)], check=True)
    return root


class EngineOfToday(RealEngine):
    """The unpacked engine, with the containerd image store, while the `with` block runs."""

    def __init__(self, root: Path) -> None:
        super().__init__(own=True, flags=("--ip6tables=false",))
        self.root, self.program = root, f"{root}/usr/sbin/dockerd"

    def environment(self) -> dict[str, str]:
        """Give the environment in which `docker` means this engine, and its containerd comes first."""
        known = super().environment()
        del known["DOCKER_BUILDKIT"]
        path = f"{self.root}/usr/bin:{self.root}/usr/sbin:{known['PATH']}"
        return {**known, "PATH": path, "HOME": str(self.directory)}

    def store(self) -> list[str]:
        """Give the flags for the containerd image store; buildx is put beside the client."""
        settings, plugins = self.directory / "daemon.json", self.directory / "config/cli-plugins"
        settings.write_text('{"features": {"containerd-snapshotter": true}}')
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(self.root / "usr/libexec/docker/cli-plugins/docker-buildx")
        return ["--config-file", str(settings)]

    def shell(self, line: str) -> Result:
        """Run one line in a shell, `docker` being the unpacked client."""
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            capture_output=True,
            text=True,
            check=False,
            env=self.environment(),
            timeout=600,
        )
        return Result(done.stdout, done.stderr, done.returncode)

    def must(self, line: str) -> None:
        """Run one line that must succeed."""
        said = self.shell(line)
        if said.exit:
            raise RuntimeError(f"{line}: exit {said.exit}\n{said.stdout}{said.stderr}")


def _built(engine: EngineOfToday, hub: str, context: Path) -> None:
    """Build the images of the slides' shape, push them, and keep none: what a pull brings is to be seen."""
    context.mkdir()
    images.write_tiny_root(context / "rootfs.tar")
    for name, text, builder in (("base", BASE, BUILD), ("nginx", WEB, BUILD), ("mysql", MYSQL, BUILD),
                                ("classic", WEB, CLASSIC)):  # fmt: skip
        (context / "Dockerfile").write_text(text.format(hub=hub))
        # Without the record of its own build, which would make a list of manifests of each image.
        extra = "" if builder == CLASSIC else "--provenance=false"
        engine.must(f"{builder} {extra} -t {hub}/{name} {context} && docker push {hub}/{name}")
    engine.must("docker rmi -f $(docker images -q) && docker builder prune -af")


def recorded(root: Path) -> dict[str, Any]:
    """Ask an engine of today for every screen, and give its versions and answers."""
    with RealRegistry() as registry, EngineOfToday(root) as engine:
        hub, context = f"{registry.address}/library", engine.directory / "context"
        _built(engine, hub, context)
        places = {"hub": hub, "context": context, "directory": engine.directory}
        screens = {}
        for name, lines in SCREENS.items():
            asked = [line.format(**places) for line in lines]
            answers = [(line, engine.shell(line)) for line in asked]
            screens[name] = [
                [_plain(line, places), _plain(said.stdout + said.stderr, places)] for line, said in answers
            ]
        server = json.loads(engine.shell("docker version --format '{{json .Server}}'").stdout)
        parts = {each["Name"]: each["Version"] for each in server["Components"]}
        buildx = engine.shell("docker buildx version").stdout.split()[1]
        return {"versions": {**parts, "buildx": buildx, "store": "containerd"}, "screens": screens}


def _plain(text: str, places: dict[str, object]) -> str:
    """Write the run's own places in the same way every time."""
    address = str(places["hub"]).partition("/")[0]
    text = text.replace(address, HUB)
    return text.replace(str(places["context"]), ".").replace(f"{places['directory']}/", "")


def main() -> None:
    """Record."""
    if reason := why_not():
        raise SystemExit(reason)
    given = os.environ.get("LABKIT_TODAY")
    directory = Path(given or tempfile.mkdtemp(prefix="labkit-today-"))
    try:
        record = recorded(unpacked(directory))
    finally:
        if not given:
            shutil.rmtree(directory)
    RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
