"""The copy-on-write stepper in JupyterLab: clicked, typed into, worked by keyboard, opened again."""

from __future__ import annotations

from tests.browser import jupyter
from tests.browser.conftest import Opener

CELL = """from labkit import Lab
from labkit.notebook import cow_stepper
lab = Lab()
cow_stepper(lab, "ubuntu:15.04")"""


def sees(page: jupyter.Notebook, words: str) -> None:
    """Wait until the words below the picture have a text; its twin, which is folded, has it too."""
    page.page.locator(".labkit-steps:visible", has_text=words).first.wait_for()


def test_a_learner_goes_through_the_steps_of_a_chmod_and_of_a_typed_path(notebook: Opener) -> None:
    with notebook(CELL) as page:
        page.run()
        sees(page, "Which layers will be looked into, and how many bytes will be copied?")
        page.click("chmod")
        sees(page, "chmod 600 /etc/passwd")
        page.click("Next")
        sees(page, "The read-write layer has no /etc")
        page.page.get_by_role("button", name="Next", exact=True).focus()
        page.press("Space", "Space")
        sees(page, 'operation="chmod", step=3)')
        page.click("Last")
        sees(page, "266 bytes were copied up; the read-write layer has 266 bytes.")
        off = page.page.locator("labkit-live [data-set=step][aria-disabled=true]").all_inner_texts()
        assert off == ["Next", "Last"], "there is nothing after the last step"
        page.type("or type", "/etc/apt/sources.list")
        sees(page, 'path="/etc/apt/sources.list", operation="chmod", step=0)')
        page.click("Delete")
        page.click("Last")
        sees(page, "A whiteout for /etc/apt/sources.list is made in the read-write layer")
        page.page.get_by_label("done before", exact=True).select_option("Delete")
        page.click("Read")
        page.click("Next")
        sees(page, "The read-write layer has a whiteout for /etc/apt/sources.list")
        assert page.page.locator("labkit-live section img").count() == 1
        wanted = 'operation="read", after="delete", step=1)'
        sees(page, wanted)
        saved = page.reopen()
        sees(page, wanted)
        assert page.page.locator(".jp-OutputArea-output img").count() == 1
        assert wanted in saved.cells[0].outputs[-1].data["text/plain"]


def test_it_is_readable_in_both_themes_and_widths_without_serious_faults(notebook: Opener) -> None:
    with notebook(CELL.replace('04")', '04", path="/etc/apt", operation="recreate", step=11)')) as page:
        page.run()
        sees(page, "The same in Python")
        page.readable("cow-stepper")
