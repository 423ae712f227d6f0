"""A driver of one's own: one class and one line register it, and everything that lists drivers knows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

import pytest

from labkit.__main__ import main
from labkit.base.errors import LabkitError
from labkit.engine import usage
from labkit.lab import Lab
from labkit.lessons.storage_drivers import CHOOSE
from labkit.notebook import driver_costs, driver_explorer
from labkit.storage.driver import Kept, disk_used
from labkit.storage.drivers import DRIVERS
from labkit.storage.overlay2 import Overlay2
from tests.storage.test_storage_drivers import suite


class Overlay(Overlay2):
    """The forerunner of overlay2, say: it says of itself what differs, here as little as can be told."""

    name = "overlay"
    copies = "layers"
    source = "moby, daemon/graphdriver/overlay"

    def mount_point(self, home: str, layer: str) -> str:
        return f"{home}/seen/{layer}"

    def status(self, home: str, kept: Iterable[Kept]) -> Mapping[str, str]:
        return {"Home": home, "Disk Used": f"{disk_used(self, kept):,}"}


TestOverlay = suite(Overlay())
"""The contract of every driver, for this one."""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Give an engine with the driver, registered for one test."""
    driver = Overlay()
    monkeypatch.setitem(DRIVERS, driver.name, driver)
    lab = Lab(storage_driver="overlay")
    lab.create("busybox", name="box")
    return lab


def test_info_lists_what_the_driver_tells(registered: Lab) -> None:
    used = f"{usage.disk_used(registered.engine):,}"
    lines = f" Storage Driver: overlay\n  Home: /var/lib/docker/overlay\n  Disk Used: {used}\n"
    assert lines in registered.docker("info").text
    assert used != "0"


def test_inspect_names_the_driver_and_its_directories(registered: Lab) -> None:
    for kind in ("image inspect busybox", "container inspect box"):
        told = json.loads(registered.docker(f"{kind} --format '{{{{json .GraphDriver}}}}'").text)
        assert told["Name"] == "overlay"
        top = told["Data"]["UpperDir"]
        assert re.fullmatch("/var/lib/docker/overlay/[0-9a-f]{64}/diff", top)
    below = told["Data"]["LowerDir"].split(":")
    assert [bool(re.search("-init/diff$", each)) for each in below] == [True, *[False] * (len(below) - 1)]
    assert registered.docker("inspect box --format '{{.Driver}}'").text == "overlay\n"


def test_messages_name_its_directories(registered: Lab) -> None:
    told = registered.docker("create -v data:/bin/busybox busybox").stderr
    assert re.search("source /var/lib/docker/overlay/seen/[0-9a-f]{64}/bin/busybox is not directory", told)
    registered.docker("rmi -f busybox")
    assert "open /var/lib/docker/image/overlay/imagedb/" in registered.docker("commit box").stderr


def test_the_chart_and_its_controls_show_it() -> None:
    assert driver_costs("overlay", steps=["first write"]).text.splitlines()[1:] == [
        "  DRIVER   FIRST WRITE  COPIES  FIGURES ARE",
        "  overlay      +67.1MB  layers  modelled",
    ]
    assert driver_costs("overlay", "overlay2", steps=["first write"]).png.startswith(b"\x89PNG")
    assert "  overlay  " in driver_costs().text
    explorer = driver_explorer()
    assert explorer.drivers == tuple(DRIVERS)
    assert "overlay" in explorer.drivers
    assert explorer.code == "driver_costs()"
    explorer.drivers = ("overlay",)
    assert explorer.code.startswith('driver_costs("overlay"')


def test_the_command_lists_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drivers"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line for line in lines if line.startswith("overlay "))
    assert "+67,112,960" in row
    assert "overlay: modelled after moby, daemon/graphdriver/overlay." in lines
    assert main(["drivers", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["overlay"] == told["overlay2"]


def test_it_is_an_answer_of_lesson_5() -> None:
    says = CHOOSE.asks[0].says
    assert says
    assert says(Lab(), ("overlay",)).startswith("`driver`: with overlay, 50 new containers take")


@pytest.mark.parametrize("ask", [lambda: Lab(storage_driver="overlay3"), lambda: driver_costs("overlay3")])
def test_a_name_that_no_driver_has_is_one_line(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(LabkitError) as caught:
        ask()
    message = str(caught.value)
    assert message.startswith(
        "error initializing graphdriver: driver not supported: overlay3 (one of overlay2,"
    )
    assert message.endswith(" overlay)")
    assert "\n" not in message
