"""A widget in JupyterLab in Chromium: worked by the keyboard alone, saved, and opened again."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.notebooks import ROOT
from tests.notebooks.refresh import KERNEL

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed here")
SECONDS = 60
NOTEBOOK = "widget.ipynb"
CELL = "from labkit.notebook import driver_explorer\ndriver_explorer(steps=['create'])"
READY = """async () => {
    const until = async found => { while (!found()) await new Promise(go => setTimeout(go, 100)); };
    await until(() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel);
    await jupyterapp.shell.currentWidget.sessionContext.ready;
    await jupyterapp.shell.currentWidget.sessionContext.session.kernel.info;
}"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """Give the address of a JupyterLab that has one notebook with one cell."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cell = nbformat.v4.new_code_cell(CELL, id="cell")
    work = tmp_path / "work"
    work.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": KERNEL})
    nbformat.write(notebook, work / NOTEBOOK)
    environment = {name: value for name, value in os.environ.items() if name != "LABKIT_PROGRESS"}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        environment[name] = str(tmp_path / name)
    environment["PYTHONPATH"] = str(ROOT)
    options = f"--no-browser --allow-root --expose-app-in-browser --port={port} --IdentityProvider.token="
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options.split(), f"--ServerApp.root_dir={work}"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(SECONDS * 2):
            time.sleep(0.5)
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield f"http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?reset"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def test_the_drivers_controls_work_by_keyboard_and_leave_their_picture(lab: str, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(SECONDS * 1000)
        page.goto(lab)
        page.evaluate(READY)
        page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        words = page.locator(".labkit-terminal")
        words.wait_for()
        page.get_by_label("overlay2", exact=True).focus()
        page.keyboard.press("Space")
        for _ in range(2):  # over fuse-overlayfs to aufs
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
        wanted = 'driver_costs("fuse-overlayfs", "btrfs", "zfs", "devicemapper", "vfs", steps=["create"])'
        page.get_by_text(wanted).wait_for()
        page.get_by_role("button", name="1MB", exact=True).focus()
        page.keyboard.press("Space")
        wanted = wanted[:-1] + ", size=1000000)"
        page.get_by_text(wanted).wait_for()
        assert page.locator(".jp-RenderedImage img").count() == 1
        page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        page.evaluate("jupyterapp.commands.execute('notebook:shutdown-kernel')")
        page.close()

        again = browser.new_page(viewport={"width": 1280, "height": 900})
        again.set_default_timeout(SECONDS * 1000)
        again.goto(lab)
        again.get_by_text(wanted).wait_for()
        assert again.locator(".jp-RenderedImage img").count() == 1
        if shot := os.environ.get("LABKIT_SHOT"):
            time.sleep(3)
            again.screenshot(path=shot)
        browser.close()
    saved = nbformat.read(tmp_path / "work" / NOTEBOOK, as_version=4).cells[0].outputs
    assert wanted in saved[-1].data["text/plain"]
