"""The explorers in JupyterLab: pressed where they are drawn, worked by keyboard, kept without a kernel."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser import jupyter
from tests.browser.conftest import Opener

SETUP = """from labkit import *
lab = Lab()
lab.build("app", [
    "FROM nginx",
    "COPY model.bin /srv/model.bin",
    "RUN chmod 600 /srv/model.bin && echo hi >> /etc/passwd",
    "RUN rm /srv/model.bin && rm -r /var/log/nginx",
], {"model.bin": 67_000_000})
"""
SHEETS = SETUP + 'sheets("app")'
BOARD = """from labkit import *
lab = Lab()
steps = ["FROM busybox", "COPY app.py /app/", "RUN head -c 8000000 /dev/zero > /numpy.so", "RUN rm /numpy.so"]
dockerfile_board(steps, {"app.py": "print(1)\\n"})
"""
LAYERS = SETUP + 'layer_or_not("nginx")'
DRIVERS = SETUP + "driver_explorer(steps=['create'])"
WIDGETS = {"sheets": SHEETS, "board": BOARD, "drivers": DRIVERS}
NEAR = 500
"""Pixels that what changes may be away from what is pressed."""


def page_of(page: jupyter.Notebook) -> Any:
    """Run the notebook; give the page of the explorer, alive."""
    page.run()
    found = page.page.locator("labkit-live section")
    found.wait_for()
    return found


def focused(page: jupyter.Notebook) -> str:
    """Give the words of what has the focus."""
    return str(page.page.evaluate("document.activeElement.shadowRoot?.activeElement?.textContent ?? ''"))


def middle(found: Any) -> float:
    """Give how far down the screen something is."""
    box = found.bounding_box()
    return float(box["y"] + box["height"] / 2)


def test_sheets_are_lifted_and_laid_back_by_keyboard_alone(notebook: Opener) -> None:
    with notebook(SHEETS) as page:
        found = page_of(page)
        found.get_by_text("/etc/passwd: a file of 323 bytes, from layer 5.").wait_for()
        top = found.get_by_role("button", name="layer 6")
        top.focus()
        page.press("ArrowDown")
        assert focused(page).startswith("layer 5")
        assert found.get_by_role("button", pressed=True).count() == 0, "arrows only go there"
        page.press("Enter")
        found.get_by_text("/etc/passwd: a file of 320 bytes, from layer 2.").wait_for()
        page.press("ArrowDown", "ArrowDown", "ArrowDown", "Space")
        found.get_by_text("/etc/passwd: a file of 266 bytes, from layer 1.").wait_for()
        found.get_by_text("What is in it").click()
        assert "root:x:0:0" in found.locator("pre").inner_text()
        assert "nginx" not in found.locator("pre").inner_text()
        page.press("Shift+Tab", "Enter")
        found.get_by_label("or type").fill("/srv/model.bin")
        found.get_by_text("/srv/model.bin: nothing.").wait_for()
        found.get_by_text("deleted by layer 6, yet still in layer 4").wait_for()
        top.click()
        found.get_by_text("/srv/model.bin: a file of 67,000,000 bytes, from layer 4.").wait_for()
        told = found.get_by_text("The same in Python")
        assert abs(middle(told) - middle(top)) < NEAR


def test_lines_of_a_dockerfile_are_moved_and_joined_by_keyboard_alone(notebook: Opener) -> None:
    with notebook(BOARD) as page:
        found = page_of(page)
        found.get_by_text("3 steps ran, 0 came from the cache.").wait_for()
        lines, change = (
            found.locator(".ladder button"),
            found.get_by_role("button", name="Change file app.py"),
        )
        assert found.locator("[class^=fell]").count() == 0
        change.press("Enter")
        found.locator("[class^=fell]").nth(2).wait_for()
        lines.first.focus()
        page.press("ArrowDown", "Alt+ArrowDown")
        lines.nth(2).get_by_text("COPY").wait_for()
        page.press("Alt+ArrowDown")
        lines.nth(3).get_by_text("COPY").wait_for()
        assert "COPY" in focused(page), "the focus goes with the line"
        change.press("Enter")
        found.get_by_text("1 step ran, 2 came from the cache.").wait_for()
        assert found.locator("[class^=fell]").count() == 1
        lines.nth(1).focus()
        page.press("ArrowDown")
        found.get_by_role("group", name="Line 3").get_by_role("button", name="Join").press("Enter")
        lines.nth(1).get_by_text("/dev/zero > /numpy.so && rm /numpy.so").wait_for()
        assert lines.nth(1).locator(".size").inner_text() == "0B"
        found.get_by_role("button", name="Undo").press("Enter")
        found.get_by_text("0 steps ran, 3 came from the cache.").wait_for()


def test_a_line_is_dragged_into_the_run_above(notebook: Opener) -> None:
    with notebook(BOARD) as page:
        lines = page_of(page).locator(".ladder button")
        lines.nth(3).drag_to(lines.nth(2))
        lines.nth(2).get_by_text("&& rm /numpy.so").wait_for()
        assert lines.count() == 3
        page.page.wait_for_timeout(1000)  # the output is laid anew: a line that is held then would be lost
        lines.nth(1).drag_to(lines.nth(2))
        lines.nth(2).get_by_text("COPY").wait_for()


@pytest.mark.parametrize("width", jupyter.WIDTHS)
def test_lines_of_the_history_are_switched_and_told(notebook: Opener, width: int) -> None:
    with notebook(LAYERS) as page:
        page.look(jupyter.THEMES[0], width, 800)
        found = page_of(page)
        found.get_by_role("button", name="EXPOSE 80").click()
        page.press("ArrowDown", "ArrowDown", "Enter")
        assert focused(page).startswith("5")
        found.get_by_role("button", pressed=True).nth(1).wait_for()
        found.get_by_role("button", name="Compare").press("Enter")
        found.get_by_text("7 of 10 lines are right.").wait_for()
        found.get_by_text("EXPOSE notes a port on which the program listens").wait_for()
        assert page.cut_off() == []
        assert page.faults() == []


def test_the_drivers_controls_work_by_keyboard(notebook: Opener) -> None:
    with notebook(DRIVERS) as page:
        found = page_of(page)
        found.get_by_role("button", name="overlay2", exact=True).focus()
        page.press("Space", "Tab", "Tab", "Space")  # over fuse-overlayfs to aufs
        wanted = 'driver_costs("fuse-overlayfs", "btrfs", "zfs", "devicemapper", "vfs", steps=["create"])'
        found.get_by_text(wanted).wait_for()
        found.get_by_role("button", name="1MB", exact=True).focus()
        page.press("Space")
        found.get_by_text(wanted[:-1] + ", size=1000000)").wait_for()
        assert found.locator("img").count() == 1


@pytest.mark.parametrize("cell", WIDGETS.values(), ids=WIDGETS)
def test_without_a_kernel_it_says_what_to_do_and_has_no_dead_control(notebook: Opener, cell: str) -> None:
    with notebook(cell) as page:
        page_of(page).locator("button").last.click()
        page.page.wait_for_timeout(500)
        page.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        page.page.locator("labkit-live").get_by_text("The kernel was restarted").wait_for()
        saved = page.reopen()
        page.sees("Run this cell (Shift+Enter): buttons appear.")
        area = page.page.locator(".jp-OutputArea-output")
        assert area.locator("button, input, select").count() == 0
        assert area.get_by_text("Error displaying widget").count() == 0
        assert "The same in Python" in saved.cells[0].outputs[-1].data["text/plain"]


@pytest.mark.parametrize(("name", "cell"), WIDGETS.items(), ids=WIDGETS)
def test_it_reads_in_both_themes_and_on_a_narrow_page(notebook: Opener, name: str, cell: str) -> None:
    with notebook(cell) as page:
        found = page_of(page)
        page.readable(f"explorer-{name}")
        page.look(jupyter.THEMES[1], 1280)
        ink, paper = found.evaluate("e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]")
        assert sum(map(int, _numbers(ink)[:3])) > 600
        assert sum(map(int, _numbers(paper)[:3])) < 150
        assert page.page.locator("labkit-live [title=null]").count() == 0


def _numbers(colour: str) -> list[str]:
    return [part.split(".")[0] for part in colour.removeprefix("rgb").strip("a()").split(", ")]
