"""The playground's buttons, whose lines are typed in a lab, and the picture of containers on one image."""

from __future__ import annotations

import shlex
from xml.etree import ElementTree as etree

import pytest

from labkit.course.shared_stack import ContainerLayer, SharedStack, Standing
from labkit.lab import Lab
from labkit.notebook import playground
from labkit.notebook.pictures.containers import draw
from labkit.notebook.widgets.playground import Playground, lines

SVG = "{http://www.w3.org/2000/svg}"
BASE = (("5dacd731af1b", 55_300_000),)


def press(ground: Playground, *buttons: str) -> str:
    """Type what buttons type; return what the last one prints."""
    text = ""
    for words in buttons:
        line = dict(ground.offers)[words]
        assert line, words
        text = "undone" if line == "undo" and ground.lab.undo() else ground.lab.type(line).text
    return text


@pytest.mark.parametrize("image", ["busybox", "ubuntu:15.04", "nginx", "alpine"])
def test_each_button_does_what_it_says(image: str) -> None:
    ground = playground(image, lab=Lab())
    press(
        ground, "Run a container", "Write a file", "Change a file of the image", "Delete a file of the image"
    )
    assert press(ground, "Diff").split("\n")[:3] == ["C /etc", "C /etc/passwd", "D /etc/group"]
    assert "box1" in press(ground, "Sizes")
    press(ground, "Stop", "Commit", "Commit", "Start")
    assert ground.lab.container("box1").status == "running"
    assert ground.lab.docker("images -q app").text.count("\n") == 2
    press(ground, "Stop", "Remove")
    assert ground.lab.containers == []
    press(ground, "Undo")
    assert ground.container == "box1"
    press(ground, "Start", "Remove")
    assert (ground.container, dict(ground.offers)["Diff"]) == ("", "")


def test_the_newest_container_is_chosen_or_the_one_whose_tile_is_pressed() -> None:
    ground = playground("busybox", lab=Lab())
    press(ground, "Run a container", "Run a container")
    assert (ground.container, ground.boxes) == ("box2", ["box2", "box1"])
    ground._asked(ground, {"open": f"container:{ground.lab.container('box1').id}"}, [])
    assert dict(ground.offers)["Diff"] == "docker diff box1"
    ground.lab.docker("exec box2 touch /x")
    assert ground.container == "box1"
    ground.lab.docker("rm -f box1")
    assert ground.container == "box2"


def test_inside_a_container_one_button_leads_out() -> None:
    ground = playground("busybox", lab=Lab())
    ground.lab.type("docker run -it --name inside busybox")
    assert ground.offers == [("Leave the container", "exit")]
    press(ground, "Leave the container")
    assert ground.container == "inside"
    assert "Start" in dict(ground.offers)


def test_hostile_names_stay_one_word() -> None:
    line = lines(Lab(), "a; rm -rf /", "")["Run a container"]
    assert shlex.split(line)[-1] == "a; rm -rf /"


# The picture


def kinds(whole: SharedStack, chosen: str = "") -> list[str]:
    """Give the classes of a picture's shapes."""
    root = etree.fromstring(draw(whole, chosen).svg)
    return [each.get("class", "") for each in root.iter() if each.get("class")]


def boxes(number: int) -> tuple[ContainerLayer, ...]:
    """Give containers."""
    return tuple(ContainerLayer(f"box{n}", True, 3, 1) for n in range(number))


def test_each_container_is_drawn_and_each_shared_layer_once() -> None:
    found = kinds(SharedStack("app", BASE * 3, (Standing("app", (), boxes(4)),)), "box1")
    assert (found.count("container running"), found.count("layer"), found.count("chosen")) == (4, 3, 1)


def test_a_stopped_container_says_so() -> None:
    whole = SharedStack("app", BASE, (Standing("app", (), (ContainerLayer("old", False, 0, 0),)),))
    assert "container stopped" in kinds(whole)
    assert "old  stopped  0B  0 changes" in draw(whole).text


def test_more_containers_than_there_is_room_for_are_counted() -> None:
    picture = draw(SharedStack("app", BASE, (Standing("app", (), boxes(9)),), others=2))
    assert "and 3 more containers not drawn" in picture.svg
    assert "and 2 containers on other images" in picture.svg
    assert picture.text.count("running") == 9


def test_many_layers_are_drawn_as_one_at_the_bottom() -> None:
    picture = draw(SharedStack("app", BASE * 40, (Standing("app", (), boxes(1)),)))
    assert "… 36 layers" in picture.svg
    assert picture.text.count("read-only, shared") == 40


def test_without_containers_there_is_a_sentence() -> None:
    assert "no container yet" in draw(SharedStack("app", BASE, (Standing("app", (), ()),))).text


def test_names_are_shown_as_text() -> None:
    whole = SharedStack(
        "<b>\u202e", BASE, (Standing("<b>\u202e", (), (ContainerLayer("\x1b", True, 0, 0),)),)
    )
    picture = draw(whole)
    assert not {"\x1b", "\u202e"} & set(picture.svg + picture.text)
    assert not list(etree.fromstring(picture.svg).iter(f"{SVG}b"))
