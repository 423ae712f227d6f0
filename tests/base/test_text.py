"""What could steer a screen is shown as a sign.

No doctest can say so: to it a character and its escape are the same (doctest, OutputChecker.check_output).
"""

from __future__ import annotations

import pytest

from labkit.base.text import one_line, shown


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\u202egnp.exe", "\\u202egnp.exe"),  # right to left
        ("\u200bnginx", "\\u200bnginx"),  # no width
        ("a\u2028b", "a\\u2028b"),  # a line separator
        ("\x9b31m", "\\x9b31m"),  # a control sequence in one byte
        ("\U000e0041", "\\U000e0041"),  # a tag that no font shows
        ("\udcff", "\\udcff"),  # a byte that is no UTF-8
    ],
    ids=ascii,
)
def test_what_could_steer_a_screen_is_a_sign_that_can_be_read(text: str, seen: str) -> None:
    assert ascii(shown(text)) == ascii(seen)


@pytest.mark.parametrize("text", ["café", "日本", "…│▒", "a\tb\nc"], ids=ascii)
def test_what_steers_nothing_stays(text: str) -> None:
    assert shown(text) == text


def test_one_line_has_neither_newline_nor_tab() -> None:
    assert one_line("a\tb\nc") == "a\\tb\\nc"
