"""The inspect explorer: its state, what it shows, and its controls without a browser."""

from __future__ import annotations

import pytest
import traitlets

from labkit.base.errors import LabkitError, NotFound
from labkit.lab import Lab
from labkit.notebook import inspect_explorer
from labkit.notebook.widgets.inspect_explorer import InspectExplorer
from tests.notebook.shown import asleep, offered

HOSTILE = "<script>alert(1)</script>&\u202e"


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab with nginx, and an image with a hostile label."""
    lab = Lab()
    lab.pull("nginx")
    lab.build("hostile", ["FROM busybox", f'LABEL "{HOSTILE}"="{HOSTILE}"'])
    return lab


def words(explorer: InspectExplorer) -> list[str]:
    """Give the explanation and the document, in text."""
    return [data["text/plain"] for data, _ in explorer.outputs()]


def test_the_field_is_explained_with_its_command_its_answer_and_the_mistake(lab: Lab) -> None:
    told, _ = words(inspect_explorer(lab, "nginx", field="RootFS.Layers"))
    assert "What it is: The DiffID of each layer" in told
    assert "Slides: image-inspect-2, image-inspect-3, image-history-2" in told
    assert "Often believed: They are the digests that docker pull shows" in told
    assert "$ docker image inspect -f '{{json .RootFS.Layers}}' nginx\n  [\"sha256:5dacd731af1b" in told


def test_the_chosen_lines_are_marked_and_only_they(lab: Lab) -> None:
    _, document = words(inspect_explorer(lab, "nginx", field="RootFS.Layers"))
    marked = [line for line in document.split("\n") if line.startswith(">")]
    assert marked[0].strip("> ") == '"Layers": ['
    assert len(marked) == 5
    pressed = offered(inspect_explorer(lab, "nginx", field="RootFS.Layers"), "field", "true")
    assert pressed == ["RootFS.Layers"] * 5


def test_a_section_is_marked_with_all_that_is_in_it(lab: Lab) -> None:
    _, document = words(inspect_explorer(lab, "nginx", field="RootFS"))
    assert sum(line.startswith(">") for line in document.split("\n")) == 8


def test_a_setting_of_the_build_s_container_is_told_from_the_image_s(lab: Lab) -> None:
    told, _ = words(inspect_explorer(lab, "nginx", field="ContainerConfig.Cmd"))
    assert "As in Config, but of the build's last container." in told


def test_the_line_of_python_shows_the_same(lab: Lab) -> None:
    for field in ("Id", ".Os", "GraphDriver.Data.LowerDir"):
        explorer = inspect_explorer(lab, "nginx", field=field)
        again = eval(explorer.code, {"lab": lab, "inspect_explorer": inspect_explorer})
        assert again.outputs() == explorer.outputs()


def test_what_there_is_not_is_refused(lab: Lab) -> None:
    with pytest.raises(NotFound):
        inspect_explorer(lab, "none")
    with pytest.raises(LabkitError, match=r"RootFS\.Layer: .* no such field; RootFS\.Layers is near"):
        inspect_explorer(lab, "nginx", field="RootFS.Layer")
    with pytest.raises(traitlets.TraitError):
        inspect_explorer(lab, "nginx").field = "Metadata.Nothing"


def test_looking_changes_nothing_in_the_lab(lab: Lab) -> None:
    before = lab.engine.state
    explorer = inspect_explorer(lab, "nginx")
    for _ in range(3):
        explorer.page()
        explorer.outputs()
    assert lab.engine.state is before


def test_hostile_labels_are_shown_as_text(lab: Lab) -> None:
    for data, _ in inspect_explorer(lab, "hostile", field="Config.Labels").outputs():
        assert "<script" not in data["text/html"]
        assert "\u202e" not in data["text/html"] + data["text/plain"]
        assert "\\u202e" in data["text/plain"]


def test_the_filter_leaves_the_fields_that_are_about_it(lab: Lab) -> None:
    explorer = inspect_explorer(lab, "nginx")
    explorer.filter = "DiffID"
    assert explorer.fields == ("RootFS.Layers",)
    assert explorer.field == "RootFS.Layers"
    explorer.filter = "no field is about this"
    assert explorer.field == "RootFS.Layers"


def test_a_line_or_a_field_that_the_filter_leaves_is_chosen(lab: Lab) -> None:
    explorer = inspect_explorer(lab, "nginx")
    assert offered(explorer, "field", "true") == ["Id"]
    explorer.choose("field", "RootFS")
    assert "RootFS.Layers" in offered(explorer, "field")
    assert "Config.Cmd" not in offered(explorer, "field")
    explorer.choose("field", "Nonsense")
    assert explorer.field == "RootFS"
    explorer.choose("filter", "diffid")
    assert (offered(explorer, "field"), explorer.field) == (["RootFS.Layers"], "RootFS.Layers")
    assert "The DiffID of each layer" in explorer.page()
    assert "The DiffID of each layer" in asleep(explorer)
