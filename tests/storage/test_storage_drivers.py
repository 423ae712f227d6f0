"""One suite for every storage driver: the same operations, the same visible tree; only the costs differ.

A driver that is registered has its own class of these tests, made by `suite`. What overlay2 shows is the
reference, as the kernel's overlay was compared with it call by call (tests/real/test_kernel_overlay.py).

Where trees may differ. A driver that keeps whole trees mounts a file system of its own. There a directory
of the image can be renamed, where an overlay gives EXDEV: such calls are left out of the comparison, and
tested by themselves. There a file of the image that has several names stays one file, where an overlay
copies one name up: the images compared have no hard links, and these are tested by themselves too. What
`stat` cannot tell is not found by comparing trees: a file with its old size and time, most extended
attributes, the time of a directory. moby's naive diff misses it as well, and layers may differ in it.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any, ClassVar

import pytest

from labkit.base.errors import DaemonError, FileSystemError
from labkit.oci import changeset, tree
from labkit.oci.changeset import Change
from labkit.oci.content import Content
from labkit.oci.image import MAX_LAYERS
from labkit.oci.tree import Dir, Fifo, File, Meta, Node, Symlink, new_inode
from labkit.storage import driver as accounts
from labkit.storage.btrfs import Btrfs
from labkit.storage.driver import (
    Active,
    Kept,
    Snapshot,
    StorageDriver,
    ancestry,
    disk_used,
)
from labkit.storage.drivers import DRIVERS, create
from labkit.storage.overlay import Mount
from labkit.storage.overlay2 import Overlay2
from labkit.storage.posix import NO_COST, Cost, Stat
from labkit.storage.snapshots import NaiveDiffDriver, SnapshotMount
from tests.storage.strategies import Call, outcome, random_call, random_stack

START = 5000 * 10**9 + 7
LINKED = File(Content.of(b"one"), inode=new_inode())
BASE = Dir(
    {
        "big": File(Content.filler(1_000_000, "big"), Meta(mtime=10**9)),
        "etc": Dir({"motd": File(Content.of(b"hello"), Meta(mtime=10**9)), "passwd": File()}),
        "old": Dir({"a": File(Content.of(b"a" * 5000)), "b": File()}),
        "link": Symlink("etc/motd"),
    }
)
TOP = Dir({"etc": Dir({"passwd": tree.Whiteout(), "group": File(Content.of(b"root:x:0:\n"))}), "srv": Dir()})
TYPICAL: list[Call] = [
    ("append", "/big", b"x"),
    ("pwrite", "/big", 70_000, b"changed"),
    ("write", "/etc/motd", b"welcome"),
    ("write", "/new", b"n" * 200_000),
    ("mkdir", "/srv/www"),
    ("write", "/srv/www/index.html", b"<html>"),
    ("chmod", "/etc/group", 0o600),
    ("unlink", "/old/b"),
    ("rename", "/old/a", "/old/c"),
    ("symlink", "/new", "/latest"),
    ("link", "/new", "/second"),
    ("place", "/pipe", Fifo()),
]


class _Clock:
    """A clock that goes on with each call, as a real one does."""

    def __init__(self) -> None:
        self.now = START

    def read(self) -> int:
        return self.now


def stack_on(driver: StorageDriver, layers: Sequence[Dir]) -> Snapshot:
    """Return an image's snapshots."""
    snapshot = None
    for layer in layers:
        snapshot = driver.commit(snapshot, layer)
    assert snapshot is not None
    return snapshot


def unlinked(node: Node) -> Node:
    """Return a layer without hard links."""
    if isinstance(node, Dir):
        return replace(node, children={name: unlinked(child) for name, child in node.children.items()})
    return node if isinstance(node, tree.Whiteout) else replace(node, inode=0)


def shown(result: Any) -> Any:
    """Return of a call's result what is the same for every driver."""
    if isinstance(result, Cost):
        return ("written", result.written)
    if isinstance(result, Stat):
        node = type(result.node)
        return (
            node,
            result.mode,
            result.size,
            result.uid,
            result.gid,
            result.mtime,
            node is Dir or result.nlink,
        )
    return result


def told_by_stat(node: Node) -> Node:
    """Return a tree without what Docker does not compare: times of directories, most extended attributes."""
    if isinstance(node, Dir):
        children = {name: told_by_stat(child) for name, child in node.children.items()}
        return Dir(children, replace(node.meta, mtime=0, xattrs=()))
    if isinstance(node, tree.Whiteout):
        return node
    kept = tuple(pair for pair in node.meta.xattrs if pair[0] == "security.capability")
    return replace(node, meta=replace(node.meta, xattrs=kept))


def lines(parent: Snapshot | None, active: Active) -> set[Change]:
    """Return what `docker diff` lists."""
    assert parent is not None
    return set(changeset.changes(parent.root, active.changes))


def perform(mount: Mount, clock: _Clock, call: Call) -> Any:
    name, *arguments = call
    clock.now += 10**9
    return outcome(getattr(mount, name), *arguments)


class Suite:
    """What every storage driver does."""

    driver: ClassVar[StorageDriver]

    def container(self, layers: Sequence[Dir] = (BASE, TOP)) -> tuple[Active, _Clock]:
        return create(self.driver, stack_on(self.driver, layers), START)[0], _Clock()

    def typical(self) -> Mount:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        for call in TYPICAL:
            assert isinstance(perform(mount, clock, call), Cost), call
        return mount

    @pytest.mark.parametrize("seed", range(40))
    def test_the_same_calls_show_the_same_tree_diff_and_layer(self, seed: int) -> None:
        rng = Random(seed)
        layers = [unlinked(layer) for layer in random_stack(rng)]
        known: StorageDriver = Overlay2()
        mounts, clock = [], _Clock()
        for driver in (known, self.driver):
            active, _ = create(driver, stack_on(driver, layers), START)
            mounts.append(driver.mount(active, clock.read))
        reference, mount = mounts
        for _ in range(15):
            call = random_call(rng, reference.root)
            if call[0] in ("remount", "utime"):
                continue
            expected = perform(reference, clock, call)
            if expected == ("errno", errno.EXDEV) and isinstance(mount, SnapshotMount):
                continue
            clock.now -= 10**9
            assert shown(perform(mount, clock, call)) == shown(expected), call
            assert mount.root == reference.root, call
        assert lines(mount.active.parent, mount.active) == lines(reference.active.parent, reference.active)
        layer = self.driver.commit(mount.active.parent, mount.active.changes, init=True)
        assert told_by_stat(layer.root) == told_by_stat(reference.root)

    def test_a_typical_layer_is_the_same(self) -> None:
        reference = suite(Overlay2())().typical()
        mount = self.typical()
        assert tree.same(mount.root, reference.root)
        assert tree.same(mount.active.changes, reference.active.changes)
        assert lines(mount.active.parent, mount.active) == lines(reference.active.parent, reference.active)

    def test_what_the_layers_show_is_what_the_changesets_say(self) -> None:
        for seed in range(30):
            layers = random_stack(Random(seed))
            assert tree.same(stack_on(self.driver, layers).root, changeset.apply_all(layers))

    def test_a_snapshot_never_changes_its_parent(self) -> None:
        active, clock = self.container()
        before = [(each, each.root, dict(self.driver.units(each))) for each in ancestry(active.parent)]
        for _ in range(2):
            mount = self.driver.mount(active, clock.read)
            for call in TYPICAL:
                perform(mount, clock, call)
        for snapshot, root, units in before:
            assert snapshot.root is root
            assert dict(self.driver.units(snapshot)) == units
        assert before[-1][1] == BASE

    def test_two_containers_see_nothing_of_each_other(self) -> None:
        image = stack_on(self.driver, [BASE])
        one, other = (
            self.driver.mount(create(self.driver, image, START)[0], _Clock().read) for _ in range(2)
        )
        one.append("/big", b"x")
        one.unlink("/etc/motd")
        assert other.read("/etc/motd") == b"hello"
        assert other.stat("/big").size == 1_000_000
        assert lines(other.active.parent, other.active) == set()

    def test_an_earlier_value_shows_what_it_showed(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        values = []
        for call in TYPICAL:
            values.append((mount.active, mount.root, dict(self.driver.units(mount.active))))
            perform(mount, clock, call)
        for value, root, units in values:
            again = self.driver.mount(value, clock.read)
            assert again.root == root
            assert dict(self.driver.units(value)) == units
            again.write("/etc/motd", b"another past")

    def test_mounting_again_keeps_what_was_written(self) -> None:
        mount = self.typical()
        again = self.driver.mount(mount.active, _Clock().read)
        assert again.root == mount.root
        assert again.read("/big", 70_000, 7) == b"changed"

    def test_a_read_only_mount_refuses_every_change(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read, read_only=True)
        for call in TYPICAL:
            # What an earlier call would have made is not there.
            missing = call[0] == "link" or call[1].startswith("/srv/www/")
            assert perform(mount, clock, call) == ("errno", errno.ENOENT if missing else errno.EROFS), call
        assert mount.active is active

    def test_at_most_125_layers_and_an_init_layer(self) -> None:
        snapshot = stack_on(self.driver, [Dir()] * MAX_LAYERS)
        create(self.driver, snapshot)
        with pytest.raises(DaemonError, match=r"^max depth exceeded$"):
            self.driver.commit(snapshot, Dir())

    # What it costs

    @pytest.mark.parametrize("seed", range(25))
    def test_what_the_calls_allocate_adds_up_to_the_disk_used(self, seed: int) -> None:
        rng, clock = Random(seed), _Clock()
        image = stack_on(self.driver, random_stack(rng))
        kept: list[Kept] = ancestry(image)
        assert disk_used(self.driver, kept) == sum(each.cost.allocated for each in kept)
        active, made = create(self.driver, image, START)
        mount = self.driver.mount(active, clock.read)
        used = disk_used(self.driver, ancestry(active))
        assert used == disk_used(self.driver, kept) + made.allocated
        for _ in range(15):
            call = random_call(rng, mount.root)
            if call[0] != "remount":
                result = perform(mount, clock, call)
                used += result.allocated if isinstance(result, Cost) else 0
                assert disk_used(self.driver, ancestry(mount.active)) == used, call

    @pytest.mark.parametrize("seed", range(10))
    def test_removing_frees_exactly_what_nothing_else_shares(self, seed: int) -> None:
        rng = Random(seed)
        image = stack_on(self.driver, [BASE, *random_stack(rng)])
        kept: list[Kept] = ancestry(image)
        costs: dict[Kept, int] = {}
        for _ in range(3):
            clock = _Clock()
            active, made = create(self.driver, image, START)
            mount, total = self.driver.mount(active, clock.read), NO_COST
            for call in rng.sample(TYPICAL, 6):
                result = perform(mount, clock, call)
                total += result if isinstance(result, Cost) else NO_COST
            costs[mount.active] = made.allocated + total.allocated
            kept += ancestry(mount.active)[:2]
        for active, cost in costs.items():
            before = disk_used(self.driver, kept)
            gone = ancestry(active)[:2]
            users = Counter(unit for each in kept for unit in self.driver.units(each))
            own = Counter(unit for each in gone for unit in self.driver.units(each))
            shared = [unit for unit in own if isinstance(unit, accounts.Unit) and users[unit] > own[unit]]
            exclusive = accounts.total(
                {unit: size for unit, size in self.driver.units(each).items() if unit not in shared}
                for each in gone
            )
            kept = [each for each in kept if each not in gone]
            assert before - disk_used(self.driver, kept) == exclusive == cost
        assert disk_used(self.driver, kept) == sum(each.cost.allocated for each in ancestry(image))

    def test_reading_costs_nothing(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        mount.read("/big")
        mount.stat("/link")
        mount.listdir("/etc")
        assert mount.active is active


class UnionSuite(Suite):
    """What the drivers do besides that lay directories over each other."""

    def test_a_directory_of_the_image_cannot_be_renamed(self) -> None:
        active, clock = self.container()
        assert perform(self.driver.mount(active, clock.read), clock, ("rename", "/etc", "/moved")) == (
            "errno",
            errno.EXDEV,
        )

    def test_the_first_change_of_a_large_file_copies_all_of_it(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        cost = mount.append("/big", b"x")
        assert (cost.copied, cost.read, cost.allocated) == (1_000_000, 1_000_000, 1_003_520)
        assert mount.append("/big", b"x").copied == 0

    def test_writing_splits_hard_links_of_the_image(self) -> None:
        active, clock = self.container([Dir({"one": LINKED, "two": LINKED})])
        mount = self.driver.mount(active, clock.read)
        mount.append("/one", b"!")
        assert (mount.read("/one"), mount.read("/two")) == (b"one!", b"one")


class SnapshotSuite(Suite):
    """What the drivers do besides that give each container a file system of its own."""

    def test_a_directory_of_the_image_can_be_renamed(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        mount.rename("/etc", "/moved")
        assert mount.read("/moved/motd") == b"hello"
        found = {f"{change.kind} {change.path}" for change in lines(mount.active.parent, mount.active)}
        assert {"A /moved", "A /moved/motd", "D /etc"} <= found
        layer = self.driver.commit(mount.active.parent, mount.active.changes, init=True)
        assert layer.root.children == mount.root.children

    def test_hard_links_of_the_image_stay_one_file(self) -> None:
        active, clock = self.container([Dir({"one": LINKED, "two": LINKED})])
        mount = self.driver.mount(active, clock.read)
        mount.append("/one", b"!")
        assert mount.read("/two") == b"one!"
        assert mount.stat("/two").nlink == 2

    def test_a_small_change_of_a_large_file_copies_little(self) -> None:
        active, clock = self.container()
        assert self.driver.mount(active, clock.read).append("/big", b"x").copied <= 2 << 17

    def test_a_change_that_stat_cannot_tell_is_not_found(self) -> None:
        active, clock = self.container()
        mount = self.driver.mount(active, clock.read)
        mount.write("/etc/motd", b"HELLO")
        mount.utime("/etc/motd", 10**9)
        assert mount.read("/etc/motd") == b"HELLO"
        assert mount.active.changes.children == {}

    def test_no_whiteouts_are_kept(self) -> None:
        mount = self.typical()
        assert not any(isinstance(node, tree.Whiteout) for _, node in tree.walk(mount.active.tree))


def suite(driver: StorageDriver) -> type[Suite]:
    """Return the tests of a driver as a class."""
    kind = SnapshotSuite if isinstance(driver, NaiveDiffDriver) else UnionSuite
    name = f"Test{type(driver).__name__}"
    return type(name, (kind,), {"driver": driver, "__module__": __name__})


for _each in map(suite, DRIVERS.values()):
    globals()[_each.__name__] = _each


def test_errors_are_file_system_errors() -> None:
    mount = Btrfs().mount(Btrfs().prepare(None, 0), lambda: 0)
    with pytest.raises(FileSystemError):
        mount.read("/none")
