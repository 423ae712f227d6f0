"""The prediction card in JupyterLab: guessed by mouse and by keyboard, and what stays of it."""

from __future__ import annotations

from tests.browser.conftest import Opener

CARD = "from labkit.notebook import predict\npredict('pull-shared')"
REASON = "what is in your own cache"


def test_nothing_is_told_before_the_guess_is_checked(notebook: Opener) -> None:
    with notebook(CARD) as page:
        page.run()
        page.sees("How many lines will say Already exists?")
        assert page.page.get_by_role("button", name="Check my guess").is_disabled()
        page.click("C")
        page.sees("Your guess: C · 3")
        assert page.page.get_by_text("Debian base").count() == 0
        page.click("Check my guess")
        page.sees("Almost. Your guess: C · 3")
        page.sees("So it is where more has been pulled before.")
        page.sees("The right answer: B · 1")


def test_the_keyboard_alone_answers(notebook: Opener) -> None:
    with notebook(CARD) as page:
        page.run()
        page.page.get_by_role("button", name="A", exact=True).focus()
        page.press("Tab", "Space")
        page.sees("Your guess: B · 1")
        page.press("Tab", "Tab", "Tab", "Enter")
        page.sees("Right. Your guess: B · 1")
        assert page.page.evaluate("document.activeElement.textContent") == "Check my guess"


def test_the_question_and_the_verdict_stay_without_a_kernel(notebook: Opener) -> None:
    with notebook(CARD) as page:
        page.run()
        page.click("A")
        page.click("Check my guess")
        page.sees('predict("pull-shared", answer="A")')
        page.reopen()
        page.sees("How many lines will say Already exists?")
        page.sees("Not this one. Your guess: A")


def test_it_is_readable_in_both_themes_and_widths(notebook: Opener) -> None:
    with notebook(CARD, "predict('pull-shared', answer='C')", "predict('pull-layers', answer='B')") as page:
        page.run()
        page.sees("Right. Your guess")
        page.readable("predict")
