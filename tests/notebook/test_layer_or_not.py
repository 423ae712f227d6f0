"""Layer or no layer: nothing tells before the comparison, and nothing can be changed after it."""

from __future__ import annotations

import pytest

from labkit.lab import Lab
from labkit.notebook import layer_or_not
from labkit.notebook.widgets.layer_or_not import LayerOrNot


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
    assert [asked.page().count(words) for words in ("✗ layer", "✗ no layer", "✓ layer")] == [1, 1, 2]
    asked.choose("layers", "5")
    assert asked.layers == ("4", "10", "8")
    assert "layer 3" in asked.bundle()["text/plain"]


def test_all_right(asked: LayerOrNot) -> None:
    for line in ("4", "5", "10", "compared"):
        asked.choose("compared" if line == "compared" else "layers", line)
    assert (asked.wrong, asked.verdict) == ([], "10 of 10 lines are right.")


def test_with_nothing_said_there_is_nothing_to_compare(asked: LayerOrNot) -> None:
    asked.choose("compared", "yes")
    assert not asked.compared
    assert "Press the lines that made a layer" in asked.page()
