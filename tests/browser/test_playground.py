"""The playground in JupyterLab: its buttons type at the prompt, for the container that is chosen."""

from __future__ import annotations

from tests.browser import jupyter
from tests.browser.conftest import Opener
from tests.browser.test_stage import STILL, said

PLACES = """() => [...document.querySelector("labkit-live").shadowRoot.querySelectorAll(".offers button")]
    .map(each => [each.textContent, each.offsetLeft, each.offsetTop])"""
CELL = "from labkit import Lab, playground\nlab = Lab()\nplayground(lab, 'ubuntu:15.04')"


def press(page: jupyter.Notebook, words: str, line: str) -> None:
    """Press a button, and wait until the line that it types is answered."""
    page.click(words)
    page.page.wait_for_function(STILL, arg=line)


def chosen(page: jupyter.Notebook, name: str) -> None:
    """Wait until the buttons are about a container."""
    page.page.locator(f"labkit-live button[title='docker diff {name}']").wait_for()


def test_buttons_type_what_they_do_for_the_chosen_container(notebook: Opener) -> None:
    with notebook(CELL) as page:
        page.run()
        page.page.locator("labkit-live .offers").wait_for()
        assert page.page.get_by_role("button", name="Diff").is_disabled()
        places = page.page.evaluate(PLACES)
        press(page, "Run a container", "docker run -dit --name box1 ubuntu:15.04")
        press(page, "Run a container", "docker run -dit --name box2 ubuntu:15.04")
        page.page.locator("labkit-live select").select_option("box1")
        chosen(page, "box1")
        press(page, "Change a file of the image", "docker exec box1 sh -c 'echo hello >> /etc/passwd'")
        page.page.locator("labkit-live [data-key^='container:']", has_text="box2").click()
        chosen(page, "box2")
        press(page, "Delete a file of the image", "docker exec box2 rm /etc/group")
        assert page.page.evaluate("document.activeElement.shadowRoot.activeElement.textContent").startswith(
            "Delete"
        )
        press(page, "Diff", "docker diff box2")
        assert "D /etc/group" in said(page)
        press(page, "Sizes", "docker ps -a")
        assert "272B (virtual 188MB)" in said(page)
        press(page, "Remove", "docker rm -f box2")
        press(page, "Undo", "undo")
        assert page.page.evaluate(PLACES) == places, "no button moves to where another one was"
        assert page.page.locator("labkit-live select").input_value() == "box2"
        page.readable("playground")
