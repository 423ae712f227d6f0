"""Take docs/lesson.png, the README's picture: a lesson in JupyterLab, run in a real browser.

python docs/lesson.py        needs the development tools and Debian's chromium
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
OUT = Path(__file__).with_suffix(".png")
NOTEBOOK, CELL = "01-image-layers.ipynb", "## An image is not one big blob"
SIZE = {"width": 1200, "height": 1000}
CHROMIUM = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
SETTINGS = {
    "config/labconfig/page_config.json": (
        '{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}'
    ),
    "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": '{"windowingMode": "none"}',
}
RUN_ALL = """async () => {
    await jupyterapp.shell.currentWidget.sessionContext.ready;
    await jupyterapp.shell.currentWidget.sessionContext.session.kernel.info;
    await jupyterapp.commands.execute('notebook:run-all-cells');
    await jupyterapp.commands.execute('application:toggle-left-area');
}"""
SHOW = """text => {
    const cells = jupyterapp.shell.currentWidget.content.widgets;
    const place = cells.findIndex(cell => cell.model.sharedModel.source.includes(text));
    jupyterapp.shell.currentWidget.content.activeCellIndex = place;
    cells[place].node.scrollIntoView({block: 'start'});
}"""


def show(page: Page, address: str) -> bytes:
    """Run the lesson and return a picture of the page where the cell stands at the top."""
    page.goto(f"{address}/lab/tree/{NOTEBOOK}")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_function("() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel")
    page.evaluate(RUN_ALL)
    page.wait_for_timeout(1_000)
    page.evaluate(SHOW, CELL)
    page.wait_for_timeout(1_000)
    return page.screenshot()


def main() -> None:
    """Start JupyterLab, take the picture and store it with as many colours as it needs."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="labkit-lesson-", ignore_cleanup_errors=True) as name:
        for path, text in SETTINGS.items():
            (Path(name) / path).parent.mkdir(parents=True)
            (Path(name) / path).write_text(text)
        env = {**os.environ, "LABKIT_PROGRESS": "off", "IPYTHONDIR": f"{name}/ipython"}
        env |= {"JUPYTER_CONFIG_DIR": f"{name}/config", "JUPYTERLAB_SETTINGS_DIR": f"{name}/settings"}
        env |= {"JUPYTERLAB_WORKSPACES_DIR": f"{name}/workspaces"}
        command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
        command += [
            "--IdentityProvider.token=",
            "--expose-app-in-browser",
            f"--notebook-dir={ROOT}/notebooks",
        ]
        server = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
        try:
            for _ in range(120):
                with suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                    break
                time.sleep(0.5)
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM.split())
                picture = show(browser.new_page(viewport=SIZE), address)
        finally:
            server.terminate()
            server.wait()
    Image.open(io.BytesIO(picture)).convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
        OUT, optimize=True
    )


if __name__ == "__main__":
    main()
