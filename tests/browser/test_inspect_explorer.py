"""The inspect explorer in JupyterLab: chosen, filtered, worked by the keyboard, saved and opened again."""

from __future__ import annotations

from tests.browser.conftest import Opener

SETUP = """
from labkit import Lab
from labkit.notebook import inspect_explorer

lab = Lab()
lab.pull("nginx")
inspect_explorer(lab, "nginx", field="RootFS.Layers")
"""


def test_a_field_is_chosen_filtered_and_stepped_through(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.sees("docker pull shows the digests of the compressed blobs")
        page.page.get_by_label("Field", exact=True).select_option(label="Parent")
        page.sees("The history then says <missing>.")
        page.type("Fields about", "storage driver")
        page.sees("The storage driver, which keeps the layers")
        page.click("next ▶")
        page.sees("$ docker image inspect -f '{{json .GraphDriver.Name}}' nginx")


def test_the_keyboard_alone_works_it_and_it_stays_without_a_kernel(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.page.get_by_label("Field", exact=True).focus()
        page.press("Tab", "Space", "Tab", "Enter", "Enter")
        wanted = 'inspect_explorer(lab, "nginx", field="Metadata")'
        page.sees(wanted)
        assert page.page.evaluate("document.activeElement.textContent") == "next ▶"
        page.reopen()
        page.sees(wanted)
        page.sees('"LastTagTime": "0001-01-01T00:00:00Z"')


def test_it_reads_in_both_themes_and_on_a_narrow_page(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.sees("docker pull shows the digests of the compressed blobs")
        page.readable("inspect-explorer")
