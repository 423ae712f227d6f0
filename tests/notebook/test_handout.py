"""The handout and the deck as text: what they say, and what they leave out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labkit.__main__ import main
from labkit.base.errors import LabkitError
from labkit.lessons import SLIDES, deck
from labkit.notebook.handout import FORMS, handout, page


@pytest.mark.parametrize("form", FORMS)
def test_there_is_nothing_to_load_and_a_script_for_the_decks_keys_alone(form: str) -> None:
    text = page(form)
    assert text.count("<script") == text.count("<script>") == (form == "deck")
    loads = re.findall(r"(?:src|href)=\"([^\"]*)|url\(|@import", text)
    assert [each for each in loads if not each.startswith(("data:image/", "#"))] == []


@pytest.mark.parametrize("form", FORMS)
def test_every_link_leads_to_a_page(form: str) -> None:
    text = page(form)
    pages = re.findall(r'<section id="([^"]+)"', text)
    assert len(pages) == len(set(pages))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(pages)


def test_the_handouts_answers_are_at_its_end() -> None:
    slides, _, answers = page("handout").partition('<section id="1-answer">')
    # The page is a megabyte of pictures: what `in` says of it is compared, not the page itself.
    assert [slide.id for slide in SLIDES if slide.question.right.reason in slides] == []
    assert [slide.id for slide in SLIDES if slide.question.right.reason not in answers] == []


def test_the_deck_has_a_page_for_each_question_step_and_answer() -> None:
    assert page("deck").count("<section") == sum(len(slide.steps) + 2 for slide in SLIDES)


def test_the_same_files_are_written_each_time(tmp_path: Path) -> None:
    first, second = handout(tmp_path / "a"), handout(tmp_path / "b")
    assert [path.name for path in first] == ["handout.html", "deck.html"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_one_command_writes_both(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handout", str(tmp_path / "new")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/new/handout.html\n{tmp_path}/new/deck.html\n"


def test_a_teacher_gets_the_notes_and_the_minutes_and_the_class_does_not(tmp_path: Path) -> None:
    texts = {}
    for reader in ("teacher", "class"):
        assert main(["handout", str(tmp_path), "--for", reader, "--slides", "recap"]) == 0
        texts[reader] = (tmp_path / "handout.html").read_text("utf-8")
    (note,) = deck("recap")[3].notes
    assert [note in texts[reader] for reader in texts] == [True, False]
    assert ["2 minutes. Lesson: 06-image-inspect.ipynb" in texts[reader] for reader in texts] == [True, False]


def test_without_chromium_a_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabkitError, match=r"no Chromium is installed to print with; open .*handout\.html"):
        handout(tmp_path, "recap", pdf=True)


def test_a_directory_that_cannot_be_made_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["handout", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"labkit handout: {tmp_path}/file: file exists\n"
