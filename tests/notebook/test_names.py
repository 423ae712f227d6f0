"""Pictures, charts and explorers take names, images or several; values show themselves in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from IPython.core.interactiveshell import InteractiveShell

import labkit
from labkit import Lab, LabkitError, NotFound
from labkit.engine.scene import scene
from labkit.engine.schedule import PullEvent
from labkit.notebook.pictures.still import still

ONE = {
    "stack": labkit.stack,
    "steps": labkit.steps,
    "history_map": labkit.history_map,
    "shared": labkit.shared,
    "layer_or_not": labkit.layer_or_not,
}
OF_LAB = {
    "on_one_image": labkit.on_one_image,
    "playground": labkit.playground,
    "cow_stepper": labkit.cow_stepper,
    "sheets": labkit.sheets,
}


def text(shown: Any) -> str:
    """Give what is told in text."""
    if hasattr(shown, "text") and isinstance(shown.text, str) and hasattr(shown, "title"):
        return str(shown.text)
    return str(shown.bundle()["text/plain"])


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab with two images and a container."""
    made = Lab()
    made.pull("nginx")
    made.pull("mysql")
    made.run("ubuntu:15.04", name="box").write("/greeting", "hello")
    return made


@pytest.mark.parametrize("name", ONE)
def test_a_name_is_the_image_with_its_name(lab: Lab, name: str) -> None:
    take: Callable[..., Any] = ONE[name]
    image = lab.image("nginx")
    old = take({"nginx": image}) if name == "shared" else take(image, name="nginx")
    assert text(take("nginx", lab=lab)) == text(old)
    assert "nginx:latest" in text(take(image))


@pytest.mark.parametrize("name", OF_LAB)
def test_the_lab_may_stand_first_or_be_named(lab: Lab, name: str) -> None:
    take: Callable[..., Any] = OF_LAB[name]
    assert text(take("nginx", lab=lab)) == text(take(lab, "nginx"))


@pytest.mark.parametrize("name", [*ONE, *OF_LAB])
def test_a_name_is_looked_up_in_the_notebook_s_lab(shell: InteractiveShell, lab: Lab, name: str) -> None:
    take: Callable[..., Any] = {**ONE, **OF_LAB}[name]
    shell.user_ns["lab"] = lab
    assert text(take("nginx")) == text(take("nginx", lab=lab))
    del shell.user_ns["lab"]
    with pytest.raises(
        LabkitError, match=r"^in which lab\? Give lab=…, or make the notebook's: lab = Lab\(\)$"
    ):
        take("nginx")


@pytest.mark.parametrize("wrong", [None, 3, Path("nginx"), b"nginx", ("nginx", 3)])
@pytest.mark.parametrize("name", [*ONE, *OF_LAB])
def test_a_wrong_argument_gets_one_line_that_says_what_is_taken(lab: Lab, name: str, wrong: object) -> None:
    take: Callable[..., Any] = {**ONE, **OF_LAB}[name]
    with pytest.raises(LabkitError) as caught:
        take(wrong, lab=lab)
    words = str(caught.value)
    assert words.startswith("this takes the name of an image, an image or a container, not ")
    assert "\n" not in words
    with pytest.raises(LabkitError, match=r"^lab takes a Lab, not 'nginx'$"):
        take("nginx", lab="nginx")


@pytest.mark.parametrize("name", [*ONE, "on_one_image"])
def test_an_unknown_name_is_not_found(lab: Lab, name: str) -> None:
    take: Callable[..., Any] = {**ONE, **OF_LAB}[name]
    with pytest.raises(NotFound, match=r"^No such image: none:latest") as caught:
        take("none", lab=lab)
    if name in ONE:
        assert str(caught.value).endswith(": the lab has mysql:latest, nginx:latest, ubuntu:15.04")
        with pytest.raises(NotFound, match=r"^No such image: none:latest: the lab has no image yet$"):
            take("none", lab=Lab())


def test_a_hostile_name_stays_on_its_line(lab: Lab) -> None:
    with pytest.raises(LabkitError) as caught:
        labkit.stack("a\n\x1b[31mb", lab=lab)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_several_images_are_named_listed_or_in_a_dict(lab: Lab) -> None:
    both = {"nginx": lab.image("nginx"), "mysql": lab.image("mysql")}
    wanted = text(labkit.shared(both))
    assert text(labkit.shared("nginx", "mysql", lab=lab)) == wanted
    assert text(labkit.shared(["nginx", "mysql"], lab=lab)) == wanted
    assert text(labkit.shared({"nginx": "nginx", "mysql": "mysql"}, lab=lab)) == wanted
    assert "nginx:latest" in text(labkit.shared(*both.values()))


def test_a_container_is_drawn_on_its_image(lab: Lab) -> None:
    box = lab.container("box")
    wanted = text(labkit.stack(lab.image("ubuntu:15.04"), box, name="ubuntu:15.04"))
    assert text(labkit.stack(box)) == wanted
    assert text(labkit.stack("box", lab=lab)) == wanted
    assert text(labkit.stack("ubuntu:15.04", "box", lab=lab)) == wanted
    with pytest.raises(NotFound, match="No such container: nobox"):
        labkit.stack("ubuntu:15.04", "nobox", lab=lab)
    with pytest.raises(LabkitError, match="a container is given by its name, or as a Box; not as 3"):
        labkit.stack("nginx", 3, lab=lab)  # type: ignore[arg-type]


def test_a_pull_is_drawn_by_its_name() -> None:
    lab, events = Lab(network="slow"), list[PullEvent]()
    before = lab.engine.state
    by_name = labkit.pull_timeline("mysql", after="nginx", lab=lab)
    assert lab.engine.state is before
    lab.pull("nginx")
    lab.pull("mysql", events=events)
    assert by_name.text == labkit.pull_timeline(events, name="mysql, after nginx").text
    assert "Already exists" in by_name.text
    assert "Already exists" not in labkit.pull_timeline("mysql", lab=lab).text
    for wrong in (None, 3, [1]):
        with pytest.raises(
            LabkitError, match=r"^this takes the name of an image or the events of a pull, not "
        ):
            labkit.pull_timeline(wrong)  # type: ignore[arg-type]
    with pytest.raises(LabkitError, match=r"^this takes the name of an image, "):
        labkit.pull_timeline("mysql", after=3)  # type: ignore[arg-type]
    with pytest.raises(LabkitError):
        labkit.pull_timeline("no/such")


# Values that show themselves


def shown(shell: InteractiveShell, value: object) -> dict[str, str]:
    """Give what a cell that ends with a value shows."""
    assert shell.display_formatter is not None
    data, _ = shell.display_formatter.format(value)
    return data


def test_an_image_and_a_box_show_themselves_as_their_stack(shell: InteractiveShell, lab: Lab) -> None:
    image, box = lab.image("nginx"), lab.container("box")
    assert shown(shell, image) == labkit.stack(image)._repr_mimebundle_()
    assert shown(shell, image)["text/plain"].startswith("nginx:latest · 3 layers · 109MB")
    assert shown(shell, box) == labkit.stack(box)._repr_mimebundle_()
    assert shown(shell, box)["text/plain"].startswith("Container box on ubuntu:15.04 · 4 layers")


def test_a_lab_shows_itself_as_the_stage(shell: InteractiveShell, lab: Lab) -> None:
    data = shown(shell, lab)
    assert data == still(scene(lab.engine.state))._repr_mimebundle_()
    lines = [line.split() for line in data["text/plain"].splitlines()]
    assert ["container", "running", "box", "5B", "ubuntu:15.04"] in lines
    assert ["image", "nginx:latest", "109MB", "27a188018e18"] in lines
    assert shown(shell, Lab())["text/plain"] == "nothing is here yet"


@pytest.mark.parametrize("kind", [list, tuple])
def test_a_list_shows_each_of_its_values(shell: InteractiveShell, lab: Lab, kind: type) -> None:
    data = shown(shell, kind([lab.image("nginx"), lab.container("box")]))
    assert data["text/html"].count("<img ") == 2
    assert "nginx:latest · 3 layers" in data["text/html"]
    assert "Container box on ubuntu:15.04" in data["text/html"]
    assert "<Image nginx:latest sha256:27a188018e18: 3 layers, 109MB>" in data["text/plain"]
    many = shown(shell, kind([lab.image("nginx")] * 15))
    assert many["text/html"].count("<img ") == 12
    assert "… 3 more" in many["text/html"]


class Pair(NamedTuple):
    """A tuple that shows itself."""

    first: object
    second: object

    def _repr_html_(self) -> str:
        return "<b>a pair</b>"


def test_other_lists_are_shown_as_before(shell: InteractiveShell, lab: Lab) -> None:
    for value in ([], (), [1, 2], [lab.image("nginx"), 3]):
        assert shown(shell, value) == {"text/plain": shown(shell, value)["text/plain"]}
    assert shown(shell, [1, 2])["text/plain"] == "[1, 2]"
    assert shown(shell, Pair(lab, lab))["text/html"] == "<b>a pair</b>"


def test_a_box_that_is_removed_says_so(shell: InteractiveShell) -> None:
    box = Lab().run("busybox")
    box.remove()
    assert shown(shell, box)["text/plain"] == f"<Box {box.id[:12]}: removed>"


def test_a_result_shows_its_text(shell: InteractiveShell, lab: Lab) -> None:
    assert shown(shell, lab.container("box").exec("echo a; echo b"))["text/plain"] == "a\nb"
