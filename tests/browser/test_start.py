"""`labkit start` in Chromium: a lesson alone on the page, nothing asks, the user's settings stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import jupyter, scripts
from tests.conftest import need
from tests.notebooks import ROOT
from tests.real import host

THEME = '{"theme": "JupyterLab Dark"}'
PLACE = '{"data": {}, "metadata": {"id": "default"}}'
OPENED = "() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length"

END = "jupyterapp.shell.currentWidget.content.scrollToItem(24)"


class Started:
    """JupyterLab as `labkit start` opened it, in a home where its user has set something."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "home"
        self.settings = self.home / ".jupyter/lab/user-settings/@jupyterlab/apputils-extension"
        self.settings.mkdir(parents=True)
        (self.settings / "themes.jupyterlab-settings").write_text(THEME)
        workspaces = self.home / ".jupyter/lab/workspaces"
        workspaces.mkdir()
        (workspaces / "default-37a8.jupyterlab-workspace").write_text(
            '{"data":{},"metadata":{"id":"default"}}'
        )
        own = ("LABKIT_", "JUPYTER", "IPYTHON")
        self.environment = {name: text for name, text in os.environ.items() if not name.startswith(own)}
        self.environment |= {"HOME": str(self.home), "PYTHONPATH": str(ROOT)}
        self.mine = self.files()
        self.port = host.free_port()

    def files(self) -> dict[Path, bytes]:
        """Give what is among the user's settings and documents of JupyterLab."""
        return {path: path.read_bytes() for path in (self.home / ".jupyter").rglob("*") if path.is_file()}

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of `labkit` with arguments."""
        return [sys.executable, "-m", "labkit", *arguments]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Give the server that `labkit start` starts in an empty folder."""
    need("" if jupyter.CHROMIUM else "Chromium is not installed")
    here = Started(tmp_path_factory.mktemp("start"))
    options = ["--no-browser", "--expose-app-in-browser", "--IdentityProvider.token="]
    command = here.command("start", "--port", str(here.port), *options)
    log = here.folder / "log"
    process = host.start(command, log, env=here.environment, cwd=here.folder)
    try:
        address = f"http://127.0.0.1:{here.port}/api"
        host.wait_until(lambda: jupyter.answers(address), process, log, jupyter.SECONDS)
        yield here
    finally:
        host.stop(process)


@pytest.fixture
def page(started: Started, browser: Any) -> Iterator[Any]:
    """Give the page that the browser would open; nothing on it may leave the machine."""
    left: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(jupyter.SECONDS * 1000)
    opened.on("request", lambda request: left.append(request.url) if jupyter.leaves(request.url) else None)
    opened.goto(f"http://127.0.0.1:{started.port}/")
    opened.wait_for_function(OPENED)
    yield opened
    opened.close()
    assert left == []


def test_one_lesson_is_on_the_page_and_nothing_asks(page: Any, started: Started) -> None:
    assert page.url.endswith("/doc/tree/00-start-here.ipynb")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.wait_for_timeout(2000)  # the question about news comes late
    assert page.locator("#jp-left-stack").is_visible() is False
    assert page.locator(".jp-FileBrowser").is_visible() is False
    assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
    assert page.locator("body").get_attribute("data-jp-theme-name") == "JupyterLab Dark"
    page.screenshot(path=jupyter.shots() / "start.png")
    assert started.files() == started.mine


def test_a_link_leads_on_and_the_lesson_runs_from_top_to_bottom(page: Any, started: Started) -> None:
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.evaluate(END)
    page.get_by_role("link", name="1 · Image layers").last.click()
    page.wait_for_url("**/doc/tree/01-image-layers.ipynb")
    page.wait_for_function(
        f"() => ({OPENED})() && jupyterapp.shell.currentWidget.context.path.startsWith('01')"
    )
    page.evaluate(scripts.READY)
    assert page.evaluate(scripts.RUN, 2 * jupyter.SECONDS) == []
    page.screenshot(path=jupyter.shots() / "start-lesson.png")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    page.evaluate(scripts.CLOSE)
    assert started.files() == started.mine
    lesson = started.folder / "labkit-course/01-image-layers.ipynb"
    assert any(cell.get("outputs") for cell in json.loads(lesson.read_bytes())["cells"])
    again = subprocess.run(
        started.command("lessons", "labkit-course", "--fresh", "01"),
        cwd=started.folder, env=started.environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "  new in the course: 01-image-layers-2.ipynb" in again.stdout.splitlines()
    fresh = json.loads(lesson.with_name("01-image-layers-2.ipynb").read_bytes())
    assert not any(cell.get("outputs") for cell in fresh["cells"])
