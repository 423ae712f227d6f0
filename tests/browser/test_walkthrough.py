"""The walkthrough in JupyterLab: a whole class by a clicker's keys, and what goes wrong in front of one."""

from __future__ import annotations

import os
from typing import Any

import pytest

from labkit.lessons import SLIDES
from tests.browser import jupyter
from tests.browser.conftest import Opener

CELLS = ("from labkit import walkthrough\ntalk = walkthrough()", "talk", "%load_ext labkit")
ROOT = ".labkit-walkthrough"
SIZES = [(1280, 720)]
if os.environ.get("LABKIT_LONG"):
    SIZES += [(1024, 768), (1920, 1080), (3840, 2160)]
KERNEL = "jupyterapp.shell.currentWidget.sessionContext"
_SHADOW = "document.querySelector('labkit-live').shadowRoot"
_SMALL = f"""() => {{
    const root = {_SHADOW}.querySelector('{ROOT}'), found = new Set(), height = root.clientHeight;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {{
        const element = walker.currentNode.parentElement, style = getComputedStyle(element);
        if (!walker.currentNode.data.trim() || element.closest('.labkit-said, .said, .empty, details, style')) continue;
        if (!element.checkVisibility() || element.closest('footer, select, .labkit-clock')) continue;
        let size = parseFloat(style.fontSize);
        if (element.closest('.picture')) size *= parseFloat(element.closest('.picture').style.zoom);
        const least = element.closest('.labkit-terminal, .terminal') ? 0.03 : 0.033;
        if (size < least * height - 0.05) found.add(`${{element.className || element.tagName}}: ${{size}}`);
    }}
    return [...found];
}}"""
_CUT = f"""() => [...{_SHADOW}.querySelectorAll(
    '.labkit-say, .labkit-asked, .labkit-question, .labkit-stage, .labkit-terminal, h2, th, td, li')]
    .filter(e => e.scrollWidth > e.clientWidth + 1
        || (e.scrollHeight > e.clientHeight + 1 && !e.matches('.labkit-stage'))
        || e.getBoundingClientRect().top > innerHeight).map(e => e.className + ': ' + e.textContent.slice(0, 60))"""
_SHOWN = f"() => [...{_SHADOW}.querySelectorAll('footer, select, .labkit-clock')].map(e => getComputedStyle(e).clipPath)"


def at(page: jupyter.Notebook) -> str:
    """Give where the page says the talk is: slide, step, answer."""
    return str(page.page.locator(ROOT).get_attribute("data-at"))


def press(page: jupyter.Notebook, key: str) -> str:
    """Press a key that leads somewhere; return where."""
    before = at(page)
    page.press(key)
    page.page.wait_for_function(
        f"([root, before]) => {_SHADOW}.querySelector(root).dataset.at !== before", arg=[ROOT, before]
    )
    return at(page)


def ready(page: jupyter.Notebook, theme: str = jupyter.THEMES[0], size: tuple[int, int] = SIZES[0]) -> Any:
    """Run the notebook at a projector's size; return the slide's element, which has the focus."""
    page.page.evaluate("localStorage.clear()")
    page.look(theme, *size)
    page.run()
    root = page.page.locator(ROOT)
    root.wait_for()
    root.evaluate("e => e.scrollIntoView({block: 'center'})")
    root.focus()
    return root


def fill(page: jupyter.Notebook) -> None:
    """Fill the screen, as a clicker's start key does."""
    page.press("F5")
    page.page.wait_for_function("() => document.fullscreenElement !== null")
    page.page.wait_for_timeout(300)


def shoot(page: jupyter.Notebook, name: str) -> None:
    """Keep a screenshot."""
    page.page.screenshot(path=jupyter.shots() / f"walkthrough-{name}.png")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", jupyter.THEMES)
def test_on_a_full_screen_all_can_be_read_from_the_last_row(
    notebook: Opener, theme: str, size: tuple[int, int]
) -> None:
    with notebook(*CELLS) as page:
        root = ready(page, theme, size)
        fill(page)
        assert set(page.page.evaluate(_SHOWN)) == {"inset(50%)"}
        seen, small, cut = [at(page)], {}, {}
        for _ in range(sum(len(slide.steps) + 2 for slide in SLIDES)):
            small[at(page)], cut[at(page)] = page.page.evaluate(_SMALL), page.page.evaluate(_CUT)
            page.page.wait_for_timeout(150)
            shoot(page, f"{theme[-5:].strip()}-{size[1]}-{at(page)}")
            if at(page).startswith("12-"):
                break
            seen.append(press(page, "PageDown"))
        assert {place: found for place, found in small.items() if found} == {}
        assert {place: found for place, found in cut.items() if found} == {}
        assert len(set(seen)) == len(seen) == 1 + sum(len(slide.steps) + 2 for slide in SLIDES)
        assert root.locator(".labkit-answers li").count() == len(SLIDES)
        assert page.faults("labkit-live") == []
        page.page.mouse.move(200, 200)
        page.page.mouse.move(240, 240)
        page.page.wait_for_function(f"() => ({_SHOWN})().every(each => each === 'none')")
        page.press("Escape")
