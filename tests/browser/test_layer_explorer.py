"""The layer explorer in JupyterLab: clicked, typed into, worked by the keyboard, saved and opened again."""

from __future__ import annotations

from tests.browser.conftest import Opener

SETUP = """
from labkit import Lab
from labkit.notebook import layer_explorer

lab = Lab()
app = lab.build("app", [
    "FROM nginx",
    "COPY model.bin /srv/model.bin",
    "RUN chmod 600 /srv/model.bin && echo hi >> /etc/passwd",
    "RUN rm /srv/model.bin && rm -r /var/log/nginx",
], {"model.bin": 67_000_000})
layer_explorer(lab.image("app"), name="app")
"""
SEEN = {
    "what this layer changes": "Layer 6, 0B, changes",
    "merged tree": 'view="merged"',
    "wasted bytes": 'view="waste"',
}
PICTURE = ".jp-OutputArea-output img"


def test_a_click_a_view_and_a_filter_change_what_is_told(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.sees("Layer 6, 0B, changes")
        page.page.locator("button", has_text="COPY").first.click()
        page.sees("Layer 4, 67MB, changes 2 paths: 1 added, 1 changed, 0 deleted")
        page.page.locator("button", has_text="RUN rm").first.click()
        page.click("wasted bytes")
        page.sees("deleted by layer 6, yet still in layer 5")
        page.sees("layer 5 changed only its mode (644 to 600)")
        page.type("With the letters", "model")
        page.sees("Waste in layers 1 to 6: 134,000,000 bytes in 2 of 8 files")
        page.sees('layer_explorer(lab.image("app"), name="app", filter="model", view="waste")')


def test_the_keyboard_alone_works_it_and_keeps_its_place(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.page.locator("button", has_text="RUN rm").first.focus()
        page.press("Tab", "Tab", "Space")
        page.sees("Layer 4, 67MB, changes")
        page.press("Tab", "Enter")
        page.sees("Layer 3, 22B, changes")
        focused = page.page.evaluate("document.activeElement.textContent")
        assert focused.startswith("▶ 3 ·")


def test_what_was_chosen_stays_without_a_kernel(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        page.click("merged tree")
        page.type("In the directory", "/var/log")
        wanted = 'layer_explorer(lab.image("app"), name="app", path="/var/log", view="merged")'
        page.sees(wanted)
        page.reopen()
        page.sees(wanted)
        page.sees("/var/log/nginx/error.log")
        assert page.page.locator(PICTURE).count() == 1


def test_it_reads_in_both_themes_and_on_a_narrow_page(notebook: Opener) -> None:
    with notebook(SETUP) as page:
        page.run()
        for view, words in SEEN.items():
            page.click(view)
            page.sees(words)
            page.readable(f"layer-explorer-{view.split()[0]}")
