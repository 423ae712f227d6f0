"""A JupyterLab server and Chromium for the tests of this folder; skipped where Chromium is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from tests.browser import jupyter
from tests.conftest import ROOT, need


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[jupyter.Server]:
    """Give a running JupyterLab server."""
    need("" if jupyter.CHROMIUM else "Chromium is not installed")
    with jupyter.server(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give a running Chromium."""
    need("" if jupyter.CHROMIUM else "Chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=jupyter.CHROMIUM, args=jupyter.OPTIONS)
        yield running
        running.close()


Opener = Callable[..., AbstractContextManager[jupyter.Notebook]]


@pytest.fixture
def notebook(
    server: jupyter.Server, browser: Any, record_property: Callable[[str, object], None]
) -> Iterator[Opener]:
    """Give a function that opens a notebook: a file of the server by its name, or code cells."""
    pages: list[jupyter.Notebook] = []

    @contextlib.contextmanager
    def open_one(*cells: str, name: str = "") -> Iterator[jupyter.Notebook]:
        name = name or server.write(f"cells-{len(list(server.work.iterdir()))}.ipynb", cells)
        with jupyter.opened(browser, server, name) as page:
            pages.append(page)
            yield page

    yield open_one
    for page in pages:
        for widget in page.widgets():
            record_property("widget", widget)
        if (ROOT / "notebooks" / page.name).exists():
            record_property("notebook", page.name)
    record_property("browser", [len(pages), sum(page.done for page in pages)])
