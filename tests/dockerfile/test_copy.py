"""COPY and ADD where the sessions do not reach: links, owners, what is in the way, and every driver."""

from __future__ import annotations

import tarfile

import pytest

from labkit.base.errors import DaemonError
from labkit.dockerfile.context import Context, of_files, of_tar, sources
from labkit.dockerfile.copy import Target, archive_in, owner
from labkit.oci import tree
from labkit.oci.content import Content
from labkit.oci.tree import Dir, File, Meta, Symlink, new_inode
from labkit.storage.driver import StorageDriver
from labkit.storage.drivers import DRIVERS
from labkit.storage.overlay import Mount
from tests.fixtures import small_tar

PASSWD = b"root:x:0:0::/:/bin/sh\nweb:x:33:33::/:/bin/sh\n"
IMAGE = Dir(
    {
        "etc": Dir({"passwd": File(Content.of(PASSWD)), "group": File(Content.of(b"www:x:44:\n"))}),
        "link": Symlink("etc"),
        "full": Dir({"inner": Dir({"file": File()})}),
    }
)


@pytest.fixture(params=DRIVERS.values(), ids=lambda driver: driver.name)
def mount(request: pytest.FixtureRequest) -> Mount:
    driver: StorageDriver = request.param
    return driver.mount(driver.prepare(driver.commit(None, IMAGE), 0), lambda: 5 * 10**9)


def copied(mount: Mount, context: Context, source: str, target: str, **flags: bool) -> None:
    for each in sources(context, [source]):
        Target(mount, "/merged", (7, 8)).copy(each, target, **flags)


def test_a_copy_follows_the_images_links_and_replaces_a_directory(mount: Mount) -> None:
    context = Context(of_files({"inner": "x", "b": "y"}, 3 * 10**9))
    copied(mount, context, "b", "/link/")
    copied(mount, context, "inner", "/full/")
    assert mount.read("/etc/b") == b"y"
    assert mount.read("/full/inner") == b"x"
    found = mount.stat("/full/inner")
    assert (found.uid, found.gid, found.mode & 0o7777, found.mtime) == (7, 8, 0o644, 3 * 10**9)


def test_directories_keep_modes_and_times_and_links_stay_links(mount: Mount) -> None:
    mark = new_inode()
    one = File(Content.of(b"1"), Meta(0o600, mtime=10**9), mark)
    inner = Dir({"a": one, "b": one, "l": Symlink("a")}, Meta(0o711, mtime=2 * 10**9))
    copied(mount, Context(Dir({"src": Dir({"in": inner}, Meta(0o700))})), "src", "/new/place")
    assert mount.stat("/new/place").mode & 0o7777 == 0o755
    assert (mount.stat("/new/place/in").mode & 0o7777, mount.stat("/new/place/in").mtime) == (
        0o711,
        2 * 10**9,
    )
    assert mount.stat("/new/place/in/a").nlink == 2
    assert mount.readlink("/new/place/in/l") == "a"
    assert [mount.stat(path, False).uid for path in ("/new", "/new/place", "/new/place/in/l")] == [0, 7, 7]


def test_an_archive_is_unpacked_with_its_owners(mount: Mount) -> None:
    packed = small_tar.pack(
        [small_tar.entry("deep/in", b"x", owner=9, mode=0o4755), small_tar.directory("etc/", 0o700)]
    )
    copied(mount, Context(of_files({"x.tar": packed}, 0)), "x.tar", "/", unpack=True)
    assert (mount.stat("/deep/in").uid, mount.stat("/deep/in").mode & 0o7777) == (9, 0o4755)
    assert mount.stat("/etc").mode & 0o7777 == 0o700
    assert mount.read("/etc/passwd") == PASSWD


def test_an_archive_writes_nothing_outside(mount: Mount) -> None:
    packed = small_tar.pack([small_tar.entry("../out", b"x")])
    with pytest.raises(DaemonError, match=r"failed to copy files: .*outside"):
        copied(mount, Context(of_files({"x.tar": packed}, 0)), "x.tar", "/full", unpack=True)
    assert not mount.exists("/out")


def test_an_archive_that_ends_early_is_refused(mount: Mount) -> None:
    cut = small_tar.pack([small_tar.entry("a", b"x"), small_tar.entry("b", bytes(2000))])[:1800]
    with pytest.raises(DaemonError, match=r"failed to copy files: .*unexpected EOF"):
        copied(mount, Context(of_files({"x.tar": cut}, 0)), "x.tar", "/", unpack=True)


def test_a_link_of_an_archive_to_nothing_is_refused_in_the_engines_words(mount: Mount) -> None:
    packed = small_tar.pack([small_tar.entry("i/b", kind=tarfile.LNKTYPE, link="i/nothere")])
    words = r"exit status 1\): link /i/nothere /i/b: no such file or directory$"
    with pytest.raises(DaemonError, match=words):
        copied(mount, Context(of_files({"x.tar": packed}, 0)), "x.tar", "/full", unpack=True)


def test_an_owner_given_to_a_copy_takes_its_powers_away(mount: Mount) -> None:
    program = File(Content.of(b"x"), Meta(0o4755))
    copied(mount, Context(Dir({"src": Dir({"su": program}), "su": program})), "src", "/new")
    copied(mount, Context(Dir({"su": program})), "su", "/new/alone")
    assert [mount.stat(f"/new/{name}").mode & 0o7777 for name in ("su", "alone")] == [0o755, 0o755]


def test_owners_are_named_or_numbered(mount: Mount) -> None:
    assert owner(mount, "web:www") == (33, 44)
    assert owner(mount, "5") == (5, 5)
    with pytest.raises(DaemonError, match="can't find gid for group web: no such group: web"):
        owner(mount, "web")


@pytest.mark.parametrize("data", [b"", b"text", bytes(1024), b"\x1f\x8b\x08 broken", b"BZh broken"])
def test_what_is_no_archive_is_copied_as_it_is(data: bytes) -> None:
    assert archive_in(File(Content.of(data))) is None


def test_a_symbolic_link_leads_nowhere_outside_of_the_context() -> None:
    context = Context(
        Dir({"up": Symlink("../../etc/passwd"), "etc": Dir({"passwd": File(Content.of(b"own"))})})
    )
    found = sources(context, ["up"])[0].node
    assert isinstance(found, File)
    assert found.content.read() == b"own"


def test_a_tars_digests_are_of_its_own_headers() -> None:
    packed = small_tar.pack([small_tar.entry("a", b"x", owner=9)])
    context = of_tar(Content.of(packed))
    assert context is not None
    by_name = sources(context, ["a"])[0].digest
    assert by_name != sources(Context(context.root), ["a"])[0].digest
    assert tree.get(context.root, "a") is not None
