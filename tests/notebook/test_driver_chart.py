"""The chart of the storage drivers: its figures are the drivers', and each is drawn and said."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.base.errors import LabkitError
from labkit.notebook import driver_chart
from labkit.notebook.driver_chart import OPERATIONS, cost, driver_costs, signed
from labkit.storage.drivers import BIG_SIZE, DRIVERS, workload
from tests.notebook.test_charts import classes, words


@pytest.mark.parametrize("name", DRIVERS)
def test_the_chart_s_steps_are_the_workload_s(name: str) -> None:
    told = workload(DRIVERS[name])
    assert ["image", *OPERATIONS] == list(told)
    assert {step: cost(name, step) for step in OPERATIONS} == {step: told[step] for step in OPERATIONS}


@pytest.mark.parametrize("name", [name for name, each in DRIVERS.items() if each.copies == "files"])
def test_a_driver_of_files_pays_once_and_by_the_size(name: str) -> None:
    for size in (1_000_000, BIG_SIZE):
        assert cost(name, "first write", size).copied == size
        assert cost(name, "small writes", size).allocated == 0
        assert cost(name, "delete", size).allocated == -cost(name, "first write", size).allocated


@pytest.mark.parametrize("name", [name for name, each in DRIVERS.items() if each.copies == "blocks"])
def test_a_driver_of_blocks_pays_for_each_place_and_not_by_the_size(name: str) -> None:
    small, large = 10_000_000, 1_000_000_000
    first = cost(name, "first write", small).allocated
    assert first == cost(name, "first write", large).allocated <= 2 * 128 << 10
    assert 0 < cost(name, "small writes", small).allocated <= 10 * 128 << 10
    assert cost(name, "create", large).allocated < 100_000


def test_vfs_pays_when_a_container_is_created() -> None:
    assert cost("vfs", "create").allocated == 138_616_832
    assert cost("vfs", "hundred").allocated == 100 * 138_616_832


def test_in_words() -> None:
    assert driver_costs("overlay2", "zfs", "vfs", steps=["create", "first write"]).text == (
        "Disk that each step takes, with a file of 67.1MB\n"
        "  DRIVER     CREATE  FIRST WRITE  COPIES      FIGURES ARE\n"
        "  overlay2  +81.9kB      +67.1MB  files       measured\n"
        "  zfs            0B       +131kB  blocks      modelled\n"
        "  vfs        +139MB       +4.1kB  everything  measured"
    )


def test_each_step_has_a_panel_and_each_driver_a_bar_with_its_figure() -> None:
    picture = driver_costs()
    told = words(picture)
    assert [each for each in told if each in OPERATIONS.values()] == list(OPERATIONS.values())
    found = [cost(name, step).allocated for step in OPERATIONS for name in DRIVERS]
    assert [each for each in told if each[-1:] == "B" and each != told[0]] == list(map(signed, found))
    assert len(classes(picture, "bar")) == sum(size != 0 for size in found)


def test_bars_are_as_long_as_what_they_cost_and_go_left_for_what_is_given_back() -> None:
    names = ("overlay2", "zfs", "vfs")
    bars = classes(driver_costs(*names, steps=["delete"]), "bar")
    wide, left = ([float(bar.get(each, "")) for bar in bars] for each in ("width", "x"))
    costs = [cost(name, "delete").allocated for name in names]
    assert [each / wide[0] for each in wide] == pytest.approx([each / costs[0] for each in costs], abs=0.01)
    ends = [start + long for start, long in zip(left, wide, strict=True)]
    assert ends == pytest.approx([ends[0]] * 3, abs=0.2)


def test_what_is_modelled_is_marked_and_said() -> None:
    marked = words(driver_costs("overlay2", "aufs", steps=["create"]))
    measured = words(driver_costs("overlay2", "btrfs", steps=["create"]))
    assert {"overlay2", "aufs *", "* modelled after the documentation, not measured"} <= set(marked)
    assert {"overlay2", "btrfs"} <= set(measured)
    assert "modelled" not in "".join(measured)


def test_kinds_differ_in_hatching_as_well_as_in_colour() -> None:
    picture = driver_costs(steps=["create"])
    assert words(picture)[-3:] == ["copies whole files", "copies blocks", "copies everything at once"]
    assert {way for _, way, _ in driver_chart._STYLES.values()} == {"", ".", "/"}


def test_a_name_twice_counts_once() -> None:
    assert driver_costs("vfs", "vfs", steps=["create", "create"]) == driver_costs("vfs", steps=["create"])


@pytest.mark.parametrize(
    ("drivers", "options", "message"),
    [
        (["ext4"], {}, "error initializing graphdriver: driver not supported: ext4 (one of overlay2,"),
        ([], {"steps": ["swim"]}, "swim: no such step; there are create, first write, small writes"),
        ([], {"size": 0}, "0 bytes: the file needs at least 1000"),
        ([], {"size": -5}, "-5 bytes: the file needs at least 1000"),
    ],
)
def test_what_there_is_not_is_said_in_one_line(
    drivers: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(LabkitError) as caught:
        driver_costs(*drivers, **options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
