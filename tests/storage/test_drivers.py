"""What each storage driver costs, in figures; choosing one; `labkit drivers`."""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from random import Random

import pytest

from labkit.__main__ import main
from labkit.base.errors import FileSystemError, LabkitError
from labkit.engine import container, usage
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.content import EMPTY, Content
from labkit.oci.tar_reader import OPAQUE, WHITEOUT
from labkit.oci.tree import Dir, File, Meta, Node, Whiteout
from labkit.storage.aufs import Aufs
from labkit.storage.btrfs import NODE, Btrfs
from labkit.storage.devicemapper import BASE_SIZE, POOL_BLOCK, DeviceMapper
from labkit.storage.driver import Snapshot, StorageDriver, disk_used
from labkit.storage.drivers import BIG, BIG_SIZE, DRIVERS, create, driver_named, image_layer, workload
from labkit.storage.overlay import Mount
from labkit.storage.posix import Cost
from labkit.storage.snapshots import changed_range, naive_diff
from labkit.storage.zfs import RECORD, Zfs
from tests.storage.strategies import random_stack

KB = 1024
MB = 1024 * KB


def content(size: int, seed: str = "x") -> Content:
    return Content.filler(size, seed)


def mounted(driver: StorageDriver, *layers: Dir) -> Mount:
    snapshot: Snapshot | None = None
    for layer in layers:
        snapshot = driver.commit(snapshot, layer)
    return driver.mount(driver.prepare(snapshot, 0), lambda: 1)


def holding(size: int) -> Dir:
    return Dir({"file": File(content(size, "file"))})


# The workload of Docker's drivers


FIGURES = {
    "overlay2": (69_296_128, 81_920, 67_112_960, 0, -67_112_960),
    "fuse-overlayfs": (69_296_128, 81_920, 67_112_960, 0, -67_112_960),
    "aufs": (69_287_936, 65_536, 67_112_960, 0, -67_112_960),
    "btrfs": (69_275_648, 32_768, 4096, 10 * 4096, -11 * 4096),
    "zfs": (69_337_088, 0, RECORD, 10 * RECORD, -11 * RECORD),
    "devicemapper": (69_337_088, 65_536, 2 * POOL_BLOCK, 10 * POOL_BLOCK, 0),
    "vfs": (69_283_840, 138_616_832, 4096, 0, -67_112_960),
}
"""What the steps allocate, up to the hundred containers."""
STEPS = ("image", "create", "first write", "small writes", "delete", "hundred")


def test_the_command_gives_the_figures_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers", "--json"]) == 0
    expected = {
        name: dict(zip(STEPS, (*figures, 100 * figures[1]), strict=True)) for name, figures in FIGURES.items()
    }
    assert json.loads(capsys.readouterr().out) == expected


def test_the_table_says_which_figures_are_modelled(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[4].split("  ")[0] == "DRIVER"
    assert lines[4].split() == ["DRIVER", *" ".join(STEPS).upper().split()]
    assert [line.split()[0] for line in lines[5:12]] == list(DRIVERS)
    assert lines[8].split() == [
        "btrfs",
        "+69,275,648",
        "+32,768",
        "+4,096",
        "+40,960",
        "-45,056",
        "+3,276,800",
    ]
    assert (
        lines[13]
        == "overlay2, fuse-overlayfs, btrfs, vfs: compared with a real engine, but for the small writes."
    )
    assert [line.split(":")[0] for line in lines[14:]] == ["aufs", "zfs", "devicemapper"]


def test_what_is_deleted_is_what_was_written() -> None:
    # So the real engine was measured: without the ten small writes, which a deletion gives back as well.
    for name, gives_back in {"btrfs": 4096, "zfs": RECORD, "overlay2": 67_112_960}.items():
        steps = workload(DRIVERS[name], small_writes=0, containers=0)
        assert steps["first write"].allocated == -steps["delete"].allocated == gives_back


def test_what_the_first_write_to_a_large_file_copies() -> None:
    copied = {name: workload(driver, containers=0)["first write"].copied for name, driver in DRIVERS.items()}
    whole = dict.fromkeys(("overlay2", "aufs", "fuse-overlayfs"), BIG_SIZE)
    # A thin pool copies the block of the data and that of the metadata; the others had whole units there.
    assert copied == {**whole, "devicemapper": 2 * POOL_BLOCK, "btrfs": 0, "zfs": 0, "vfs": 0}


def test_vfs_reads_and_copies_the_image_twice_for_a_container() -> None:
    made = workload(DRIVERS["vfs"], containers=0)["create"]
    assert made.read == made.copied == 138_616_832 - 6 * 4096


# aufs


def test_aufs_searches_branch_by_branch() -> None:
    layers = [Dir({"low": File()}), *[Dir({f"{n}": File()}) for n in range(8)], Dir({"high": File()})]
    mount = mounted(Aufs(), *layers)
    assert mount.chmod("/high", 0o600).looked_up == 2
    assert mount.chmod("/low", 0o600).looked_up == 11
    assert mount.chmod("/low", 0o644).looked_up == 1
    assert mounted(DRIVERS["overlay2"], *layers).chmod("/low", 0o600).looked_up == 1


def test_aufs_searches_only_branches_that_have_the_directory() -> None:
    mount = mounted(Aufs(), Dir({"etc": Dir({"motd": File()})}), Dir({"bin": Dir()}), Dir({"bin": Dir()}))
    # /etc in all four branches, as it may be in each; motd in the one that has /etc.
    assert mount.chmod("/etc/motd", 0o600).looked_up == 4 + 1


def test_a_whiteout_and_an_opaque_directory_end_the_search() -> None:
    low = Dir({"etc": Dir({"motd": File()})})
    mount = mounted(Aufs(), low, low, Dir({"etc": Dir({"motd": File()}, opaque=True)}))
    assert mount.chmod("/etc/motd", 0o600).looked_up == 2 + 1
    # Its own directories would be looked for in every branch, were it not opaque.
    mount = mounted(Aufs(), low, low, Dir({"etc": Dir({"apt": Dir()}, opaque=True)}))
    assert mount.chmod("/etc/apt", 0o700).looked_up == 2 + 1
    # Nor is what they have in them looked for in those that it hides.
    apt = {"apt": Dir()}
    mount = mounted(Aufs(), Dir({"etc": Dir(apt)}), Dir({"etc": Dir(apt, opaque=True)}))
    assert mount.searched(("etc", "apt", "new")) == 1
    mount = mounted(Aufs(), low, low, Dir({"etc": Dir({"motd": Whiteout()})}))
    assert mount.write("/etc/motd", b"").looked_up == 4 + 1


def branch(changes: Dir) -> Dir:
    """Return a layer's changes as aufs keeps them: whiteouts and opaque marks are files in the directory."""
    children: dict[str, Node] = {OPAQUE: File()} if changes.opaque else {}
    for name, node in changes.children.items():
        if isinstance(node, Whiteout):
            children[WHITEOUT + name] = File()
        else:
            children[name] = branch(node) if isinstance(node, Dir) else node
    return Dir(children, changes.meta)


def searched(branches: Sequence[Dir], names: Sequence[str]) -> int:
    """Count the branches in which the last name is looked for, as aufs does (design/03lookup.txt)."""
    directories, count = list(branches), 0
    for name in names:
        found: list[Dir] = []
        count = 0
        for directory in directories:
            count += 1
            node = directory.children.get(name)
            if isinstance(node, Dir):
                found.append(node)
            ends = OPAQUE in node.children if isinstance(node, Dir) else node is not None
            if ends or WHITEOUT + name in directory.children:
                break
        directories = found
    return count


def test_every_name_is_searched_in_the_branches_that_aufs_would_search() -> None:
    low, new = Dir({"etc": Dir({"motd": File()})}), Dir({"etc": Dir({"hosts": File()}, opaque=True)})
    stacks = [[low, new, Dir()], *(random_stack(Random(seed)) for seed in range(60))]
    for layers in stacks:
        branches = [Dir(), *map(branch, reversed(layers))]
        mount = mounted(Aufs(), *layers)
        for path, node in tree.walk(mount.root):
            names = tuple(name for name in path.split("/") if name)
            for asked in (names, (*names, "none")) if isinstance(node, Dir) else (names,):
                if asked:
                    assert mount.searched(asked) == searched(branches, asked), (layers, asked)


# btrfs


@pytest.mark.parametrize(
    ("offset", "size", "allocated", "copied"),
    [
        (0, 1, 4 * KB, 4 * KB - 1),
        (4 * KB, 4 * KB, 4 * KB, 0),
        (4 * KB - 1, 2, 8 * KB, 8 * KB - 2),
        (100 * KB, 9 * KB, 12 * KB, 3 * KB),
        (MB, 1, 4 * KB, 0),
    ],
)
def test_btrfs_writes_whole_blocks_to_new_extents(
    offset: int, size: int, allocated: int, copied: int
) -> None:
    cost = mounted(Btrfs(), holding(MB)).pwrite("/file", offset, content(size))
    assert (cost.allocated, cost.copied, cost.read) == (allocated, copied, copied)


def test_btrfs_frees_an_extent_when_no_part_of_it_is_used() -> None:
    mount = mounted(Btrfs(), Dir())
    assert mount.write("/file", content(64 * KB)).allocated == 64 * KB
    assert mount.pwrite("/file", 0, content(60 * KB)).allocated == 60 * KB
    assert mount.pwrite("/file", 60 * KB, content(4 * KB)).allocated == 4 * KB - 64 * KB
    assert mount.unlink("/file").allocated == -64 * KB


def test_btrfs_keeps_small_files_in_its_tree() -> None:
    mount = mounted(Btrfs(), Dir())
    assert mount.write("/small", content(2048)).allocated == 0
    assert mount.append("/small", b"x").allocated == 4 * KB
    assert mount.truncate("/small", 10).allocated == 0


def test_btrfs_shares_what_a_snapshot_did_not_change() -> None:
    driver = Btrfs()
    image = driver.commit(None, holding(MB))
    boxes = [driver.mount(driver.prepare(image, 0), lambda: 1) for _ in range(5)]
    for box in boxes:
        box.append("/file", b"x")
    assert disk_used(driver, [image, *(box.active for box in boxes)]) == MB + 6 * NODE + 5 * 4 * KB
    assert disk_used(driver, [box.active for box in boxes]) == MB + 5 * NODE + 5 * 4 * KB


# zfs


def test_zfs_writes_whole_records() -> None:
    mount = mounted(Zfs(), holding(MB))
    cost = mount.pwrite("/file", RECORD + 5, b"x")
    assert (cost.allocated, cost.copied) == (RECORD, RECORD - 1)
    assert mount.pwrite("/file", RECORD + 9, b"x").allocated == 0
    assert mount.pwrite("/file", 2 * RECORD - 1, b"xy").allocated == RECORD


def test_a_small_file_of_zfs_is_one_record_that_grows() -> None:
    mount = mounted(Zfs(), Dir())
    assert mount.write("/file", b"hello").allocated == 4 * KB
    assert mount.append("/file", content(5 * KB)).allocated == 4 * KB
    cost = mount.append("/file", content(RECORD))
    assert (cost.allocated, cost.copied) == (2 * RECORD - 8 * KB, 5 + 5 * KB)
    assert mount.truncate("/file", 5).allocated == 4 * KB - 2 * RECORD


# devicemapper


def test_a_thin_pool_copies_a_shared_block_once() -> None:
    mount = mounted(DeviceMapper(), holding(MB))
    cost = mount.pwrite("/file", 5, b"x")
    assert (cost.allocated, cost.copied) == (2 * POOL_BLOCK, 2 * POOL_BLOCK)
    assert mount.pwrite("/file", 9, b"x") == Cost(written=1, looked_up=1)


def test_a_block_that_is_written_whole_is_not_copied() -> None:
    mount = mounted(DeviceMapper(), holding(MB))
    cost = mount.pwrite("/file", POOL_BLOCK, content(POOL_BLOCK))
    assert (cost.allocated, cost.copied) == (2 * POOL_BLOCK, POOL_BLOCK)


def test_a_small_file_shares_its_block_with_others() -> None:
    mount = mounted(DeviceMapper(), Dir())
    assert mount.write("/one", b"1").allocated == 2 * POOL_BLOCK  # the file system's own is one
    assert mount.write("/two", b"2").allocated == 0


def test_deleting_gives_nothing_back_but_its_blocks_are_used_again() -> None:
    mount = mounted(DeviceMapper(), Dir())
    taken = mount.write("/one", content(MB)).allocated
    assert mount.unlink("/one").allocated == 0
    assert taken == MB + POOL_BLOCK
    assert mount.write("/two", content(MB)).allocated == 0


def test_what_deleting_left_is_used_again_after_another_mount() -> None:
    driver = DeviceMapper()
    mount = mounted(driver, Dir())
    mount.write("/one", content(MB))
    mount = driver.mount(mount.active, lambda: 0)
    mount.unlink("/one")
    assert driver.mount(mount.active, lambda: 0).write("/two", content(MB)).allocated == 0


def test_a_device_is_full_at_ten_gigabytes() -> None:
    mount = mounted(DeviceMapper(), Dir())
    mount.write("/most", content(BASE_SIZE - MB))
    before = mount.active
    with pytest.raises(FileSystemError) as caught:
        mount.write("/more", content(2 * MB))
    assert caught.value.errno == errno.ENOSPC
    assert mount.active is before
    assert not mount.exists("/more")


# Comparing trees


def test_changed_range() -> None:
    old = content(100, "old")
    assert changed_range(EMPTY, old) == (0, 100)
    assert changed_range(old, old) == (100, 100)
    assert changed_range(old, old.resized(60)) == (60, 60)
    assert changed_range(old, old.resized(120)) == (100, 120)
    assert changed_range(old, old.overwritten(95, content(10))) == (95, 105)
    assert changed_range(old, old.overwritten(0, content(1))) == (0, 1)
    assert changed_range(old, old.slice(50) + old.slice(0, 50)) == (0, 100)


def test_a_naive_diff_finds_what_stat_tells() -> None:
    one, same = File(Content.of(b"1")), File()
    below = Dir({"a": one, "b": Dir({"c": same}), "d": Dir(), "e": same})
    seen = Dir({"a": File(Content.of(b"22")), "b": Dir({"c": same}, Meta(0o700)), "d": same, "e": same})
    assert naive_diff(below, seen) == Dir(
        {"a": File(Content.of(b"22")), "b": Dir({}, Meta(0o700)), "d": same}, seen.meta
    )
    assert naive_diff(below, Dir()).children == dict.fromkeys("abde", Whiteout())


# Choosing one


def test_a_driver_that_there_is_not() -> None:
    with pytest.raises(LabkitError, match=r"^error initializing graphdriver: driver not supported: zip "):
        driver_named("zip")


@pytest.mark.parametrize("name", DRIVERS)
def test_a_lab_with_any_driver_prints_the_same(name: str) -> None:
    def screens(lab: Lab) -> list[str]:
        lines = [
            "docker run -d --name box ubuntu:15.04 sleep 100",
            "docker exec box sh -c 'echo hello >> /etc/motd; rm /etc/hostname.bak; mkdir /srv/new'",
            "docker diff box",
            "docker ps -s",
            "docker commit box new",
            "docker history new",
            "docker image inspect new --format '{{json .RootFS}}'",
            "docker run --rm new cat /etc/motd",
            "docker run --read-only --rm new touch /x",
        ]
        return [lab.shell(line).text for line in lines]

    assert screens(Lab(storage_driver=name)) == screens(Lab())


@pytest.mark.parametrize("name", DRIVERS)
def test_undo_gives_the_disk_back(name: str) -> None:
    lab = Lab(storage_driver=name)
    box = lab.run("ubuntu:15.04", name="box")
    before = usage.disk_used(lab.engine)
    box.write("/big", "x" * 500_000)
    assert usage.disk_used(lab.engine) > before
    lab.undo()
    assert usage.disk_used(lab.engine) == before
    box.remove()
    lab.docker("rmi ubuntu:15.04")
    assert usage.disk_used(lab.engine) == 0


@pytest.mark.parametrize("name", DRIVERS)
def test_containers_created_at_one_time_take_disk_each(name: str) -> None:
    lab = Lab(storage_driver=name)
    image = lab.pull("busybox")
    used = [usage.disk_used(lab.engine)]
    for _ in range(3):
        container.create(lab.engine, image.id, ["sh"])
        used.append(usage.disk_used(lab.engine))
    each = create(lab.engine.driver, lab.engine.snapshot(image))[1].allocated
    assert [after - before for before, after in pairwise(used)] == [each] * 3


def test_info_and_inspect_speak_for_the_driver() -> None:
    lab = Lab(storage_driver="btrfs")
    lab.create("busybox", name="box")
    assert (
        " Storage Driver: btrfs\n  Build Version: Btrfs v6.2\n  Library Version: 102\n"
        in lab.docker("info").text
    )
    for kind in ("image inspect busybox", "container inspect box"):
        told = lab.docker(f"{kind} --format '{{{{json .GraphDriver}}}}'").text
        assert told == '{"Data":null,"Name":"btrfs"}\n'


MOUNTED = {
    "overlay2": "overlay2/ID/merged",
    "fuse-overlayfs": "fuse-overlayfs/ID/merged",
    "aufs": "aufs/mnt/ID",
    "btrfs": "btrfs/subvolumes/ID",
    "zfs": "zfs/graph/ID",
    "devicemapper": "devicemapper/mnt/ID/rootfs",
    "vfs": "vfs/dir/ID",
}
"""Where moby's drivers have a container's tree, below /var/lib/docker (daemon/graphdriver/*, Get)."""


@pytest.mark.parametrize("name", DRIVERS)
def test_messages_name_the_driver_s_own_directories(name: str) -> None:
    lab = Lab(storage_driver=name)
    told = re.sub("[0-9a-f]{64}", "ID", lab.docker("create -v data:/etc/passwd ubuntu:15.04").stderr)
    assert f"source /var/lib/docker/{MOUNTED[name]}/etc/passwd is not directory" in told
    lab.create("busybox", name="box")
    lab.docker("rmi -f busybox")
    told = lab.docker("commit box").stderr
    assert f"open /var/lib/docker/image/{name}/imagedb/content/sha256/" in told


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("fuse-overlayfs", ["LowerDir", "MergedDir", "UpperDir", "WorkDir"]),
        ("devicemapper", ["DeviceId", "DeviceName", "DeviceSize"]),
        ("zfs", ["Dataset", "Mountpoint"]),
    ],
)
def test_graph_driver_data(name: str, keys: list[str]) -> None:
    lab = Lab(storage_driver=name)
    lab.create("busybox", name="box")
    told = json.loads(lab.docker("inspect box --format '{{json .GraphDriver}}'").text)
    assert told["Name"] == name
    assert sorted(told["Data"]) == keys


def test_the_image_of_the_workload_is_as_the_table_says() -> None:
    big = image_layer().children[BIG.removeprefix("/")]
    assert isinstance(big, File)
    assert big.content.size == BIG_SIZE == 67_108_864
    assert create(driver_named("overlay2"), None)[0].changes.children == {}


def test_the_command_shows_one_step_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers", "first write"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["DRIVER", "FIRST", "WRITE"]
    assert [line.split()[0] for line in lines[1:]] == list(DRIVERS)
    assert lines[1].split()[1] == "+67,112,960"
