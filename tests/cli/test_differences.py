"""Every entry of docs/differences.md: labkit answers as it says, and so does a real engine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.cli import session_hub, sessions
from tests.notebooks import ROOT
from tests.real.engine import RealEngine

PAGE = (ROOT / "docs/differences.md").read_text("utf-8")
ENTRIES = dict(zip(*[iter(re.split(r"^## (.*)\n", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True))
OCI_LAYOUT = ROOT / "tests/fixtures/bare.oci.tar"


def blocks(side: str) -> list[str]:
    """Give the names of the entries that show what a side answers."""
    return [name for name, text in ENTRIES.items() if f"```{side}" in text]


def example(entry: str, side: str) -> tuple[list[tuple[str, str]], bool]:
    """Give an entry's lines for a side, each with its answer, and whether answers come in any order."""
    found = re.search(rf"^```{side}( in any order)?\n(.*?)^```$", ENTRIES[entry], re.DOTALL | re.MULTILINE)
    assert found
    lines = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", found[2], re.MULTILINE)
    return lines, bool(found[1])


def agrees(shown: str, answer: str, hub: str, *, in_any_order: bool) -> bool:
    """Tell whether an answer is what the page shows."""
    shown = shown.replace("$HUB", hub)
    if in_any_order:
        return sorted(shown.splitlines()) == sorted(answer.splitlines())
    return (
        re.fullmatch(re.escape(shown.rstrip("\n")).replace("…", r"[^\n]*"), answer.rstrip("\n")) is not None
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the directory in which an example runs."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(OCI_LAYOUT, tmp_path)
    return tmp_path


@pytest.mark.parametrize("entry", blocks("labkit"))
def test_labkit_answers_as_the_page_says(entry: str, work: Path) -> None:
    lab = sessions.loaded_lab(work)
    lines, in_any_order = example(entry, "labkit")
    with sessions.hub_of([line for line, _ in lines], real=False) as hub:
        for line, shown in lines:
            answer = lab.shell(f"export HUB={hub}; {line}" if hub else line).text
            assert agrees(shown, answer, hub, in_any_order=in_any_order), (line, answer)


@pytest.mark.real
@pytest.mark.parametrize("entry", blocks("docker"))
def test_docker_answers_as_the_page_says(entry: str, fresh_engine: RealEngine, work: Path) -> None:
    lines, in_any_order = example(entry, "docker")
    (work / "app.tar").write_bytes(sessions.archive())
    answers = sessions.run_session(fresh_engine, [line for line, _ in lines], work)
    for (line, shown), answer in zip(lines, answers, strict=True):
        text = answer["stdout"] + answer["stderr"]
        assert agrees(shown, text, session_hub.ADDRESS, in_any_order=in_any_order), (line, text)


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_gives_its_reason(entry: str) -> None:
    assert re.match(r"[A-Z`{].{40}", ENTRIES[entry])


def test_only_what_cannot_be_shown_has_no_example() -> None:
    assert [name for name, text in ENTRIES.items() if "```" not in text and "No example" not in text] == []
