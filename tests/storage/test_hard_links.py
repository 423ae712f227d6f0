"""A file of the image with two names: its first write gives the written name a file of its own.

Under overlay2 the copy that is made is no link to anything (Linux, overlayfs.rst, "Non-standard behavior": a
broken hard link). The driver's whole-tree siblings keep one file; tests/storage/test_storage_drivers.py has
those.
"""

from __future__ import annotations

import pytest

from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, new_inode
from labkit.storage.overlay import Mount


@pytest.fixture
def mount() -> Mount:
    linked = File(Content.of(b"old"), inode=new_inode())
    return Mount(Dir({"a": linked, "b": linked}))


def test_a_write_through_one_name_leaves_the_other_as_it_was(mount: Mount) -> None:
    mount.write("/a", b"A")
    assert (mount.read("/a"), mount.read("/b")) == (b"A", b"old")


def test_each_name_that_is_written_gets_a_file_of_its_own(mount: Mount) -> None:
    mount.write("/a", b"A")
    mount.write("/b", b"B")
    assert (mount.read("/a"), mount.read("/b")) == (b"A", b"B")


def test_the_attributes_of_the_copies_are_apart_too(mount: Mount) -> None:
    mount.chmod("/a", 0o600)
    mount.chmod("/b", 0o644)
    assert [mount.stat(name).mode & 0o777 for name in ("/a", "/b")] == [0o600, 0o644]


def test_two_names_made_in_the_container_stay_one_file(mount: Mount) -> None:
    mount.link("/a", "/c")
    mount.write("/b", b"B")
    mount.write("/c", b"C")
    assert [mount.read(name) for name in ("/a", "/b", "/c")] == [b"C", b"B", b"C"]
