"""The card in JupyterLab: answered by mouse and by keyboard, run, and what stays of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from labkit.notebook.copies import learners_copy
from tests.browser import jupyter
from tests.browser.conftest import Opener
from tests.browser.test_keys import CELLS
from tests.notebooks import LESSONS

SETUP = "from labkit import Lab, predict\nlab = Lab()\nimage = lab.pull('nginx')"
CARD = "predict('pull-shared', lab)"
REASON = "It is the Debian base, on which"
FOCUS = "() => document.querySelector('labkit-live')?.shadowRoot?.activeElement?.innerText ?? ''"


def card(page: jupyter.Notebook, place: int = 0) -> Any:
    return page.page.locator("labkit-live").nth(place)


def button(page: jupyter.Notebook, words: str) -> Any:
    return card(page).get_by_role("button", name=words)


def told(page: jupyter.Notebook) -> str:
    """Wait for the verdict, which comes when the pull has been played; give its words."""
    card(page).locator(".note").first.wait_for()
    return str(card(page).locator(".verdict").inner_text())


def focused(page: jupyter.Notebook, words: str) -> None:
    """Wait until the card's element with these words has the focus."""
    page.page.wait_for_function(f"words => ({FOCUS})().includes(words)", arg=words)


def test_the_guess_can_be_changed_until_the_run_which_marks_the_line_that_decides(notebook: Opener) -> None:
    with notebook(SETUP, CARD) as page:
        page.run()
        assert button(page, "Run").is_disabled()
        button(page, "A none").click()
        focused(page, "Run")
        button(page, "C the first three").click()
        assert button(page, "A none").get_attribute("aria-pressed") == "false"
        assert button(page, "C the first three").get_attribute("aria-pressed") == "true"
        assert REASON not in page.page.content() + card(page).inner_text()
        button(page, "Run").click()
        words = told(page)
        assert card(page).locator(".answer:disabled").count() == 3
        assert words.startswith("Almost. Your guess: C · the first three")
        assert words.index("So it is where more has been pulled") < words.index(
            "The right answer: B · the first"
        )
        marked = card(page).locator(".marked").all_inner_texts()
        assert [line.strip() for line in marked] == ["27833a3ba0a5: Already exists"]
        printed = card(page).locator(".printed").inner_text()
        assert printed.startswith("$ docker pull mysql\nUsing default tag: latest")
        assert printed.count("Pull complete") == 11
        box = [card(page).locator(part).bounding_box() for part in (".printed", ".verdict")]
        assert box[1]["x"] > box[0]["x"] + 300, "the verdict is beside the output"
        assert page.page.locator("labkit-live .picture [data-key]").count() > 12
        kept = json.loads((page.server.work.parent / "LABKIT_DATA/progress.json").read_bytes())["exercises"]
        assert kept["guess:pull-shared"] == {
            "checks": 1,
            "hints": 0,
            "shown": False,
            "solved": False,
            "done": False,
        }


def test_a_card_that_was_run_is_answered_by_keys_which_stay_in_it(notebook: Opener) -> None:
    with notebook(SETUP, CARD, "1") as page:
        page.cell(0).click()
        page.press("Shift+Enter", "Shift+Enter")
        focused(page, "A")
        assert page.page.evaluate(FOCUS).count("\n") > 3, "all answers, and not one of them"
        before = page.page.evaluate(CELLS)
        page.press("ArrowDown", "ArrowDown", "ArrowDown", "Control+Enter", "Alt+Enter")
        focused(page, "C")
        page.press("ArrowUp", "Tab", "Shift+Tab", "x", "m", "z", "0", "0")
        focused(page, "B")
        page.press("a", "Control+Enter", "m", "b", "Enter")
        assert told(page).startswith("Right. Your guess: B · the first")
        assert page.page.evaluate(CELLS) == before
        page.press("Escape", "b")
        assert len(page.page.evaluate(CELLS)) == len(before) + 1, "Escape gives the keys back"


def test_who_goes_through_by_shift_enter_has_answered_nothing(notebook: Opener) -> None:
    with notebook(SETUP, CARD, "predict('pull-layers')", "1") as page:
        page.cell(0).click()
        page.press("Shift+Enter")
        for place in (1, 2):
            page.press("Shift+Enter")
            card(page, place - 1).locator(".answers:focus").wait_for()
            page.press("Shift+Enter")
            assert page.page.evaluate(CELLS)[0] == place + 1
        assert page.page.locator("labkit-live [aria-pressed=true], labkit-live .note").count() == 0


def test_the_output_has_its_width_first_and_what_nearly_all_decide_is_counted(notebook: Opener) -> None:
    cards = [f"predict('{name}', answer='A')" for name in ("history-lines", "commit-size")]
    with notebook(SETUP, *cards) as page:
        page.run()
        card(page, 1).locator(".note").first.wait_for()
        assert card(page).locator(".counted .marked").count() == 10
        assert card(page, 1).locator(".counted").count() == 0
        for width in jupyter.WIDTHS:
            page.look(jupyter.THEMES[0], width)
            for place in (0, 1):
                printed = card(page, place).locator(".printed")
                assert printed.evaluate("e => e.scrollWidth <= e.clientWidth"), "nothing is to be scrolled"
                box = [card(page, place).locator(each).bounding_box() for each in (".printed", ".verdict")]
                assert box[1]["y"] >= box[0]["y"] + box[0]["height"]
        picture = card(page, 1).locator(".picture").evaluate("e => getComputedStyle(e).overflowY")
        assert picture == "hidden", "a wheel goes through it"


def test_the_lab_of_the_passage_is_where_the_command_ran(notebook: Opener) -> None:
    with notebook(SETUP, CARD, "") as page:
        page.run()
        page.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 2")
        button(page, "B the first").click()
        button(page, "Run").click()
        told(page)
        page.fill("print(len(lab.images), lab.commands[-1])", 2)
        page.press("Shift+Enter")
        page.sees("2 docker pull mysql")


def test_it_shows_what_it_is_after_a_reload_a_restart_and_without_a_kernel(notebook: Opener) -> None:
    with notebook(SETUP, CARD) as page:
        page.run()
        button(page, "A none").click()
        button(page, "Run").click()
        told(page)
        page.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
        page.load()
        assert told(page).startswith("Not this one. Your guess: A")
        page.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
        card(page).get_by_text("The kernel was restarted: run the cell again.").wait_for()
        page.reopen()
        page.sees("Run this cell (Shift+Enter): buttons appear.")
        page.sees("Not this one. Your guess: A")


def test_without_a_kernel_the_question_stands_there_without_an_answer(notebook: Opener) -> None:
    with notebook(SETUP, CARD) as page:
        page.run()
        button(page, "B the first").wait_for()
        saved = json.dumps(page.reopen().cells[1].outputs)
        page.sees("Run this cell (Shift+Enter): buttons appear.")
        page.sees("Which lines will say Already exists?")
        assert REASON not in saved


def test_it_is_readable_in_both_themes_and_widths(notebook: Opener) -> None:
    cells = [SETUP, CARD, "predict('pull-shared', Lab(), answer='C')", "predict('pull-layers', answer='B')"]
    with notebook(*cells) as page:
        page.run()
        card(page, 1).locator(".hint", has_text="Your lab stood elsewhere").wait_for()
        page.readable("predict")
        papers = []
        for theme in jupyter.THEMES:
            page.look(theme, 480)
            assert page.cut_off() == []
            papers.append(card(page).locator(".stage").evaluate("e => getComputedStyle(e).backgroundColor"))
        assert papers[0] != papers[1], "it follows the theme"
        page.shoot("predict-480")


def copies() -> list[Path]:
    return LESSONS if os.environ.get("LABKIT_LONG") else LESSONS[1:2]


@pytest.mark.parametrize("path", copies(), ids=lambda path: path.stem)
def test_a_learners_copy_opens_with_what_tells_folded(
    path: Path, server: jupyter.Server, notebook: Opener
) -> None:
    made = learners_copy(json.loads(path.read_text("utf-8")))
    name = f"copy-{path.name}"
    (server.work / name).write_text(json.dumps(made), "utf-8")
    with notebook(name=name) as page:
        page.page.locator(".jp-MarkdownOutput", has_text="Your copy").first.wait_for()
        folded = page.page.locator(".jp-MarkdownOutput details", has_text="After the run")
        after = [cell for cell in made["cells"] if "After the run</b>" in "".join(cell["source"])]
        assert folded.count() == len(after)
        assert not any(folded.nth(n).locator("p, ul, table").first.is_visible() for n in range(len(after)))
        hidden = [cell for cell in made["cells"] if cell["metadata"].get("jupyter")]
        assert page.page.locator(
            ".jp-CodeCell .jp-InputPlaceholder, .jp-CodeCell .jp-Placeholder"
        ).count() >= len(hidden)
        page.shoot(f"copy-{path.stem}")
        folded.first.locator("summary").click()
        assert folded.first.locator("p").first.is_visible()
        assert folded.locator("code, strong, em").count(), "Markdown inside them is alive"
        page.shoot(f"copy-opened-{path.stem}")
