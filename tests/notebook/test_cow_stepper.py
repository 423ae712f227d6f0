"""The copy-on-write stepper and its picture: the state by itself, and the controls without a browser."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as etree

import pytest
import traitlets

from labkit.base.errors import LabkitError
from labkit.course.copy_on_write import OPERATIONS, story
from labkit.lab import Lab
from labkit.notebook import cow_stepper
from labkit.notebook.pictures.copy_up import copy_up
from tests.notebook.shown import asleep, offered

UBUNTU = "ubuntu:15.04"
SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "/<script>alert(1)</script>'\"\x1b[2J\u202e$(id)"


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab that has the slides' image."""
    made = Lab()
    made.pull(UBUNTU)
    return made


def words_of(stepper: Any) -> str:
    """Give the words below the picture."""
    text: str = stepper.outputs()[1]["text/plain"]
    return text


def classes(svg: str) -> list[str]:
    """Give the classes of a picture's shapes."""
    return [each.get("class", "") for each in etree.fromstring(svg).iter() if each.get("class")]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_line_of_python_shows_the_same(lab: Lab, operation: str) -> None:
    stepper = cow_stepper(lab, UBUNTU, path="/etc/apt", operation=operation, after="chmod", step=3)
    again = eval(stepper.code, {"lab": lab, "cow_stepper": cow_stepper})
    assert again.outputs() == stepper.outputs()


def test_the_same_step_has_the_same_bytes(lab: Lab) -> None:
    one, other = Lab(), Lab()
    assert cow_stepper(one, UBUNTU, step=9).outputs() == cow_stepper(other, UBUNTU, step=9).outputs()


def test_the_steps_go_on_and_back_and_stop_at_both_ends(lab: Lab) -> None:
    stepper = cow_stepper(lab, UBUNTU, operation="read")
    seen = []
    for way in ("back", "next", "next", "back", "last", "next", "first"):
        stepper.go(way)
        seen.append(stepper.step)
    assert seen == [0, 1, 2, 1, 8, 8, 0]


def test_steps_below_zero_are_counted_from_the_end_and_too_large_ones_are_the_last(lab: Lab) -> None:
    last = cow_stepper(lab, UBUNTU, step=11).outputs()
    assert cow_stepper(lab, UBUNTU, step=-1).outputs() == last
    assert cow_stepper(lab, UBUNTU, step=99).outputs() == last


def test_what_is_to_come_is_not_told(lab: Lab) -> None:
    stepper = cow_stepper(lab, UBUNTU)
    assert "copied up:" not in words_of(stepper)
    assert "… 11 more: press Next" in words_of(stepper)
    stepper.go("last")
    assert "/etc/passwd is copied up: 266 bytes" in words_of(stepper)


def test_an_operation_that_there_is_not_is_refused(lab: Lab) -> None:
    with pytest.raises(LabkitError, match="swim: no such operation"):
        cow_stepper(lab, UBUNTU, operation="swim")
    with pytest.raises(traitlets.TraitError, match="swim"):
        cow_stepper(lab, UBUNTU).operation = "swim"


def test_an_image_removed_meanwhile_is_a_line_and_no_traceback() -> None:
    lab = Lab()
    stepper = cow_stepper(lab, "busybox")
    lab.docker("rmi busybox")
    assert words_of(stepper) == "No such container: busybox"
    stepper.choose("step", "next")
    assert "No such container: busybox" in asleep(stepper)


def test_buttons_lists_and_the_field_lead_it(lab: Lab) -> None:
    stepper = cow_stepper(lab, UBUNTU, path="/opt/mine")
    assert '<option value="/opt/mine" selected="">' in stepper.page()
    stepper.choose("step", "next")
    assert stepper.step == 1
    stepper.choose("operation", "chmod")
    assert (stepper.operation, stepper.step, offered(stepper, "operation", "true")) == ("chmod", 0, ["chmod"])
    stepper.choose("path", "/etc/motd")
    stepper.choose("after", "append")
    stepper.choose("operation", "swim")
    stepper.choose("step", "last")
    assert "/opt/mine" not in stepper.page()
    assert words_of(stepper).endswith(stepper.code)
    assert 'path="/etc/motd", operation="chmod", after="append", step=' in stepper.code
    assert asleep(stepper).count("<img") == 1


def test_an_image_that_there_is_not_is_refused() -> None:
    with pytest.raises(LabkitError, match=r"^pull access denied for no/such"):
        cow_stepper(Lab(), "no/such")


def test_a_hostile_path_is_text() -> None:
    lab = Lab()
    box = lab.run("busybox", name="box")
    box.write(HOSTILE.replace("/script", "script"), "x")
    stepper = cow_stepper(lab, "box", path=HOSTILE.replace("/script", "script"), operation="chmod", step=-1)
    kept = stepper.bundle()
    for text in (kept["text/html"], kept["text/plain"], re.sub(' value="[^"]*"', "", stepper.page())):
        assert not {"\x1b", "\u202e"} & set(text)
        assert "<script" not in text or text is kept["text/plain"]
    picture = copy_up(stepper.story(), stepper.step)
    assert not {"\x1b", "\u202e"} & set(picture.svg + picture.text)
    assert not list(etree.fromstring(picture.svg).iter(f"{SVG}script"))
    again = eval(stepper.code, {"lab": lab, "cow_stepper": cow_stepper})
    assert again.outputs() == stepper.outputs()


# The picture


def test_the_search_is_drawn_as_far_as_it_is_gone(lab: Lab) -> None:
    told = story(lab, UBUNTU, "/etc/passwd", "append")
    start, searching = copy_up(told, 0).text, copy_up(told, 3).text
    assert (start.count("no /etc"), start.count("> layer")) == (0, 0)
    assert (searching.count("no /etc"), searching.count("> layer 4")) == (4, 1)


def test_the_copy_is_drawn_with_its_bytes_from_its_step_on(lab: Lab) -> None:
    told = story(lab, UBUNTU, "/bin/bash", "chmod")
    copying = next(place for place, step in enumerate(told.steps) if step.kind == "copy-up")
    assert "arrow" not in classes(copy_up(told, copying - 1).svg)
    assert "arrow" in classes(copy_up(told, copying).svg)
    assert ">1.1MB<" in copy_up(told, -1).svg


def test_the_pictures_of_all_steps_are_of_one_size(lab: Lab) -> None:
    told = story(lab, UBUNTU, "/etc/apt", "recreate")
    sizes = {etree.fromstring(copy_up(told, step).svg).get("height") for step in range(len(told.steps))}
    assert len(sizes) == 1


def test_marks_have_a_letter_and_hatching(lab: Lab) -> None:
    picture = copy_up(story(lab, UBUNTU, "/etc/passwd", "delete"))
    assert ">W whiteout passwd<" in picture.svg
    assert "<pattern" in picture.svg
    assert re.search("  W +passwd +whiteout", picture.text)


def test_the_twin_says_what_the_picture_shows(lab: Lab) -> None:
    text = copy_up(story(lab, UBUNTU, "/etc/passwd", "append"), 6).text
    assert "> layer 1      passwd 266B" in text
    assert text.count("empty") == 2


def test_of_many_layers_those_with_something_are_drawn() -> None:
    lab = Lab()
    lab.build("many", ["FROM busybox", *(f"RUN echo {n} > /file{n}" for n in range(40))])
    picture = copy_up(story(lab, "many", "/etc/passwd", "append"))
    assert picture.svg.count(">… 33 layers<") == 1
    assert ">passwd " in picture.svg


def test_of_a_large_upper_directory_the_lines_near_the_path_are_drawn(lab: Lab) -> None:
    picture = copy_up(story(lab, UBUNTU, "/etc/passwd", "append", after="chmod"))
    assert "more" not in picture.text
    box = Lab().run("busybox", name="box")
    box.exec("for n in 1 2 3 4 5 6 7 8 9; do echo $n > /file$n; done")
    assert isinstance(box.lab, Lab)
    text = copy_up(story(box.lab, "box", "/file5", "append")).text
    assert re.search("A +file5", text)
    assert "… 8 more" in text
