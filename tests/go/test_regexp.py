"""Expressions against Python's `re`, against what busybox answered, and against the clock."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import Lab
from labkit.cli.filters import matches
from labkit.dockerfile.ignore import compiled as ignore_patterns
from labkit.dockerfile.ignore import ignored
from labkit.go.regexp import BadPattern, Match, Regexp, compiled
from labkit.shell.patterns import glob, regex

HERE = Path(__file__).parent
ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)
TEXTS = st.text("ab -", max_size=8)


@given(PATTERNS, TEXTS)
def test_matches_what_re_does(pattern: str, text: str) -> None:
    found = re.search(pattern.replace("$", r"\Z"), text, re.ASCII)
    assert compiled(pattern).search(text) is (found is not None)


@given(PATTERNS, TEXTS)
def test_matches_a_whole_text_as_re_does(pattern: str, text: str) -> None:
    found = re.fullmatch(pattern.replace("$", r"\Z"), text, re.ASCII)
    assert compiled(pattern).fullmatch(text) is (found is not None)


@pytest.mark.parametrize("row", json.loads((HERE / "busybox_sed.json").read_text()), ids=str)
def test_finds_what_busybox_finds(row: tuple[str, bool, str, str]) -> None:
    """Each row: a pattern, whether it is an extended one, a line, and `sed 's/…/[&|\\1]/g'` of it."""
    pattern, extended, line, expected = row

    def shown(match: Match) -> str:
        return f"[{'|'.join(match.groups[:2])}]"

    parts, behind = [], 0
    for match in regex(pattern, extended=extended).matches(line):
        parts += [line[behind : match.start], shown(match)]
        behind = match.end
    assert "".join(parts) + line[behind:] == expected


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("^/?(web|db)-[0-9]+$", "web-12", "web-x"),
        ("(?i)WEB", "my-web", "my-we"),
        ("(?i:w)eb", "Web", "wEB"),
        ("^[[:alpha:]]+$", "web", "web1"),
        (r"^\Qa.b\E$", "a.b", "axb"),
        (r"\x41\d{2}", "A12", "A1"),
        ("(?P<n>a+)b", "aab", "aac"),
        ("a{,2}", "a{,2}", "aa"),
        (r"[\D]x", "ax", "1x"),
    ],
)
def test_reads_gos_syntax(pattern: str, yes: str, no: str) -> None:
    assert (matches(pattern, yes), matches(pattern, no)) == (True, False)


@pytest.mark.parametrize(
    "pattern", ["[", "(", ")", "a**", "*a", "a{1001}", r"\8", "\\", "[b-a]", "[[:foo:]]", "(?z)a"]
)
def test_what_is_no_expression_of_gos_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\(", r"a\{1", "[a", "\\", r"a\{2,1\}", r"a\{99999\}", r"\(a\{500\}\)\{500\}"]
)
def test_what_is_no_expression_of_posixs_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        regex(pattern)


@pytest.mark.parametrize("line", [r"grep '\(a\)\1'", r"sed 's/\(a\)\1/x/'", r"awk '/(a)\1/'"])
def test_a_back_reference_is_refused_in_one_line(line: str) -> None:
    found = Lab().shell(f"echo aa | {line}")
    refused = r"labkit does not read \1 in a pattern: write what it stands for"
    assert (found.text, found.exit_code) == (f"{line.partition(' ')[0]}: {refused}\n", 2)


def seconds(work: Callable[[], object]) -> float:
    """Return the processor's time for a piece of work, the best of four."""

    def once() -> float:
        start = time.process_time()
        work()
        return time.process_time() - start

    return min(once() for _ in range(4))


CASES: dict[str, Callable[[int], object]] = {
    "grep -E (a+)+b": lambda size: regex("(a+)+b", extended=True).search("a" * size),
    "grep (a|aa)*c": lambda size: regex("(a|aa)*c", extended=True).search("a" * size),
    "sed s/a|a+b//g": lambda size: list(regex("a|a+b", extended=True).matches("a" * size)),
    "sed s/x*a*y//g": lambda size: list(regex("x*a*y").matches("a" * size)),
    "sed groups": lambda size: list(regex("((a|b)*)+", extended=True).matches("ab" * (size // 16))),
    "ps --filter (a+)+$": lambda size: compiled("(a+)+$").search("a" * size + "b"),
    "find -name": lambda size: glob([("*a" * 20 + "b", False)]).fullmatch("a" * size),
    ".dockerignore": lambda size: ignored("a" * size, ignore_patterns(["**/" * 11 + "*a" * 8 + "b"])),
}


@pytest.mark.parametrize("case", CASES)
def test_time_grows_as_the_text_does(case: str) -> None:
    # A measurement is disturbed by what else the machine does; a square or worse is too slow each time.
    for size in (4_000, 8_000, 16_000):
        ratio = seconds(lambda size=size: CASES[case](2 * size)) / seconds(
            lambda size=size: CASES[case](size)
        )
        if ratio <= 2.3:
            return
    pytest.fail(f"twice the text takes {ratio:.1f} times as long")


def test_ten_thousand_letters_take_less_than_a_second() -> None:
    assert seconds(lambda: regex("(a+)+b", extended=True).search("a" * 10_000)) < 1


def test_an_automaton_forgets_what_is_too_much() -> None:
    expression = compiled("(?:a|b)*a(?:a|b){11}$")
    text = format(123456789**40, "b").replace("0", "a").replace("1", "b")
    assert expression.search(text) is (re.search("a[ab]{11}$", text) is not None)
    assert isinstance(expression, Regexp)
