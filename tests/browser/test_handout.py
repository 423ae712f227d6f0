"""The handout and the deck, opened as files: nothing is asked of any host, nothing is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit.lessons import SLIDES
from labkit.notebook.handout import FORMS, handout
from tests.browser import jupyter

_WIDE = """() => [...document.querySelectorAll('section, section *')].filter(e =>
    getComputedStyle(e).display !== 'inline' && e.scrollWidth > e.clientWidth + 1 && e.clientWidth
    && !['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => e.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give both files, by their form."""
    return dict(zip(FORMS, handout(tmp_path_factory.mktemp("paper")), strict=True))


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Give a page that notes what is asked of any host."""
    opened = browser.new_page(viewport={"width": 1280, "height": 720})
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    opened.close()


def test_the_handout_prints_with_nothing_cut_off(page: Any, files: dict[str, Path], tmp_path: Path) -> None:
    page.goto(files["handout"].as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 without its margins
    assert page.evaluate(_WIDE) == []
    heights = page.evaluate("[...document.querySelectorAll('.labkit-picture img')].map(e => e.offsetHeight)")
    assert len(heights) == 13
    assert all(0 < height < 960 for height in heights)
    assert jupyter.faults(page) == []
    page.screenshot(path=jupyter.shots() / "handout.png", full_page=True)
    page.pdf(path=tmp_path / "handout.pdf", prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "handout.pdf").read_bytes()))
    assert len(SLIDES) < sheets < 3 * len(SLIDES)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_deck_is_turned_by_keys_and_by_links(page: Any, files: dict[str, Path], scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(files["deck"].as_uri())
    where = "Math.round(scrollY / innerHeight)"
    page.get_by_role("link", name="Next ▶").first.click()
    page.wait_for_function(f"{where} === 1")
    page.keyboard.press("PageDown")
    page.wait_for_function(f"{where} === 2")
    page.keyboard.press("PageUp")
    page.wait_for_function(f"{where} === 1")
    assert page.evaluate(_WIDE) == []
    assert jupyter.faults(page) == []
    page.screenshot(path=jupyter.shots() / f"deck-{scheme}.png")
