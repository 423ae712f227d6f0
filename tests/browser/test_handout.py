"""The handout and the deck, opened as files: nothing is asked of any host, nothing is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import pytest

from labkit.course.slides import STAGE
from labkit.lessons import SLIDES
from labkit.notebook.handout import FORMS, handout
from labkit.notebook.handout import page as handout_page
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


STAGES = sum(step == STAGE for slide in SLIDES for step in slide.steps)
_INK = """() => [...document.querySelectorAll('.labkit-terminal')].filter(e => {
    const sum = colour => colour.match(/\\d+/g).slice(0, 3).reduce((all, each) => all + Number(each), 0);
    return sum(getComputedStyle(e).color) > 150;
}).length"""


def test_the_handout_prints_with_nothing_cut_off(page: Any, files: dict[str, Path], tmp_path: Path) -> None:
    page.goto(files["handout"].as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})  # A4 without its margins
    assert page.evaluate(_WIDE) == []
    heights = page.evaluate("[...document.querySelectorAll('.labkit-picture img')].map(e => e.offsetHeight)")
    assert len(heights) == STAGES
    assert all(0 < height < 960 for height in heights)
    assert page.evaluate(_INK) == 0
    assert jupyter.faults(page) == []
    asked, answered = page.locator(".labkit-room"), page.locator("section[id$='-answer']")
    assert asked.count() == answered.count() == len(SLIDES)
    assert page.locator("section:not([id$='-answer']) .labkit-terminal").count() == 0
    assert page.get_by_text("Name ____").count() == 1
    assert page.get_by_text("more lines: run it").count() == 1
    page.screenshot(path=jupyter.shots() / "handout.png", full_page=True)
    page.pdf(path=tmp_path / "handout.pdf", prefer_css_page_size=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "handout.pdf").read_bytes()))
    assert len(SLIDES) < sheets < 3 * len(SLIDES)


def test_the_teachers_handout_has_the_notes_and_the_classs_has_none(files: dict[str, Path]) -> None:
    note = escape(SLIDES[0].notes[0])
    assert note in handout_page("handout", teacher=True)
    assert note not in files["handout"].read_text("utf-8")
    assert note not in files["deck"].read_text("utf-8")


def test_both_are_printed_where_chromium_is(tmp_path: Path, browser: Any) -> None:
    written = handout(tmp_path, "recap", pdf=True)
    assert [path.name for path in written] == ["handout.html", "handout.pdf", "deck.html", "deck.pdf"]
    assert all(path.read_bytes()[:5] == b"%PDF-" for path in written[1::2])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_deck_is_turned_by_keys_and_by_links(page: Any, files: dict[str, Path], scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(files["deck"].as_uri())
    where = "Math.round(scrollY / innerHeight)"
    page.get_by_role("link", name="Next ▶").first.click()
    page.wait_for_function(f"{where} === 1")
    for number, key in enumerate(("PageDown", "ArrowRight", "ArrowLeft", "PageUp")):
        page.keyboard.press(key)
        page.wait_for_function(f"{where} === {(2, 3, 2, 1)[number]}")
    assert page.evaluate(_WIDE) == []
    assert jupyter.faults(page) == []
    page.screenshot(path=jupyter.shots() / f"deck-{scheme}.png")
    page.wait_for_function("location.hash === '#/1/1'")
    page.goto(f"{files['deck'].as_uri()}#/4/2")
    page.wait_for_function("document.getElementById('/4/2').getBoundingClientRect().top === 0")
    page.keyboard.press("Escape")
    page.wait_for_selector(".overview section:focus")
    page.screenshot(path=jupyter.shots() / f"deck-overview-{scheme}.png")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("document.getElementById('/4/answer').getBoundingClientRect().top === 0")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    page.emulate_media(media="print", color_scheme=scheme)
    assert page.evaluate(_INK) == 0
