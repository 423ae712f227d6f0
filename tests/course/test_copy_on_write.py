"""The story of an operation: its steps are what the engine's own container does."""

from __future__ import annotations

import errno

import pytest

from labkit.base.errors import LabkitError
from labkit.course.copy_on_write import OPERATIONS, Story, choices, ready, story
from labkit.lab import Lab
from labkit.oci import tree
from labkit.oci.tree import Dir, Whiteout, get

UBUNTU = "ubuntu:15.04"


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab that has the slides' image."""
    made = Lab()
    made.pull(UBUNTU)
    return made


def told(lab: Lab, path: str, operation: str, after: str = "") -> Story:
    """Tell a story of the slides' image."""
    return story(lab, UBUNTU, path, operation, after)


def kinds(found: Story) -> list[str]:
    """Give the kinds of the steps, those of the search once."""
    return list(dict.fromkeys(step.kind for step in found.steps))


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/apt/sources.list", "/bin/bash", "/bin/sh", "/new"])
@pytest.mark.parametrize("operation", ["append", "truncate", "chmod", "delete", "rename", "link"])
def test_the_upper_directory_is_the_one_that_the_typed_command_makes(
    lab: Lab, path: str, operation: str
) -> None:
    found, at = told(lab, path, operation), lab.at
    box = lab.run(UBUNTU, name="box")
    result = box.exec(found.command)
    if not any(step.kind == "error" for step in found.steps):
        assert result.exit_code == 0
        names = [each for each, _ in tree.walk(found.steps[-1].upper)]
        assert names == [each for each, _ in tree.walk(box.upper)]
        assert tree.size(found.steps[-1].upper) == box.size
    else:
        assert result.exit_code != 0
    lab.go(at)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_story_leaves_the_lab_as_it_was(lab: Lab, operation: str) -> None:
    before = lab.engine.state
    told(lab, "/etc/passwd", operation, after="delete")
    assert lab.engine.state is before


def test_reading_copies_nothing(lab: Lab) -> None:
    found = told(lab, "/bin/bash", "read")
    assert (found.copied, kinds(found)) == (0, ["start", "search", "decide", "result"])


def test_chmod_copies_the_whole_file(lab: Lab) -> None:
    found = told(lab, "/bin/bash", "chmod")
    assert found.copied == 1_099_016
    assert kinds(found)[-4:] == ["directory", "copy-up", "change", "result"]


def test_a_second_append_copies_nothing(lab: Lab) -> None:
    found = told(lab, "/etc/passwd", "append", after="append")
    assert (found.copied, kinds(found)) == (0, ["start", "search", "decide", "change", "result"])
    assert sum(step.kind == "search" for step in found.steps) == 1


def test_the_search_goes_from_the_top_down_and_ends_where_the_file_is(lab: Lab) -> None:
    searched = [step.layers for step in told(lab, "/etc/apt/sources.list", "read").steps if step.layers]
    assert searched == [(0,), (1,), (2,), (3,)]


def test_the_search_ends_at_a_whiteout(lab: Lab) -> None:
    found = told(lab, "/etc/passwd", "read", after="delete")
    assert [look.kind for look in found.looks] == ["whiteout", *["unsearched"] * 5]
    assert "error" in kinds(found)


def test_the_search_ends_at_an_opaque_directory(lab: Lab) -> None:
    found = told(lab, "/etc/apt/sources.list", "read", after="recreate")
    assert found.looks[0].opaque == ("etc", "apt")
    assert found.looks[1].kind == "unsearched"


def test_a_directory_of_the_image_is_deleted_by_a_whiteout_and_made_again_opaque(lab: Lab) -> None:
    found = told(lab, "/etc/apt", "recreate")
    assert kinds(found)[-5:] == ["directory", "inside", "whiteout", "opaque", "result"]
    (whiteout,) = (step for step in found.steps if step.kind == "whiteout")
    assert type(get(whiteout.upper, "etc/apt")) is Whiteout
    made = get(found.steps[-1].upper, "etc/apt")
    assert isinstance(made, Dir)
    assert made.opaque


def test_of_a_file_the_directory_that_holds_it_is_made_again(lab: Lab) -> None:
    assert told(lab, "/etc/apt/sources.list", "recreate").path == "/etc/apt"


def test_renaming_a_file_of_the_image_hides_its_old_name(lab: Lab) -> None:
    steps = {step.kind: step for step in told(lab, "/etc/passwd", "rename").steps}
    assert steps["whiteout"].title == "A whiteout hides the old name /etc/passwd"
    assert steps["make"].title == "The file is called /etc/passwd.old"


def test_renaming_a_directory_of_the_image_is_refused(lab: Lab) -> None:
    found = told(lab, "/etc/apt", "rename")
    assert errno.errorcode[errno.EXDEV] in next(step.title for step in found.steps if step.kind == "error")
    assert found.steps[-1].upper == found.before


def test_a_hard_link_copies_the_file_up_once(lab: Lab) -> None:
    found = told(lab, "/etc/passwd", "link")
    assert (found.copied, tree.size(found.steps[-1].upper)) == (266, 266)


def test_the_whiteout_of_a_renamed_file_hides_its_old_name(lab: Lab) -> None:
    titles = {
        each: [step.title for step in told(lab, "/etc/passwd", each).steps] for each in ("rename", "delete")
    }
    assert "A whiteout hides the old name /etc/passwd" in titles["rename"]
    assert "A whiteout for /etc/passwd is made in the read-write layer" in titles["delete"]


def test_what_goes_with_a_directory_is_counted(lab: Lab) -> None:
    assert "In /etc/apt, 4 names get a whiteout" in [
        step.title for step in told(lab, "/etc/apt", "delete").steps
    ]


def test_a_symbolic_link_is_followed_by_a_write_and_not_by_a_deletion(lab: Lab) -> None:
    assert "/bin/sh leads to /bin/dash" in [step.title for step in told(lab, "/bin/sh", "append").steps]
    assert "link" not in kinds(told(lab, "/bin/sh", "delete"))


def test_what_docker_mounts_is_not_in_the_layers(lab: Lab) -> None:
    assert kinds(told(lab, "/etc/hosts", "append")) == ["start", "elsewhere"]


def test_a_mount_inside_stops_the_deletion_of_a_directory(lab: Lab) -> None:
    found = told(lab, "/etc", "delete")
    assert "Something is mounted at /etc/hostname." in [step.why for step in found.steps]


def test_a_container_of_the_lab_is_told_of_as_it_is_now(lab: Lab) -> None:
    box = lab.run(UBUNTU, name="box")
    box.write("/etc/motd", "mine\n")
    found = story(lab, "box", "/etc/motd", "append")
    assert found.looks[0].kind == "found"
    assert found.copied == 0


def test_many_layers_without_the_name_are_one_step() -> None:
    lab = Lab()
    lab.build("many", ["FROM busybox", *(f"RUN echo {n} > /file{n}" for n in range(30))])
    found = story(lab, "many", "/etc/passwd", "append")
    assert [len(step.layers) for step in found.steps if step.kind == "search"] == [32, 1]


def test_another_driver_is_refused_in_one_line() -> None:
    lab = Lab(storage_driver="vfs")
    lab.pull("busybox")
    with pytest.raises(LabkitError, match="these are the steps of overlay2; this lab's driver is vfs"):
        story(lab, "busybox")


def test_an_unknown_operation_is_refused(lab: Lab) -> None:
    with pytest.raises(LabkitError, match="swim: no such operation; there are read, append"):
        story(lab, UBUNTU, "/etc/passwd", "swim")


def test_the_paths_to_choose_are_there_and_one_is_of_an_upper_layer(lab: Lab) -> None:
    found = choices(lab, UBUNTU)
    box = lab.create(UBUNTU)
    assert all(box._files().exists(path, follow=False) for path in found)
    assert {"/etc/passwd", "/etc/apt/sources.list", "/etc/apt", "/bin/sh"} < set(found)


def test_ready_pulls_what_is_missing_once() -> None:
    lab = Lab()
    ready(lab, "busybox")
    state = lab.engine.state
    ready(lab, "busybox")
    assert lab.engine.state is state
    assert len(lab.images) == 1
