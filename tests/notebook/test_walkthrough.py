"""The walkthrough: where the talk is, what its page is given, the lab of each slide; without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import pytest

import labkit
from labkit.base.errors import LabkitError
from labkit.course.slides import STAGE
from labkit.lessons import SLIDES, deck
from labkit.notebook.widgets.walkthrough import SlideView, Walkthrough


def talk(start: str = "") -> Walkthrough:
    """Give a walkthrough as a notebook opens it."""
    made: Walkthrough = labkit.walkthrough(start=start)
    return made


def at(state: Walkthrough) -> tuple[int, int, bool]:
    """Give where a talk is."""
    return state.slide, state.place, state.revealed


@pytest.fixture
def page() -> Iterator[tuple[Walkthrough, SlideView, list[Any]]]:
    """Give a walkthrough, its page, and what the page is told."""
    state = talk()
    view, told = state.view(), []
    view.send = lambda content, buffers=None: told.append(content)
    yield state, view, told
    ipywidgets.Widget.close_all()


def test_jumps_stay_within_the_slides_and_their_steps() -> None:
    state = talk()
    for where in ((12, 0), (13, 0), (-1, 0)):
        state.jump(*where)
        assert at(state) == (12, 0, False)
    state.jump(3, 9, True)
    assert at(state) == (3, len(SLIDES[3].steps), True)


def test_the_page_is_given_all_screens_with_their_notes_and_plays(page: Any) -> None:
    _, view, _ = page
    assert [one["title"] for one in view.deck] == [slide.title for slide in SLIDES]
    for one, slide in zip(view.deck, SLIDES, strict=True):
        assert (one["minutes"], tuple(one["notes"])) == (slide.minutes, slide.notes)
        assert [bool(step.get("frame")) for step in one["steps"]] == [step == STAGE for step in slide.steps]
        assert "[exit " not in json.dumps(one["steps"])
    pull = view.deck[0]["steps"][1]["frame"]
    assert pull["before"]["tiles"] == []
    assert {event[2] for event in pull["events"]} >= {"Downloading", "Extracting", "Pull complete"}
    assert all(tile["key"].partition(":")[0] != "blob" for tile in pull["scene"]["tiles"])


def test_a_long_stack_is_folded_so_that_a_class_can_read_it(page: Any) -> None:
    names = [tile["name"] for tile in page[1].deck[1]["steps"][1]["frame"]["scene"]["tiles"]]
    assert "7 layers" in names
    assert len(names) == 10


@pytest.mark.parametrize(
    ("message", "after"),
    [
        ({"at": [0, 1, False]}, (0, 1, False)),
        ({"at": [7, 0, True]}, (7, 0, True)),
        ({"at": [99, 0, False]}, (0, 0, False)),
        ({"at": "x"}, (0, 0, False)),
        ({"at": [0, "x", False]}, (0, 0, False)),
        ({"type": {"line": "docker ps"}}, (0, 0, False)),
        ({"typed": "keep"}, (0, 0, False)),
        ({"do": "unobserve_all"}, (0, 0, False)),
        ({}, (0, 0, False)),
        ("jump", (0, 0, False)),
    ],
)
def test_what_the_page_says_and_nobody_knows_does_nothing(page: Any, message: Any, after: Any) -> None:
    state, view, _ = page
    view._handle_custom_msg(message, [])
    assert at(state) == after


def test_the_page_is_told_where_to_go_by_python_and_never_where_it_is_itself(page: Any) -> None:
    state, view, _ = page
    view._handle_custom_msg({"at": [2, 1, False]}, [])
    assert view.at == [0, 0, False]
    state.jump(4)
    assert view.at == [4, 0, False]


def test_the_lab_stands_where_the_slide_does() -> None:
    state = talk()
    state.view()
    assert state.lab.images == []
    state.jump(0, 1)
    assert [image.name for image in state.lab.images] == ["nginx:latest"]
    state.jump(7, 0)
    assert len(state.lab.containers) == 3


def typed(page: Any, *lines: str) -> None:
    """Type lines on the slide."""
    _, view, _ = page
    view._handle_custom_msg({"type": "begin"}, [])
    for line in lines:
        view._handle_custom_msg({"type": {"line": line}}, [])


def test_what_is_typed_runs_on_the_slides_lab_and_undo_takes_it_back(page: Any) -> None:
    state, _, told = page
    state.jump(0, 1)
    typed(page, "docker tag nginx mine", "docker images -q | wc -l", "undo", "docker images")
    ran = [each["heard"]["ran"] for each in told if "ran" in each.get("heard", {})]
    assert ran[1:3] == ["2\n", "labkit: took back: docker tag nginx mine\n"]
    assert "mine" not in ran[3]


@pytest.mark.parametrize(("what", "there"), [("keep", True), ("back", False)])
def test_what_was_typed_is_kept_for_the_steps_to_come_or_taken_back(
    page: Any, what: str, there: bool
) -> None:
    state, view, _ = page
    state.jump(0, 1)
    typed(page, "docker tag nginx mine")
    view._handle_custom_msg({"typed": what}, [])
    shown = [tile["name"] for tile in view.deck[0]["steps"][1]["frame"]["scene"]["tiles"]]
    assert any("mine" in name for name in shown) is there
    for place in (1, 3, 1):
        state.jump(0, place)
        assert ("mine:latest" in str(state.lab.engine.state.tags)) is there
    assert [len(step["frame"]["before"]["tiles"]) for step in view.deck[0]["steps"] if "frame" in step] == [0]


def test_a_reset_gives_a_fresh_lab_and_can_be_taken_back(page: Any) -> None:
    state, view, _ = page
    state.jump(0, 1)
    typed(page, "docker tag nginx mine")
    view._handle_custom_msg({"typed": "keep"}, [])
    kept = view.deck
    view._handle_custom_msg({"reset": None}, [])
    assert "mine" not in json.dumps(view.deck)
    view._handle_custom_msg({"unreset": True}, [])
    assert view.deck == kept


def test_a_set_up_that_fails_the_second_time_is_told(tmp_path: Path) -> None:
    path, told = tmp_path / "mine.toml", []
    once = f"from pathlib import Path; Path({str(tmp_path / 'once')!r}).touch(exist_ok=False)"
    path.write_text(MINE.replace("title =", f'setup = "{once}"\ntitle ='))
    state = labkit.walkthrough(str(path))
    view = state.view()
    view.send = lambda content, buffers=None: told.append(content)
    before = view.deck
    view._handle_custom_msg({"reset": None}, [])
    assert (told[-1]["told"][:13], view.deck) == ("mine: setup: ", before)
    ipywidgets.Widget.close_all()


def test_a_page_that_was_loaded_again_keeps_what_was_typed_on_its_slide(page: Any) -> None:
    state, view, _ = page
    state.jump(0, 1)
    typed(page, "docker tag nginx mine")
    view._handle_custom_msg({"at": [3, 1, False]}, [])
    typed(page, "docker tag nginx yours")
    view._handle_custom_msg({"typed": "back"}, [])
    assert "yours" not in str(state.lab.engine.state.tags)
    state.jump(0, 1)
    assert "mine:latest" in str(state.lab.engine.state.tags)


def test_it_begins_where_it_is_told() -> None:
    assert talk("storage-drivers").now.id == "storage-drivers"
    with pytest.raises(LabkitError, match="slide-13: no such slide; there are image-layers-1, "):
        talk("slide-13")


@pytest.mark.parametrize(("file", "start"), [("", ""), ("", "image-inspect-3"), ("recap", "history")])
def test_the_line_of_python_opens_it_at_the_same_slide(file: str, start: str) -> None:
    state = labkit.walkthrough(file, start=start)
    again = eval(state.code, {"walkthrough": labkit.walkthrough})
    assert (at(again), again.slides) == (at(state), state.slides)


MINE = """
[[slide]]
id = "mine"
title = "<b>Mine</b>\\u202e"
sentences = ["One."]
steps = ["docker pull '<script>alert(1)</script>'", "$ echo two", "| a | b |\\n| 1 | <i> |"]
conclusion = ["So."]
notes = ["Wait."]
[slide.question]
prompt = "Which?"
[[slide.question.choices]]
text = "this"
reason = "Yes."
right = true
[[slide.question.choices]]
text = "that"
reason = "No."
"""


def test_a_teachers_own_slides_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE)
    state = labkit.walkthrough(str(path))
    (one,) = state.screens()
    steps = [step["html"] for step in one["steps"]]
    assert "<script" not in steps[0]
    assert "$ echo two\ntwo" in steps[1]
    assert "<td>&lt;i&gt;</td>" in steps[2]
    assert "<b>" not in state.outputs()[0]["text/html"].replace("<b>A", "")


def test_each_mistake_in_a_file_is_a_line_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    wrong = (
        MINE.replace("right = true", "")
        .replace('notes = ["Wait."]', 'notes = [" "]\ncolour = 3')
        .replace('["One."]', "[1]")
    )
    path.write_text(wrong + wrong.replace('title = "', 'minutes = "5"\ntitle = "'))
    with pytest.raises(LabkitError) as caught:
        deck(str(path))
    assert (
        str(caught.value).splitlines()
        == [
            f"{path}: mine: {words}"
            for more in ([], ["minutes is no whole number"])
            for words in (
                "colour is no part of a slide",
                *more,
                "sentences is no list of texts",
                "nothing in notes",
                "its question has not 2 to 4 choices of which one is right = true",
                "its id is another's too",
            )
        ][:8]
    )
    for text, words in (("[[slide", "not TOML: "), ("a = 1", "no slides: "), (None, "no such file")):
        path.unlink() if text is None else path.write_text(text)
        with pytest.raises(LabkitError, match=words):
            deck(str(path))


@pytest.mark.parametrize("setup", ["lab.pull('nothing')", "1 +", "nothing"])
def test_a_setup_that_fails_is_told_with_its_slide(tmp_path: Path, setup: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE.replace("title =", f'setup = "{setup}"\ntitle ='))
    with pytest.raises(LabkitError, match=r"^mine: "):
        labkit.walkthrough(str(path)).screens()


def test_the_page_names_no_other_host() -> None:
    assert "//" not in SlideView().css
    source = SlideView._esm.replace("https://anywidget.dev", "").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in source
    assert "import " not in source


def test_what_stays_without_a_kernel_is_all_twelve_slides() -> None:
    (data,) = talk().outputs()
    for slide in SLIDES:
        assert slide.title in data["text/plain"]
        assert slide.question.right.reason in data["text/html"]
        assert slide.question.prompt in data["text/plain"]
    assert data["text/html"].count("<img") == sum(step == STAGE for slide in SLIDES for step in slide.steps)
    assert data == talk().outputs()[0]


def test_moving_on_leaves_the_form_to_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    state = talk()
    asked = []
    monkeypatch.setattr(Walkthrough, "outputs", lambda self: asked.append(1) or [{"text/plain": ""}])
    state._ipython_display_()
    state.jump(1)
    assert asked == [1]
