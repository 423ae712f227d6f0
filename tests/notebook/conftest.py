"""What the tests of the notebook room share: a live page, its outputs, and a shell without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from labkit import Lab
from tests.notebook.shown import Handle


@pytest.fixture(autouse=True)
def no_loop_but_the_tests_own() -> Iterator[None]:
    """Hide the loop that Playwright leaves running in a process that has run browser tests before."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Handle]]:
    """Give what is shown below the cell; the page is alive."""
    monkeypatch.setenv("LABKIT_PROGRESS", "on")
    found: list[Handle] = []

    def show(data: Any, **options: Any) -> Handle:
        found.append(Handle(data))
        return found[-1]

    monkeypatch.setattr("IPython.display.display", show)
    yield found
    ipywidgets.Widget.close_all()


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """Give a notebook's shell with labkit's magics and a new lab, without a browser."""
    InteractiveShell.clear_instance()
    instance = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    instance.run_line_magic("load_ext", "labkit")
    instance.user_ns["lab"] = Lab()
    yield instance
    InteractiveShell.clear_instance()
