"""The container playground in JupyterLab: clicked, typed into, worked by keyboard, opened again."""

from __future__ import annotations

from tests.browser import jupyter
from tests.browser.conftest import Opener

CELL = """%load_ext labkit
from labkit import Lab
from labkit.notebook import playground
lab = Lab()
playground(lab, "ubuntu:15.04")"""
FILLED = CELL.replace(
    "playground(lab,",
    """for name in ("box1", "box2", "box3"):
    lab.run("ubuntu:15.04", name=name).append("/etc/motd", name)
lab.container("box2").commit("app:1")
lab.run("app:1", name="web").exec("chmod 600 /bin/bash")
playground(lab,""",
)


def sees(page: jupyter.Notebook, words: str) -> None:
    """Wait until docker's words or the log below the picture have a text."""
    page.page.locator(".labkit-terminal", has_text=words).first.wait_for()


def test_a_learner_runs_writes_commits_undoes_and_meets_an_error(notebook: Opener) -> None:
    with notebook(CELL) as page:
        page.run()
        page.click("Run a container")
        sees(page, "docker run -dit --name box1 ubuntu:15.04")
        page.page.get_by_role("button", name="Append to a file", exact=True).focus()
        page.press("Enter")
        sees(page, "C /etc/motd")
        page.page.get_by_label("path", exact=True).fill("/notes")
        page.page.get_by_label("text", exact=True).fill("<b>milk</b>")
        page.press("Tab", "Space")  # to "Write a file"
        sees(page, "A /notes")
        sees(page, 'lab.container("box1").write("/notes", "<b>milk</b>\\n")')
        page.click("Remove")
        sees(page, "You cannot remove a running container")
        page.click("Commit")
        sees(page, "docker commit box1 app:1")
        page.click("Undo")
        sees(page, ">>> lab.undo()")
        page.reopen()
        sees(page, 'The same in Python: playground(lab, "ubuntu:15.04")')
        assert page.page.locator(".jp-OutputArea-output img").count() == 1


def test_what_is_typed_in_another_cell_is_seen_after_refresh(notebook: Opener) -> None:
    with notebook(CELL, "%docker run -dit --name typed ubuntu:15.04") as page:
        page.run()
        page.click("Refresh")
        sees(page, "docker diff typed")
        assert page.page.get_by_label("container", exact=True).input_value() != ""


def test_it_is_readable_in_both_themes_and_widths_without_serious_faults(notebook: Opener) -> None:
    with notebook(FILLED) as page:
        page.run()
        sees(page, "The same in Python")
        page.readable("playground")
