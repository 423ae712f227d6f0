"""`docker diff` and a committed layer's names under the storage drivers that compare trees, and overlay2.

One script in one image, on a real engine with the driver and on labkit's. fuse-overlayfs is not among them:
with it the real engine 20.10.24 overlooks an opaque directory, so that what was in it comes back when the
container is committed; labkit does not follow it there.
"""

from __future__ import annotations

import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from labkit.oci import changeset
from labkit.oci.content import Content
from labkit.oci.layer import Layer
from labkit.shell.task import Process
from labkit.storage.drivers import DRIVERS, create
from tests.conftest import need
from tests.real.engine import RealEngine
from tests.real.images import BUSYBOX, EPOCH
from tests.real.test_driver_costs import data_root, why_not_driver
from tests.shell.workload import run_script

DIRECTORIES = ("bin", "dir", "dir/sub", "old", "etc")
FILES = ("etc/motd", "dir/f", "dir/sub/g", "old/a", "old/b", "plain", "gone", "one", "etc/tmp", "same")
SCRIPT = """
echo x >> /etc/motd; mv /dir /moved; rm -r /old; mkdir /old; echo n > /old/n; chmod 600 /plain
ln /one /three; echo y >> /one; rm /gone; touch /etc; rm /etc/tmp; : > /etc/b; rm /etc/b
ln -s a /l; mkdir -p /a/b/c; printf SAME > /same
"""


def root_archive() -> bytes:
    """Return an image's one layer: busybox, a few files, and two names of one."""
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:

        def add(name: str, kind: bytes, data: bytes = b"", link: str = "", mode: int = 0o755) -> None:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(data), link
            member.mode, member.mtime = mode, EPOCH
            tar.addfile(member, BytesIO(data))

        for name in DIRECTORIES:
            add(name, tarfile.DIRTYPE)
        add("bin/busybox", tarfile.REGTYPE, Path(BUSYBOX).read_bytes())
        for applet in ("sh", "mv", "rm", "mkdir", "chmod", "ln", "touch", "printf"):
            add(f"bin/{applet}", tarfile.SYMTYPE, link="busybox")
        for name in FILES:
            add(name, tarfile.REGTYPE, name.rpartition("/")[2].encode(), mode=0o644)
        add("two", tarfile.LNKTYPE, link="one")
    return stream.getvalue()


def real(driver: str, archive: bytes, path: Path) -> tuple[list[str], list[str]]:
    """Return what the real engine lists, and the names in the layer that it commits."""
    with data_root(driver) as data, RealEngine(driver, data, own=True) as engine:
        engine.ok("docker import - work:1", stdin=archive)
        engine.ok(f"docker run --network none --name box work:1 sh -c '{SCRIPT} touch -d @{EPOCH} /same'")
        engine.ok("docker commit box done:1")
        engine.ok(f"docker save --output {path} done:1")
        listed = engine.ok("docker diff box").splitlines()
    with tarfile.open(path) as tar:
        manifest = tar.extractfile("manifest.json")
        assert manifest
        layer = tar.extractfile(json.load(manifest)[0]["Layers"][-1])
        assert layer
        return sorted(listed), names(layer.read())


def names(layer: bytes) -> list[str]:
    with tarfile.open(fileobj=BytesIO(layer)) as tar:
        return sorted(tar.getnames())


class _Clock:
    now = (EPOCH + 1000) * 10**9


def ours(driver: str, archive: bytes) -> tuple[list[str], list[str]]:
    """Return the same of labkit."""
    image = DRIVERS[driver].commit(None, Layer.from_tar(Content.of(archive)).changes)
    mount = DRIVERS[driver].mount(create(DRIVERS[driver], image)[0], lambda: _Clock.now)
    result = run_script(SCRIPT, Process(mount, _Clock(), {"PATH": "/bin"}, cwd="/"))
    assert result.exit_code == 0, result.chunks
    mount.utime("/same", EPOCH * 10**9)
    active = mount.active
    assert active.parent
    listed = [f"{each.kind} {each.path}" for each in changeset.changes(active.parent.root, active.changes)]
    layer = Layer.of(active.changes).tar
    assert layer
    return sorted(listed), names(layer.read())


@pytest.mark.real
@pytest.mark.parametrize("driver", ["overlay2", "vfs", "btrfs"])
def test_diff_and_commit_are_those_of_a_real_engine_with_the_driver(driver: str, tmp_path: Path) -> None:
    need(why_not_driver(driver))
    archive = root_archive()
    assert ours(driver, archive) == real(driver, archive, tmp_path / "done.tar")
