"""The controls of the storage drivers: the state by itself, and the controls without a browser."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest
import traitlets

from labkit.base.errors import LabkitError
from labkit.notebook import driver_costs, driver_explorer
from labkit.notebook.driver_chart import OPERATIONS
from labkit.notebook.widgets.driver_explorer import NOTHING, DriverExplorer
from labkit.storage.drivers import DRIVERS
from tests.notebook.shown import Handle, within


def box(controls: Any, words: str) -> Any:
    """Give the check box with these words."""
    (found,) = (each for each in within(controls, ipywidgets.Checkbox) if each.description == words)
    return found


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
        explorer = DriverExplorer(drivers=drivers, steps=steps, size=size)
        assert eval(explorer.code, {"driver_costs": driver_costs}) == explorer.chart


def test_the_order_is_the_charts_whatever_was_chosen_first() -> None:
    explorer = DriverExplorer(drivers=("vfs", "overlay2"), steps=("hundred", "create"))
    assert (explorer.drivers, explorer.steps) == (("overlay2", "vfs"), ("create", "hundred"))


def test_nothing_chosen_is_a_sentence_and_no_error() -> None:
    explorer = DriverExplorer(drivers=())
    assert explorer.chart.text == NOTHING
    assert explorer.code == f"# {NOTHING}"


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(traitlets.TraitError, match="ext4: there are overlay2, fuse-overlayfs"):
        DriverExplorer().drivers = ("ext4",)
    with pytest.raises(LabkitError, match="driver not supported: ext4"):
        driver_explorer("ext4")
    with pytest.raises(LabkitError, match="swim: no such step"):
        driver_explorer(steps=["swim"])


def test_controls_the_chart_and_the_words_are_three_outputs(outputs: list[Handle]) -> None:
    driver_explorer("overlay2", steps=["create"])._ipython_display_()
    controls, chart, words = (handle.data for handle in outputs)
    assert isinstance(controls, ipywidgets.VBox)
    assert chart["text/html"].startswith('<img src="data:image/png;base64,iVBOR')
    assert "overlay2  +81.9kB" in words["text/plain"]
    assert words["text/plain"].endswith('The same in Python: driver_costs("overlay2", steps=["create"])')


def test_a_box_and_a_button_change_the_chart_and_the_words(outputs: list[Handle]) -> None:
    explorer = driver_explorer("overlay2", "btrfs", steps=["first write"])
    explorer._ipython_display_()
    controls, chart, words = outputs
    before = chart.data["text/html"]
    box(controls.data, "btrfs").value = False
    box(controls.data, "aufs *").value = True
    box(controls.data, "create a container").value = True
    (sizes,) = within(controls.data, ipywidgets.ToggleButtons)
    sizes.value = 1_000_000
    assert explorer.code == (
        'driver_costs("overlay2", "aufs", steps=["create", "first write"], size=1000000)'
    )
    assert words.data["text/plain"].endswith(explorer.code)
    assert chart.data["text/html"] != before
    assert len(outputs) == 3


def test_the_controls_follow_the_state(outputs: list[Handle]) -> None:
    explorer = driver_explorer()
    explorer._ipython_display_()
    controls = outputs[0].data
    explorer.drivers = ("zfs",)
    explorer.size = 10_000_000
    ticked = [each.description for each in within(controls, ipywidgets.Checkbox) if each.value]
    assert ticked == ["zfs *", *OPERATIONS.values()]
    assert within(controls, ipywidgets.ToggleButtons)[0].value == 10_000_000


def test_the_last_box_taken_away_leaves_a_sentence(outputs: list[Handle]) -> None:
    explorer = driver_explorer("vfs", steps=["create"])
    explorer._ipython_display_()
    box(outputs[0].data, "vfs").value = False
    assert outputs[1].data == {"text/plain": NOTHING}
    box(outputs[0].data, "vfs").value = True
    assert "text/html" in outputs[1].data


def test_a_size_of_ones_own_has_a_button(outputs: list[Handle]) -> None:
    driver_explorer(size=5_500)._ipython_display_()
    (sizes,) = within(outputs[0].data, ipywidgets.ToggleButtons)
    assert [label for label, _ in sizes.options] == ["4.1kB", "5.5kB", "1MB", "10MB", "67.1MB", "1GB"]


def test_without_a_live_page_the_chart_and_the_words_stay(
    outputs: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    driver_explorer("vfs")._ipython_display_()
    assert [handle.data["text/html"][:4] for handle in outputs] == ["<img", "<pre"]


def test_every_control_is_one_that_the_keyboard_reaches(outputs: list[Handle]) -> None:
    driver_explorer()._ipython_display_()
    boxes = within(outputs[0].data, ipywidgets.Checkbox)
    assert len(boxes) == len(DRIVERS) + len(OPERATIONS)
    assert all(each.description for each in boxes)
