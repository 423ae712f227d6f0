"""Copied or not: nothing tells before the comparison, every command needs a chip, and the engine decides."""

from __future__ import annotations

import pytest

from labkit.base.errors import NotFound
from labkit.lab import Lab
from labkit.notebook import copy_or_not
from labkit.notebook.widgets.copy_or_not import CopyOrNot

COMMANDS = ("chmod 600 /data/big", "ln -s /data/big '/data/<b>'", "rm /data/big")


@pytest.fixture
def asked() -> CopyOrNot:
    lab = Lab()
    lab.build("data", ["FROM busybox", "COPY big /data/"], {"big": 9_000_000})
    return copy_or_not("data", COMMANDS, lab=lab)


def test_before_the_comparison_neither_page_nor_saved_form_tells(asked: CopyOrNot) -> None:
    for text in (asked.page(), asked.bundle()["text/html"], asked.bundle()["text/plain"]):
        assert "chmod 600" in text
        assert not any(word in text for word in ("9MB", "✓", "✗", "right."))


def test_a_chip_takes_the_place_of_another_and_all_commands_need_one(asked: CopyOrNot) -> None:
    for said in ("1 0", "1 2", "2 1", "9 9", "nonsense"):
        asked.choose("said", said)
    asked.choose("compared", "yes")
    assert (asked.said, asked.compared) == (("1 2", "2 1"), False)
    asked.choose("said", "3 2")
    asked.choose("compared", "yes")
    assert asked.sizes == (9_000_000, 9, 0)
    assert asked.verdict == "2 of 3 are right."
    assert [words in asked.page() for words in ("✓ 9MB", "✓ 9B", "✗ 0B")] == [True] * 3
    asked.choose("said", "3 0")
    assert "3 2" in asked.said


def test_the_lab_is_left_as_it_was_and_commands_are_text(asked: CopyOrNot) -> None:
    for said in ("1 2", "2 1", "3 0"):
        asked.choose("said", said)
    asked.choose("compared", "yes")
    assert asked._lab.containers == []
    assert "/data/<b>" not in asked.page() + asked.bundle()["text/html"]
    assert "9MB" in asked.bundle()["text/plain"]


def test_an_image_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="No such image: data"):
        copy_or_not("data", COMMANDS, lab=Lab())
