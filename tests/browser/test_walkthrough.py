"""The walkthrough in JupyterLab: a whole class by a clicker's keys, and what goes wrong in front of one."""

from __future__ import annotations

import os
from typing import Any

import pytest

from labkit.course.slides import STAGE
from labkit.lessons import SLIDES
from tests.browser import class_page, jupyter, scripts
from tests.browser.class_page import CONTROLS, ROOT, SHADOW
from tests.browser.conftest import Opener

CELLS = ("from labkit import walkthrough\ntalk = walkthrough()", "talk", "%load_ext labkit")
SIZES = [(1280, 720)]
if os.environ.get("LABKIT_LONG"):
    SIZES += [(1024, 768), (1920, 1080), (3840, 2160)]
KERNEL = "jupyterapp.shell.currentWidget.sessionContext"


def at(page: jupyter.Notebook) -> str:
    """Give where the page says the talk is: slide, step, answer."""
    return str(page.page.locator(ROOT).get_attribute("data-at"))


def press(page: jupyter.Notebook, key: str) -> str:
    """Press a key that leads somewhere; return where."""
    before = at(page)
    page.press(key)
    page.page.wait_for_function(
        f"([root, before]) => {SHADOW}.querySelector(root).dataset.at !== before", arg=[ROOT, before]
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
        assert set(page.page.evaluate(CONTROLS)) == {"inset(50%)"}
        seen, faults = [at(page)], {}
        for _ in range(sum(len(slide.steps) + 2 for slide in SLIDES)):
            faults[at(page)] = class_page.faults(page.page)
            shoot(page, f"{theme[-5:].strip()}-{size[1]}-{at(page)}")
            if at(page).startswith("12-"):
                break
            seen.append(press(page, "PageDown"))
        assert {place: found for place, found in faults.items() if found} == {}
        assert len(set(seen)) == len(seen) == 1 + sum(len(slide.steps) + 2 for slide in SLIDES)
        assert root.locator(".labkit-answers li").count() == len(SLIDES)
        assert page.faults("labkit-live") == []
        page.page.mouse.move(200, 200)
        page.page.mouse.move(240, 240)
        page.page.wait_for_function(f"() => ({CONTROLS})().every(each => each === 'none')")
        page.press("Escape")


def test_a_class_from_start_to_end_with_votes_a_command_a_reload_and_a_dead_kernel(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page)
        fill(page)
        press(page, "PageDown")
        page.press("v")
        page.page.keyboard.type("12 5 3 0")
        page.press("Enter", "v")
        page.page.keyboard.type("2 18")
        page.press("Enter")
        bars = "12 before|2 after|5 before|18 after|3 before|0 after|0 before|0 after"
        assert "|".join(root.locator(".labkit-choices i").all_inner_texts()) == bars
        page.press("q", "t")
        root.get_by_label("Command").wait_for()
        page.page.keyboard.type("docker run -dit --name box nginx")
        page.press("Enter")
        root.locator(".picture .container").wait_for()
        shoot(page, "typed")
        page.press("Escape")
        root.get_by_text("K keeps it").wait_for()
        page.press("k")
        assert at(page) == "0-1-false"
        press(page, "PageDown")
        root.locator(".labkit-stage .container").wait_for()
        for key in ("ArrowRight", "ArrowDown", "Space", "Enter"):
            press(page, key)
        assert at(page) == "1-1-false"
        page.press("Escape")
        page.page.wait_for_function("() => document.fullscreenElement === null")
        page.load()  # the notebook was not saved
        page.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.ready")
        page.run()
        root.wait_for()
        assert at(page) == "1-1-false"
        assert not root.locator(".labkit-clock").inner_text().endswith(" 0:00")
        root.focus()
        page.page.evaluate(f"{KERNEL}.session.kernel.shutdown()")
        page.page.wait_for_timeout(500)
        for _ in range(60):
            if at(page) == "12-0-false":
                break
            press(page, "PageDown")
        assert root.locator(".labkit-answers li").count() == len(SLIDES)
        page.press("1", "Enter", "q")
        assert at(page) == "0-3-true"
        assert root.locator(".labkit-choices i").count() == 8
        page.press("t")
        root.get_by_text("The kernel is gone").wait_for()
        shoot(page, "gone")


def test_keys_of_clickers_and_of_nerves(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page)
        steps = "ArrowRight:0-1-false CapsLock+A:0-1-true a:0-1-false Shift+ArrowRight:1-0-false n:2-0-false "
        steps += "p:1-0-false End:12-0-false Home:0-1-false Backspace:0-0-false"
        for step in steps.split():
            key, _, wanted = step.partition(":")
            assert press(page, key.removeprefix("CapsLock+")) == wanted, key
        page.press("5")
        assert press(page, "Enter") == "4-0-false"
        press(page, "PageDown")
        assert press(page, "R") == "4-0-false"
        assert press(page, "u") == "4-1-false"
        assert press(page, "Shift+R") == "0-0-false"
        assert press(page, "U") == "4-1-false"
        for key in ("b", "."):
            page.press(key)
            assert root.evaluate("e => e.classList.contains('labkit-black')")
            page.press("Escape")
            assert not root.evaluate("e => e.classList.contains('labkit-black')")
        page.press("b", "PageDown")  # the first key after black shows the slide again
        assert at(page) == "4-1-false"
        assert not root.evaluate("e => e.classList.contains('labkit-black')")
        page.press("Shift+F5")
        page.page.wait_for_function("() => document.fullscreenElement !== null")
        page.press("Escape")
        page.page.wait_for_function("() => document.fullscreenElement === null")
        root.get_by_label("Jump to a slide").select_option("7")
        page.page.wait_for_selector(f"{ROOT}[data-at='7-0-false']")
        assert press(page, "PageDown") == "7-1-false"
        page.click("On ▶")
        page.page.wait_for_selector(f"{ROOT}[data-at='7-2-false']")
        assert press(page, "Space") == "7-3-false"


def test_a_restarted_kernel_is_told_and_the_class_goes_on(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page)
        for key in ("PageDown", "PageDown", "n"):
            press(page, key)
        page.press("v")
        page.page.keyboard.type("1 2 3 4")
        page.press("Enter")
        page.page.evaluate(f"{KERNEL}.session.kernel.restart()")
        root.get_by_text("The kernel is gone").wait_for()
        assert press(page, "PageDown") == "1-1-false"
        page.press("t")
        assert root.get_by_label("Command").count() == 0
        page.page.evaluate(scripts.READY)
        page.run()
        page.page.wait_for_selector(f"{ROOT}[data-at='1-1-false']")
        root.focus()
        page.press("q")
        assert root.locator(".labkit-choices .before").count() == 4
        page.press("t")
        root.get_by_label("Command").wait_for()


def test_what_was_typed_is_taken_back_and_python_has_the_lab(notebook: Opener) -> None:
    with notebook(
        *CELLS, "talk.jump(3, 1)", "%docker tag nginx mine", "print(talk.lab.image('mine').name)"
    ) as page:
        root = ready(page)
        assert at(page) == "3-1-false"
        assert "mine" in page.output(5).inner_text()
        page.press("Home", "t")
        root.get_by_label("Command").wait_for()
        page.page.keyboard.type("docker pull busybox")
        page.press("Enter")
        root.locator(".picture .image").first.wait_for()
        page.page.keyboard.type("undo")
        page.press("Enter")
        root.get_by_text("took back: docker pull busybox").wait_for()
        page.page.keyboard.type("docker pull busybox")
        page.press("Enter", "Escape", "u")
        press(page, "PageDown")
        press(page, "PageDown")
        page.page.wait_for_timeout(300)
        assert "busybox" not in root.inner_text()


def test_the_speaker_has_a_window_and_the_room_sees_no_notes(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        root = ready(page)
        with page.page.expect_popup() as opened:
            page.press("s")
        speaker = opened.value
        speaker.set_viewport_size({"width": 1280, "height": 720})
        note = SLIDES[0].notes[0]
        speaker.get_by_text(note).wait_for()
        assert note not in root.inner_text()
        assert speaker.locator(".labkit-preview").count() == 2
        assert speaker.get_by_text("this slide 0:00 of 5 min").count() == 1
        speaker.keyboard.press("PageDown")
        page.page.wait_for_selector(f"{ROOT}[data-at='0-1-false']")
        speaker.get_by_text("Slide 1 of 12, step 1 of 3").wait_for()
        speaker.keyboard.press("v")
        speaker.keyboard.type("12 5 3 0")
        speaker.keyboard.press("Enter")
        assert speaker.get_by_text("before: A 12  B 5").count() == 1
        assert at(page) == "0-1-false"
        page.press("q")
        speaker.keyboard.press("t")
        root.get_by_label("Command").wait_for()
        for key in "docker":  # blindly, in the wrong window
            speaker.keyboard.press(key)
        assert root.get_by_label("Command").count() == 1
        speaker.keyboard.press("Escape")
        assert root.get_by_label("Command").count() == 0
        speaker.screenshot(path=jupyter.shots() / "speaker-720.png")
        speaker.set_viewport_size({"width": 1920, "height": 1080})
        speaker.screenshot(path=jupyter.shots() / "speaker-1080.png")
        assert speaker.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert jupyter.faults(speaker) == []
        speaker.close()


def test_keys_neither_reach_the_notebook_nor_are_trapped(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        ready(page)
        before = page.page.locator(".jp-Cell").count()
        page.press("x", "d", "d", "m", "z", "l")
        assert page.page.locator(".jp-Cell").count() == before
        inside = f"() => {SHADOW}.activeElement !== null"
        assert page.page.evaluate(inside)
        for _ in range(20):
            page.press("Tab")
            if not page.page.evaluate(inside):
                break
        assert not page.page.evaluate(inside)
        page.page.locator(ROOT).focus()
        page.press("Escape")
        assert not page.page.evaluate(inside)


def test_opened_without_a_kernel_all_slides_can_be_read(notebook: Opener) -> None:
    with notebook(*CELLS) as page:
        ready(page)
        saved = page.reopen()
        page.page.get_by_text("All twelve slides, to read").click()
        last = page.page.locator(".jp-OutputArea-output h3").last
        last.wait_for()
        assert last.inner_text() == "12. docker image inspect (3)"
        stages = sum(step == STAGE for slide in SLIDES for step in slide.steps)
        assert page.page.locator(".jp-OutputArea-output img").count() == stages
        assert page.cut_off() == []
        assert SLIDES[11].question.prompt in saved.cells[1].outputs[-1].data["text/plain"]
