"""The walkthrough: the state by itself, what it shows, and the page without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import ipywidgets
import pytest

import labkit
from labkit.base.errors import LabkitError
from labkit.lessons import SLIDES
from labkit.notebook.widgets.walkthrough import Walkthrough


def talk(start: str = "") -> Walkthrough:
    """Give a walkthrough as a notebook opens it."""
    made: Walkthrough = labkit.walkthrough(start)
    return made


def at(state: Walkthrough) -> tuple[int, int, bool]:
    """Give where a talk is."""
    return state.slide, state.place, state.revealed


@pytest.fixture
def page() -> Iterator[tuple[Walkthrough, Any]]:
    """Give a walkthrough and its page."""
    state = talk()
    yield state, state.view()
    ipywidgets.Widget.close_all()


def test_forward_runs_each_step_reveals_the_answer_and_goes_on() -> None:
    state, seen = talk(), []
    for _ in range(len(SLIDES[0].steps) + 2):
        state.forward()
        seen.append(at(state))
    assert seen == [(0, 1, False), (0, 2, False), (0, 3, False), (0, 3, True), (1, 0, False)]


def test_backward_takes_back_what_forward_did() -> None:
    state, seen = talk(), [(0, 0, False)]
    for _ in range(8):
        state.forward()
        seen.append(at(state))
    back = []
    for _ in range(9):
        back.append(at(state))
        state.backward()
    assert back == seen[::-1]


def test_forward_leads_through_all_slides_and_stays_at_the_end() -> None:
    state = talk()
    for _ in range(sum(len(slide.steps) + 2 for slide in SLIDES) + 3):
        state.forward()
    assert at(state) == (11, len(SLIDES[11].steps), True)


def test_back_and_next_stop_at_the_ends() -> None:
    state = talk()
    state.back()
    assert state.slide == 0
    state.jump(11)
    state.next()
    assert state.slide == 11


def test_a_slide_that_was_left_is_as_it_was() -> None:
    state = talk()
    state.run()
    state.answer()
    state.jump(5)
    assert at(state) == (5, 0, False)
    state.jump(0)
    assert at(state) == (0, 1, True)


@pytest.mark.parametrize("place", range(len(SLIDES)), ids=lambda place: SLIDES[place].id)
def test_every_slide_can_be_jumped_to_and_run(place: int) -> None:
    state = talk()
    state.jump(place)
    state.run()
    assert "[exit " not in state.html
    assert ("labkit-terminal" in state.html) or ("<img" in state.html)


def test_a_slides_lab_keeps_its_state_from_step_to_step() -> None:
    state = talk("container-rw-layer-1")
    for _ in range(3):
        state.run()
    assert "A /root/notes" in state.html


def test_reset_gives_the_slide_a_fresh_lab() -> None:
    state = talk()
    state.run()
    before = state.html
    state.run()
    state.reset()
    assert at(state) == (0, 0, False)
    state.run()
    assert state.html == before


def test_to_start_over_forgets_every_place() -> None:
    state = talk()
    state.run()
    state.jump(3)
    state.run()
    state.start_over()
    assert at(state) == (0, 0, False)
    state.jump(3)
    assert at(state) == (3, 0, False)


def test_the_answer_stays_hidden_until_it_is_revealed() -> None:
    state = talk()
    question = state.now.question
    assert question.right.reason not in state.html
    assert state.now.conclusion[0] not in state.html
    state.answer()
    assert question.right.reason in state.html
    assert state.now.conclusion[0] in state.html


def test_notes_are_hidden_until_they_are_asked_for_and_stay_from_slide_to_slide() -> None:
    state = talk()
    assert "labkit-notes" not in state.html
    state.talk()
    state.next()
    assert "labkit-notes" in state.html
    assert state.now.notes[0] in state.html


def test_a_picture_is_shown_with_its_twin() -> None:
    state = talk()
    state.run()
    state.run()
    assert 'alt="nginx · 3 layers' in state.html
    assert "<summary>In words</summary>" in state.html


def test_it_begins_where_it_is_told() -> None:
    assert talk("storage-drivers").now.id == "storage-drivers"
    with pytest.raises(LabkitError, match="slide-13: no such slide; there are image-layers-1, "):
        talk("slide-13")


@pytest.mark.parametrize("start", ["", "image-inspect-3"])
def test_the_line_of_python_opens_it_at_the_same_slide(start: str) -> None:
    state = talk(start)
    assert at(eval(state.code, {"walkthrough": labkit.walkthrough})) == at(state)


def test_hostile_text_is_shown_and_not_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "<script>alert(1)</script>\u202e\x1b[31m"
    slide = replace(SLIDES[0], sentences=(name,), steps=(f"docker pull '{name}'",))
    module = import_module("labkit.notebook.widgets.walkthrough")
    monkeypatch.setattr(module, "SLIDES", (slide, *SLIDES[1:]))
    state = talk()
    state.run()
    assert "<script" not in state.html
    assert "\u202e" not in state.html
    assert "\x1b" not in state.html
    assert state.html.count("&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x1b[31m") >= 2


def test_the_page_follows_the_state(page: tuple[Walkthrough, Any]) -> None:
    state, view = page
    state.run()
    assert view.slide_html == state.html
    assert view.facts == {"slide": 0, "place": 1, "steps": 3, "revealed": False, "notes": False}
    assert len(view.titles) == 12


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ({"do": "forward"}, (0, 1, False)),
        ({"do": "answer"}, (0, 0, True)),
        ({"do": "next"}, (1, 0, False)),
        ({"do": "jump", "to": 7}, (7, 0, False)),
        ({"do": "jump", "to": 12}, (0, 0, False)),
        ({"do": "jump", "to": "x"}, (0, 0, False)),
        ({"do": "__init__"}, (0, 0, False)),
        ({}, (0, 0, False)),
    ],
)
def test_the_page_asks_by_name_and_what_is_not_known_does_nothing(
    page: tuple[Walkthrough, Any], message: dict[str, Any], after: tuple[int, int, bool]
) -> None:
    state, view = page
    view._handle_custom_msg(message, [])
    assert at(state) == after


def test_a_method_that_no_button_stands_for_is_not_called(page: tuple[Walkthrough, Any]) -> None:
    state, view = page
    view._handle_custom_msg({"do": "unobserve_all"}, [])
    state.forward()
    assert view.facts["place"] == 1


def test_a_change_is_told_to_the_page_in_one_piece(page: tuple[Walkthrough, Any]) -> None:
    state, view = page
    told = []
    view.observe(lambda change: told.append(change["new"]["slide"]), "facts")
    state.jump(4)
    assert told == [4]


def test_the_page_names_no_other_host() -> None:
    from labkit.notebook.widgets.walkthrough import SlideView

    assert "//" not in SlideView().css
    assert "http" not in SlideView._esm.replace("https://anywidget.dev", "")
    assert "import " not in SlideView._esm


def test_what_stays_without_a_kernel_is_all_twelve_slides() -> None:
    ((data, _),) = talk().outputs()
    for slide in SLIDES:
        assert slide.title in data["text/plain"]
        assert slide.question.right.reason in data["text/html"]
        assert slide.question.prompt in data["text/plain"]
    assert data["text/html"].count("<img") == len(_drawn())
    assert data == talk().outputs()[0][0]


def _drawn() -> list[str]:
    calls = ("stack(", "steps(", "shared(", "on_one_image(", "history_map(", "driver_costs(")
    return [step for slide in SLIDES for step in slide.steps if step.splitlines()[-1].startswith(calls)]


def test_moving_on_leaves_the_form_to_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    state = talk()
    asked = []
    monkeypatch.setattr(Walkthrough, "outputs", lambda self: asked.append(1) or [({"text/plain": ""}, {})])
    state._ipython_display_()
    state.next()
    assert asked == [1]
