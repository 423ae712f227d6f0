"""The course as static files, in Chromium: it runs, asks no other host, and remembers what a learner solved.

The normal run opens lesson 1 and solves one exercise; LABKIT_LONG=1 runs every notebook of the site.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from labkit.course.lesson import find_exercise
from labkit.lessons import LESSONS
from tests.browser import jupyter, scripts, site
from tests.conftest import need

LONG = bool(os.environ.get("LABKIT_LONG"))
STEMS = [each.notebook for each in LESSONS]
STEMS += [f"exercises/{each.notebook}" for each in LESSONS if each.exercises] + ["walkthrough"]
CHOSEN = STEMS if LONG else ["01-image-layers"]
SOLVED = find_exercise(LESSONS, "01-one-layer")
SESSION = "docker pull nginx|docker run -it --name box ubuntu bash|echo hello > /new|exit|docker diff box"
OUTPUTS = """() => [...jupyterapp.shell.currentWidget.content.model.cells]
    .filter(cell => cell.type === 'code').flatMap(cell => cell.outputs.toJSON())
    .map(each => [each.text, each.data?.['text/plain']].flat().join(''))"""


@dataclass(frozen=True)
class Site:
    """The site that was built: its folder, and its address."""

    folder: Path
    address: str


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Build the course and serve it below a path."""
    need(site.why_not())
    folder = tmp_path_factory.mktemp("www") / "course"
    site.build(folder)
    with site.served(folder) as address:
        yield Site(folder, address)


@pytest.fixture(scope="module")
def context(course: Site, browser: Any) -> Iterator[Any]:
    """Give a browser that was never here."""
    found = browser.new_context(viewport={"width": 1280, "height": 900})
    yield found
    found.close()


@pytest.fixture
def page(course: Site, context: Any) -> Iterator[Any]:
    """Give an empty page; at the end no request may have left the machine."""
    left = site.watched(context, course.address)
    found = context.new_page()
    yield found
    found.close()
    assert left == []


def digest(folder: Path) -> str:
    """Return a hash of all files of a folder."""
    state = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        state.update(path.relative_to(folder).as_posix().encode())
        state.update(path.read_bytes() if path.is_file() else b"")
    return state.hexdigest()


def test_the_site_is_small_and_in_its_place_comes_the_same_one(course: Site) -> None:
    files = [path for path in course.folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40e6
    assert [path for path in files if path.suffix == ".map" or path.name[0] in "._"] == []
    before = digest(course.folder)
    assert "files," in site.build(course.folder)
    assert digest(course.folder) == before
    assert list(course.folder.parent.iterdir()) == [course.folder]


def test_the_first_page_leads_to_every_notebook(course: Site, page: Any) -> None:
    page.goto(f"{course.address}/")
    links = page.locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    named = {link.partition("?path=")[2] for link in links if "?path=" in link}
    assert named == {f"{stem}.ipynb" for stem in STEMS}
    assert all((course.folder / link.partition("?")[0]).is_file() for link in links)
    assert all((course.folder / "files" / name).is_file() for name in named)
    assert jupyter.faults(page) == []
    for width in jupyter.WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=jupyter.shots() / f"site-{width}.png")
    page.click("text=Start here")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()


@pytest.mark.parametrize("stem", CHOSEN)
def test_a_lesson_runs_in_the_browser(stem: str, course: Site, page: Any) -> None:
    site.load(page, course.address, f"{stem}.ipynb")
    assert page.locator(".jp-Dialog").count() == 0
    assert page.evaluate(scripts.RUN, 2 * jupyter.SECONDS) == []
    outputs = page.evaluate(OUTPUTS)
    assert [text for text in outputs if "pip install" in text or "Warning" in text] == []
    if stem == "more":
        assert any(
            "no chart: matplotlib is not installed here (this page was made without it); in words:" in text
            for text in outputs
        )
    page.screenshot(path=jupyter.shots() / f"site-{stem.replace('/', '-')}.png")


def test_an_exercise_is_solved_and_a_reload_loses_nothing(course: Site, page: Any) -> None:
    name = f"exercises/{LESSONS[1].notebook}.ipynb"
    notebook = jupyter.Notebook(page, jupyter.Server(course.address, course.folder), name)
    site.load(page, course.address, name)
    # The second exercise of the sheet: its own cells begin at the sixth of the code cells.
    for place in (0, 5):
        notebook.cell(place).click()
        notebook.press("Shift+Enter")
    notebook.output(5).get_by_text(SOLVED.title).first.wait_for()
    work = f"lab = ex_one_layer.lab\n{SOLVED.solution.strip()}"
    notebook.fill(work, 6)
    notebook.press("Shift+Enter", "Shift+Enter")
    notebook.output(7).get_by_text("correct", exact=True).wait_for()
    page.screenshot(path=jupyter.shots() / "site-solved.png")
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    site.load(page, course.address, name)
    assert "".join(notebook.cell(6).all_inner_texts()).strip() == work
    notebook.fill("import labkit; labkit.progress()", 0)
    notebook.press("Shift+Enter")
    notebook.output(0).get_by_text(f"{SOLVED.id}: {SOLVED.title}: solved").first.wait_for()
    assert "Kept in this browser." in notebook.output(0).inner_text()
    types_in_the_terminal(notebook)


def types_in_the_terminal(notebook: jupyter.Notebook) -> None:
    """Type a session into the terminal of the notebook's second cell."""
    notebook.fill("labkit.terminal()", 1)
    notebook.press("Shift+Enter")
    for line in SESSION.split("|"):
        notebook.type("Command", line)
    notebook.output(1).locator("section").get_by_text("A /new").first.wait_for()
    notebook.output(1).get_by_text("4 of 4: exit").wait_for()
    notebook.page.screenshot(path=jupyter.shots() / "site-terminal.png")
