"""The history explorer: what it tells of each line, its state, and its controls without a browser."""

from __future__ import annotations

import pytest

from labkit.base.errors import LabkitError
from labkit.lab import Lab
from labkit.notebook import history_explorer
from labkit.notebook.widgets.history_explorer import HistoryExplorer
from labkit.oci.config import History, make_config
from labkit.oci.image import Image
from tests.notebook.shown import asleep, offered, shown_text

HOSTILE = "RUN <script>alert('x')</script> \u202e \x1b[31m \"&"


@pytest.fixture(scope="module")
def lab() -> Lab:
    """Give a lab with the slides' images."""
    lab = Lab(online=False)
    for name in ("nginx", "mysql", "ubuntu:15.04"):
        lab.pull(name)
    return lab


def told(explorer: HistoryExplorer) -> dict[str, str]:
    """Give what is told of the chosen line, by name."""
    text = shown_text(explorer, 1)
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def line_with(image: Image, words: str) -> int:
    """Give the number of the newest line with these words."""
    lines = [step.entry.created_by for step in reversed(image.history)]
    return next(number for number, line in enumerate(lines, 1) if words in line)


def test_a_line_with_a_size_made_a_layer(lab: Lab) -> None:
    image = lab.image("nginx")
    found = told(history_explorer(image, name="nginx", line=5))
    assert found["made a layer"] == "yes, layer 2 of 3"
    assert found["DiffID"] == image.layers[1].diff_id
    assert found["size"] == f"54.1MB, {image.layers[1].size:,} bytes"


def test_the_command_is_whole(lab: Lab) -> None:
    image = lab.image("nginx")
    text = shown_text(history_explorer(image, line=5), 1)
    assert image.history[5].entry.created_by in text


def test_a_line_of_metadata_made_none_and_says_why(lab: Lab) -> None:
    found = told(history_explorer(lab.image("nginx"), line=3))
    assert found["made a layer"] == "no"
    assert found["why"].startswith("EXPOSE notes a port on which the program listens in the image's config.")
    assert "DiffID" not in found


def test_a_directory_is_0b_and_a_layer(lab: Lab) -> None:
    image = lab.image("mysql")
    found = told(history_explorer(image, line=line_with(image, "mkdir /docker-entrypoint-initdb.d")))
    assert found["made a layer"].startswith("yes")
    assert found["why"].startswith("0B and a layer all the same")
    assert found["changes"] == "A /docker-entrypoint-initdb.d"


def test_an_old_empty_layer_is_told_from_a_new_directory(lab: Lab) -> None:
    found = told(history_explorer(lab.image("ubuntu:15.04"), line=1))
    assert found["made a layer"] == "yes, layer 4 of 4"
    assert found["why"].startswith("An empty layer. Before Docker 1.10 (2016) every step made a layer")
    assert "changes" not in found


def test_missing_is_explained_and_the_newest_line_has_the_image(lab: Lab) -> None:
    image = lab.image("nginx")
    assert told(history_explorer(image, line=1))["IMAGE"].startswith("27a188018e18:")
    assert told(history_explorer(image, line=2))["IMAGE"].startswith("<missing>, unless")


def test_the_chosen_line_is_marked_in_picture_and_twin(lab: Lab) -> None:
    picture = history_explorer(lab.image("nginx"), line=3).outputs()[0]
    (marked,) = (line for line in picture["text/plain"].splitlines() if line.startswith("> "))
    assert "EXPOSE 80" in marked


def test_the_line_of_python_shows_the_same(lab: Lab) -> None:
    for explorer in (
        history_explorer(lab.image("mysql"), name="mysql", line=8),
        history_explorer(lab.image("nginx"), layer=3),
    ):
        again = eval(explorer.code, {"history_explorer": history_explorer, "lab": lab})
        assert again.outputs() == explorer.outputs()


def test_what_there_is_not_is_refused(lab: Lab) -> None:
    with pytest.raises(LabkitError, match="line 11: there are lines 1 to 10, 1 is the newest"):
        history_explorer(lab.image("nginx"), line=11)
    with pytest.raises(LabkitError, match="layer 4: no line of the history made it"):
        history_explorer(lab.image("nginx"), layer=4)


def test_an_image_without_history_is_a_sentence_and_no_error() -> None:
    bare = Image(make_config(created="2019-04-16T00:00:00Z"))
    assert shown_text(history_explorer(bare), 1) == "This image has no history."


def test_a_layer_leads_to_its_line(lab: Lab) -> None:
    assert [history_explorer(lab.image("nginx"), layer=layer).line for layer in (1, 2, 3)] == [10, 5, 4]


def test_a_line_is_chosen_where_it_stands(lab: Lab) -> None:
    explorer = history_explorer(lab.image("nginx"), line=9)
    assert offered(explorer, "line") == [str(number) for number in range(1, 11)]
    explorer.choose("line", "3")
    explorer.choose("line", "11")
    assert (explorer.line, offered(explorer, "line", "true")) == (3, ["3"])
    assert "EXPOSE notes a port" in explorer.page()
    assert asleep(explorer).count("<img") == 1


def test_hostile_commands_are_shown_as_text() -> None:
    step = History(created_by=HOSTILE, empty_layer=True)
    config = make_config(created="2019-04-16T00:00:00Z", history=[step])
    explorer = history_explorer(Image(config), name=HOSTILE)
    kept = explorer.bundle()
    for text in (kept["text/html"], kept["text/plain"], explorer.page()):
        assert not set("\u202e\x1b") & set(text)
    assert "<script" not in kept["text/html"] + explorer.page()
