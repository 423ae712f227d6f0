"""In an image with GNU's programs labkit speaks their words: what Debian 12's bash and dash answered.

`debian.txt` lists, by shell and script, what stays busybox's; docs/differences.md says what kinds they are.
"""

from __future__ import annotations

import json

import pytest

from labkit.shell.speech import dialect_of
from labkit.storage.overlay import Mount
from tests.shell.workload import HERE, Answer, by_labkit, debian_tree, tree

DOCUMENT = json.loads((HERE / "debian.json").read_text())
ROWS = {(shell, script): Answer(*answer) for shell, script, *answer in DOCUMENT["rows"]}
LOWER = debian_tree()
STAY = {tuple(json.loads(line)) for line in (HERE / "debian.txt").read_text().splitlines()}


def equal(shell: str, script: str) -> bool:
    return by_labkit(script, LOWER, DOCUMENT["now"], shell) == ROWS[shell, script]


def test_what_an_image_speaks_is_told_by_its_files() -> None:
    assert dialect_of(Mount(LOWER)) == "gnu"
    assert dialect_of(Mount(tree())) == "busybox"


def test_most_lines_are_debians() -> None:
    assert set(ROWS) >= STAY
    assert len(STAY) < len(ROWS) / 4


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_answers_as_debian_does(shell: str) -> None:
    kept = [script for name, script in ROWS if name == shell and (name, script) not in STAY]
    assert [script for script in kept if not equal(shell, script)] == []


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_the_list_of_what_stays_busyboxs_is_right(shell: str) -> None:
    stays = [script for name, script in STAY if name == shell]
    assert [script for script in stays if equal(shell, script)] == []
