"""A file's blocks under each driver, and the four hashes: pictures of the engine's own accounts."""

from __future__ import annotations

import hashlib
import json

import pytest

from labkit.base.errors import LabkitError, NotFound
from labkit.lab import Lab
from labkit.notebook import file_blocks, four_hashes
from labkit.storage.drivers import DRIVERS


@pytest.mark.parametrize(
    ("driver", "size", "words"),
    [
        ("btrfs", 1 << 26, "own 4.1kB  shared 67.1MB"),
        ("btrfs", 4096, "own 4.1kB  shared 0B"),
        ("zfs", 1 << 26, "own 131kB  shared 67MB"),
        ("overlay2", 1 << 26, "own 67.1MB  shared 0B"),
        ("vfs", 4096, "own 4.1kB  shared 0B"),
    ],
)
def test_what_is_shared(driver: str, size: int, words: str) -> None:
    assert words in file_blocks(driver, size=size).text


def test_a_driver_that_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match="driver not supported: ext4"):
        file_blocks("ext4")


def test_each_driver_can_be_drawn() -> None:
    assert [line.split()[0] for line in file_blocks(*DRIVERS).text.splitlines()[1:]] == [*DRIVERS]


def test_the_hashes_are_those_of_the_documents() -> None:
    lab = Lab()
    image = lab.pull("busybox")
    shown = [line.split()[-7:] for line in four_hashes("busybox", lab=lab).text.splitlines()[1:]]
    words = " ".join(word for line in shown for word in line)
    assert hashlib.sha256(image.config.raw).hexdigest()[:12] in words
    assert json.loads(image.config.raw)["rootfs"]["diff_ids"][0][7:19] in words
    pulled = lab.docker("rmi busybox") and lab.docker("pull busybox").text
    assert all(digest in words for digest in (pulled.split("Digest: sha256:")[1][:12], "6c712cb8ac58"))


def test_an_image_without_a_manifest_says_so() -> None:
    lab = Lab()
    lab.build("mine", ["FROM busybox", "ENV A=b"])
    with pytest.raises(LabkitError, match="mine has no manifest here"):
        four_hashes("mine", lab=lab)
    with pytest.raises(NotFound):
        four_hashes("ngnix", lab=lab)
