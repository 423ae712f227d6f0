"""What an engine of today answered: what lessons show of it, what labkit says of it, whether it holds."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from labkit import Lab
from tests.cli.own_dockers import CONTAINERD, engine
from tests.conftest import ROOT
from tests.real import today

RECORD = json.loads(today.RECORD.read_text())
ENGINE = RECORD["versions"]["Engine"].partition("+")[0]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("0*.ipynb"))


def passages(notebook: Path) -> list[str]:
    """Give what a lesson says "on a Docker of today"."""
    cells = json.loads(notebook.read_text())["cells"]
    return ["".join(each["source"]) for each in cells if "today" in each["metadata"].get("tags", [])]


def quoted(passage: str) -> list[str]:
    """Give the lines of a passage's screens; `…` alone stands for lines that are left out."""
    blocks = re.findall(r"^```\n(.*?)^```$", passage, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip() not in ("", "…")]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_a_lesson_shows_of_today_was_answered(notebook: Path) -> None:
    found = passages(notebook)
    assert found or notebook.stem[:2] in ("00", "08"), "no passage says what a Docker of today answers"
    answered = {f"$ {line}" for lines in RECORD["screens"].values() for line, _ in lines}
    answered |= {
        row.rstrip() for lines in RECORD["screens"].values() for _, said in lines for row in said.split("\n")
    }
    for passage in found:
        assert quoted(passage), passage
        assert f"Engine {ENGINE}" in passage
        assert [line for line in quoted(passage) if line.rstrip() not in answered] == []


def test_compare_explains_what_this_engine_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab()
    lab.pull("nginx:1.15.12")
    for name, line, words in (
        ("history", "docker image history nginx", "BuildKit"),
        ("inspect", "docker image inspect nginx", "containerd"),
        ("images", "docker images", "containerd"),
    ):
        said = next(said for asked, said in RECORD["screens"][name] if name in asked and said)
        engine(tmp_path, monkeypatch, RECORD["versions"]["Engine"], CONTAINERD, said)
        compared = lab.compare(line)
        assert not compared.equal
        assert any(words in note for note in compared.notes), (line, compared.notes)


def shape(text: str) -> set[str]:
    """Give the lines of an answer without what each run makes up."""
    text = re.sub(r"[0-9a-f]{64}|\b[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"(Less than a second|About a minute|\d+ \w+) ago *|\d{4}-\d\d-\d\dT[\d:.]+Z", "AGE", text)
    text = re.sub(r"\d+(\.\d+)?(s|[kM]?B)\b", "N", text)
    # A step of a build that takes longer says once more that it is done, and how long it took.
    text = re.sub(r"( N| done)+$", "", text, flags=re.MULTILINE)
    return {" ".join(re.sub(r"\d+", "0", line).split()) for line in text.splitlines()}


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Give the answers of the engine that the development suite has now, if it is still the recorded one."""
    if not os.environ.get("LABKIT_LONG"):
        pytest.skip("an engine of today is fetched and asked again with LABKIT_LONG; its recording is tested")
    if reason := today.why_not():
        pytest.skip(reason)
    directory = Path(os.environ.get("LABKIT_TODAY") or tmp_path_factory.mktemp("today"))
    record = today.recorded(today.unpacked(directory))
    if record["versions"] != RECORD["versions"]:
        pytest.skip(f"the suite has moved on to {record['versions']}: record again")
    screens: dict[str, list[list[str]]] = record["screens"]
    return screens


@pytest.mark.real
def test_it_still_answers_so(again: dict[str, list[list[str]]]) -> None:
    for name, lines in RECORD["screens"].items():
        for (line, answer), (asked, said) in zip(lines, again[name], strict=True):
            assert asked == line
            assert shape(said) == shape(answer), line
