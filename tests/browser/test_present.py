"""`labkit present` in Chromium: the class's page is there when the browser is, and nothing has to be run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit.lessons import SLIDES
from tests.browser import class_page, jupyter
from tests.browser.class_page import ROOT
from tests.conftest import need
from tests.notebooks import ROOT as PROJECT
from tests.real import host

STEPS = sum(len(slide.steps) + 2 for slide in SLIDES)
FIRST_SLIDE = 15
"""Seconds from the command to the first slide that a machine which does much else may take."""


class Presented:
    """`labkit present` as a teacher types it, on a port of its own. `page` is Playwright's."""

    def __init__(self, folder: Path, browser: Any, *arguments: str) -> None:
        self.began = time.monotonic()
        command = [sys.executable, "-m", "labkit", "present", *arguments, "--no-browser", "--port"]
        self.process = host.start(
            [*command, str(host.free_port())], folder / "log", env=os.environ | {"PYTHONPATH": str(PROJECT)}
        )
        log = folder / "log"
        host.wait_until(lambda: "\n" in log.read_text(), self.process, log, jupyter.SECONDS)
        self.address = re.search(r"http://\S+", log.read_text())[0]
        self.page = browser.new_page(viewport={"width": 1280, "height": 720})
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.asked: list[str] = []
        self.page.goto(self.address)
        self.page.locator(ROOT).wait_for()
        self.took = time.monotonic() - self.began

    def at(self) -> str:
        """Give where the page says the talk is: slide, step, answer."""
        return str(self.page.locator(ROOT).get_attribute("data-at"))

    def press(self, *keys: str) -> str:
        """Press keys; return where they led."""
        for key in keys:
            self.page.keyboard.press(key)
        return self.at()

    def end(self) -> None:
        """End the command and its page; nothing else may have been asked."""
        self.page.close()
        host.stop(self.process)
        own = self.address.rpartition("/")[0]
        assert [url for url in self.asked if not url.startswith((own, "data:"))] == []


@pytest.fixture
def present(tmp_path: Path, browser: Any) -> Iterator[Callable[..., Presented]]:
    """Give a function that presents a deck."""
    need("" if jupyter.CHROMIUM else "Chromium is not installed")
    begun: list[Presented] = []

    def one(*arguments: str) -> Presented:
        begun.append(Presented(tmp_path, browser, *arguments))
        return begun[-1]

    yield one
    for each in begun:
        each.end()


def test_the_first_slide_is_there_when_the_browser_is(
    present: Callable[..., Presented], record_property: Callable[[str, object], None]
) -> None:
    talk = present()
    record_property("seconds to the first slide", round(talk.took, 2))
    print(f"first slide after {talk.took:.2f} s")
    assert talk.at() == "0-0-false"
    assert talk.press("PageDown") == "0-1-false"  # without a click: the slide has the focus
    assert talk.took < FIRST_SLIDE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_a_class_can_be_read_without_jupyterlab(
    present: Callable[..., Presented], scheme: str
) -> None:
    talk = present()
    talk.page.emulate_media(color_scheme=scheme)
    talk.press("F5")
    talk.page.wait_for_function("() => document.fullscreenElement !== null")
    talk.page.wait_for_timeout(300)
    faults = {}
    for _ in range(STEPS):
        faults[talk.at()] = class_page.faults(talk.page)
        talk.press("PageDown")
    assert talk.at() == "12-0-false"
    assert len(faults) == STEPS
    assert {place: found for place, found in faults.items() if found} == {}
    assert jupyter.faults(talk.page, "labkit-live") == []


def test_commands_are_typed_votes_stay_and_python_may_end(present: Callable[..., Presented]) -> None:
    talk = present()
    root = talk.page.locator(ROOT)
    talk.press("PageDown", "t")
    root.get_by_label("Command").wait_for()
    talk.page.keyboard.type("docker run -dit --name box nginx")
    talk.press("Enter")
    root.locator(".picture .container").wait_for()
    talk.press("PageDown")  # to a clicker the prompt is in the way: it asks, and loses nothing
    talk.press("Escape")
    root.get_by_text("K keeps it").wait_for()
    assert talk.press("k", "PageDown") == "0-2-false"
    root.locator(".labkit-stage .container").wait_for()
    talk.press("v")
    talk.page.keyboard.type("3 9 0 1")
    talk.press("Enter")
    assert root.locator(".labkit-choices .before").all_inner_texts()[1] == "9 before"
    talk.page.reload()
    root.wait_for()
    assert talk.at() == "0-2-false"
    root.locator(".labkit-stage .container").wait_for()  # Python goes on, too
    talk.press("Shift+R")
    root.get_by_text("U takes that back").wait_for()
    assert talk.press("u") == "0-2-false"
    host.stop(talk.process)
    root.get_by_text("The kernel is gone").wait_for()
    for _ in range(STEPS):
        talk.press("PageDown")
    assert talk.at() == "12-0-false"
    talk.press("1", "Enter", "q")
    assert root.locator(".labkit-choices .before").count() == 4


def test_a_deck_of_ones_own_has_its_picture(present: Callable[..., Presented]) -> None:
    talk = present("recap")
    assert talk.page.locator("h2").inner_text().startswith("1. ")
    assert talk.page.title() == "Slides"


def test_who_does_not_know_the_address_gets_nothing(present: Callable[..., Presented]) -> None:
    talk = present("recap")
    server = talk.address.rpartition("/")[0].rpartition("/")[0]
    for path in ("/", "/state", "/told", "/said", f"/{'x' * 22}/state"):
        for data in (None, b"{}"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{server}{path}", data=data)


def test_a_browser_of_chromiums_kind_opens_a_window_of_its_own(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "chromium").write_text(f'#!/bin/sh\necho "$@" > {seen}\n')
    (tmp_path / "chromium").chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:/bin:/usr/bin", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "labkit", "present", "recap", "--port", str(host.free_port())]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().split()[-1]
        deadline = time.monotonic() + 10
        while not (seen.exists() and seen.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert seen.read_text().split()[0] == f"--app={address}"
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
