"""What labkit saves is taken by the real tools for what it was."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from labkit.store.archive import ArchivedImage, docker_archive, oci_archive, read_archive
from tests.real.engine import RealEngine
from tests.store.eras import ERAS, saved

pytestmark = pytest.mark.real

FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.fixture
def bare() -> tuple[ArchivedImage, ...]:
    return read_archive(FIXTURES / "bare.docker-20.tar")


@pytest.mark.parametrize("era", ERAS)
def test_the_engine_loads_the_same_images(
    real_engine: RealEngine, bare: tuple[ArchivedImage, ...], era: str, tmp_path: Path
) -> None:
    names = [tag.familiar for each in bare for tag in each.tags]
    (tmp_path / "saved.tar").write_bytes(saved(bare, era).read())
    try:
        assert real_engine.ok(f"docker load -i {tmp_path}/saved.tar") == "".join(
            f"Loaded image: {name}\n" for name in names
        )
        for each, name in zip(bare, names, strict=True):
            inspected = json.loads(real_engine.ok(f"docker image inspect {name}"))[0]
            assert inspected["Id"] == each.image.id
            assert inspected["RootFS"]["Layers"] == [layer.diff_id for layer in each.image.layers]
            assert inspected["Size"] == each.image.size
    finally:
        real_engine.run(f"docker rmi -f {' '.join(names)}")


def test_the_engine_saves_the_bytes_that_labkit_saves(
    real_engine: RealEngine, bare: tuple[ArchivedImage, ...], tmp_path: Path
) -> None:
    one = bare[:1]
    name = one[0].tags[0].familiar
    (tmp_path / "ours.tar").write_bytes(docker_archive(one).read())
    try:
        real_engine.ok(f"docker load -i {tmp_path}/ours.tar")
        real_engine.ok(f"docker save -o {tmp_path}/theirs.tar {name}")
    finally:
        real_engine.run(f"docker rmi -f {name}")
    assert (tmp_path / "theirs.tar").read_bytes() == (tmp_path / "ours.tar").read_bytes()


def configs(tool_image: str) -> str:
    """Give the digest of the config that skopeo finds in an image."""
    done = subprocess.run(["skopeo", "inspect", "--raw", tool_image], capture_output=True, check=True)
    digest = json.loads(done.stdout)["config"]["digest"]
    assert isinstance(digest, str)
    return digest


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
def test_skopeo_reads_what_labkit_writes(bare: tuple[ArchivedImage, ...], tmp_path: Path) -> None:
    image = bare[0]
    for era in ERAS[:2]:
        (tmp_path / f"{era}.tar").write_bytes(saved(bare, era).read())
        assert configs(f"docker-archive:{tmp_path}/{era}.tar:{image.tags[0].familiar}") == image.image.id
    (tmp_path / "layout.tar").write_bytes(oci_archive(bare[:1]).read())
    assert configs(f"oci-archive:{tmp_path}/layout.tar:{image.tags[0].tag}") == image.image.id
    copy = f"oci-archive:{tmp_path}/layout.tar:{image.tags[0].tag}", f"dir:{tmp_path}/copy"
    subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", *copy], check=True)


@pytest.mark.skipif(not shutil.which("umoci"), reason="umoci is not installed")
def test_umoci_unpacks_what_labkit_writes(bare: tuple[ArchivedImage, ...], tmp_path: Path) -> None:
    image = bare[0]
    (tmp_path / "layout.tar").write_bytes(oci_archive(bare[:1]).read())
    shutil.unpack_archive(tmp_path / "layout.tar", tmp_path / "layout")
    source = f"{tmp_path}/layout:{image.tags[0].tag}"
    subprocess.run(["umoci", "unpack", "--rootless", "--image", source, tmp_path / "bundle"], check=True)
    assert any((tmp_path / "bundle" / "rootfs").iterdir())
