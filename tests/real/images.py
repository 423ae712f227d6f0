"""Real images without any registry: a tiny one around busybox, and nginx on a Debian base.

    python -m tests.real.images tiny OUT.tar
    python -m tests.real.images debian OUT.tar

Each is built by the classic builder of a real engine and saved with `docker save`. File times are set where
a build can set them; a whiteout's time, the day and a container's id in the config are the engine's.
The Debian base comes from debootstrap and nginx from Debian's packages, so that one needs their archive;
with LABKIT_REAL_CACHE naming a directory its archive is made once and kept there.
"""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.real import host
from tests.real.engine import RealEngine

BUSYBOX = "/bin/busybox"
CONTEXTS = Path(__file__).parent / "contexts"
EPOCH = 1_556_280_000  # 2019-04-26T12:00:00Z, the course's clock
TINY_TAGS = ("labkit/tiny:1.0", "labkit/tiny:latest")
DEBIAN_TAGS = ("debian:bookworm", "nginx:1.22", "nginx:latest")

# cap_net_bind_service, effective: the kernel's vfs_cap_data, revision 2.
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")

TINY_FILES = {
    "etc/group": "root:x:0:\nnobody:x:65534:\n",
    "etc/hostname": "tiny\n",
    "etc/issue": "This file is deleted by a later layer.\n",
    "etc/motd": "Welcome to a very small image.\n",
    "etc/os-release": 'NAME="Tiny"\nID=tiny\nVERSION_ID=1.0\n',
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/profile": "export PATH=/bin\n",
    "srv/data/old": "This directory is deleted and made again by a later layer.\n",
    "srv/data/older/oldest": "So is this.\n",
    "srv/logs/access.log": "",
}
TINY_DIRECTORIES = {
    "bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o555, "root": 0o700, "srv": 0o755, "srv/data": 0o755,
    "srv/data/older": 0o755, "srv/logs": 0o755, "sys": 0o555, "tmp": 0o1777, "var": 0o755,
}  # fmt: skip


def _member(name: str, kind: bytes, mode: int, size: int = 0, link: str = "") -> tarfile.TarInfo:
    """Give a tar member of root's, with the course's time."""
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.size, member.linkname = kind, mode, size, link
    member.mtime, member.uname, member.gname = EPOCH, "root", "root"
    return member


def write_tiny_root(path: Path) -> None:
    """Write the tiny image's first layer as a tar: busybox, its applets, a small /etc, some of /srv."""
    busybox = Path(BUSYBOX).read_bytes()
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, mode in TINY_DIRECTORIES.items():
            tar.addfile(_member(name, tarfile.DIRTYPE, mode))
        tar.addfile(_member("bin/busybox", tarfile.REGTYPE, 0o755, len(busybox)), io.BytesIO(busybox))
        for applet in (CONTEXTS / "applets.txt").read_text().split():
            tar.addfile(_member(f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox"))
        for name, text in TINY_FILES.items():
            data = text.encode()
            tar.addfile(_member(name, tarfile.REGTYPE, 0o644, len(data)), io.BytesIO(data))
        web = b"#!/bin/sh\necho a program that may listen on port 80\n"
        member = _member("bin/web", tarfile.REGTYPE, 0o755, len(web))
        member.pax_headers = {"SCHILY.xattr.security.capability": CAPABILITY.decode()}
        tar.addfile(member, io.BytesIO(web))


def _build(engine: RealEngine, context: Path, tags: tuple[str, ...], network: str) -> None:
    options = " ".join(f"--tag {tag}" for tag in tags)
    engine.ok(f"docker build --quiet --no-cache --force-rm --network {network} {options} {context}")


def build_tiny(engine: RealEngine) -> None:
    """Build the tiny image in this engine."""
    with tempfile.TemporaryDirectory(prefix="labkit-tiny-") as name:
        context = Path(name)
        shutil.copy(CONTEXTS / "tiny.Dockerfile", context / "Dockerfile")
        write_tiny_root(context / "rootfs.tar")
        (context / "greeting.txt").write_text("hello\n")
        os.utime(context / "greeting.txt", (EPOCH + 3, EPOCH + 3))
        _build(engine, context, TINY_TAGS, "none")


def write_debian_root(path: Path) -> None:
    """Make a Debian base with debootstrap and write it as a tar."""
    with tempfile.TemporaryDirectory(prefix="labkit-debian-") as name:
        root = Path(name) / "root"
        command = ["debootstrap", "--variant=minbase", "bookworm", str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        for pattern in ("var/cache/apt/archives/*.deb", "var/lib/apt/lists/*_*", "var/cache/apt/*.bin"):
            for leftover in root.glob(pattern):
                leftover.unlink()
        # debootstrap copies these two from the machine it runs on.
        (root / "etc/resolv.conf").write_text("")
        (root / "etc/hostname").write_text("debian\n")
        tar = ["tar", "--create", "--sort=name", f"--mtime=@{EPOCH}", "--numeric-owner", "--xattrs"]
        subprocess.run([*tar, "--file", str(path), "--directory", str(root), "."], check=True)


def build_debian(engine: RealEngine) -> None:
    """Build a Debian base and nginx on it in this engine."""
    with tempfile.TemporaryDirectory(prefix="labkit-nginx-") as name:
        for image, tags in (("debian", DEBIAN_TAGS[:1]), ("nginx", DEBIAN_TAGS[1:])):
            context = Path(name) / image
            context.mkdir()
            shutil.copy(CONTEXTS / f"{image}.Dockerfile", context / "Dockerfile")
            if image == "debian":
                write_debian_root(context / "rootfs.tar")
            _build(engine, context, tags, "host")


BUILDERS: dict[str, tuple[Callable[[RealEngine], None], tuple[str, ...]]] = {
    "tiny": (build_tiny, TINY_TAGS),
    "debian": (build_debian, DEBIAN_TAGS),
}


def archive(kind: str, out: Path) -> Path:
    """Build an image in an engine of its own, save it to `out` and give that path.

    An engine of its own, so that no test finds images it did not expect.
    """
    build, tags = BUILDERS[kind]
    with RealEngine(own=True) as engine:
        build(engine)
        partial = out.with_name(out.name + ".partial")
        engine.ok(f"docker save --output {partial} {' '.join(tags)}")
        partial.chmod(0o644)
        partial.rename(out)
    return out


def cached_archive(kind: str, cache: Path) -> Path:
    """Give the image's archive in a directory, made there unless it is there already.

    Several test processes may ask at once: one makes it, the others wait.
    """
    cache = Path(os.environ.get("LABKIT_REAL_CACHE", cache))
    cache.mkdir(parents=True, exist_ok=True)
    out = cache / f"{kind}.tar"
    with (cache / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return out if out.exists() else archive(kind, out)


def why_not(kind: str) -> str:
    """Give the reason why an image cannot be built here, apart from the engine's own."""
    return host.missing("debootstrap") if kind == "debian" else host.missing(BUSYBOX)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in BUILDERS:
        sys.exit(__doc__)
    archive(sys.argv[1], Path(sys.argv[2]))
