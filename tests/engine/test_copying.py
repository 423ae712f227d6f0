"""Copying into and out of containers: the tree that arrives is the one that left."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Lab
from labkit.base.errors import LabkitError
from labkit.engine import container_files as copying
from labkit.engine import container_files as members
from labkit.engine.container import committed
from labkit.engine.container_files import Member, UnpackError
from labkit.go import path as gopath
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.layer import Layer
from labkit.oci.tar_writer import write_entries, write_tar
from labkit.oci.tree import Dir, File, Symlink
from labkit.storage.overlay import Mount
from tests.oci import strategies


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.pull("busybox")
    lab.docker("create --name box busybox")
    return lab


def as_sent(root: Dir) -> Dir:
    """Give a tree in whole seconds and with no extended attributes but capabilities."""
    return Layer.of(committed(root)).changes


def stays_inside(root: Dir) -> bool:
    return all(
        not isinstance(node, Symlink) or ".." not in node.target.split("/") for _, node in tree.walk(root)
    )


@given(strategies.trees.filter(stays_inside))
def test_a_tree_that_is_collected_and_unpacked_is_the_same(root: Dir) -> None:
    found = members.collect(Mount(root), "/", ".")
    target = Mount(Dir(), clock=lambda: 0)
    members.unpack(target, "/", found, lambda meta: (meta.uid, meta.gid))
    assert tree.same(as_sent(target.root), as_sent(root))


@given(strategies.trees)
def test_the_tar_of_collected_entries_is_the_layers_tar(root: Dir) -> None:
    found = members.rebased(members.collect(Mount(root), "/", "."), ".", "/")[1:]
    entries = [each._replace(name=each.name[1:], link=each.link[1:]) for each in found]
    assert write_entries(entries).read() == write_tar(as_sent(root)).read()


@given(st.text("ab./", max_size=12))
def test_a_path_keeps_its_end(path: str) -> None:
    kept = gopath.keep_end(gopath.clean(path), path)
    assert gopath.is_directory(kept) or not gopath.is_directory(path)
    assert gopath.clean(kept) == gopath.clean(path)


@pytest.mark.parametrize(
    ("name", "link"), [("../out", ""), ("a/../../out", ""), ("in", "../../out"), ("in", "/../../x")]
)
def test_nothing_is_written_outside_of_the_target(name: str, link: str) -> None:
    files = Mount(Dir({"in": Dir()}), clock=lambda: 0)
    node = Symlink(link) if link and not link.startswith("/") else File()
    with pytest.raises((UnpackError, LabkitError, OSError)):
        members.unpack(files, "/in", [Member(name, node, link if link.startswith("/") else "")])
    assert list(files.root.children) == ["in"]


def test_copying_in_writes_to_the_read_write_layer_without_copying_up(lab: Lab) -> None:
    lab.shell("echo x > passwd")
    lab.docker("cp passwd box:/etc/passwd")
    assert [f"{each.kind} {each.path}" for each in lab.container("box").diff()] == ["C /etc", "C /etc/passwd"]
    assert lab.container("box").size == 2


def test_a_copy_that_fails_half_way_changes_nothing(lab: Lab) -> None:
    lab.shell("mkdir -p d/etc/passwd; echo a > d/a")
    before = lab.container("box").upper
    assert lab.docker("cp d/. box:/").exit_code == 1
    assert lab.container("box").upper is before


def test_a_path_that_the_home_lacks_is_a_real_one(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("real\n")
    os.utime(tmp_path / "site/index.html", (1, 1))
    assert lab.docker(f"cp {tmp_path}/site box:/srv").exit_code == 0
    assert lab.container("box").read("/srv/index.html") == "real\n"
    assert lab.docker(f"cp box:/srv {tmp_path}/back").exit_code == 0
    assert (tmp_path / "back/index.html").read_text() == "real\n"
    assert (tmp_path / "back/index.html").stat().st_mtime == 1


def test_a_real_directory_that_is_missing_is_told(lab: Lab, tmp_path: Path) -> None:
    result = lab.docker(f"cp box:/etc {tmp_path}/missing/etc")
    assert result.stderr == f'invalid output path: directory "{tmp_path}/missing" does not exist\n'
    assert not list(tmp_path.iterdir())


def test_a_new_relative_target_is_in_the_home_and_not_a_real_file(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lab.docker("cp box:/etc/passwd copied")
    assert lab.shell("cat copied").stdout.startswith("root:")
    assert not list(tmp_path.iterdir())


def test_what_is_copied_out_belongs_to_the_learner(lab: Lab) -> None:
    lab.docker("cp box:/etc/passwd mine")
    assert lab.shell("echo more >> mine; stat -c %U mine").stdout == "learner\n"


def test_a_container_of_a_record_is_not_exported() -> None:
    lab = Lab()
    lab.docker("create --name web nginx")
    result = lab.docker("export web")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "is a record of the published image" in result.stderr


def test_a_home_link_that_leads_nowhere_is_a_target(lab: Lab) -> None:
    lab.shell("ln -s new link")
    lab.docker("cp box:/etc/passwd link")
    assert lab.shell("cat new").stdout.startswith("root:")


def test_links_in_a_circle_end_the_search(lab: Lab) -> None:
    lab.shell("ln -s b a; ln -s a b")
    assert "too many levels of symbolic links" in lab.docker("cp box:/etc/passwd a").stderr
    assert "too many links" in lab.docker("cp a/ box:/x").stderr


def test_a_file_that_is_read_as_a_source_has_its_bytes() -> None:
    files = Mount(Dir({"a": File(Content.of(b"hello"))}))
    info, found = copying.read_source(files, "/a")
    assert info.exists
    assert not info.is_dir
    assert isinstance(found[0].node, File)
    assert found[0].node.content.read() == b"hello"


def test_a_compressed_tar_is_imported_under_the_plain_tars_digest(lab: Lab, tmp_path: Path) -> None:
    import bz2
    import gzip
    import lzma

    plain = b"".join(data for _, data in lab.docker("export box").output)
    expected = Layer.from_tar(Content.of(plain)).diff_id
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        (tmp_path / "flat").write_bytes(pack(plain))
        lab.docker(f"import {tmp_path}/flat flat")
        assert lab.image("flat").layers[0].diff_id == expected


def test_a_socket_is_left_out(lab: Lab, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        (tmp_path / "file").write_text("x")
        assert lab.docker(f"cp {tmp_path} box:/copied").exit_code == 0
    assert lab.container("box").listdir("/copied") == ["file"]


def test_an_odd_name_and_a_second_name_arrive_as_they_are(lab: Lab, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "one").write_text("x")
    os.link(source / "one", source / "two")
    with open(os.fsencode(source) + b"/\xff", "wb"):
        pass
    lab.docker(f"cp {source} box:/copied")
    lab.docker(f"cp box:/copied {tmp_path}/back")
    assert len(os.listdir(tmp_path / "back")) == 3
    assert (tmp_path / "back/one").stat().st_nlink == 2
    assert os.path.exists(os.fsencode(tmp_path / "back") + b"/\xff")


def test_a_tar_is_not_written_to_a_terminal(lab: Lab) -> None:
    lab.session.tty = True
    result = lab.docker("export box")
    assert result.stderr == "cowardly refusing to save to a terminal. Use the -o flag or redirect\n"
    assert result.stdout == ""
