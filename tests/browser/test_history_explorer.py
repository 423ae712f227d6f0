"""The history explorer in JupyterLab: worked by mouse and keyboard, saved and opened again."""

from __future__ import annotations

from tests.browser.conftest import Opener

SETUP = """
from labkit import Lab
from labkit.notebook import history_explorer

lab = Lab()
lab.pull("nginx")
history_explorer(lab.image("nginx"), name="nginx", line=4)
"""


def test_a_line_and_a_layer_are_chosen(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.sees("yes, layer 3 of 3")
        page.click("Newer line")
        page.sees("EXPOSE notes a port on which the program listens")
        page.page.get_by_label("Layer", exact=True).select_option(index=3)
        page.sees("yes, layer 1 of 3")
        page.sees('history_explorer(lab.image("nginx"), name="nginx", line=10)')


def test_the_keyboard_alone_works_it_and_keeps_its_place(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.page.get_by_role("button", name="Older line").focus()
        page.press("Space")
        page.sees("yes, layer 2 of 3")
        page.press("Space")
        page.sees("ENV notes a variable of the environment")
        assert page.page.evaluate("document.activeElement.textContent") == "Older line"


def test_what_was_chosen_stays_without_a_kernel(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.click("Newer line")
        wanted = 'history_explorer(lab.image("nginx"), name="nginx", line=3)'
        page.sees(wanted)
        page.reopen()
        page.sees(wanted)
        assert page.page.locator(".jp-OutputArea-output img").count() == 1


def test_it_is_readable_in_both_themes_and_widths(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.sees("yes, layer 3 of 3")
        page.readable("history-explorer")
