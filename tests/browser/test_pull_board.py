"""The pull board in JupyterLab: it plays while cells run, is worked by the keyboard, and stays."""

from __future__ import annotations

from tests.browser.conftest import Opener

SETUP = """
from labkit import Lab
from labkit.notebook import pull_board

lab = Lab()
lab.pull("mysql:8.0.15")
"""
BOARD = "board = pull_board(lab, 'mysql')\nboard"
MOMENT = "pull_board(lab, 'mysql', at=3.5)"


def test_it_plays_by_itself_while_another_cell_runs(notebook: Opener) -> None:
    with notebook(SETUP + BOARD, "print('the kernel', 'is free')") as page:
        page.run()
        page.sees("the kernel is free")
        assert page.page.get_by_text("Status: Downloaded newer image").count() == 0
        page.click("ten times")
        page.sees("12.3 of 12.3 s")
        page.sees("Status: Downloaded newer image for mysql:latest")
        page.page.locator(".jp-OutputArea-output img").wait_for()


def test_it_pauses_and_goes_on_and_is_worked_by_the_keyboard(notebook: Opener) -> None:
    with notebook(SETUP + MOMENT) as page:
        page.run()
        page.sees("3.5 of 12.3 s")
        page.page.get_by_role("button", name="Play", exact=True).focus()
        page.press("Space")
        page.page.get_by_role("button", name="Pause", exact=True).wait_for()
        page.press("Space")
        page.page.get_by_role("button", name="Play", exact=True).wait_for()
        page.type("Seconds", "4")
        page.sees("4.0 of 12.3 s")
        page.page.get_by_role("button", name="Step", exact=True).focus()
        page.press("Enter")
        page.sees("9.0 of 12.3 s")
        assert page.page.evaluate("document.activeElement.textContent") == "Step"
        page.click("at once")
        page.click("Replay")
        page.sees("12.3 of 12.3 s")


def test_a_moment_stays_without_a_kernel(notebook: Opener) -> None:
    with notebook(SETUP + MOMENT) as page:
        page.run()
        page.type("Seconds", "5")
        page.sees('pull_board(lab, "mysql", at=5)')
        page.reopen()
        page.sees('pull_board(lab, "mysql", at=5)')
        page.sees("5479aaef3d30: Already exists")


def test_it_is_readable_in_both_themes_and_widths(notebook: Opener) -> None:
    with notebook(SETUP + MOMENT) as page:
        page.run()
        page.sees("3.5 of 12.3 s")
        page.readable("pull-board")
