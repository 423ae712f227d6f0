"""JupyterLab in Chromium, as a learner has it: a server of our own, a notebook opened in a page.

A page notes every request that would leave the machine; screenshots go to `screenshots/` in the project's
root, or to the directory that LABKIT_SHOTS names.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from PIL import Image, ImageStat

from labkit.notebook.doctor import chromium
from tests.browser import scripts
from tests.notebooks import ROOT
from tests.notebooks.refresh import KERNEL
from tests.real import host

CHROMIUM = chromium()
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
SECONDS = 60
THEMES = ("JupyterLab Light", "JupyterLab Dark")
WIDTHS = (1280, 800)
MOST_HEIGHT = 12_000
"""Of one screenshot: Chromium draws no picture that is much higher."""

_SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # so that every cell is on the page
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
_WIDGETS = re.compile(r"\b(\w+_explorer|cow_stepper|playground|predict|walkthrough)\(")
_PANEL = ".jp-WindowedPanel-outer"


@dataclass
class Server:
    """A JupyterLab server of our own, whose notebooks lie in `work`."""

    address: str
    work: Path
    page: Any = None
    """The page in which notebooks are opened."""
    left: list[str] = field(default_factory=list)
    """Requests that left the machine."""

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells; return its name."""
        made = [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(cells)]
        notebook = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": KERNEL})
        nbformat.write(notebook, self.work / name)
        return name


@contextlib.contextmanager
def server(directory: Path) -> Iterator[Server]:
    """Run a JupyterLab server whose settings and files are all below a directory."""
    work = directory / "work"
    work.mkdir(parents=True)
    settings = directory / "JUPYTERLAB_SETTINGS_DIR/@jupyterlab"
    for name, values in _SETTINGS.items():
        path = settings / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    config = directory / "JUPYTER_CONFIG_DIR/labconfig/page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(
        json.dumps({"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}})
    )
    names = "JUPYTER_CONFIG_DIR JUPYTER_DATA_DIR JUPYTER_RUNTIME_DIR IPYTHONDIR JUPYTERLAB_SETTINGS_DIR"
    names += " JUPYTERLAB_WORKSPACES_DIR LABKIT_DATA"
    environment = os.environ | {name: str(directory / name) for name in names.split()}
    environment["PYTHONPATH"] = str(ROOT)
    port = host.free_port()
    options = f"--no-browser --allow-root --expose-app-in-browser --port={port} --IdentityProvider.token="
    log = directory / "jupyter.log"
    command = [sys.executable, "-m", "jupyterlab", *options.split(), f"--ServerApp.root_dir={work}"]
    process = host.start(command, log, env=environment)
    try:
        host.wait_until(lambda: answers(f"http://127.0.0.1:{port}/api"), process, log, SECONDS)
        yield Server(f"http://127.0.0.1:{port}", work)
    finally:
        host.stop(process)


def answers(address: str) -> bool:
    """Tell whether a server gives a page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def shots() -> Path:
    """Return the directory of screenshots, made where it is missing."""
    directory = Path(os.environ.get("LABKIT_SHOTS") or ROOT / "screenshots")
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def rows_of_ink(png: bytes, box: dict[str, float] | None = None) -> int:
    """Count a picture's rows of pixels in which something is drawn, in a part of it that a box names."""
    picture = Image.open(io.BytesIO(png)).convert("L")
    if box:  # without the cells' left margin and the scroll bar
        left, top = box["x"] + 80, box["y"]
        picture = picture.crop((left, top, left + box["width"] - 120, top + box["height"]))
    rows = (picture.crop((0, y, picture.width, y + 1)).getextrema() for y in range(picture.height))
    return sum(most - least > 40 for least, most in rows)


@dataclass
class Notebook:
    """A notebook in a page of JupyterLab. `page` is Playwright's; `done` counts clicks and keys."""

    page: Any
    server: Server
    name: str
    done: int = 0

    def run(self) -> None:
        """Run all cells from top to bottom and wait for the last; none may fail."""
        assert self.page.evaluate(scripts.RUN, 2 * SECONDS) == []

    def widgets(self) -> list[str]:
        """Give the names of the widgets that the notebook's code opens."""
        cells = nbformat.read(self.server.work / self.name, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        return sorted(set(_WIDGETS.findall(source)))

    def click(self, words: str, *, role: str = "button", exact: bool = True) -> None:
        """Click on a control by its words."""
        self.page.get_by_role(role, name=words, exact=exact).first.click()
        self.done += 1

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.done += 1

    def type(self, label: str, text: str) -> None:
        """Write a text into a field by its label, and press Enter."""
        self.page.get_by_label(label, exact=True).first.fill(text)
        self.page.keyboard.press("Enter")
        self.done += 1

    def sees(self, words: str) -> None:
        """Wait until words are on the page."""
        self.page.get_by_text(words).first.wait_for()

    def look(self, theme: str, width: int, height: int = 900) -> None:
        """Choose a theme and the page's size."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        self.page.wait_for_function(scripts.LOOKS, arg=[theme, height, _PANEL])
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")  # shown while a theme loads

    def cut_off(self) -> list[str]:
        """Give what is wider than its place in an output, and cannot be scrolled."""
        found: list[str] = self.page.evaluate(scripts.OVERFLOW)
        return found

    def readable(self, name: str) -> None:
        """Check in both themes and widths that nothing is cut off or a serious fault; keep screenshots."""
        for theme in THEMES:
            for width in WIDTHS:
                self.look(theme, width)
                assert not (found := self.cut_off()), found
                self.look(theme, width, min(MOST_HEIGHT, self._height() + 200))
                self.shoot(f"{name}-{theme.split()[-1].lower()}-{width}")
                assert self.brightness() <= {"JupyterLab Dark": 90}.get(theme, 255)
            assert self.faults() == []

    def brightness(self) -> float:
        """Give how bright the brightest picture in an output is, 0 to 255."""
        pictures = self.page.locator(".jp-OutputArea-output img:visible")
        shots = (each.screenshot() for each in pictures.all())
        return max(
            (ImageStat.Stat(Image.open(io.BytesIO(each)).convert("L")).mean[0] for each in shots), default=0
        )

    def _height(self) -> int:
        """Give the height of the notebook down to its last cell: below it the panel scrolls on, empty."""
        height: int = self.page.locator(_PANEL).first.evaluate(scripts.HEIGHT)
        return height

    def shoot(self, name: str) -> list[Path]:
        """Keep screenshots of the whole notebook, a screen's height each, none empty; return their files."""
        directory = shots()
        panel = self.page.locator(_PANEL).first
        seen = panel.evaluate("e => e.clientHeight")
        files = []
        for number in range(1 + max(0, -(-(self._height() - seen) // (seen - 60)))):
            panel.evaluate("(e, top) => { e.scrollTop = top; }", number * (seen - 60))
            files.append(directory / f"{name}-{number + 1:02}.png")
            self.page.screenshot(path=files[-1])
            assert rows_of_ink(files[-1].read_bytes(), panel.bounding_box()) > 20, f"{files[-1]} is empty"
        panel.evaluate("e => { e.scrollTop = 0; }")
        return files

    def faults(self, selector: str = ".jp-OutputArea-output") -> list[str]:
        """Give the serious accessibility faults that axe finds in what a selector matches."""
        return faults(self.page, selector)

    def reopen(self) -> Any:
        """Save the notebook, end its kernel and open it again without one; return what the file holds."""
        self.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        self.page.evaluate("jupyterapp.commands.execute('notebook:shutdown-kernel')")
        self.load()
        return nbformat.read(self.server.work / self.name, as_version=4)

    def open(self) -> None:
        """Open the notebook in the page's JupyterLab, and wait until its cells are there."""
        if self.page.url.startswith(self.server.address):
            self.page.evaluate(scripts.OPEN, self.name)
            self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        else:
            self.load()

    def load(self) -> None:
        """Load JupyterLab with the notebook, and wait until its cells are there."""
        self.page.goto(f"{self.server.address}/lab/tree/{quote(self.name)}?reset")
        self.page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length")
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.page.evaluate("jupyterapp.shell.collapseLeft()")

    def cell(self, place: int) -> Any:
        """Give the field to write in of a code cell, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(place).locator(".cm-content")

    def output(self, place: int) -> Any:
        """Give the output of a code cell, counted from 0."""
        return self.page.locator(".jp-CodeCell").nth(place).locator(".jp-Cell-outputArea")

    def fill(self, source: str, place: int) -> None:
        """Write a source into a code cell in the place of what is there: typed, or pasted if it has lines."""
        self.cell(place).click()
        self.press("Control+a")
        (self.page.keyboard.insert_text if "\n" in source else self.page.keyboard.type)(source)
        self.done += 1


def faults(page: Any, selector: str = "body") -> list[str]:
    """Give the serious accessibility faults that axe finds in a part of a page."""
    from axe_playwright_python.sync_playwright import Axe

    rules = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
    found = Axe().run(page, context=selector, options=rules).response["violations"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@contextlib.contextmanager
def opened(browser: Any, served: Server, name: str) -> Iterator[Notebook]:
    """Open a notebook in JupyterLab; at the end no request may have left the machine.

    JupyterLab itself takes seconds to load: a server's page is kept, and its notebooks are opened in it one
    after the other.
    """
    page = served.page
    if page is None:
        page = served.page = browser.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: served.left.append(request.url) if leaves(request.url) else None)
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    notebook = Notebook(page, served, name)
    try:
        notebook.open()
        page.evaluate(scripts.READY)
        yield notebook
    finally:
        try:
            page.evaluate(scripts.CLOSE)
        except Exception:  # a page that is lost is replaced by a new one
            page.close()
            served.page = None
    assert served.left == []


def leaves(address: str) -> bool:
    """Tell whether a request for an address leaves the machine."""
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1"
