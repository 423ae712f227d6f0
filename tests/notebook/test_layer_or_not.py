"""Layer or no layer: nothing tells before the comparison, and nothing can be changed after it."""

from __future__ import annotations

import pytest

from labkit.lab import Lab
from labkit.notebook import layer_or_not
from labkit.notebook.widgets.layer_or_not import LayerOrNot
from labkit.oci.config import History, make_config
from labkit.oci.image import Image
from tests.notebook.shown import asleep, offered

HOSTILE = "RUN <script>alert('x')</script> \u202e \x1b[31m \"&"


@pytest.fixture
def asked() -> LayerOrNot:
    lab = Lab()
    lab.pull("nginx")
    return layer_or_not("nginx", lab=lab)


def test_before_the_comparison_neither_page_nor_saved_form_tells(asked: LayerOrNot) -> None:
    for text in (asked.page(), asked.bundle()["text/html"], asked.bundle()["text/plain"]):
        assert "ln -sf" in text
        assert not any(word in text for word in ("metadata", "54.1MB", "✓", "fc4c9f8e7dac"))


def test_it_says_which_lines_are_wrong_and_then_keeps_the_answer(asked: LayerOrNot) -> None:
    for line in ("4", "7", "10", "7", "8"):
        asked.choose("layers", line)
    asked.choose("compared", "yes")
    assert asked.wrong == ["5", "8"]
    assert "8 of 10 lines are right." in asked.page()
    assert "line 5, 8" in asked.page()
    judged = "a layer of 54.1MB, and you did not press it", "✗ no layer, and you pressed it", "✓ a layer of "
    assert [asked.page().count(words) for words in judged] == [1, 1, 2]
    assert asked.page().index("✗ no layer") < asked.page().index("The 8 lines that you had right")
    asked.choose("layers", "5")
    assert asked.layers == ("4", "10", "8")
    assert "a layer of 22B" in asked.bundle()["text/plain"]


def test_all_right(asked: LayerOrNot) -> None:
    for line in ("4", "5", "10", "compared"):
        asked.choose("compared" if line == "compared" else "layers", line)
    assert (asked.wrong, asked.verdict) == ([], "10 of 10 lines are right.")


def test_with_nothing_said_there_is_nothing_to_compare(asked: LayerOrNot) -> None:
    asked.choose("compared", "yes")
    assert not asked.compared
    assert "Press the lines that made a layer" in asked.page()


def reasons(name: str) -> dict[str, str]:
    """Give why each line of an image's history made a layer or none, by the line, once it is compared."""
    asked = layer_or_not(Lab(online=False).pull(name))
    asked.choose("layers", "1")
    asked.choose("compared", "yes")
    lines = asked.outputs()[0]["text/plain"].splitlines()
    judged = (line[6:].replace(", and you did not press it", "") for line in lines[::2])
    return dict(zip(judged, map(str.strip, lines[1::2]), strict=True))


def test_each_line_says_why_and_its_command_is_whole() -> None:
    nginx, mysql, old = map(reasons, ("nginx", "mysql", "ubuntu:15.04"))
    words = "EXPOSE notes a port on which the program listens in the image's config. No file changes"
    assert nginx["no layer: EXPOSE 80"].startswith(words)
    (whole,) = (line for line in nginx if "set -x" in line)
    assert len(whole) > 130
    assert nginx[whole].startswith("It changed files, so it made a layer.")
    assert mysql["a layer of 0B: RUN mkdir /docker-entrypoint-initdb.d"].startswith(
        "0B and a layer all the same"
    )
    empty = "An empty layer. Before Docker 1.10 (2016) every step made a layer, even for CMD"
    assert old['a layer of 0B: CMD ["/bin/bash"]'].startswith(empty)


def test_a_line_is_switched_where_it_stands_and_no_switch_is_kept(asked: LayerOrNot) -> None:
    assert offered(asked, "layers") == [str(number) for number in range(1, 11)]
    asked.choose("layers", "3")
    assert offered(asked, "layers", "true") == ["3"]
    asleep(asked)


def test_hostile_commands_are_shown_as_text() -> None:
    step = History(created_by=HOSTILE, empty_layer=True)
    asked = layer_or_not(Image(make_config(created="2019-04-16T00:00:00Z", history=[step])), name=HOSTILE)
    for said in ("layers", "compared"):
        for text in (asked.bundle()["text/html"], asked.bundle()["text/plain"], asked.page()):
            assert not set("\u202e\x1b") & set(text)
        assert "<script" not in asked.bundle()["text/html"] + asked.page()
        asked.choose(said, "1")
