"""Take docs/lesson.png, the README's picture: a lesson in JupyterLab, run in a real browser.

    python -m tests.browser.lesson_picture

Needs the development tools and Chromium.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser import jupyter
from tests.notebooks import ROOT

OUT = ROOT / "docs/lesson.png"
LESSON, CELL = "01-image-layers.ipynb", "## An image is not one big blob"
WIDTH, HEIGHT = 1200, 1000
_SHOW = """text => {
    const cells = jupyterapp.shell.currentWidget.content.widgets;
    const place = cells.findIndex(cell => cell.model.sharedModel.source.includes(text));
    jupyterapp.shell.currentWidget.content.activeCellIndex = place;
    cells[place].node.scrollIntoView({block: 'start'});
}"""


def take() -> bytes:
    """Run the lesson and return a picture of the page where the cell stands at the top."""
    with (
        tempfile.TemporaryDirectory(prefix="labkit-lesson-", ignore_cleanup_errors=True) as name,
        jupyter.server(Path(name) / "jupyter") as server,
        sync_playwright() as driver,
    ):
        shutil.copy(ROOT / "notebooks" / LESSON, server.work)
        browser = driver.chromium.launch(executable_path=jupyter.CHROMIUM, args=jupyter.OPTIONS)
        with jupyter.opened(browser, server, LESSON) as page:
            page.run()
            page.look(jupyter.THEMES[0], WIDTH, HEIGHT)
            page.page.evaluate(_SHOW, CELL)
            page.page.wait_for_timeout(1000)
            picture: bytes = page.page.screenshot()
    return picture


def main() -> None:
    """Take the picture and store it with as many colours as it needs."""
    few = Image.open(io.BytesIO(take())).convert("P", palette=Image.Palette.ADAPTIVE, colors=128)
    few.save(OUT, optimize=True)


if __name__ == "__main__":
    main()
