"""The walkthrough in JupyterLab, on a projector of 1280 by 720: by keyboard alone, in light and dark."""

from __future__ import annotations

from typing import Any

import pytest

from labkit.lessons import SLIDES
from tests.browser import jupyter
from tests.browser.conftest import Opener

CELLS = ("from labkit import walkthrough", "walkthrough()")
ROOT = ".labkit-walkthrough"
PROJECTOR = (1280, 720)
_SHADOW = "document.querySelector('labkit-live').shadowRoot"
_SCROLLED = """() => {
    const slide = document.querySelector('labkit-live').shadowRoot.querySelector('.labkit-slide');
    const cut = [...slide.querySelectorAll('.labkit-say, .labkit-asked, .labkit-question, h2, footer')];
    return cut.filter(e => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1
        || e.getBoundingClientRect().bottom > slide.getBoundingClientRect().bottom + 1)
        .map(e => e.className + ': ' + e.textContent.slice(0, 60));
}"""


def at(page: jupyter.Notebook) -> str:
    """Give where the page says the talk is: slide, step, answer, notes."""
    return str(page.page.locator(ROOT).get_attribute("data-at"))


def press(page: jupyter.Notebook, key: str) -> str:
    """Press a key that leads somewhere; return where."""
    before = at(page)
    page.press(key)
    page.page.wait_for_function(
        f"([root, before]) => {_SHADOW}.querySelector(root).dataset.at !== before", arg=[ROOT, before]
    )
    return at(page)


def ready(page: jupyter.Notebook, theme: str) -> Any:
    """Run the notebook at a projector's size; return the slide's element, focused."""
    page.look(theme, *PROJECTOR)
    page.run()
    root = page.page.locator(ROOT)
    root.wait_for()
    root.evaluate("e => e.scrollIntoView({block: 'center'})")
    root.focus()
    return root


@pytest.mark.parametrize("theme", jupyter.THEMES)
def test_from_the_first_slide_to_the_last_by_keyboard_alone(notebook: Opener, theme: str) -> None:
    with notebook(*CELLS) as page:
        root = ready(page, theme)
        seen = [at(page)]
        for number, slide in enumerate(SLIDES):
            assert root.locator("h2").inner_text() == f"{number + 1}. {slide.title}"
            for place in range(len(slide.steps) + 1):
                assert page.page.evaluate(_SCROLLED) == [], at(page)
                if place < len(slide.steps):
                    seen.append(press(page, "PageDown" if number % 2 else "Space"))
            assert slide.question.right.reason not in root.locator(".labkit-slide").inner_text()
            seen.append(press(page, "Space"))
            assert slide.question.right.reason in root.locator(".labkit-slide").inner_text()
            assert page.page.evaluate(_SCROLLED) == [], at(page)
            page.page.screenshot(
                path=jupyter.shots() / f"walkthrough-{theme[-5:].strip()}-{number + 1:02}.png"
            )
            if slide is not SLIDES[-1]:
                seen.append(press(page, "Space"))
        assert seen == [
            f"{number}-{place}-{revealed}-false"
            for number, slide in enumerate(SLIDES)
            for place, revealed in [
                *((place, "false") for place in range(len(slide.steps) + 1)),
                (len(slide.steps), "true"),
            ]
        ]
        assert page.faults("labkit-live") == []


def test_every_key_does_what_the_notebook_says(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page, jupyter.THEMES[0])
        steps = "ArrowRight:1-0-false-false Enter:1-1-false-false Backspace:1-0-false-false a:1-0-true-false"
        steps += " n:1-0-true-true r:1-0-false-true End:11-0-false-true ArrowLeft:10-0-false-true"
        steps += " PageDown:10-1-false-true PageUp:10-0-false-true Shift+R:0-0-false-true"
        for step in steps.split():
            key, _, wanted = step.partition(":")
            assert press(page, key) == wanted, key
        clock = root.locator(".labkit-clock")
        page.press("c")
        page.page.wait_for_function(
            f"() => {_SHADOW}.querySelector('.labkit-clock').textContent.includes('0:01')"
        )
        page.press("c")
        assert clock.get_attribute("aria-label") == "Start the clock, now 0:01"
        page.press("f")
        page.page.wait_for_function("() => document.fullscreenElement !== null")
        page.press("f")
        page.page.wait_for_function("() => document.fullscreenElement === null")
        assert press(page, "Space") == "0-1-false-true"


def test_buttons_and_the_list_do_the_same(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page, jupyter.THEMES[0])
        for words, wanted in (
            ("Run 1 of 3", "0-1-false-false"),
            ("Answer", "0-1-true-false"),
            ("Notes", "0-1-true-true"),
            ("Next ▶", "1-0-false-true"),
            ("◀ Back", "0-1-true-true"),
            ("Reset slide", "0-0-false-true"),
        ):
            page.click(words)
            page.page.wait_for_selector(f"{ROOT}[data-at='{wanted}']")
        root.get_by_label("Jump to a slide").select_option("7")
        page.page.wait_for_selector(f"{ROOT}[data-at='7-0-false-true']")
        page.click("Start over")
        page.page.wait_for_selector(f"{ROOT}[data-at='0-0-false-true']")


def test_keys_neither_reach_the_notebook_nor_are_trapped(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        ready(page, jupyter.THEMES[0])
        before = page.page.locator(".jp-Cell").count()
        page.press("b", "x", "d", "d", "ArrowDown", "m")
        assert page.page.locator(".jp-Cell").count() == before
        assert page.page.locator(".jp-CodeCell").count() == before
        inside = f"() => {_SHADOW}.activeElement !== null"
        assert page.page.evaluate(inside)
        for _ in range(16):
            page.press("Tab")
            if not page.page.evaluate(inside):
                break
        assert not page.page.evaluate(inside)
        page.page.locator(ROOT).focus()
        page.press("Escape")
        assert not page.page.evaluate(inside)


def test_opened_without_a_kernel_all_slides_can_be_read(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        ready(page, jupyter.THEMES[0])
        page.press("Space")
        saved = page.reopen()
        page.page.get_by_text("All twelve slides, to read").click()
        last = page.page.locator(".jp-OutputArea-output h3").last
        last.wait_for()
        assert last.inner_text() == "12. docker image inspect (3)"
        assert page.page.locator(".jp-OutputArea-output img").count() == 13
        assert page.cut_off() == []
        assert SLIDES[11].question.prompt in saved.cells[1].outputs[-1].data["text/plain"]
