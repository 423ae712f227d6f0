"""A container's files as one flat tar: labkit's is the engine's, and each takes the other's."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from labkit import Lab
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.layer import Layer
from tests.cli import sessions
from tests.real.engine import RealEngine

pytestmark = pytest.mark.real

CHANGES = (
    "echo hi > /new; ln /new /hard; ln -s /new /soft; rm /etc/motd; rm -r static; mkdir /dir; chmod 700 /srv"
)
START_OF_2025 = 1_735_689_600


@pytest.fixture(scope="module")
def exported(real_engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give what both export of a container that ran the same command."""
    home = tmp_path_factory.mktemp("exported")
    lab = sessions.loaded_lab(home)
    try:
        real_engine.ok(f"docker load -q -i {home}/app.tar")
        real_engine.ok(f'docker run --name exported --network none app:1 sh -c "{CHANGES}"')
        real_engine.run("docker export exported", to=home / "theirs.tar")
    finally:
        real_engine.run("docker rm -f exported")
        real_engine.run("docker rmi -f base:1 app:1 app:latest tool:1")
    lab.docker(f'run --name exported --network none app:1 sh -c "{CHANGES}"')
    return {"theirs": (home / "theirs.tar").read_bytes(), "ours": stdout(lab, "export exported")}


def stdout(lab: Lab, line: str) -> bytes:
    result = lab.docker(line)
    assert result.exit_code == 0, result.text
    return b"".join(data for stream, data in result.output if stream == 1)


def listing(data: bytes) -> list[tuple[object, ...]]:
    """Give each entry's header and its bytes; a time of today is not told."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for each in tar:
            file = tar.extractfile(each) if each.isreg() else None
            when = each.mtime if each.mtime < START_OF_2025 else "today"
            header = (each.name, each.type, each.mode, each.uid, each.gid, each.uname, each.gname)
            found.append((*header, each.size, each.linkname, when, file.read() if file else b""))
    return found


def test_both_export_the_same_entries_in_the_same_order(exported: dict[str, bytes]) -> None:
    assert listing(exported["ours"]) == listing(exported["theirs"])
    assert len(exported["ours"]) == len(exported["theirs"])


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_import_it_as_the_same_layer(
    real_engine: RealEngine, exported: dict[str, bytes], side: str, tmp_path: Path
) -> None:
    (tmp_path / "flat.tar").write_bytes(exported[side])
    lab = Lab()
    image_id = lab.docker(f"import {tmp_path}/flat.tar flat:1").stdout.strip()
    try:
        real_engine.ok(f"docker import {tmp_path}/flat.tar flat:1")
        told = json.loads(real_engine.ok("docker image inspect flat:1"))[0]
    finally:
        real_engine.run("docker rmi flat:1")
    image = lab.image("flat:1")
    assert image.id == image_id
    assert [layer.diff_id for layer in image.layers] == told["RootFS"]["Layers"]
    assert image.size == told["Size"]


def test_the_engine_loads_a_saved_import_under_labkits_id(
    real_engine: RealEngine, exported: dict[str, bytes], tmp_path: Path
) -> None:
    (tmp_path / "flat.tar").write_bytes(exported["ours"])
    lab = Lab()
    lab.docker(f"import -c 'CMD [\"sh\"]' {tmp_path}/flat.tar flat:1")
    lab.save("flat:1", tmp_path / "saved.tar")
    try:
        real_engine.ok(f"docker load -i {tmp_path}/saved.tar")
        told = json.loads(real_engine.ok("docker image inspect flat:1"))[0]
        assert told["Id"] == lab.image("flat:1").id
        assert real_engine.ok("docker run --rm --network none flat:1 cat /new") == "hi\n"
    finally:
        real_engine.run("docker rmi flat:1")


@pytest.mark.skipif(not shutil.which("umoci"), reason="umoci is not installed")
def test_umoci_unpacks_a_layout_to_the_tree_that_a_container_has(tmp_path: Path) -> None:
    lab = sessions.loaded_lab(tmp_path)
    lab.save("app:1", tmp_path / "layout.tar", format="oci")
    shutil.unpack_archive(tmp_path / "layout.tar", tmp_path / "layout")
    bundle = tmp_path / "bundle"
    subprocess.run(["umoci", "unpack", "--image", f"{tmp_path}/layout:1", bundle], check=True)
    unpacked = sorted(str(each.relative_to(bundle / "rootfs")) for each in (bundle / "rootfs").rglob("*"))
    assert unpacked == sorted(path for path, _ in tree.walk(lab.engine.root(lab.image("app:1"))))
    for path, node in tree.walk(lab.engine.root(lab.image("app:1"))):
        if isinstance(node, tree.File):
            assert (bundle / "rootfs" / path).read_bytes() == node.content.read()


@pytest.mark.skipif(not shutil.which("umoci"), reason="umoci is not installed")
def test_labkit_loads_what_umoci_repacks(tmp_path: Path) -> None:
    lab = sessions.loaded_lab(tmp_path)
    lab.save("app:1", tmp_path / "layout.tar", format="oci")
    shutil.unpack_archive(tmp_path / "layout.tar", tmp_path / "layout")
    bundle, source = tmp_path / "bundle", f"{tmp_path}/layout:1"
    subprocess.run(["umoci", "unpack", "--image", source, bundle], check=True)
    (bundle / "rootfs/added").write_text("by umoci\n")
    (bundle / "rootfs/etc/motd").unlink()
    subprocess.run(["umoci", "repack", "--image", f"{tmp_path}/layout:2", bundle], check=True)
    subprocess.run(["umoci", "rm", "--image", source], check=True)
    image = lab.load(tmp_path / "layout")[0]
    root = lab.engine.root(image)
    assert tree.get(root, "etc/motd") is None
    added = tree.get(root, "added")
    assert isinstance(added, tree.File)
    assert added.content.read() == b"by umoci\n"


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_labkit_loads_what_skopeo_copies(tmp_path: Path, kind: str) -> None:
    lab = sessions.loaded_lab(tmp_path)
    lab.save("app:1", tmp_path / "layout.tar", format="oci")
    copy = f"oci-archive:{tmp_path}/layout.tar:1", f"{kind}:{tmp_path}/copy:app:1"
    subprocess.run(["skopeo", "--insecure-policy", "copy", "-q", *copy], check=True)
    image = Lab().load(tmp_path / "copy")[0]
    assert [each.diff_id for each in image.layers] == [each.diff_id for each in lab.image("app:1").layers]


def test_a_layers_tar_that_the_engine_exported_is_read_to_its_end(exported: dict[str, bytes]) -> None:
    layer = Layer.from_tar(Content.of(exported["theirs"]))
    assert tree.get(layer.changes, "etc/motd") is None
    assert tree.link_groups(layer.changes).popitem()[1] == ["hard", "new"]
