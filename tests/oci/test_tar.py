"""Layers' tars: read as Docker unpacks them, written as Docker writes them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.base.errors import InvalidLayer
from labkit.oci.content import Buffer, Content, Piece
from labkit.oci.digest import sha256
from labkit.oci.tar_reader import read_changes
from labkit.oci.tar_writer import as_written, write_tar
from labkit.oci.tree import (
    Device,
    Dir,
    Fifo,
    File,
    Meta,
    Node,
    Symlink,
    Whiteout,
    get,
    link_groups,
    same,
    size,
    walk,
)
from tests.fixtures.small_tar import Entry, directory, entry, pack
from tests.oci.strategies import changesets, plain_trees, trees
from tests.real.engine import RealEngine

FIXTURES = Path(__file__).parents[1] / "fixtures"
FAILED = "Error processing tar file(exit status 1): "
few = settings(max_examples=50)


def read(data: bytes) -> Dir:
    return read_changes(Content.of(data))


def file(name: str, data: bytes = b"hi", **more: object) -> Entry:
    return entry(name, data, **more)  # type: ignore[arg-type]


def symlink(name: str, target: str) -> Entry:
    return entry(name, kind=tarfile.SYMTYPE, link=target, mode=0o777)


def hard_link(name: str, target: str, **more: int) -> Entry:
    return entry(name, kind=tarfile.LNKTYPE, link=target, **more)  # type: ignore[arg-type]


def extended(records: dict[str, bytes], *entries: Entry) -> bytes:
    """Give a tar whose first entry has a PAX header with these records."""
    body = b""
    for key, value in records.items():
        rest = f" {key}=".encode() + value + b"\n"
        length = next(n for n in range(len(rest), len(rest) + 9) if n == len(rest) + len(str(n)))
        body += str(length).encode() + rest
    header = tarfile.TarInfo("PaxHeaders.0/it")
    header.type, header.size = tarfile.XHDTYPE, len(body)
    return header.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512) + pack(entries)


def long_name(size: int) -> bytes:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, size
    return header.tobuf(tarfile.GNU_FORMAT) + b"a" * size + bytes(-size % 512) + pack([file("b")])


def paths(root: Dir) -> list[str]:
    return [path for path, _ in walk(root)]


def text(root: Dir, path: str) -> bytes:
    node = get(root, path)
    assert isinstance(node, File)
    return node.content.read()


# What the real engine writes, byte for byte


def test_a_layer_that_the_engine_committed_is_written_again_byte_for_byte() -> None:
    recorded = json.loads((FIXTURES / "committed_layer.json").read_text())
    data = (FIXTURES / "committed_layer.tar").read_bytes()
    changes = read(data)
    assert sha256(data) == recorded["diff_id"]
    assert write_tar(changes).read() == data
    assert size(changes) == recorded["layer_size"]
    assert {path for path, node in walk(changes) if isinstance(node, Whiteout)} == {"etc/group", "var"}
    assert {path for path, node in walk(changes) if isinstance(node, Dir) and node.opaque} == {"srv/data"}


@pytest.mark.real
def test_the_layers_of_a_real_image_are_written_again_byte_for_byte(tiny_archive: Path) -> None:
    with tarfile.open(tiny_archive) as archive:
        layers = [member for member in archive if member.name.endswith("layer.tar") and member.isreg()]
        assert layers
        for member in layers:
            stream = archive.extractfile(member)
            assert stream is not None
            data = stream.read()
            assert sha256(write_tar(read(data)).chunks()) == sha256(data)


def test_the_empty_layer_is_two_blocks_of_zeros() -> None:
    assert write_tar(Dir()).read() == bytes(1024)


def test_files_are_slices_of_the_tar_and_the_tar_is_made_of_them() -> None:
    big = Content.filler(5_000_000_001, "big")
    tar = write_tar(Dir({"big": File(big)}))
    assert tar.size == 512 + 5_000_000_512 + 1024
    source = next(piece.source for piece in big.pieces)
    assert any(piece.source is source for piece in tar.pieces)


def test_the_header_of_a_large_file_carries_its_size_in_a_pax_record() -> None:
    tar = write_tar(Dir({"big": File(Content.filler(1 << 33, "big"))}))
    assert tar.read(512, 19) == b"19 size=8589934592\n"
    assert tar.read(1024 + 124, 12) == b"00000000000\0"


# There and back


@few
@given(changesets)
def test_there_and_back_is_the_identity(changes: Dir) -> None:
    tar = write_tar(changes)
    back = read_changes(tar)
    assert same(back, changes)
    assert write_tar(back) == tar


@few
@given(trees)
def test_a_tar_keeps_whole_seconds(root: Dir) -> None:
    assert same(read_changes(write_tar(root)), as_written(root))
    assert write_tar(as_written(root)) == write_tar(root)


@few
@given(changesets, st.integers(1, 700))
def test_the_pieces_that_a_tar_comes_in_do_not_matter(changes: Dir, step: int) -> None:
    data = write_tar(changes).read()
    source = Buffer(data)
    pieces = tuple(Piece(source, at, min(step, len(data) - at)) for at in range(0, len(data), step))
    tar = Content(pieces, len(data))
    assert same(read_changes(tar), changes)


# Python's tarfile as an independent judge


def written_by_tarfile(root: Dir, form: int) -> bytes:
    out = io.BytesIO()
    seen: dict[int, str] = {}
    with tarfile.open(fileobj=out, mode="w", format=form, errors="surrogateescape") as archive:
        for path, node in walk(root):
            assert not isinstance(node, Whiteout)
            member = tarfile.TarInfo(path)
            member.mode, member.uid, member.gid = node.meta.mode, node.meta.uid, node.meta.gid
            member.mtime = node.meta.mtime // 10**9
            data = b""
            if isinstance(node, Dir):
                member.type = tarfile.DIRTYPE
            elif node.inode and node.inode in seen:
                member.type, member.linkname = tarfile.LNKTYPE, seen[node.inode]
            elif isinstance(node, File):
                data = node.content.read()
            elif isinstance(node, Symlink):
                member.type, member.linkname = tarfile.SYMTYPE, node.target
            elif isinstance(node, Device):
                member.type = tarfile.CHRTYPE if node.kind == "c" else tarfile.BLKTYPE
                member.devmajor, member.devminor = node.major, node.minor
            else:
                member.type = tarfile.FIFOTYPE
            if not isinstance(node, Dir) and node.inode:
                seen.setdefault(node.inode, path)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def without(keep: Callable[[Meta], Meta], node: Node) -> Node:
    """Give a tree whose attributes are what a format can hold."""
    if isinstance(node, Whiteout):
        return node
    if isinstance(node, Dir):
        return Dir({name: without(keep, each) for name, each in node.children.items()}, keep(node.meta))
    return replace(node, meta=keep(node.meta))


@few
@given(plain_trees, st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_what_tarfile_writes_is_read(root: Dir, form: int) -> None:
    expected = without(lambda meta: replace(meta, xattrs=()), root)
    assert isinstance(expected, Dir)
    assert same(read(written_by_tarfile(expected, form)), expected)


@few
@given(plain_trees)
def test_what_tarfile_writes_in_ustar_is_read(root: Dir) -> None:
    ids, times = 2**21 - 1, (2**33 - 1) * 10**9
    expected = without(
        lambda meta: Meta(meta.mode, min(meta.uid, ids), min(meta.gid, ids), min(max(meta.mtime, 0), times)),
        root,
    )
    assert isinstance(expected, Dir)
    try:
        data = written_by_tarfile(expected, tarfile.USTAR_FORMAT)
    except ValueError:  # a name that ustar cannot hold
        return
    assert same(read(data), expected)


@few
@given(plain_trees)
def test_tarfile_reads_what_is_written(root: Dir) -> None:
    stream = io.BytesIO(write_tar(root).read())
    with tarfile.open(fileobj=stream, errors="surrogateescape") as archive:
        members = archive.getmembers()
        assert sorted(member.name for member in members) == sorted(paths(root))
        for member in members:
            node = get(root, member.name)
            assert node is not None
            assert not isinstance(node, Whiteout)
            meta = node.meta
            found = (member.mode & 0o7777, member.uid, member.gid, int(member.mtime) * 10**9)
            assert found == (meta.mode, meta.uid, meta.gid, meta.mtime)
            assert member.isdir() == isinstance(node, Dir)
            if isinstance(node, File) and not member.islnk():
                data = archive.extractfile(member)
                assert data is not None
                assert data.read() == node.content.read()
            if isinstance(node, Symlink) and not member.islnk():
                assert member.linkname == node.target


# What entries do


def test_parents_without_an_entry_are_made() -> None:
    root = read(pack([file("p/q/a")]))
    assert get(root, "p") == Dir({"q": Dir({"a": get(root, "p/q/a")})})  # type: ignore[dict-item]


def test_a_directory_after_what_is_in_it_gives_its_attributes() -> None:
    root = read(pack([file("q/a"), directory("q", 0o700)]))
    node = get(root, "q")
    assert isinstance(node, Dir)
    assert (node.meta.mode, list(node.children)) == (0o700, ["a"])


def test_a_file_replaces_a_directory_that_had_no_entry() -> None:
    assert text(read(pack([file("q/a"), file("q", b"new")])), "q") == b"new"


@pytest.mark.parametrize("target", ["etc", "/etc", "../etc/../etc", "etc/."])
def test_entries_below_a_symbolic_link_go_where_it_leads(target: str) -> None:
    entries = [
        directory("d"),
        directory("d/etc"),
        directory("etc"),
        symlink("d/lnk", target),
        file("d/lnk/q/x"),
    ]
    root = read(pack(entries))
    assert "d/etc/q/x" in paths(root) or "etc/q/x" in paths(root)
    assert isinstance(get(root, "d/lnk"), Symlink)


def test_through_a_link_the_last_entry_wins_and_directories_merge() -> None:
    entries = [directory("q"), file("q/a"), directory("q/d"), file("q/d/x"), symlink("lnk", "q")]
    root = read(pack([*entries, file("lnk/a", b"2"), directory("lnk/d", 0o700), file("q/d/y")]))
    assert text(root, "q/a") == b"2"
    node = get(root, "q/d")
    assert isinstance(node, Dir)
    assert (node.meta.mode, sorted(node.children)) == (0o700, ["x", "y"])


def test_a_name_is_cleaned_and_an_entry_of_the_root_changes_nothing() -> None:
    root = read(pack([directory("./", 0o700), directory("/"), file("."), file("./a//b"), file("a/../c")]))
    assert paths(root) == ["a", "a/b", "c"]
    assert root.meta == Dir().meta


def test_the_attributes_of_a_hard_link_become_those_of_the_file() -> None:
    root = read(pack([file("a", mode=0o600, owner=1), hard_link("b", "/a", mode=0o644, owner=2)]))
    assert list(link_groups(root).values()) == [["a", "b"]]
    for name in "ab":
        node = get(root, name)
        assert isinstance(node, File)
        assert (node.meta.mode, node.meta.uid, text(root, name)) == (0o644, 2, b"hi")


def test_devices_and_pipes() -> None:
    device = entry("n", kind=tarfile.CHRTYPE, device=(1, 3))
    root = read(pack([device, entry("p", kind=tarfile.FIFOTYPE), entry("w", kind=tarfile.CHRTYPE)]))
    assert isinstance(get(root, "n"), Device)
    assert isinstance(get(root, "p"), Fifo)
    # The device 0/0 is how overlayfs marks what was deleted.
    assert get(root, "w") == Whiteout()


def test_pax_records_and_gnu_names_override_the_header() -> None:
    records = {
        "path": b"d/\xff",
        "uid": b"3000000",
        "mtime": b"-1.5",
        "SCHILY.xattr.user.x": b"1\n\0=",
        "gid": b"",
    }
    node = get(read(extended(records, file("a", owner=7))), "d/\udcff")
    assert isinstance(node, File)
    assert node.meta == Meta(0o644, 3_000_000, 7, -1_500_000_000, (("user.x", b"1\n\0="),))
    name = "long/" * 40 + "name"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.uid = tarfile.SYMTYPE, name, 1 << 40
        archive.addfile(member)
    link = get(read(out.getvalue()), name)
    assert isinstance(link, Symlink)
    assert (link.target, link.meta.uid) == (name, 0)


def test_global_pax_headers_are_skipped() -> None:
    header = tarfile.TarInfo("pax_global_header")
    header.type, header.size = tarfile.XGLTYPE, 11
    data = header.tobuf(tarfile.USTAR_FORMAT) + b"11 mtime=5\n".ljust(512, b"\0") + pack([file("a")])
    assert read(data) == read(pack([file("a")]))


def test_old_headers_are_read() -> None:
    def old(data: bytes) -> bytes:
        header = bytearray(data[:512])
        header[156], header[257:265] = 0, bytes(8)
        total = sum(header) - sum(header[148:156]) + 256
        header[148:156] = b"%06o\0 " % total
        return bytes(header) + data[512:]

    root = read(old(pack([file("d/", b"")]))[:512] + old(pack([file("d/a")])))
    assert isinstance(get(root, "d"), Dir)
    assert text(root, "d/a") == b"hi"


# Whiteouts


@pytest.mark.parametrize("first", [True, False])
def test_whiteouts_spare_the_entries_of_their_layer(first: bool) -> None:
    deleted = [file(".wh.a", b""), file(".wh.d", b""), file(".wh.gone", b"")]
    made = [file("a"), directory("d"), file("d/x")]
    root = read(pack([*deleted, *made] if first else [*made, *deleted]))
    assert text(root, "a") == b"hi"
    node = root.children["d"]
    assert isinstance(node, Dir)
    assert (node.opaque, list(node.children)) == (True, ["x"])
    assert root.children["gone"] == Whiteout()


@pytest.mark.parametrize(
    "entries",
    [
        [directory("a"), file("a/x"), file("a/.wh..wh..opq", b"")],
        [directory("a"), file("a/.wh..wh..opq", b""), file("a/x")],
        [file("a/.wh..wh..opq", b""), file("a/x"), directory("a")],
    ],
)
def test_an_opaque_marker_works_wherever_it_stands(entries: list[Entry]) -> None:
    node = read(pack(entries)).children["a"]
    assert isinstance(node, Dir)
    assert (node.opaque, list(node.children)) == (True, ["x"])


def test_the_root_can_be_opaque_and_stays_so() -> None:
    root = read(pack([file(".wh..wh..opq", b""), file("a")]))
    assert root.opaque
    assert same(read_changes(write_tar(root)), root)


def test_the_metadata_of_aufs_is_left_out_and_its_links_are_resolved() -> None:
    linked = hard_link("a", ".wh..wh.plnk/1.2")
    root = read(
        pack([directory(".wh..wh.plnk"), file(".wh..wh.plnk/1.2"), linked, file(".wh..wh.aufs", b"")])
    )
    assert (paths(root), text(root, "a")) == (["a"], b"hi")


# What is refused, in the engine's words

A = pack([file("a")])
WORDS: dict[str, tuple[bytes, str]] = {
    "truncated header": (A[:-1024] + b"x" * 100, "unexpected EOF"),
    "truncated data": (pack([file("a", b"x" * 2000)])[:1500], "unexpected EOF"),
    "a few zeros": (bytes(100), "unexpected EOF"),
    "no tar": (b"no tar " * 100, "archive/tar: invalid tar header"),
    "damaged header": (b"b" + A[1:], "archive/tar: invalid tar header"),
    "entry after a block of zeros": (A[:1024] + bytes(512) + A, "archive/tar: invalid tar header"),
    "damaged records": (extended({"uid": b"x"}, file("a")), "archive/tar: invalid tar header"),
    "damaged time": (extended({"mtime": b"now"}, file("a")), "archive/tar: invalid tar header"),
    "zero in a name": (extended({"path": b"a\0b"}, file("a")), "archive/tar: invalid tar header"),
    "enormous name": (long_name((1 << 20) + 1), "archive/tar: header field too long"),
    "name of 300": (extended({"path": b"a" * 300}, file("a")), f"open /{'a' * 300}: file name too long"),
    "link to nothing": (pack([hard_link("a", "nope")]), "link /nope /a: no such file or directory"),
    "link to a directory": (
        pack([directory("b"), hard_link("a", "b")]),
        "link /b /a: operation not permitted",
    ),
    "link to itself": (pack([hard_link("a", "a")]), "link /a /a: no such file or directory"),
    "below a file": (pack([file("a"), file("a/x")]), "open /a/x: not a directory"),
    "directory below a file": (pack([file("a"), directory("a/x")]), "mkdir /a/x: not a directory"),
    "below a dangling link": (pack([symlink("a", "b"), file("a/x")]), "open /a/x: no such file or directory"),
    "below a loop": (
        pack([symlink("a", "b"), symlink("b", "a"), file("a/x")]),
        "open /a/x: too many levels of symbolic links",
    ),
    "link below a dangling link": (
        pack([symlink("a", "b"), symlink("a/q", "t")]),
        "symlink t /a/q: no such file or directory",
    ),
    "empty symbolic link": (pack([symlink("a", "")]), "symlink  /a: no such file or directory"),
    "whiteout of nothing": (pack([file("d/.wh.", b"")]), 'failed to mknod("/d", S_IFCHR, 0): file exists'),
    "whiteout below a file": (
        pack([file("q"), file("q/.wh.a", b"")]),
        'failed to mknod("/q/a", S_IFCHR, 0): not a directory',
    ),
    "unknown type": (pack([entry("a", kind=b"V")]), "unhandled tar header type 86"),
}


@pytest.mark.parametrize("what", WORDS)
def test_what_is_refused_is_refused_in_the_engines_words(what: str) -> None:
    data, words = WORDS[what]
    with pytest.raises(InvalidLayer) as caught:
        read(data)
    assert str(caught.value) == FAILED + words


@pytest.mark.parametrize("names", [["a", "a"], ["a", "./a"], ["d/", "d"], ["x/../a", "a"]])
def test_a_name_comes_once(names: list[str]) -> None:
    entries = [directory(name[:-1]) if name.endswith("/") else file(name) for name in names]
    with pytest.raises(InvalidLayer) as caught:
        read(pack(entries))
    assert str(caught.value) == "Error processing tar file(duplicates of file paths not supported): "


# Docker unpacks in a chroot and takes these for names below the root; here they are refused.
LEADING_OUT = {
    "../x": (pack([file("../x")]), '"../x" is outside of "/"'),
    "a/../../x": (pack([file("a/../../x")]), '"../x" is outside of "/"'),
    "..": (pack([directory("..")]), '".." is outside of "/"'),
    "whiteout": (pack([file("../.wh.x")]), '"../.wh.x" is outside of "/"'),
    "absolute": (pack([file("/etc/x")]), 'archive/tar: invalid tar header: "/etc/x" is an absolute name'),
    "hard link": (pack([hard_link("a", "../../etc/passwd")]), 'invalid hardlink "a" -> "../../etc/passwd"'),
    "through a link": (
        pack([directory("etc"), symlink("l", "../etc"), file("l/x")]),
        '"l/x" is outside of "/"',
    ),
    "newline": (pack([file("../a\nb")]), '"../a\\nb" is outside of "/"'),
}


@pytest.mark.parametrize("what", LEADING_OUT)
def test_names_and_links_that_lead_out_are_refused(what: str) -> None:
    data, words = LEADING_OUT[what]
    with pytest.raises(InvalidLayer) as caught:
        read(data)
    assert str(caught.value) == FAILED + words


def test_sparse_files_are_refused() -> None:
    data = extended({"GNU.sparse.major": b"1", "GNU.sparse.minor": b"0"}, file("a"))
    with pytest.raises(InvalidLayer, match=r"a: sparse files are not supported$"):
        read(data)


@pytest.mark.parametrize("data", [b"", bytes(512), A[:1024], A[:514], A + b"junk"], ids=len)
def test_an_archive_may_end_without_zeros_and_go_on_after_them(data: bytes) -> None:
    assert paths(read(data)) in ([], ["a"])


def test_a_path_of_many_levels_is_refused_before_it_breaks_something() -> None:
    name = b"d/" * 3000 + b"x"
    with pytest.raises(InvalidLayer, match=r"file name too long$"):
        read(extended({"path": name}, file("a")))


@settings(max_examples=200)
@given(changesets, st.data())
def test_damage_raises_nothing_but_invalid_layer(changes: Dir, data: st.DataObject) -> None:
    damaged = bytearray(write_tar(changes).read())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
        if data.draw(st.booleans()):
            block = at // 512 * 512
            header = damaged[block : block + 512]
            total = sum(header) - sum(header[148:156]) + 256
            damaged[block + 148 : block + 156] = b"%06o\0 " % total
    del damaged[data.draw(st.integers(1, len(damaged))) :]
    words = ""
    try:
        list(walk(read(bytes(damaged))))
    except InvalidLayer as error:
        words = str(error)
    assert len(words.splitlines()) <= 1


@pytest.mark.real
def test_the_engine_refuses_the_same_layers_in_the_same_words(real_engine: RealEngine) -> None:
    for what, (layer, words) in WORDS.items():
        config = json.dumps({"rootfs": {"type": "layers", "diff_ids": [sha256(layer)]}}).encode()
        manifest = json.dumps(
            [{"Config": "config.json", "RepoTags": ["refused:1"], "Layers": ["layer.tar"]}]
        ).encode()
        archive = pack(
            [entry("config.json", config), entry("layer.tar", layer), entry("manifest.json", manifest)]
        )
        answer = real_engine.run("docker load", stdin=archive)
        assert (what, answer.stderr.rstrip("\n")) == (what, FAILED + words)
