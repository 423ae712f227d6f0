"""The storage drivers' controls in JupyterLab: worked by the keyboard alone, saved, and opened again."""

from __future__ import annotations

from tests.browser.conftest import Opener

CELL = "from labkit.notebook import driver_explorer\ndriver_explorer(steps=['create'])"


def test_the_drivers_controls_work_by_keyboard_and_leave_their_picture(notebook: Opener) -> None:
    with notebook(CELL) as page:
        page.run()
        page.page.get_by_label("overlay2", exact=True).focus()
        page.press("Space", "Tab", "Tab", "Space")  # over fuse-overlayfs to aufs
        wanted = 'driver_costs("fuse-overlayfs", "btrfs", "zfs", "devicemapper", "vfs", steps=["create"])'
        page.sees(wanted)
        page.page.get_by_role("button", name="1MB", exact=True).focus()
        page.press("Space")
        wanted = wanted[:-1] + ", size=1000000)"
        page.sees(wanted)
        assert page.page.locator(".jp-OutputArea-output img").count() == 1
        saved = page.reopen()
        page.sees(wanted)
        assert page.page.locator(".jp-OutputArea-output img").count() == 1
        assert wanted in saved.cells[0].outputs[-1].data["text/plain"]
