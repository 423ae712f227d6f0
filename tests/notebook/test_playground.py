"""The playground's buttons, whose lines are typed in a lab."""

from __future__ import annotations

import shlex

import pytest

from labkit.lab import Lab
from labkit.notebook import playground, terminal
from labkit.notebook.widgets.playground import Playground, lines


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
    assert [each for each in ground.offers if each[1]] == [("Leave the container", "exit")]
    press(ground, "Leave the container")
    assert ground.container == "inside"
    assert dict(ground.offers)["Start"]


def test_the_buttons_are_always_the_same_ones() -> None:
    ground = playground("busybox", lab=Lab())
    names = [words for words, _ in ground.offers]
    for line in ("docker run -dit --name box busybox", "docker stop box", "docker start -i box", "exit"):
        ground.lab.type(line)
        assert [words for words, _ in ground.offers] == names, line
    assert len({*names}) == len(names) == 12


def test_hostile_names_stay_one_word() -> None:
    line = lines(Lab(), "a; rm -rf /", "")["Run a container"]
    assert shlex.split(line)[-1] == "a; rm -rf /"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ((), "12 layers came, none was here before."),
        (("nginx",), "1 of 12 layers was here already: 22.5MB (compressed) and 2.2 seconds saved."),
        (("redis", "postgres", "python:slim", "debian:stretch-slim"), "1 of 12 layers was here already"),
        (
            ("nginx", "mysql:8.0.15"),
            "7 of 12 layers were here already: 40.4MB (compressed) and 4.0 seconds saved.",
        ),
        (("mysql",), "Nothing came: all is here."),
    ],
)
def test_buttons_tell_what_a_pull_of_mysql_saved(before: tuple[str, ...], words: str) -> None:
    """These are all the cases that the first lesson's buttons can make."""
    lab = Lab()
    for name in before:
        lab.pull(name)
    opened = terminal(lab, {"mysql": "docker pull mysql"})
    assert opened.offers == [("mysql", "docker pull mysql")]
    lab.docker("images")
    assert opened.told == ""
    lab.docker("pull mysql")
    assert opened.told.startswith(words)
