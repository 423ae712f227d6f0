"""The container playground and its picture: the state by itself, and the controls without a browser."""

from __future__ import annotations

from typing import Any

import ipywidgets
import pytest

from labkit.lab import Lab
from labkit.notebook import playground
from labkit.notebook.widgets.playground import LOG, Playground
from tests.notebook.shown import Handle, within

UBUNTU = "ubuntu:15.04"
SVG = "{http://www.w3.org/2000/svg}"


def parts(ground: Playground) -> list[str]:
    """Give the outputs as text: what was done last, the picture's twin, docker's words, the log."""
    return [data["text/plain"] for data, _ in ground.outputs()]


def press(controls: Any, words: str) -> None:
    """Press a button."""
    (found,) = (each for each in within(controls, ipywidgets.Button) if each.description == words)
    found.click()


def field(controls: Any, words: str) -> Any:
    """Give the text field or the list with these words."""
    every = [*within(controls, ipywidgets.Text), *within(controls, ipywidgets.Dropdown)]
    (found,) = (each for each in every if each.description == words)
    return found


def test_it_pulls_the_image_that_is_missing_and_says_so() -> None:
    lab = Lab()
    assert "$ docker pull ubuntu:15.04" in parts(playground(lab, UBUNTU))[3]
    assert "nothing yet" in parts(playground(lab, UBUNTU))[3]


def test_a_new_container_is_chosen_and_the_next_name_offered() -> None:
    ground = playground(Lab(), UBUNTU)
    ground.do("run")
    ground.do("run")
    assert (ground.container, ground.name) == ("box2", "box3")


def test_the_text_is_what_docker_prints() -> None:
    lab = Lab()
    ground = playground(lab, UBUNTU)
    ground.do("run")
    ground.do("append")
    _, _, said, done = parts(ground)
    assert said.startswith(f"$ docker ps -as\n{lab.docker('ps -as').text}")
    assert "$ docker diff box1\nC /etc\nC /etc/motd" in said
    assert "$ docker exec box1 sh -c 'echo hello >> /etc/motd'" in done


def test_the_logged_lines_typed_in_another_lab_show_the_same() -> None:
    ours, typed = Lab(), Lab()
    ground = playground(ours, UBUNTU)
    for name in ("run", "write", "chmod", "commit", "stop", "start", "delete"):
        ground.do(name)
    for entry in ground.log:
        typed.shell(entry.line)
    assert parts(playground(typed, UBUNTU))[1:3] == parts(ground)[1:3]


def test_what_was_typed_in_between_is_seen_at_the_next_click() -> None:
    lab = Lab()
    ground = playground(lab, UBUNTU)
    lab.docker("run -dit --name typed ubuntu:15.04")
    ground.do("refresh")
    assert ground.container == "typed"
    lab.docker("rm -f typed")
    ground.do("run")
    assert ground.container == "box1"


def test_an_error_is_in_docker_s_words_in_the_log() -> None:
    ground = playground(Lab(), UBUNTU)
    ground.do("run")
    ground.do("remove")
    assert "You cannot remove a running container" in parts(ground)[3]
    assert ground.container == "box1"


def test_what_was_done_last_stands_first() -> None:
    ground = playground(Lab(), "busybox")
    ground.do("run")
    ground.do("remove")
    assert parts(ground)[0].startswith("$ docker rm box1\n")
    assert "You cannot remove a running container" in parts(ground)[0]


def test_undo_takes_back_a_click_and_reset_all() -> None:
    lab = Lab()
    ground = playground(lab, UBUNTU)
    ground.do("run")
    ground.do("append")
    ground.do("undo")
    assert lab.container("box1").size == 0
    ground.do("reset")
    assert (ground.container, lab.containers, len(lab.images)) == ("", [], 1)
    assert ">>> lab.reset()" in parts(ground)[3]


def test_showing_leaves_the_lab_as_it_is() -> None:
    lab = Lab()
    ground = playground(lab, UBUNTU)
    ground.do("run")
    state = lab.engine.state
    ground.outputs()
    assert lab.engine.state is state


def test_the_log_keeps_the_last_ones() -> None:
    ground = playground(Lab(), "busybox")
    for _ in range(LOG + 2):
        ground.do("run")
    assert "… 3 more before" in parts(ground)[3]


def test_no_image_and_no_registry_is_a_line_and_no_traceback() -> None:
    ground = playground(Lab(), "no/such")
    assert "pull access denied for no/such" in parts(ground)[3]
    ground.do("run")
    assert parts(ground)[1].startswith("No such image: no/such")


@pytest.mark.parametrize("driver", ["vfs", "btrfs", "aufs", "devicemapper"])
def test_it_works_with_any_storage_driver(driver: str) -> None:
    ground = playground(Lab(storage_driver=driver), "busybox")
    ground.do("run")
    ground.do("append")
    assert "1 container on busybox" in parts(ground)[1]


def test_buttons_fields_and_lists_work_the_lab(outputs: list[Handle]) -> None:
    lab = Lab()
    playground(lab, UBUNTU)._ipython_display_()
    controls, _, picture, said, done = outputs
    field(controls.data, "name").value = "web"
    press(controls.data, "Run a container")
    press(controls.data, "Run a container")
    assert field(controls.data, "container").value == "box1"
    field(controls.data, "container").value = "web"
    assert "$ docker diff web" in said.data["text/plain"]
    field(controls.data, "path").value = "/notes"
    field(controls.data, "text").value = "buy milk"
    press(controls.data, "Write a file")
    assert lab.container("web").read("/notes") == "buy milk\n"
    field(controls.data, "as image").value = "notes:1"
    press(controls.data, "Commit")
    assert ("notes:1", "notes:1") in field(controls.data, "image").options
    field(controls.data, "image").value = "notes:1"
    press(controls.data, "Run a container")
    assert "notes:1" in picture.data["text/plain"]
    assert "$ docker run -dit --name box2 notes:1" in done.data["text/plain"]
    assert len(outputs) == 5


def test_without_a_live_page_four_outputs_stay(
    outputs: list[Handle], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_PROGRESS", "off")
    playground(Lab(), UBUNTU)._ipython_display_()
    assert [handle.data["text/html"][:4] for handle in outputs] == ["<pre", "<img", "<pre", "<pre"]


def test_every_field_and_list_has_a_label(outputs: list[Handle]) -> None:
    playground(Lab(), UBUNTU)._ipython_display_()
    controls = outputs[0].data
    assert all(
        each.description
        for kind in (ipywidgets.Text, ipywidgets.Dropdown, ipywidgets.Button)
        for each in within(controls, kind)
    )


def test_hostile_texts_are_text(outputs: list[Handle]) -> None:
    lab = Lab()
    ground = playground(lab, UBUNTU)
    ground._ipython_display_()
    ground.do("run")
    ground.path, ground.text = "/<img src=x>\x1b[31m\u202e'\"", "<script>alert(1)</script>"
    ground.do("write")
    ground.mode = "</pre><script>"
    ground.do("chmod")
    for handle in outputs[1:]:
        assert "<script" not in handle.data["text/html"]
        assert "<img src=x" not in handle.data["text/html"]
        assert not {"\x1b", "\u202e"} & set(handle.data["text/html"] + handle.data["text/plain"])
    assert lab.container("box1").read(ground.path) == "<script>alert(1)</script>\n"


# The picture
