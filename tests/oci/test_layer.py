"""Layers: a tar, what it changes, and its DiffID."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings

from labkit.base.errors import DigestMismatch, InvalidDigest, InvalidLayer
from labkit.oci import content
from labkit.oci.content import Content
from labkit.oci.digest import sha256
from labkit.oci.layer import Layer
from labkit.oci.tar_writer import as_written
from labkit.oci.tree import Dir, File, Meta, get, same, size
from tests.oci.strategies import trees

TAR = Path(__file__).parents[1] / "fixtures" / "committed_layer.tar"
EMPTY_LAYER = sha256(bytes(1024))
"""The DiffID of a tar of two zero blocks."""
ZEROS = "sha256:" + 64 * "0"


@dataclass
class Counting:
    """A source that counts the bytes read from it."""

    data: bytes
    count: int = field(default=0)

    def read_at(self, offset: int, size: int) -> bytes:
        self.count += size
        return self.data[offset : offset + size]


@settings(max_examples=50)
@given(trees)
def test_a_layer_made_of_changes_is_the_one_read_from_its_tar(changes: Dir) -> None:
    made = Layer.of(changes)
    assert made.tar is not None
    read = Layer.from_tar(made.tar, made.diff_id)
    assert read == made
    assert same(read.changes, made.changes)
    assert same(made.changes, as_written(changes))
    assert read.size == size(changes)


def test_what_files_hold_is_read_once_for_the_digest_and_headers_once_more() -> None:
    tar = Layer.of(Dir({name: File(Content.filler(1_000_000, name)) for name in "abc"})).tar
    assert tar is not None
    source = Counting(tar.read())
    layer = Layer.from_tar(Content.at(source, 0, len(source.data)))
    assert source.count == len(source.data) + 5 * 512
    assert layer.diff_id == sha256(source.data)


def test_bytes_after_the_end_count_for_the_digest() -> None:
    data = bytes(1024) + b"junk" * 1_000_000
    assert Layer.from_tar(Content.of(data)).diff_id == sha256(data)


def test_another_diff_id_is_refused_in_the_daemons_words() -> None:
    tar = Content.of(bytes(1024))
    with pytest.raises(DigestMismatch) as caught:
        Layer.from_tar(tar, ZEROS)
    assert str(caught.value) == f'invalid diffID: expected "{ZEROS}", got "{EMPTY_LAYER}"'


def test_a_damaged_tar_is_refused_before_its_digest_is_looked_at() -> None:
    with pytest.raises(InvalidLayer, match=r"unexpected EOF$"):
        Layer.from_tar(Content.of(TAR.read_bytes()[:700]), ZEROS)


def test_the_empty_layer_has_the_well_known_diff_id() -> None:
    assert Layer.of(Dir()).diff_id == EMPTY_LAYER
    assert Layer.of(Dir({}, Meta(0o700, mtime=5))) == Layer.of(Dir())


def test_a_recorded_layer_has_the_published_diff_id_and_no_tar() -> None:
    layer = Layer.record(ZEROS, Dir({"bin": File(Content.filler(109_000_000, "nginx"))}))
    assert (layer.diff_id, layer.tar, layer.recorded, layer.size) == (ZEROS, None, True, 109_000_000)
    assert not Layer.of(Dir()).recorded
    with pytest.raises(InvalidDigest):
        Layer.record("nginx", Dir())


def test_the_content_of_a_file_is_read_from_the_tar() -> None:
    source = Counting(TAR.read_bytes())
    layer = Layer.from_tar(Content.at(source, 0, len(source.data)))
    source.count = 0
    node = get(layer.changes, "etc/greeting")
    assert isinstance(node, File)
    assert node.content.read() in source.data
    assert source.count == node.content.size == 12


def test_a_hole_is_written_out() -> None:
    """As `du -k` shows it: a real engine's 3,072 kB of 3 MB that were a hole before the commit."""
    hole = Content.of(b"x").resized(3 << 20)
    kept = get(Layer.of(Dir({"x": File(hole)})).changes, "x")
    assert isinstance(kept, File)
    assert kept.content == hole
    assert not any(piece.source is content.ZEROS for piece in kept.content.pieces)
