"""The stage and the terminal: how soon a box moves, how smoothly, and what a first name and chart cost.

Seconds are reported, and depend on the machine; what fails a run are ratios.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import fresh
from benchmarks.figures import Figure, Figures
from labkit import Lab
from labkit.notebook.widgets.stage import Stage
from tests.browser.bare import Bare
from tests.browser.conftest import Opener, browser, notebook, server  # noqa: F401
from tests.browser.test_stage import FILM, SETUP, enter, opened

_ENTER = """line => new Promise((done, missing) => {
    const root = document.querySelector("labkit-live").shadowRoot;
    const place = tile => [tile.dataset.key, getComputedStyle(tile).transform, tile.ariaLabel];
    const seen = () => [...root.querySelectorAll("[data-key]")].map(place).join();
    const input = root.querySelector("input[aria-label=Command]");
    const before = seen(), start = performance.now();
    const look = () => seen() !== before ? done(performance.now() - start)
        : performance.now() > start + 5000 ? missing(new Error(line)) : requestAnimationFrame(look);
    input.value = line;
    input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
    look();
})"""
_FRAMES = """async () => {
    const gaps = [], end = performance.now() + 400;
    let last = await new Promise(requestAnimationFrame);
    while (last < end) {
        const now = await new Promise(requestAnimationFrame);
        gaps.push(now - last);
        last = now;
    }
    return gaps;
}"""
_DRAW = """async () => {
    const all = fake.get("frame"), root = document.querySelector("labkit-live").shadowRoot;
    fake.set("frame", { ...all, scene: { tiles: [], columns: 0, rows: 0 } });
    while (root.querySelector(".tile")) await new Promise(go => setTimeout(go, 50));
    const start = performance.now();
    fake.set("frame", all);
    root.querySelector("svg").getBoundingClientRect();
    return performance.now() - start;
}"""
_IMPORT = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
_CHART = (
    "import time; from labkit import Lab, sizes; lab = Lab(); image = lab.pull('nginx'); "
    "start = time.perf_counter(); sizes(image).png; print(time.perf_counter() - start)"
)


def test_from_enter_to_the_first_box_and_its_frames(figures: Figures, notebook: Opener) -> None:  # noqa: F811
    with notebook(SETUP + "terminal(lab)") as page:
        opened(page)
        for line in FILM[:2]:
            enter(page, line)
        times = []
        for number in range(20):
            times.append(page.page.evaluate(_ENTER, f"docker volume create v{number}") / 1000)
            page.page.wait_for_timeout(700)
        rest = page.page.evaluate(_FRAMES)
        page.page.locator("labkit-live").get_by_role("button", name="Back one command").click()
        moving = page.page.evaluate(_FRAMES)
    figures.check(Figure("Enter to the first moved box, median", median(times), "its slowest", max(times)))
    frame, still = median(moving) / 1000, median(rest) / 1000
    figures.check(Figure("a frame in motion, 40 boxes", frame, "a frame at rest", still, most_times=1.5))


def _draw(browser: Any, images: int) -> float:  # noqa: F811
    lab = Lab()
    for number in range(images):
        lab.build(f"image{number}", ["FROM busybox", *(f"RUN echo {number}{n} > /{n}" for n in range(6))])
    page = Bare(browser, Stage(lab))
    times: list[float] = [page.page.evaluate(_DRAW) / 1000 for _ in range(8)]
    page.close()
    return min(times)


def test_draw(figures: Figures, browser: Any) -> None:  # noqa: F811
    half, whole = _draw(browser, 36), _draw(browser, 72)
    figures.check(Figure("draw 507 boxes", whole, "255 boxes", half, most_times=4))


def _seconds(code: str, cache: Path) -> float:
    return min(float(fresh.run(code, cache=cache)) for _ in range(5))


def test_a_terminal_is_named(figures: Figures, tmp_path: Path) -> None:
    names = "from labkit import Lab, terminal"
    ours, lab = (_seconds(_IMPORT.format(code), tmp_path) for code in (names, "from labkit import Lab"))
    figures.check(Figure(names, ours, "from labkit import Lab", lab, most_times=1.3))


def test_the_first_chart(figures: Figures, tmp_path: Path) -> None:
    library = _seconds(_IMPORT.format("import matplotlib.figure"), tmp_path)
    chart = _seconds(_CHART, tmp_path)
    figures.check(
        Figure("the first chart of a kernel", chart, "import matplotlib.figure", library, most_times=1.5)
    )
