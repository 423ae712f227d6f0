"""A real registry between a real engine and labkit: what one pushes the other pulls, byte for byte."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest

from labkit import Lab
from labkit.engine.engine import Engine
from labkit.engine.pull import pull
from labkit.engine.push import push
from labkit.engine.schedule import Network
from labkit.oci.descriptor import DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, Platform
from labkit.oci.digest import sha256
from labkit.oci.reference import parse_reference
from labkit.store.remote import Remote
from tests.cli import session_hub
from tests.engine.engines import add, drain, image, layer
from tests.real.engine import RealEngine
from tests.real.registry import RealRegistry

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def names(
    real_registry: RealRegistry, fresh_engine: RealEngine, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """Give the repository in which the real engine has pushed three images that share their base."""
    name = f"{real_registry.address}/team/app"
    directory = tmp_path_factory.mktemp("context")
    (directory / "base").mkdir()
    (directory / "base" / "motd").write_text("hello\n")
    fresh_engine.ok(f"tar -cf {directory}/base.tar -C {directory}/base motd")
    fresh_engine.ok(f"docker import {directory}/base.tar base:1")
    for tag, count in {"1": 2, "2": 1, "8": 7}.items():
        steps = "".join(f"COPY base/motd /{tag}.{number}\n" for number in range(count))
        (directory / "Dockerfile").write_text(f"FROM base:1\n{steps}ENV TAG={tag}\n")
        fresh_engine.ok(f"docker build -t {name}:{tag} .", cwd=directory)
        fresh_engine.ok(f"docker push {name}:{tag}")
    return name


def identity(lab: Lab, name: str) -> list[str]:
    template = "{{.Id}} {{json .RootFS.Layers}} {{json .RepoDigests}}"
    return lab.docker(f"image inspect -f '{template}' {name}").stdout.splitlines()


def real_identity(engine: RealEngine, name: str) -> list[str]:
    template = "{{.Id}} {{json .RootFS.Layers}} {{json .RepoDigests}}"
    return engine.ok(f"docker image inspect -f '{template}' {name}").splitlines()


def plain(ours: str, told: str, hub: str) -> tuple[str, str]:
    """Give both texts with each layer's lines together, and ours without what the engine skipped.

    Left out are waits for new attempts, which a busy engine may need.
    """
    ours, told = (
        re.sub(r"(?m)^.*: Retrying in .*\n", "", session_hub.plain(text, hub)) for text in (ours, told)
    )
    return session_hub.without_skipped(ours, told), told


def test_what_the_engine_pushed_is_pulled_with_the_same_identifiers(
    names: str, fresh_engine: RealEngine
) -> None:
    lab = Lab()
    for tag in ("1", "2", "8"):
        assert lab.docker(f"pull {names}:{tag}").exit_code == 0
        assert identity(lab, f"{names}:{tag}") == real_identity(fresh_engine, f"{names}:{tag}")


def test_what_labkit_pushed_the_engine_pulls(
    names: str, real_registry: RealRegistry, fresh_engine: RealEngine
) -> None:
    lab, name = Lab(), f"{real_registry.address}/mine:1"
    lab.build(
        "mine", ["FROM busybox", "RUN echo hello > /hello", "RUN rm /hello && mkdir /d && echo x > /d/x"]
    )
    lab.docker(f"tag mine {name}")
    pushed = lab.docker(f"push {name}").stdout
    assert lab.docker(f"push {name}").stdout.count("Layer already exists") == 3
    assert fresh_engine.ok(f"docker pull {name}").splitlines()[-3] == f"Digest: {pushed.split()[-3]}"
    assert real_identity(fresh_engine, name)[0].split()[:2] == identity(lab, name)[0].split()[:2]
    lab.docker(f"rmi {name}")
    assert lab.docker(f"pull {name}").stdout.splitlines()[-3] == f"Digest: {pushed.split()[-3]}"


def test_both_print_the_same(names: str, real_registry: RealRegistry, fresh_engine: RealEngine) -> None:
    lab = Lab()
    by_digest = json.loads(fresh_engine.ok(f"docker inspect -f '{{{{json .RepoDigests}}}}' {names}:1"))[0]
    while everything := fresh_engine.ok("docker images -aq").split():
        # A parent goes only after its children, and ids of one second come in any order.
        assert "Deleted" in fresh_engine.run(f"docker rmi -f {' '.join(everything)}").stdout
    other = f"{real_registry.address}/team/{{side}}:1"
    for line in (
        f"docker pull {names}:1",
        f"docker pull {names}:1",
        f"docker pull {names}:2",
        f"docker pull {names}:8",
        f"docker push {names}:8",
        f"docker pull {by_digest}",
        f"docker pull -q {names}:1",
        f"docker pull -a {names}",
        f"docker pull {names}:none",
        f"docker pull {names}none:1",
        f"docker pull -a {names}none",
        f"docker pull -a {names}:1",
        f"docker push {names}:1",
        f"docker push -a {names}",
        f"docker push -q {names}:1",
        f"docker push {names}:none",
        f"docker push {names}none",
        f"docker push -a {names}none",
        f"docker push {by_digest}",
        f"docker push -a {names}:1",
        "docker pull 127.0.0.1:1/app",
        "docker pull localhost:1/app",
        f"docker tag {names}:1 {other}",
        f"docker push {other}",
        f"docker push {other}",
        f"docker pull {other}",
    ):
        told = fresh_engine.run(line.format(side="real"))
        ours = lab.shell(line.format(side="ours"))
        expected = told.stdout.replace("team/real", "team/ours")
        printed, expected = plain(ours.stdout, expected, real_registry.address)
        assert (printed, ours.stderr, ours.exit_code) == (expected, told.stderr, told.exit), line


def test_a_manifest_list_by_platform(real_registry: RealRegistry, fresh_engine: RealEngine) -> None:
    name = f"{real_registry.address}/multi"
    remote, engine, entries = Remote(real_registry.url), Engine(), []
    for architecture in ("arm64", "amd64"):
        add(engine, image(layer(a=architecture), comment=architecture), f"{name}:{architecture}")
        steps = push(engine, remote.client(), parse_reference(f"{name}:{architecture}"), Network())
        pushed = drain(steps)[1]
        entry = {"mediaType": DOCKER_MANIFEST, "digest": pushed.digest, "size": pushed.size}
        entries.append(entry | {"platform": {"os": "linux", "architecture": architecture}})
    raw = json.dumps({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST_LIST, "manifests": entries}).encode()
    asked = urllib.request.Request(
        f"{real_registry.url}/v2/multi/manifests/list",
        raw,
        {"content-type": DOCKER_MANIFEST_LIST},
        method="PUT",
    )
    urllib.request.urlopen(asked).close()
    for architecture in ("arm64", "amd64"):
        fresh_engine.ok(f"docker pull -q --platform linux/{architecture} {name}:list")
        reference = parse_reference(f"{name}:list")
        steps = pull(Engine(), remote.client(), reference, Network(), Platform(architecture, "linux"))
        pulled = drain(steps)[1]
        told = fresh_engine.ok(f"docker image inspect -f '{{{{.Id}}}}' {name}:list").strip()
        assert (pulled.image.id, pulled.digest) == (told, sha256(raw))


def test_a_registry_in_place_of_the_hub(
    real_registry: RealRegistry, fresh_engine: RealEngine, tmp_path: Path
) -> None:
    (tmp_path / "motd").write_text("mine\n")
    fresh_engine.ok(f"tar -cf {tmp_path}/base.tar -C {tmp_path} motd")
    name = f"{real_registry.address}/library/own:1"
    fresh_engine.ok(f"docker import {tmp_path}/base.tar {name}")
    fresh_engine.ok(f"docker push {name}")
    lab = Lab(hub=real_registry.address)
    assert lab.docker("pull own:1").stdout.splitlines()[-1] == "docker.io/library/own:1"
    assert lab.image("own:1").id == real_identity(fresh_engine, name)[0].split()[0]
