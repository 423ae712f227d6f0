"""The goal beside the stage, in JupyterLab: it ticks, says what is lost, takes a choice."""

from __future__ import annotations

from tests.browser.conftest import Opener

RESCUE = (
    "import labkit\nex_rescue = labkit.exercise('03-rescue')",
    "lab = ex_rescue.lab\nx = lab.docker('rm writer')",
)
UNKEPT = "import labkit\nex_rescue = labkit.exercise('03-rescue', keep=False)\nex_rescue.show()"
CHOICE = "import labkit\nex_wrong_statement = labkit.exercise('07-wrong-statement')"


def test_it_says_what_is_lost_and_ticks_what_is_met(notebook: Opener) -> None:
    with notebook(*RESCUE) as page:
        page.run()
        goal = page.page.locator(".goal:visible").first
        goal.get_by_text("Lost.").wait_for()
        assert goal.get_by_role("img", name="lost").count() == 1
        page.page.get_by_role("button", name="Back one command").first.click()
        goal.get_by_text("Lost.").wait_for(state="detached")
        page.fill("x = [lab.docker(each) for each in ('commit writer letters', 'rm writer')]", 1)
        page.press("Shift+Enter")
        goal.get_by_text("All is met:").wait_for()
        assert goal.get_by_role("img", name="met").count() == 2
        page.readable("goal")


def test_an_exercise_is_solved_at_its_terminal(notebook: Opener) -> None:
    with notebook(UNKEPT, "ex_rescue.check()") as page:
        page.run()
        field = page.page.get_by_label("Command", exact=True).first
        for line in ("docker commit writer letters", "docker rm writer"):
            field.fill(line)
            field.press("Enter")
            page.sees(line)
        page.page.locator(".goal:visible").get_by_text("All is met:").first.wait_for()
        page.cell(1).click()
        page.press("Shift+Enter")
        page.output(1).get_by_text("correct", exact=True).wait_for()
        page.page.locator(".goal.solved:visible").first.wait_for()


def test_a_choice_is_pressed_by_keyboard(notebook: Opener) -> None:
    with notebook(CHOICE) as page:
        page.run()
        choice = page.page.get_by_role("button", name="c) Images no longer consist of layers.")
        choice.first.focus()
        page.press("Enter")
        page.page.locator(".goal.solved:visible").first.wait_for()
