"""Sessions that a real engine answered, given to labkit: the same output, byte for byte.

Three recordings: the tiny image's session and the five shapes of an archive (tests/fixtures), where labkit's
clock stands at each line's time, so that ages agree; and the many sessions that are kept in `typed`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from labkit import Lab
from labkit.cli.table import COMMANDS, Flag
from labkit.engine.state import still
from labkit.go.moment import SECOND, parse_time
from tests.cli import sessions
from tests.real.record import Answer

FIXTURES = Path(__file__).parents[1] / "fixtures"
TINY: list[Answer] = json.loads((FIXTURES / "tiny.json").read_text())["session"]
BARE = {name: each["session"] for name, each in json.loads((FIXTURES / "bare.json").read_text()).items()}
RECORDED: list[sessions.Session] = sessions.recorded()


def replay(lab: Lab, answers: list[Answer]) -> Iterator[tuple[Answer, tuple[str, str, int]]]:
    """Run lines at their times; give each with labkit's answer."""
    for answer in answers:
        lab.engine.change(now=parse_time(answer["at"]) - SECOND)  # a line takes a second
        result = lab.shell(answer["line"])
        yield answer, (result.stdout, result.stderr, result.exit_code)


def without_cache_ids(text: str) -> str:
    return re.sub(r"overlay2/[0-9a-f]{64}", "overlay2/N", text)


def plain_table(text: str) -> str:
    """Give a table of images that are seconds old without those, which may be told on either side of one.

    Where two were created in the same second the engine lists them in no order.
    """
    return "".join(sorted(re.sub(r"\d+ seconds ago +", "N ", text).splitlines(keepends=True)))


def test_the_tiny_images_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FIXTURES / "tiny.tar.gz", tmp_path)
    monkeypatch.chdir(tmp_path)
    for answer, (stdout, stderr, status) in replay(Lab(clock=TINY[0]["at"]), TINY):
        assert without_cache_ids(stdout) == without_cache_ids(answer["stdout"]), answer["line"]
        assert (stderr, status) == (answer["stderr"], answer["exit"]), answer["line"]


@pytest.mark.parametrize("name", [name for name in BARE if name != "bare.oci.tar"])
def test_an_archives_shape(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(FIXTURES / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    for answer, (stdout, stderr, status) in replay(Lab(clock=BARE[name][0]["at"]), BARE[name]):
        if answer["line"].startswith("docker images"):
            assert plain_table(stdout) == plain_table(answer["stdout"])
        else:
            assert stdout == answer["stdout"], answer["line"]
        assert (stderr, status) == (answer["stderr"], answer["exit"]), answer["line"]


def test_a_plain_oci_layout_which_that_engine_refuses_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FIXTURES)
    assert BARE["bare.oci.tar"][0]["exit"] == 1
    loaded = Lab().docker("load -i bare.oci.tar")
    assert loaded.stdout == "Loaded image: labkit/bare:1.0\nLoaded image: labkit/base:1.0\n"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, Path]:
    directory = tmp_path_factory.mktemp("sessions")
    return sessions.loaded_lab(directory), directory


@pytest.fixture
def lab(loaded: tuple[Lab, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Give a lab that has loaded the archive, in the directory where it is."""
    lab, directory = loaded
    monkeypatch.chdir(directory)
    start = lab._moment()
    yield lab
    lab._restore(start)


def hub_of(recorded: sessions.Session) -> AbstractContextManager[str]:
    """Give the address of labkit's registry where the session names one."""
    return sessions.hub_of([answer["line"] for answer in recorded["answers"]], real=False)


def test_every_session_is_recorded() -> None:
    assert {each["name"]: [answer["line"] for answer in each["answers"]] for each in RECORDED} == (
        sessions.sessions()
    )


def typed_words() -> Iterator[tuple[str, list[str]]]:
    """Give each docker command that is typed in a session, by its full name, with the words after it."""
    for line in (line for lines in sessions.sessions().values() for line in lines):
        for typed in re.findall(r"docker ([^|;&>]*)", line):
            words = typed.replace("$(", " ").replace(")", " ").split()
            depth = next((n for n in (3, 2, 1) if " ".join(words[:n]) in COMMANDS), 0)
            yield " ".join(words[:depth]), words[depth:]


def is_typed(flag: Flag, words: set[str]) -> bool:
    """Tell whether a flag is among words, long or short, alone or with others."""
    short = rf"|-\w*{flag.short}.*" if flag.short else ""
    return any(re.fullmatch(rf"--{flag.name}(=.*)?{short}", word) for word in words)


def test_every_command_and_flag_that_is_simulated_is_in_a_session() -> None:
    typed: dict[str, set[str]] = {}
    for name, words in typed_words():
        typed.setdefault(name, set()).update(words)
    wanted = {name: command for name, command in COMMANDS.items() if name and not command.would}
    assert [name for name in wanted if name not in typed] == []
    missing = [
        f"{name} --{flag.name}"
        for name, command in wanted.items()
        for flag in command.flags
        if not flag.would and not is_typed(flag, typed[name])
    ]
    assert missing == []


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["name"])
def test_a_session(recorded: sessions.Session, lab: Lab) -> None:
    with hub_of(recorded) as hub:
        for told, ours in sessions.beside(lab, recorded["answers"], hub):
            assert ours == told


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda each: each["name"])
def test_what_fails_changes_nothing(recorded: sessions.Session, lab: Lab) -> None:
    """Leave out what did a part of its work, and `run`, `start`, `exec`, `build`, which leave a container."""
    with hub_of(recorded) as hub:
        for answer in recorded["answers"]:
            before = lab.engine.state
            failed = sessions.typed(lab, answer, hub).exit_code and not answer["stdout"].strip()
            if failed and not re.search(r"\b(run|start|exec|build)\b|;", answer["line"]):
                after = lab.engine.state
                assert still(after) == still(before), answer["line"]
