"""The chart of the storage drivers: its figures are the drivers', and each is drawn and said."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.base.errors import LabkitError
from labkit.notebook import driver_chart
from labkit.notebook.driver_chart import OPERATIONS, costs, driver_costs, signed
from labkit.storage.drivers import BIG_SIZE, DRIVERS, workload
from labkit.storage.posix import Cost


def cost(driver: str, step: str, size: int = BIG_SIZE) -> Cost:
    """Give what one step costs."""
    return costs(driver, size, 100 if step == "hundred" else 0)[step]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Give the figures that are drawn."""
    figures: list[Any] = []
    make = driver_chart.new_figure

    def keep(title: str, height: float) -> Any:
        figures.append(make(title, height))
        return figures[-1]

    monkeypatch.setattr(driver_chart, "new_figure", keep)
    return figures


def shown(axes: Any) -> dict[str, str]:
    """Give what stands beside each bar of a panel, by driver."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(names, [text.get_text() for text in axes.texts], strict=True))


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


def test_each_step_has_a_panel_and_each_driver_a_bar_with_its_figure(drawn: list[Any]) -> None:
    chart = driver_costs()
    panels = [axes for axes in drawn[0].axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == list(OPERATIONS.values())
    for axes, step in zip(panels, OPERATIONS, strict=True):
        assert [bar.get_width() for bar in axes.patches] == [cost(name, step).allocated for name in DRIVERS]
        low, high = axes.get_xlim()
        assert all(low <= bar.get_width() <= high for bar in axes.patches)
        figures = [signed(cost(name, step).allocated) for name in DRIVERS]
        assert [text.get_text() for text in axes.texts] == figures
    assert chart.png.startswith(b"\x89PNG")


def test_what_is_modelled_is_marked_and_said(drawn: list[Any]) -> None:
    driver_costs("overlay2", "aufs", steps=["create"])
    driver_costs("overlay2", "btrfs", steps=["create"])
    marked, measured = drawn
    assert list(shown(marked.axes[0])) == ["overlay2", "aufs *"]
    assert "* modelled" in marked.legends[0].get_title().get_text()
    assert list(shown(measured.axes[0])) == ["overlay2", "btrfs"]
    assert "modelled" not in measured.legends[0].get_title().get_text()


def test_kinds_differ_in_hatching_as_well_as_in_colour(drawn: list[Any]) -> None:
    driver_costs(steps=["create"])
    looks = {(bar.get_facecolor(), bar.get_hatch()) for bar in drawn[0].axes[0].patches}
    assert len({colour for colour, _ in looks}) == len({hatch for _, hatch in looks}) == len(looks) == 3
    legend = drawn[0].legends[0]
    assert [text.get_text() for text in legend.get_texts()] == [
        "copies whole files",
        "copies blocks",
        "copies everything at once",
    ]


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
