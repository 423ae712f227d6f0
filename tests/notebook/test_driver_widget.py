"""The controls of the storage drivers: the state by itself, and the controls without a browser."""

from __future__ import annotations

import pytest
import traitlets

from labkit.base.errors import LabkitError
from labkit.notebook import driver_costs, driver_explorer
from labkit.notebook.driver_chart import OPERATIONS
from labkit.storage.drivers import DRIVERS
from tests.notebook.shown import asleep, offered, shown_text


def test_it_begins_with_everything() -> None:
    explorer = driver_explorer()
    assert explorer.drivers == tuple(DRIVERS)
    assert explorer.steps == tuple(OPERATIONS)
    assert explorer.code == "driver_costs()"
    assert explorer.chart == driver_costs()


def test_the_line_of_python_shows_the_same_chart() -> None:
    for drivers, steps, size in (
        (("vfs",), ("create", "hundred"), 1_000_000),
        (("overlay2", "zfs"), tuple(OPERATIONS), 67_108_864),
        (tuple(DRIVERS), ("delete",), 10_000_000),
    ):
        explorer = driver_explorer(*drivers, steps=steps, size=size)
        assert eval(explorer.code, {"driver_costs": driver_costs}) == explorer.chart


def test_the_order_is_the_charts_whatever_was_chosen_first() -> None:
    explorer = driver_explorer("vfs", "overlay2", steps=["hundred", "create"])
    assert (explorer.drivers, explorer.steps) == (("overlay2", "vfs"), ("create", "hundred"))


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="ext4: there are overlay2, fuse-overlayfs"):
        driver_explorer().drivers = ("ext4",)
    with pytest.raises(LabkitError, match="driver not supported: ext4"):
        driver_explorer("ext4")
    with pytest.raises(LabkitError, match="swim: no such step"):
        driver_explorer(steps=["swim"])


def test_buttons_change_the_chart_and_the_words() -> None:
    explorer = driver_explorer("overlay2", "btrfs", steps=["first write"])
    assert asleep(explorer).count("data:image/png;base64,iVBOR") == 1
    before = explorer.page()
    for name, value in (("drivers", "btrfs"), ("drivers", "aufs"), ("steps", "create"), ("size", "1000000")):
        explorer.choose(name, value)
    assert explorer.code == (
        'driver_costs("overlay2", "aufs", steps=["create", "first write"], size=1000000)'
    )
    assert shown_text(explorer, 1).endswith(explorer.code)
    assert explorer.page() != before
    explorer.choose("drivers", "ext4")
    explorer.choose("size", "big")
    assert (explorer.drivers, explorer.size) == (("overlay2", "aufs"), 1_000_000)


def test_the_controls_follow_the_state() -> None:
    explorer = driver_explorer("zfs", size=5_500)
    chosen = offered(explorer, "drivers", "true"), offered(explorer, "steps", "true")
    assert chosen == (["zfs"], [*OPERATIONS])
    sizes = offered(explorer, "size")
    assert sizes == ["4096", "5500", "1000000", "10000000", "67108864", "1000000000"]
    assert offered(explorer, "size", "true") == ["5500"]


def test_where_the_last_one_is_taken_away_all_are_there() -> None:
    explorer = driver_explorer("vfs", steps=["create"])
    explorer.choose("drivers", "vfs")
    explorer.choose("steps", "create")
    assert (explorer.drivers, explorer.code) == (tuple(DRIVERS), "driver_costs()")
    assert offered(explorer, "drivers", "true") == [*DRIVERS]
