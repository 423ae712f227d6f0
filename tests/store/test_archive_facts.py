"""What a real Engine 20.10.24 said of good and bad archives, and what labkit says of the same bytes."""

from __future__ import annotations

import io
import json

import pytest

from labkit.base.errors import LabkitError
from labkit.store.archive import read_archive
from tests.real import archives, facts

FACTS = json.loads(facts.FACTS.read_text())["archives"]
CASES = archives.cases()
TEMPORARY = "/var/lib/docker/tmp/docker-import-N"

STRICTER = {
    "manifest.json: extra after": "what follows the document",
    "config: unknown rootfs type": "image-spec forbids it",
    "changed: a config's content": "its name tells its digest",
    "parent path": "the engine writes it at its root",
    "parent path far": "the engine writes it at its root",
    "parent path of a whiteout": "the engine takes it from its root",
    "absolute path": "the engine writes it at its root",
    "directory through a symlink out": "the engine makes it at its root",
}
"""What the engine takes and labkit refuses, and why."""

OTHER_WORDS = {
    "no manifest.json": "open repositories: ",  # the engine goes on to the form of before 1.10
    "cut: after the config": "open repositories: ",
    "cut: before the manifest": "open repositories: ",
    "manifest.json: a list of null": "read .: is a directory",
    "manifest.json: a list of an empty object": "read .: is a directory",
    "manifest.json: layer outside": "evalSymlinksInScope: ",
    "manifest.json: config outside": "evalSymlinksInScope: ",
    "config: malformed created": 'labkit does not read "yesterday" as a time',
    "config: another os": "cannot load plan9 image on linux",  # the engine crashes
    "gzip: without its checksum": "Error processing tar file(exit status 1): unexpected EOF",
    "hard link out": "Error processing tar file(exit status 1): invalid hardlink ",
    "archive: layer is a device": "read 1/layer.tar: not a regular file",
}
"""What both refuse in different words."""


@pytest.mark.parametrize("name", CASES)
def test_labkit_says_what_the_engine_said(name: str) -> None:
    fact = FACTS[name]
    if fact["exit"] == 0 and name not in STRICTER:
        images = read_archive(io.BytesIO(CASES[name]))
        tags = "".join(f"Loaded image: {tag.familiar}\n" for each in images for tag in each.tags)
        assert tags == fact["stdout"].replace("Loaded image ID: ", "") or not tags
        for each in images:
            assert each.image.id in " ".join(fact["images"])
        return
    with pytest.raises(LabkitError) as error:
        read_archive(io.BytesIO(CASES[name]))
    said = str(error.value)
    assert "\n" not in said
    if name in OTHER_WORDS:
        assert said.startswith(OTHER_WORDS[name])
    elif name not in STRICTER:
        told = fact["stderr"].replace(TEMPORARY + "/", "").strip()
        assert said.startswith(told)


def test_the_exceptions_are_cases() -> None:
    assert set(STRICTER) | set(OTHER_WORDS) <= set(CASES)
    assert all(FACTS[name]["exit"] == 0 for name in STRICTER)
    assert all(FACTS[name]["exit"] for name in OTHER_WORDS)
