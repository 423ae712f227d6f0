"""Docker Hub as public tutorials want it, for a real engine: the built-in hub's images with real programs.

    LABKIT_REAL_CACHE=DIRECTORY python -m tests.cli.public [SUBJECT ...]

records tests/cli/typed/public with it. An image has the built-in hub's history, config, files and number of
layers; its programs are busybox or those of a Debian made by debootstrap, with their libraries, and what
cannot run here (nginx, redis) is a script that waits. They lie in a registry of our own that the engine takes
for a mirror of the hub, so that `docker pull ubuntu` and `docker run ubuntu` are typed as everybody does.
"""

from __future__ import annotations

import os
import posixpath
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from labkit import Lab
from labkit.engine import images as engine_images
from labkit.oci import tree
from labkit.oci.config import make_config
from labkit.oci.content import Content
from labkit.oci.image import Image
from labkit.oci.layer import Layer
from labkit.oci.reference import parse_reference
from labkit.oci.tree import Dir, File, Meta, Symlink
from tests.real import images
from tests.real.engine import RealEngine
from tests.real.registry import RealRegistry

NAMES = ("alpine", "busybox", "debian", "hello-world", "nginx", "redis", "ubuntu", "ubuntu:18.04")
LEARNER = 1000
"""The number of the user and the group that may ask the engine."""
_PLACES = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin")
_LIBRARIES = "usr/lib/x86_64-linux-gnu/"
_LOADER = "ld-linux-x86-64.so.2"
_WAITS = b"#!/bin/sh\ntrap 'exit 0' TERM QUIT INT\nwhile :; do sleep 1 & wait $!; done\n"
_SERVICES = {"nginx", "redis-server"}
_TEXTS = ("etc/bash.bashrc", "root/.bashrc", "root/.profile")


def says(text: bytes) -> bytes:
    """Give a program for Linux on amd64 that writes a text and ends: write(1, text), exit(0)."""
    head, base = 0x78, 0x400000
    code = b"\xb8\x01\0\0\0\xbf\x01\0\0\0\x48\xbe" + struct.pack("<Q", base + head + 36)
    code += b"\xba" + struct.pack("<I", len(text)) + b"\x0f\x05\xb8\x3c\0\0\0\x31\xff\x0f\x05"
    size = head + len(code) + len(text)
    elf = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + head, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    elf += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    assert (len(elf), len(code)) == (head, 36)
    return elf + code + text


class Debian:
    """The programs of a Debian base and the libraries that they need."""

    def __init__(self, archive: Path) -> None:
        self.programs: dict[str, bytes] = {}
        self.libraries: dict[str, bytes | str] = {}
        self.texts: dict[str, bytes] = {}
        with tarfile.open(archive) as tar:
            for member in tar:
                path = posixpath.normpath(member.name)
                directory, name = posixpath.split(path)
                wanted = directory in _PLACES or (path.startswith(_LIBRARIES) and ".so" in name)
                if path in _TEXTS:
                    self.texts[path] = tar.extractfile(member).read()  # type: ignore[union-attr]
                elif member.isfile() and wanted:
                    data = tar.extractfile(member).read()  # type: ignore[union-attr]
                    kept = self.programs if directory in _PLACES else self.libraries
                    kept[name if directory in _PLACES else path.removeprefix(_LIBRARIES)] = data
                elif member.issym() and path.startswith(_LIBRARIES) and "/" not in member.linkname:
                    self.libraries[path.removeprefix(_LIBRARIES)] = member.linkname
                elif member.issym() and directory in _PLACES:
                    self.programs.setdefault(name, b"")

    def into(self, root: Dir) -> Dir:
        """Give a base layer with the libraries in it, and with the texts that a shell begins with."""
        for path, text in self.texts.items():
            root = tree.put(root, path, File(Content.of(text)))
        for name, content in self.libraries.items():
            path = f"lib/x86_64-linux-gnu/{name}"
            for depth in range(1, path.count("/") + 1):
                above = "/".join(path.split("/")[:depth])
                if not isinstance(tree.get(root, above), Dir):
                    root = tree.put(root, above, Dir(meta=Meta(0o755)))
            node = Symlink(content) if isinstance(content, str) else File(Content.of(content), Meta(0o755))
            root = tree.put(root, path, node)
        loader = self.libraries[_LOADER]
        assert isinstance(loader, bytes)
        if tree.get(root, "lib64") is None:
            root = tree.put(root, "lib64", Dir(meta=Meta(0o755)))
        return tree.put(root, f"lib64/{_LOADER}", File(Content.of(loader), Meta(0o755)))


def _real(path: str, node: File, debian: Debian | None, hello: bytes) -> bytes | None:
    """Give a real program's bytes for a stand-in, or nothing where the file stays as it is.

    Without a Debian all programs are busybox.
    """
    directory, name = posixpath.split(path)
    if path == "hello":
        return says(hello)
    if directory not in _PLACES or not node.meta.mode & 0o111:
        return None
    if debian is None:
        return Path(images.BUSYBOX).read_bytes()
    return _WAITS if name in _SERVICES else debian.programs.get(name) or None


def stand_in(image: Image, debian: Debian, hello: bytes) -> Image:
    """Give an image of the built-in hub with real programs; /hello is one that says `hello`."""
    layers = []
    base = debian if tree.get(image.layers[0].changes, "bin/bash") is not None else None
    for place, layer in enumerate(image.layers):
        changes = layer.changes
        for path, node in list(tree.walk(changes)):
            data = _real(path, node, base, hello) if isinstance(node, File) else None
            if data is not None and isinstance(node, File):
                changes = tree.put(changes, path, replace(node, content=Content.of(data)))
        if place == 0 and base is not None:
            changes = base.into(changes)
        layers.append(Layer.of(changes))
    config = image.config
    written = make_config(
        created=config.created,
        docker_version=config.docker_version,
        config=config.config,
        diff_ids=[layer.diff_id for layer in layers],
        history=config.history,
    )
    return Image(written, tuple(layers))


def fill(address: str, debian: Debian) -> None:
    """Push the stand-ins to an empty registry under the names that the hub has them by."""
    for name in NAMES:
        lab = Lab()
        hello = lab.docker(f"run {name}").stdout.encode() if name == "hello-world" else b""
        image = stand_in(lab.pull(name), debian, hello)
        engine_images.add_image(lab.engine, image)
        copy = f"{address}/library/{name}"
        engine_images.set_tag(lab.engine, image.id, parse_reference(copy).with_default_tag())
        pushed = lab.docker(f"push {copy}")
        assert pushed.exit_code == 0, pushed.text


def debian_root() -> Path:
    """Give the tar of a Debian base, made once where LABKIT_REAL_CACHE names a directory to keep it in."""
    path = Path(os.environ.get("LABKIT_REAL_CACHE", "/tmp")) / "debian-root.tar"
    if not path.exists():
        images.write_debian_root(path)
    return path


@contextmanager
def _bridge() -> Iterator[str]:
    """Give the name of a bridge of our own: any other engine without one removes the default bridge."""
    name = f"labkit{os.getpid() % 10**6}"
    for line in (
        f"link add {name} type bridge",
        f"addr add 172.31.250.1/24 dev {name}",
        f"link set {name} up",
    ):
        subprocess.run(["ip", *line.split()], check=True)
    try:
        yield name
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


@contextmanager
def running() -> Iterator[RealEngine]:
    """Give an engine that holds nothing, whose hub has the stand-ins; its containers have a network."""
    with RealRegistry() as registry, _bridge() as bridge:
        fill(registry.address, Debian(debian_root()))
        flags = ["--registry-mirror", registry.url, "--bridge", bridge, "--group", str(LEARNER)]
        with RealEngine(own=True, flags=flags) as engine:
            yield engine
