"""What an overlay keeps in upper: copy-up, whiteouts, opaque directories, hard links; and what calls cost."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from labkit.base.errors import DaemonError, FileSystemError
from labkit.oci import changeset, tree
from labkit.oci.content import Content
from labkit.oci.image import MAX_LAYERS
from labkit.oci.tree import Device, Dir, File, Meta, Symlink, Whiteout, get, new_inode, same, walk
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import Overlay2
from labkit.storage.posix import meta_of
from tests.storage.strategies import PING, Call, cases, perform, stacks

BIG = 1_000_000
NOW = 9
LINKED = File(Content.of(b"one"), inode=new_inode())
LOWER = Dir(
    {
        "big": File(Content.filler(BIG, "big"), Meta(0o600, 3, 4, 5, (("user.a", b"1"),))),
        "etc": Dir({"motd": File(Content.of(b"hello")), "passwd": File()}, Meta(0o700, mtime=7)),
        "empty": Dir(meta=Meta(0o755, mtime=3)),
        "one": LINKED,
        "two": LINKED,
        "link": Symlink("etc/motd"),
    },
    Meta(0o755, mtime=1),
)


@pytest.fixture
def mount() -> Mount:
    return Mount(LOWER, Dir(meta=Meta(0o755, mtime=2)), lambda: NOW)


def upper(mount: Mount) -> list[str]:
    """Return the names in upper, a whiteout's with an exclamation mark and an opaque directory's with `*`."""

    def mark(node: tree.Node) -> str:
        return "!" if type(node) is Whiteout else "*" if type(node) is Dir and node.opaque else ""

    return [path + mark(node) for path, node in walk(mount.upper)]


def xattrs_of(mount: Mount, path: str) -> dict[str, bytes]:
    return dict(meta_of(mount.stat(path).node).xattrs)


def refused(number: int, call: Callable[..., object], *arguments: object) -> None:
    with pytest.raises(FileSystemError) as caught:
        call(*arguments)
    assert caught.value.errno == number


def test_reading_copies_nothing(mount: Mount) -> None:
    before = mount.upper
    mount.read("/big")
    mount.stat("/link")
    mount.listdir("/etc")
    mount.readlink("/link")
    assert mount.upper is before


@pytest.mark.parametrize(
    "call",
    [
        ("append", "/big", b"x"),
        ("append", "/big", b""),
        ("pwrite", "/big", 5, b"x"),
        ("truncate", "/big", 0),
        ("chmod", "/big", 0o644),
        ("chown", "/big", 1, 1),
        ("utime", "/big", 5),
        ("setxattr", "/big", "user.b", b"2"),
        ("link", "/big", "/bigger"),
        ("rename", "/big", "/bigger"),
    ],
)
def test_a_change_copies_the_whole_file_up_once(mount: Mount, call: Call) -> None:
    name, *arguments = call
    assert getattr(mount, name)(*arguments).copied == BIG
    assert mount.append("/bigger" if name == "rename" else "/big", b"x").copied == 0


def test_appending_one_byte_puts_all_bytes_in_upper(mount: Mount) -> None:
    cost = mount.append("/big", b"x")
    assert (cost.copied, cost.written, cost.looked_up) == (BIG, 1, 1)
    assert tree.size(mount.upper) == BIG + 1
    assert get(mount.upper, "big").meta == Meta(0o600, 3, 4, NOW, (("user.a", b"1"),))  # type: ignore[union-attr]


def test_writing_from_the_start_copies_nothing(mount: Mount) -> None:
    assert mount.write("/big", b"").copied == 0
    assert tree.size(mount.upper) == 0
    assert mount.stat("/big").mode & 0o777 == 0o600


def test_restoring_the_content_leaves_the_copy(mount: Mount) -> None:
    mount.write("/etc/motd", b"other")
    mount.write("/etc/motd", b"hello")
    assert upper(mount) == ["etc", "etc/motd"]


def test_copied_up_directories_keep_their_attributes_and_time(mount: Mount) -> None:
    mount.chmod("/etc/motd", 0o600)
    assert get(mount.upper, "etc").meta == Meta(0o700, mtime=7)  # type: ignore[union-attr]
    assert mount.upper.meta.mtime == 2
    mount.write("/etc/new", b"")
    assert mount.stat("/etc").mtime == NOW


def test_a_hole_reads_as_zero_bytes(mount: Mount) -> None:
    mount.pwrite("/etc/motd", 7, b"x")
    assert mount.read("/etc/motd") == b"hello\0\0x"
    assert mount.read("/etc/motd", 4, 2) == b"o\0"


def test_removing_leaves_a_whiteout_only_of_what_lower_has(mount: Mount) -> None:
    mount.write("/etc/new", b"")
    mount.unlink("/etc/new")
    assert upper(mount) == ["etc"]
    mount.unlink("/etc/motd")
    mount.unlink("/etc/passwd")
    assert upper(mount) == ["etc", "etc/motd!", "etc/passwd!"]
    mount.rmdir("/etc")
    assert upper(mount) == ["etc!"]


def test_only_a_directory_made_again_is_opaque(mount: Mount) -> None:
    mount.rmdir("/empty")
    assert upper(mount) == ["empty!"]
    mount.mkdir("/empty")
    mount.mkdir("/other")
    assert upper(mount) == ["empty*", "other"]
    mount.rmdir("/empty")
    mount.rmdir("/other")
    assert upper(mount) == ["empty!"]


def test_what_an_opaque_directory_hides_stays_hidden(mount: Mount) -> None:
    for name in ("motd", "passwd"):
        mount.unlink(f"/etc/{name}")
    mount.rmdir("/etc")
    mount.mkdir("/etc")
    assert mount.listdir("/etc") == []
    mount.write("/etc/motd", b"")
    mount.unlink("/etc/motd")
    assert upper(mount) == ["etc*"]


def test_renaming_a_lower_file_copies_it_and_leaves_a_whiteout(mount: Mount) -> None:
    mount.rename("/etc/motd", "/motd")
    assert upper(mount) == ["etc", "etc/motd!", "motd"]
    mount.rename("/motd", "/etc/motd")
    assert upper(mount) == ["etc", "etc/motd"]


def test_renaming_a_directory_of_lower_is_refused(mount: Mount) -> None:
    refused(errno.EXDEV, mount.rename, "/etc", "/moved")
    mount.write("/etc/new", b"")
    refused(errno.EXDEV, mount.rename, "/etc", "/moved")
    assert upper(mount) == ["etc", "etc/new"]


def test_renaming_a_directory_of_upper_makes_it_opaque(mount: Mount) -> None:
    mount.mkdir("/new")
    mount.write("/new/file", b"x")
    mount.rename("/new", "/empty")
    assert upper(mount) == ["empty*", "empty/file"]
    mount.mkdir("/empty/sub")
    mount.rename("/empty/sub", "/empty/moved")
    assert upper(mount) == ["empty*", "empty/file", "empty/moved"]


def test_renaming_over_a_directory_that_only_looks_empty(mount: Mount) -> None:
    mount.mkdir("/new")
    refused(errno.ENOTEMPTY, mount.rename, "/new", "/etc")
    for name in ("motd", "passwd"):
        mount.unlink(f"/etc/{name}")
    mount.rename("/new", "/etc")
    assert (upper(mount), mount.listdir("/etc")) == (["etc*"], [])


def test_rename_refusals(mount: Mount) -> None:
    mount.mkdir("/new")
    mount.write("/new/file", b"")
    refused(errno.EISDIR, mount.rename, "/big", "/new")
    refused(errno.ENOTDIR, mount.rename, "/new", "/big")
    refused(errno.EINVAL, mount.rename, "/new", "/new/sub")
    refused(errno.ENOTEMPTY, mount.rename, "/new/file", "/new")
    refused(errno.EBUSY, mount.rename, "/new/.", "/x")
    refused(errno.ENOTDIR, mount.rename, "/big", "/x/")
    before = mount.upper
    mount.rename("/etc", "/etc")
    assert mount.upper is before


def test_writing_through_a_lower_hard_link_splits_it(mount: Mount) -> None:
    assert mount.stat("/one").inode == mount.stat("/two").inode
    mount.append("/one", b"!")
    assert (mount.read("/one"), mount.read("/two")) == (b"one!", b"one")
    assert mount.stat("/one").nlink == 1
    assert mount.stat("/one").inode != mount.stat("/two").inode


def test_copied_up_hard_links_are_written_one_by_one(mount: Mount) -> None:
    # The copy of /one must not keep the mark that it shares with /two: writing /two would overwrite it.
    mount.append("/one", b"!")
    mount.append("/two", b"?")
    assert (mount.read("/one"), mount.read("/two")) == (b"one!", b"one?")
    assert [mount.stat(name).nlink for name in ("/one", "/two")] == [1, 1]
    assert tree.link_groups(mount.root) == {}


def test_hard_links_in_upper_are_one_file(mount: Mount) -> None:
    mount.link("/one", "/three")
    mount.append("/three", b"!")
    mount.chmod("/one", 0o600)
    assert (mount.read("/one"), mount.read("/two")) == (b"one!", b"one")
    assert [mount.stat(name).nlink for name in ("/one", "/three")] == [2, 2]
    assert mount.stat("/three").mode & 0o777 == 0o600
    mount.rename("/one", "/three")
    assert mount.exists("/one")
    mount.unlink("/three")
    assert mount.stat("/one").nlink == 1


def test_names_of_one_lower_file_are_renamed_over_each_other(mount: Mount) -> None:
    mount.rename("/one", "/two")
    assert upper(mount) == ["one!", "two"]


def test_a_hard_link_of_a_symbolic_link_is_to_the_link(mount: Mount) -> None:
    mount.link("/link", "/etc/link")
    assert mount.readlink("/etc/link") == "etc/motd"
    mount.chown("/link", 5, 5, follow=False)
    assert mount.stat("/etc/link", follow=False).uid == 5


def test_directories_show_one_link_where_both_have_them(mount: Mount) -> None:
    assert mount.stat("/etc").nlink == 2
    mount.write("/etc/new", b"")
    mount.mkdir("/new")
    mount.mkdir("/new/sub")
    assert [mount.stat(path).nlink for path in ("/", "/etc", "/new")] == [1, 1, 3]


def test_a_whiteout_cannot_be_made_by_hand(mount: Mount) -> None:
    refused(errno.EPERM, mount.place, "/x", Device("c", 0, 0))
    mount.place("/null", Device("c", 1, 3))
    node = mount.stat("/null").node
    assert isinstance(node, Device)
    assert (node.major, node.minor) == (1, 3)


def test_a_program_loses_its_capabilities_when_it_changes(mount: Mount) -> None:
    mount.write("/ping", b"", 0o4755)
    mount.setxattr("/ping", "security.capability", PING)
    mount.append("/ping", b"")
    assert xattrs_of(mount, "/ping") == {"security.capability": PING}
    mount.append("/ping", b"x")
    assert xattrs_of(mount, "/ping") == {}
    mount.chown("/ping", 1, -1)
    assert mount.stat("/ping").mode & 0o7777 == 0o755


def test_extended_attributes_by_namespace(mount: Mount) -> None:
    refused(errno.EPERM, mount.setxattr, "/link", "user.a", b"1", False)
    refused(errno.ERANGE, mount.setxattr, "/big", "user." + "n" * 251, b"")
    refused(errno.E2BIG, mount.setxattr, "/big", "user.a", bytes(65537))
    assert upper(mount) == []
    refused(errno.ENOTSUP, mount.setxattr, "/big", "odd.name", b"")
    assert upper(mount) == ["big"]


def test_another_upper_sees_nothing_and_the_same_upper_sees_all(mount: Mount) -> None:
    mount.write("/etc/motd", b"mine")
    assert Mount(LOWER).read("/etc/motd") == b"hello"
    assert Mount(LOWER, mount.upper).read("/etc/motd") == b"mine"


@settings(max_examples=60)
@given(case=cases)
def test_the_merged_tree_is_upper_applied_to_lower(case: tuple[list[Dir], list[Call]]) -> None:
    stack, calls = case
    lower = changeset.apply_all(stack)
    mount = Mount(lower, clock=lambda: NOW)
    for call in calls:
        before, kept = mount.upper, dict(walk(mount.upper))
        mount, _ = perform(mount, call)
        assert dict(walk(before)) == kept
    assert same(mount.root, changeset.apply(lower, mount.upper))
    listed = {path: sorted(node.children) for path, node in walk(mount.root) if type(node) is Dir}
    assert listed == {path: mount.listdir("/" + path) for path in listed}
    stray = [path for path, node in walk(mount.upper) if type(node) is Whiteout and get(lower, path) is None]
    assert stray == []


@settings(max_examples=60)
@given(stack=stacks)
def test_committing_upper_shows_the_same_tree(stack: list[Dir]) -> None:
    driver, snapshot = Overlay2(), None
    for layer in stack:
        snapshot = driver.commit(snapshot, layer)
    mount = driver.mount(driver.prepare(snapshot, NOW), lambda: NOW)
    perform(mount, ("write", "/a", b"x", 0o644))
    perform(mount, ("rmdir", "/b"))
    changes = driver.diff(mount.active)
    assert same(driver.commit(snapshot, changes).root, mount.root)


def test_at_most_125_layers() -> None:
    snapshot = Overlay2().commit(None, Dir())
    for _ in range(MAX_LAYERS - 1):
        snapshot = Overlay2().commit(snapshot, Dir())
    with pytest.raises(DaemonError, match=r"^max depth exceeded$"):
        Overlay2().commit(snapshot, Dir())


def test_a_mount_is_small_and_makes_nothing_before_it_is_asked() -> None:
    class NeverRead(dict[str, tree.Node]):
        def __iter__(self) -> None:  # type: ignore[override]
            raise AssertionError("a mount read its lower directory")

        keys = items = values = __iter__  # type: ignore[assignment]

    mount = Mount(Dir(NeverRead()), Dir(meta=Meta(mtime=1)))
    assert sys.getsizeof(mount) < 200
    assert not mount.exists("/etc")
