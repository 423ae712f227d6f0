"""Paths and the errors of POSIX calls, and several mounts in one tree."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from labkit.base.errors import FileSystemError
from labkit.oci.content import Content
from labkit.oci.tree import Device, Dir, Fifo, File, Meta, Symlink
from labkit.storage.mounts import MountTable
from labkit.storage.overlay import Mount

LONG = "n" * 256


@pytest.fixture
def mount() -> Mount:
    return Mount(
        Dir(
            {
                "dir": Dir({"file": File(Content.of(b"text")), "up": Symlink("..")}),
                "file": File(),
                "loop": Symlink("/loop"),
                "dangling": Symlink("dir/new"),
                "slash": Symlink("file/"),
                "todir": Symlink("/dir"),
                "null": Device("c", 1, 3),
                "pipe": Fifo(),
            }
        ),
        clock=lambda: 5,
    )


@pytest.fixture
def table(mount: Mount) -> MountTable:
    dev = Mount(Dir({"null": Device("c", 1, 3), "shm": Dir()}), clock=lambda: 5)
    files = Mount(Dir({"hosts": File(Content.of(b"127.0.0.1\tlocalhost\n"))}), clock=lambda: 5)
    return MountTable(mount, {"/dev": dev, "/dev/shm": Mount(Dir()), "/dir/hosts": (files, "/hosts")})


def refused(number: int, call: Callable[..., object], *arguments: object) -> None:
    with pytest.raises(FileSystemError) as caught:
        call(*arguments)
    assert errno.errorcode[caught.value.errno or 0] == errno.errorcode[number]


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("", errno.ENOENT),
        ("/none", errno.ENOENT),
        ("/none/../file", errno.ENOENT),
        ("/file/", errno.ENOTDIR),
        ("/file/.", errno.ENOTDIR),
        ("/file/..", errno.ENOTDIR),
        ("/slash", errno.ENOTDIR),
        ("/dangling", errno.ENOENT),
        ("/loop", errno.ELOOP),
        ("/loop/x", errno.ELOOP),
        ("/" + LONG, errno.ENAMETOOLONG),
        ("/file/" + LONG, errno.ENOTDIR),
        ("/" + "x/" * 2048, errno.ENAMETOOLONG),
        ("/" + "\N{EURO SIGN}" * 86, errno.ENAMETOOLONG),
    ],
)
def test_paths_that_lead_nowhere(mount: Mount, path: str, number: int) -> None:
    refused(number, mount.stat, path)
    assert not mount.exists(path)


@pytest.mark.parametrize(
    "path", ["/dir/file", "dir//file", "/../dir/./file", "/todir/file", "/dir/up/dir/file"]
)
def test_paths_that_lead_to_a_file(mount: Mount, path: str) -> None:
    assert mount.read(path) == b"text"


def test_forty_links_are_followed_and_no_more(mount: Mount) -> None:
    mount.symlink("/file", "/0")
    for number in range(1, 41):
        mount.symlink(str(number - 1), f"/{number}")
    assert mount.stat("/39").size == 0
    refused(errno.ELOOP, mount.stat, "/40")


def test_lstat_sees_the_link_unless_a_slash_follows(mount: Mount) -> None:
    assert type(mount.stat("/todir", follow=False).node) is Symlink
    assert type(mount.stat("/todir/", follow=False).node) is Dir
    assert mount.stat("/todir", follow=False).size == 4


@pytest.mark.parametrize(
    ("number", "call"),
    [
        (errno.EISDIR, ("write", "/dir", b"")),
        (errno.EISDIR, ("write", "/new/", b"")),
        (errno.EISDIR, ("write", "/", b"")),
        (errno.ENOENT, ("pwrite", "/new", 0, b"")),
        (errno.EINVAL, ("pwrite", "/file", -1, b"")),
        (errno.ENXIO, ("read", "/null")),
        (errno.ENXIO, ("append", "/pipe", b"x")),
        (errno.EISDIR, ("read", "/dir")),
        (errno.EINVAL, ("truncate", "/file", -1)),
        (errno.EINVAL, ("truncate", "/null", 0)),
        (errno.EISDIR, ("truncate", "/dir", 0)),
        (errno.EEXIST, ("mkdir", "/file/")),
        (errno.EEXIST, ("mkdir", "/dangling")),
        (errno.EEXIST, ("mkdir", "/dir/.")),
        (errno.EEXIST, ("mkdir", "/")),
        (errno.ENOTDIR, ("mkdir", "/file/x")),
        (errno.EINVAL, ("rmdir", "/dir/.")),
        (errno.ENOTEMPTY, ("rmdir", "/dir/..")),
        (errno.EBUSY, ("rmdir", "/")),
        (errno.ENOTEMPTY, ("rmdir", "/dir")),
        (errno.ENOTDIR, ("rmdir", "/todir/")),
        (errno.EISDIR, ("unlink", "/dir")),
        (errno.EISDIR, ("unlink", "/")),
        (errno.ENOTDIR, ("unlink", "/file/")),
        (errno.EPERM, ("link", "/dir", "/new")),
        (errno.EEXIST, ("link", "/dir", "/file")),
        (errno.ENOENT, ("link", "/file", "/new/")),
        (errno.ENOENT, ("symlink", "", "/new")),
        (errno.ENOENT, ("symlink", "x", "/new/")),
        (errno.ENAMETOOLONG, ("symlink", "x" * 4096, "/new")),
        (errno.EINVAL, ("readlink", "/file")),
        (errno.EINVAL, ("readlink", "/todir/")),
        (errno.ENOTDIR, ("listdir", "/file")),
        (errno.EOPNOTSUPP, ("chmod", "/todir", 0o600, False)),
        (errno.ENOENT, ("chown", "/dangling", 1, 1)),
    ],
)
def test_refusals_change_nothing(mount: Mount, number: int, call: tuple[object, ...]) -> None:
    name, *arguments = call
    before = mount.upper
    refused(number, getattr(mount, str(name)), *arguments)
    assert mount.upper is before


def test_writing_through_a_dangling_link_makes_its_target(mount: Mount) -> None:
    mount.write("/dangling", b"x", 0o600)
    assert mount.read("/dir/new") == b"x"
    assert mount.stat("/dir/new").mode == 0o100600


def test_new_names_in_a_set_group_id_directory(mount: Mount) -> None:
    mount.chown("/dir", -1, 8)
    mount.chmod("/dir", 0o2755)
    mount.mkdir("/dir/sub", 0o700)
    mount.write("/dir/new", b"")
    assert (mount.stat("/dir/sub").gid, mount.stat("/dir/sub").mode) == (8, 0o42700)
    assert (mount.stat("/dir/new").gid, mount.stat("/dir/new").mode) == (8, 0o100644)


def test_what_is_written_to_other_mounts_stays_out_of_upper(table: MountTable) -> None:
    table.write("/dev/log", b"x")
    table.write("/dir/hosts", b"y")
    table.mkdir("/dev/shm/z")
    assert table.root_mount.upper == Dir()
    table.write("/dir/file", b"z")
    assert list(table.root_mount.upper.children) == ["dir"]


def test_mount_points_are_listed_and_looked_through(table: MountTable) -> None:
    assert table.listdir("/dir") == ["file", "hosts", "up"]
    assert "dev" in table.listdir("/")
    assert table.listdir("/dev/") == ["null", "shm"]
    assert table.listdir("/dev/shm/../..") == table.listdir("/")
    assert table.read("/todir/hosts").startswith(b"127.0.0.1")
    assert type(table.stat("/dev/null").node) is Device


def test_a_link_from_one_mount_leads_into_another(table: MountTable) -> None:
    table.symlink("/dir/file", "/dev/shm/link")
    table.append("/dev/shm/link", b"!")
    assert table.read("/dir/file") == b"text!"


def test_nothing_is_renamed_or_linked_across_mounts(table: MountTable) -> None:
    refused(errno.EXDEV, table.rename, "/file", "/dev/file")
    refused(errno.EXDEV, table.link, "/dev/null", "/new")
    refused(errno.EXDEV, table.rename, "/dev/null", "/dev/shm/null")
    table.rename("/dev/null", "/dev/zero")
    assert table.listdir("/dev") == ["shm", "zero"]


def test_a_mount_point_is_busy(table: MountTable) -> None:
    refused(errno.EBUSY, table.rename, "/dev", "/new")
    refused(errno.EBUSY, table.rename, "/dir/hosts", "/new")
    refused(errno.EBUSY, table.unlink, "/dir/hosts")
    refused(errno.EBUSY, table.rmdir, "/dev/shm")
    refused(errno.EEXIST, table.mkdir, "/dev")
    refused(errno.EISDIR, table.unlink, "/dev")
    table.utime("/dev", 77)
    assert (table.stat("/dev").mtime, table.root_mount.upper) == (77, Dir())


def test_times_are_the_clocks(mount: Mount) -> None:
    mount.write("/new", b"")
    assert (mount.stat("/new").mtime, mount.stat("/").mtime) == (5, 5)
    mount.utime("/new", 1_556_280_000_000_000_001)
    assert mount.stat("/new").mtime == 1_556_280_000_000_000_001
    assert mount.upper.meta == Meta(0o755, mtime=5)
