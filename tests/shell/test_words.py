"""`$((…))`, file-name patterns and names of commands by themselves: what C and POSIX say of them."""

from __future__ import annotations

import pytest

from labkit.shell.expand import evaluate
from labkit.shell.parser import Parser, Simple
from labkit.shell.patterns import glob, has_glob


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),  # towards zero, as in C
        ("7 / -2", -3),
        ("-7 % 2", -1),
        ("7 % -2", 1),
        ("010", 8),
        ("0x10", 16),
        ("1 - 2 - 3", -4),
        ("2 + 3 * 4 == 14", 1),
        ("9223372036854775807 + 1", -(2**63)),
    ],
)
def test_numbers_are_those_of_c(expression: str, value: int) -> None:
    assert evaluate(expression, {}) == value


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("file?", ["file1"], ["file", "file10"]),
        ("*.log", [".log", "a.log"], ["a.logs"]),
        ("[!a-c]", ["d", "-"], ["a", "b", "dd"]),
        ("[]x]", ["]", "x"], ["[", "y"]),
    ],
)
def test_a_pattern_matches_a_whole_name(pattern: str, yes: list[str], no: list[str]) -> None:
    expression = glob([(pattern, False)])
    assert [name for name in yes + no if expression.fullmatch(name)] == yes


def test_what_is_quoted_is_no_pattern() -> None:
    assert not has_glob([("*?[", True)])
    assert glob([("*", True), ("?", False)]).fullmatch("*x")
    assert not glob([("*", True)]).fullmatch("x")


def test_a_command_may_be_called_what_the_grammar_calls_a_line_s_end() -> None:
    found = Parser("if newline; then newline; fi; newline\nls").complete_command()
    assert repr(found).count("newline") == 3
    assert isinstance(Parser("newline ls").complete_command(), Simple)
