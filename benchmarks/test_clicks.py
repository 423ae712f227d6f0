"""From a click, or a key, to the changed page: each widget in JupyterLab in a real Chromium."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import pytest

from benchmarks.figures import Figure, Figures
from tests.browser import test_cow_stepper as cow
from tests.browser import test_explorers as explorers
from tests.browser import test_walkthrough as walk
from tests.browser.conftest import Opener, browser, notebook, server  # noqa: F401
from tests.browser.jupyter import Notebook

MOST = 0.150
PAGE = "section"
PREDICT = "from labkit.notebook import predict\npredict('pull-layers', answer='A')"
WALK = "from labkit import walkthrough\nwalkthrough()"
WIDGETS = {
    "cow_stepper": (cow.CELL, PAGE, "Next Next Last First chmod Next Delete Last Read".split()),
    "driver_explorer": (explorers.DRIVERS, PAGE, ["1MB", "67.1MB", "1MB", "10MB"]),
    "layer_or_not": (explorers.LAYERS, PAGE, ["3", "4", "5", "6", "3"]),
    "sheets": (explorers.SHEETS, PAGE, ["layer 5", "layer 2", "layer 5", "layer 2", "layer 1"]),
    "dockerfile_board": (explorers.BOARD, PAGE, ["Change file app.py", "Undo", "Change file app.py", "Undo"]),
    "predict": (PREDICT, ".labkit-verdict", ["C", "D", "A", "C", "D"]),
    "walkthrough": (WALK, walk.ROOT, ["On ▶", "Answer", "Question", "On ▶", "◀ Back"]),
}
_CLICK = """([words, seen]) => new Promise((done, missing) => {
    const roots = [document, ...[...document.querySelectorAll('labkit-live')].map(place => place.shadowRoot)];
    const all = wanted => roots.flatMap(root => [...root.querySelectorAll(wanted)]);
    const buttons = [...all('.jp-OutputArea button'), ...all('section button')];
    const bare = text => text.replace('▶', '').trim();
    const button = buttons.find(b => b.textContent.trim() === words)
        || buttons.find(b => bare(b.textContent).startsWith(bare(words)));
    if (!button) return missing(new Error(words + ': ' + buttons.map(b => b.textContent)));
    const shown = () => all(seen).map(e => e.outerHTML).join();
    const before = shown(), start = performance.now(), end = start + 5000;
    const look = () => shown() !== before ? done(performance.now() - start)
        : performance.now() > end ? missing(new Error(words + ' changes nothing'))
        : requestAnimationFrame(look);
    button.click();
    look();
})"""


def delays(page: Notebook, words: Sequence[str], seen: str) -> list[float]:
    """Click on buttons, one after the other; return the seconds until what a selector matches changes."""
    times = []
    for each in words:
        times.append(page.page.evaluate(_CLICK, [each, seen]) / 1000)
        page.page.wait_for_timeout(200)
    return times


@pytest.mark.parametrize("widget", WIDGETS)
def test_click(widget: str, figures: Figures, notebook: Opener) -> None:  # noqa: F811
    cell, seen, words = WIDGETS[widget]
    with notebook(cell) as page:
        page.run()
        page.page.locator(seen).first.wait_for()
        page.page.wait_for_timeout(1000)
        times = delays(page, words, seen)
    figures.check(Figure(f"{widget}: a click, median", median(times), "its slowest", max(times), most=MOST))
