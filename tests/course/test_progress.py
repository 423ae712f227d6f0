"""The learner's progress file: whole whatever happens, and nothing in it is ever lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.base import errors
from labkit.base.errors import LabkitError
from labkit.course import progress
from labkit.course.lesson import all_exercises
from labkit.course.progress import Score, as_json, from_json, load, merge, record, update
from labkit.lessons import LESSONS

WRITER = """
import sys
from pathlib import Path
from labkit.course.lesson import all_exercises
from labkit.course.progress import Score, update
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    found = update(lambda all_: {**all_, name: all_.get(name, Score()).after({"checks": 1})}, folder)
    assert not found.message, found.message
    if not number:
        print("begun", flush=True)
"""
names = st.text(st.characters(codec="utf-8"), max_size=8)
entries = st.dictionaries(
    names,
    st.builds(Score, st.integers(0, 99), st.integers(0, 99), st.booleans(), st.booleans(), st.booleans()),
    max_size=4,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data folder of its own to the test."""
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def writer(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    """Start a program that writes into the folder's progress again and again."""
    command = [sys.executable, "-c", WRITER, str(folder), name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@given(entries)
def test_a_file_gives_back_what_was_written(some: dict[str, Score]) -> None:
    assert from_json(as_json(some)) == some


@given(entries, entries)
def test_merging_loses_nothing_and_the_order_does_not_count(
    one: dict[str, Score], other: dict[str, Score]
) -> None:
    both = merge(one, other)
    assert both == merge(other, one)
    for name, score in both.items():
        parts = [asdict(each[name]) for each in (one, other) if name in each]
        assert asdict(score) == {key: max(part[key] for part in parts) for key in parts[0]}


@pytest.mark.parametrize("key", ["checks", "hints", "shown", "solved", "done"])
def test_what_only_one_of_two_files_knows_is_kept(key: str) -> None:
    known = {"x": replace(Score(), **{key: True if key in ("shown", "solved", "done") else 3})}
    assert merge(known, {"x": Score()}) == merge({"x": Score()}, known) == merge(known, {}) == known


def test_what_happens_is_kept_for_the_next_time(folder: Path) -> None:
    record("02-shared-base", {"hints": 1})
    record("02-shared-base", {"checks": 1, "done": True})
    assert load().scores == {"02-shared-base": Score(checks=1, hints=1, solved=True, done=True)}


def test_a_check_that_is_correct_after_the_solution_was_read_is_not_solved(folder: Path) -> None:
    record("x", {"shown": True})
    record("x", {"checks": 1, "done": True})
    assert load().scores["x"] == Score(checks=1, shown=True, done=True)


def test_what_was_solved_stays_solved_when_the_solution_is_read_afterwards(folder: Path) -> None:
    record("x", {"checks": 1, "done": True})
    record("x", {"shown": True})
    assert load().scores["x"].solved


def test_killed_at_any_moment_the_file_is_the_old_or_the_new_one(folder: Path) -> None:
    seen = 0
    for turn in range(12):
        process = writer(folder, "x", 100_000)
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.003 * turn)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = load()
        assert found.message == ""
        checks = found.scores.get("x", Score()).checks
        assert checks > seen
        seen = checks
    assert [path.name for path in folder.glob("progress-*")] == []


def test_every_cut_of_a_half_written_file_is_told_from_a_whole_one() -> None:
    whole = as_json({"x": Score(checks=12)})
    for length in range(len(whole) - 2):
        with pytest.raises(ValueError, match="damaged"):
            from_json(whole[:length])


def test_two_notebooks_that_write_at_once_lose_nothing(folder: Path) -> None:
    writers = [writer(folder, name, 40) for name in ("a", "b", "a")]
    assert [(each.communicate()[1], each.returncode) for each in writers] == [("", 0)] * 3
    assert {name: entry.checks for name, entry in load().scores.items()} == {"a": 80, "b": 40}


DAMAGED = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'{"version": 1}',
    b'{"version": 1, "exercises": {"x": {"checks": -1}}}',
    b'{"version": 1, "exercises": {"x": {"checks": true}}}',
    b'{"version": 1, "exercises": {"x": {"unknown": 1}}}',
    b'{"version": "1", "exercises": {}}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_set_aside_with_a_message(folder: Path, data: bytes) -> None:
    folder.mkdir()
    (folder / "progress.json").write_bytes(data)
    message = record("x", {"checks": 1})
    assert "damaged" in message
    assert str(folder / "progress-damaged-1.json") in message
    assert (folder / "progress-damaged-1.json").read_bytes() == data
    assert load().scores == {"x": Score(checks=1)}


def test_a_second_damaged_file_does_not_replace_the_first(folder: Path) -> None:
    folder.mkdir()
    for data in ("one", "two"):
        (folder / "progress.json").write_text(data)
        load()
    assert [(folder / f"progress-damaged-{n}.json").read_text() for n in (1, 2)] == ["one", "two"]


def test_a_newer_file_is_set_aside_with_a_message(folder: Path) -> None:
    folder.mkdir()
    data = json.dumps({"version": 2, "exercises": {"x": {"new": []}}})
    (folder / "progress.json").write_text(data)
    message = load().message
    assert "newer labkit" in message
    assert (folder / "progress-newer-1.json").read_text() == data


def test_a_file_that_cannot_be_read_is_left_alone_with_a_message(folder: Path) -> None:
    (folder / "progress.json").mkdir(parents=True)
    message = record("x", {"checks": 1})
    assert message.startswith("Your progress cannot be kept: ")
    assert (folder / "progress.json").is_dir()


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a data folder that cannot be made."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "file" / "data"))


@pytest.mark.usefixtures("nowhere")
def test_a_folder_that_cannot_be_made_gives_a_message() -> None:
    assert "Your progress cannot be kept" in record("x", {"checks": 1})


def test_a_full_disk_leaves_the_old_file_and_what_is_new_is_written_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record("x", {"checks": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device" in record("x", {"checks": 1})
    assert from_json((folder / "progress.json").read_bytes()) == {"x": Score(checks=1)}
    monkeypatch.undo()
    load(folder)
    assert from_json((folder / "progress.json").read_bytes()) == {"x": Score(checks=2)}


@pytest.mark.usefixtures("nowhere")
def test_where_nothing_can_be_kept_the_session_still_knows_what_was_done() -> None:
    assert "held until the kernel stops" in record("x", {"checks": 1})
    record("x", {"checks": 1, "done": True})
    assert load().scores == {"x": Score(checks=2, solved=True, done=True)}


def test_another_program_that_keeps_the_lock_gives_a_message(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    monkeypatch.setattr(progress, "_WAIT", 0.05)
    folder.mkdir()
    with FileLock(folder / "progress.json.lock"):
        assert "does not let go" in record("x", {"checks": 1})


def test_an_exported_file_brought_back_adds_to_what_is_there(folder: Path, tmp_path: Path) -> None:
    record("a", {"checks": 1, "done": True})
    load().export(tmp_path / "mine.json")
    update(lambda entries: {"b": Score(hints=2)})
    found = load().restore(tmp_path / "mine.json")
    assert found.scores == {"a": Score(checks=1, solved=True, done=True), "b": Score(hints=2)}
    assert load().scores == found.scores


@pytest.mark.parametrize("data", [b"", b'{"version": 2, "exercises": {}}'])
def test_a_file_that_is_no_progress_is_refused_in_one_line(folder: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "other.json").write_bytes(data)
    with pytest.raises(LabkitError, match=r"other\.json: it "):
        load().restore(tmp_path / "other.json")
    with pytest.raises(LabkitError, match="No such file"):
        load().restore(tmp_path / "none.json")


FIRST_VERSION = b"""{
 "version": 1,
 "exercises": {
  "01-one-layer": {
   "checks": 3,
   "hints": 1,
   "shown": false,
   "solved": true,
   "done": true
  },
  "03-rescue": {
   "checks": 0,
   "hints": 2,
   "shown": true,
   "solved": false,
   "done": false
  }
 }
}
"""


def test_what_labkit_0_1_0_wrote_is_read(folder: Path) -> None:
    folder.mkdir()
    (folder / "progress.json").write_bytes(FIRST_VERSION)
    found = load()
    assert found.message == ""
    assert found.scores == {
        "01-one-layer": Score(checks=3, hints=1, solved=True, done=True),
        "03-rescue": Score(hints=2, shown=True),
    }
    assert as_json(found.scores) == FIRST_VERSION


def test_an_exercise_that_has_another_name_now_keeps_what_was_done(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record("01-old", {"checks": 1, "done": True})
    record("01-new", {"hints": 1})
    monkeypatch.setattr(progress, "RENAMED", {"01-old": "01-new"})
    record("01-new", {"checks": 1})
    assert load().scores == {"01-new": Score(checks=2, hints=1, solved=True, done=True)}
    assert "01-old" not in (folder / "progress.json").read_text()


def test_old_names_lead_to_exercises_that_are_there() -> None:
    known = {each.id for each in all_exercises(LESSONS)}
    assert not set(progress.RENAMED) & known
    assert set(progress.RENAMED.values()) <= known


def test_in_a_browser_the_progress_is_on_its_drive_and_nothing_locks_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LABKIT_DATA")
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setitem(sys.modules, "filelock", None)
    for each in (errors, progress):
        monkeypatch.setattr(each, "DRIVE", tmp_path / "drive")
    assert progress.progress_card(load(tmp_path / "memory"), ()).foot == "Kept until this page is closed."
    (tmp_path / "drive").mkdir()
    assert record("x", {"checks": 1}) == ""
    assert [path.name for path in (tmp_path / "drive/.labkit").iterdir()] == ["progress.json"]
    assert load().scores == {"x": Score(checks=1)}
    assert progress.progress_card(load(), ()).foot == "Kept in this browser."


def test_without_a_choice_the_folder_is_the_system_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import platformdirs

    monkeypatch.delenv("LABKIT_DATA")
    assert progress.folder() == platformdirs.user_data_path("labkit", appauthor=False)


def test_tests_do_not_touch_the_learner_s_own_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert progress.folder().is_relative_to(tmp_path_factory.getbasetemp())
