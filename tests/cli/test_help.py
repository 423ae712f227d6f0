"""Help, byte for byte as the recorded client prints it, and the soundness of the table behind it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from labkit.cli.help import help_text
from labkit.cli.parse import Printed, parse
from labkit.cli.table import COMMANDS, Command, Flag, UsageError, children, find

RECORDINGS = Path(__file__).parent / "recordings" / "help"
NAMES = {path.replace(" ", "-") or "docker": path for path, row in COMMANDS.items() if row.simulated}


def recorded(name: str) -> str:
    return (RECORDINGS / f"{name}.txt").read_bytes().decode()


@pytest.mark.parametrize("name", NAMES)
def test_help_is_the_real_clients(name: str) -> None:
    assert help_text(COMMANDS[NAMES[name]]) == recorded(name)


@pytest.mark.parametrize("name", NAMES)
def test_help_is_printed_for_the_flag_and_for_the_help_command(name: str) -> None:
    words = NAMES[name].split()
    assert parse([*words, "--help"]) == Printed(recorded(name))
    assert parse(["help", *words]) == Printed(recorded(name))


def test_every_recording_has_its_command() -> None:
    assert {file.stem for file in RECORDINGS.glob("*.txt")} == set(NAMES)


def test_a_group_lists_the_real_subcommands() -> None:
    """The rows that are not simulated have no help of their own: their groups' recordings name them."""
    for name, path in NAMES.items():
        text = recorded(name)
        shown = [child for child in children(COMMANDS[path]) if not child.hidden]
        lines = {line.strip() for line in text.splitlines()}
        assert all(f"{child.name:<11} {child.short}" in lines for child in shown), path


@pytest.mark.parametrize("path", [path for path, row in COMMANDS.items() if not row.simulated])
def test_a_command_that_is_not_simulated_says_what_it_would_do(path: str) -> None:
    for words in (path.split(), [*path.split(), "--help"], ["help", *path.split()]):
        with pytest.raises(UsageError) as caught:
            parse(words)
        line = str(caught.value)
        assert line.startswith(f"labkit: 'docker {path}' is not simulated; it would ")
        assert "\n" not in line
        assert not line.endswith(".")


def test_flags_of_a_command_have_different_names() -> None:
    for command in COMMANDS.values():
        names = [flag.name for flag in command.flags]
        shorts = [flag.short for flag in command.flags if flag.short]
        assert len(set(names)) == len(names), command.path
        assert len(set(shorts)) == len(shorts), command.path


def test_commands_of_a_group_have_different_names() -> None:
    for command in COMMANDS.values():
        below = children(command)
        for child in below:
            for name in (child.name, *child.aliases):
                assert find(command, name) is child


def test_a_twin_differs_from_its_original_in_its_path_alone() -> None:
    for command in COMMANDS.values():
        original = COMMANDS[command.action]
        assert original.action == original.path
        same = replace(command, path=original.path, aliases=original.aliases, same_as="")
        assert same == original


@pytest.mark.parametrize(
    ("flag", "initial"),
    [
        (Flag("quiet", "q", "", ""), False),
        (Flag("human", "H", "", "", "true"), True),
        (Flag("time", "t", "int", "", "10"), 10),
        (Flag("last", "n", "int", "", "-1"), -1),
        (Flag("tail", "n", "string", "", "all"), "all"),
        (Flag("env", "e", "list", ""), ()),
        (Flag("sysctl", "", "map", "", "map[]"), ()),
        (Flag("memory", "m", "bytes", ""), ""),
    ],
)
def test_a_flag_starts_at_its_default(flag: Flag, initial: object) -> None:
    assert flag.initial == initial


def test_a_command_names_itself() -> None:
    key = Command("trust key", "Manage keys")
    assert (key.name, key.parent, key.full) == ("key", "trust", "docker trust key")
    assert COMMANDS[""].full == "docker"
