"""How containers stand on one image, and what they share."""

from __future__ import annotations

import pytest

from labkit.base.errors import LabkitError
from labkit.course.shared_stack import shared_stack
from labkit.lab import Lab


def lab_with_box() -> Lab:
    """Give a lab with a container that runs and has a file."""
    lab = Lab()
    lab.run("busybox", name="box1").write("/etc/motd", "hello\n")
    return lab


def test_the_stack_counts_what_is_shared_once() -> None:
    lab = lab_with_box()
    lab.run("busybox", name="box2")
    size = lab.image("busybox").size
    found = shared_stack(lab, "busybox")
    assert (found.on_disk, found.copied) == (size + 6, 3 * size + 6)
    assert found.on_disk == lab.disk_usage()


def test_a_committed_image_stands_on_the_shared_layers() -> None:
    lab = lab_with_box()
    lab.container("box1").commit("app:1")
    lab.run("app:1", name="web")
    base, app = shared_stack(lab, "busybox").standings
    assert (base.name, [box.name for box in base.boxes]) == ("busybox", ["box1"])
    assert (app.name, [size for _, size in app.layers], app.boxes[0].name) == ("app:1", [6], "web")


def test_containers_of_other_images_are_counted_only() -> None:
    lab = lab_with_box()
    lab.run("ubuntu:15.04")
    assert (shared_stack(lab, "busybox").others, len(shared_stack(lab, "busybox").boxes)) == (1, 1)


def test_a_removed_image_is_still_under_its_container() -> None:
    lab = lab_with_box()
    lab.docker("rmi -f busybox")
    assert [box.name for box in shared_stack(lab, "busybox").boxes] == ["box1"]


def test_no_image_is_an_error_in_docker_s_words() -> None:
    with pytest.raises(LabkitError, match="No such image: busybox"):
        shared_stack(Lab(), "busybox")
